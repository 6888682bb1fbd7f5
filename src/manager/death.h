/* The black box: records of how a container ended, by whose signal, and what was decided. */
#pragma once

#include <jansson.h>

#include "manager/unit.h"

/** unit_death_begin() - the main process has ended, @pid was its number. Before the machine is told. */
void unit_death_begin(Unit *u, const MainExit *e, pid_t pid);

/** unit_death_follow() - after each step of the machine. */
void unit_death_follow(Unit *u, const MachineOutput *out);

/** unit_death_write() - write down a record that is complete, and tell the journal. Nothing where none is. */
void unit_death_write(Unit *u);

/** unit_forget_deaths() - with the unit. */
void unit_forget_deaths(const Unit *u);

/** unit_death_save(), unit_death_adopt() - into and out of the saved state. */
void unit_death_save(const Unit *u, json_t *o);
void unit_death_adopt(Unit *u, const json_t *saved);

/** unit_note_signal() - write down who sends a signal and why, before it is sent. @by may be NULL: out of
 * memory. */
void unit_note_signal(Unit *u, int sig, const char *by);

/** unit_note_signals() - the same for what the machine asks for. */
void unit_note_signals(Unit *u, unsigned actions);

/**
 * unit_sender_of() - who has sent such a signal in this invocation, in words
 * @sig:     0 = the last one of any kind
 * @ret_sig: which one, 0 when nobody is known; may be NULL
 *
 * Returns: borrowed; NULL when nobody is known.
 */
const char *unit_sender_of(const Unit *u, int sig, int *ret_sig);
