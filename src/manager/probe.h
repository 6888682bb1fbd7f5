/* One probe of a container's health: a command inside, or a look from outside (dial.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "manager/dial.h"
#include "manager/unit.h"
#include "spec/reach-section.h"

typedef struct Probe Probe;

/* Its text has at most as many bytes as were asked for, is UTF-8, and may have several lines. */
typedef DialOutcome ProbeOutcome;

/** ProbeFn - told once; the probe is over, and its owner frees it. @outcome is borrowed. */
typedef void (*ProbeFn)(const ProbeOutcome *outcome, void *data);

/**
 * probe_start() - there is no time limit, probe_free() ends it
 * @what:       borrowed until the probe is freed
 * @output_max: bytes of a command's output that are kept; 0 = as many as the manager is willing to
 *
 * Returns: 0 when @fn will be told, or 1 when @ret_outcome says it already.
 */
int probe_start(Unit *u, const ProbeChoice *what, size_t output_max, ProbeFn fn, void *data, Probe **ret,
                ProbeOutcome *ret_outcome);

/** probe_pid() - of the command as the host sees it; 0 when there is none. */
pid_t probe_pid(const Probe *p);

/** probe_kill() - a command of ours, with what it has started; @pid is not yet reaped, or is known to be it.
 */
void probe_kill(pid_t pid);

/** probe_leave() - as probe_free(), but a command that still runs goes on: its container is about to end, and
 * with it the command. Killed before, what it has started would become children of the container's first
 * process, some of which take such a death for one of their own. NULL is fine. */
void probe_leave(Probe *p);

/** probe_free() - a command that still runs is killed. NULL is fine. */
void probe_free(Probe *p);

AUTOPTR_DEFINE(Probe, probe_free);
