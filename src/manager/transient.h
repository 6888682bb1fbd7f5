/* Units that were made by a command, and go when they have ended. */
#pragma once

#include "manager/unit.h"

/** unit_is_transient() - does its file lie below UNIT_TRANSIENT_DIR? */
bool unit_is_transient(const Unit *u);

/** unit_collect() - forget one that has ended, with its files; @u is gone then. @unstarted: one that was
 * never started, too. Fine for all that is to stay. */
void unit_collect(Unit *u, bool unstarted);

/** unit_note_tried() - it has come to rest, or a job of it has ended while it was. */
void unit_note_tried(Unit *u);
