/* Containers that stand still: see manager_freeze_unit(). */
#pragma once

#include "manager/unit.h"

/** unit_thaw() - before a signal that it is to act upon, and before a launch in the same cgroup. */
void unit_thaw(Unit *u);

/** unit_adopt_freezer() - what the last manager has done, from the cgroup. */
void unit_adopt_freezer(Unit *u);

/** unit_freeze() - manager_freeze_unit() for purposes of our own; what an administrator asks for comes on
 * top. */
int unit_freeze(Unit *u, bool freeze, Fault *fault);
