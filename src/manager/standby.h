/*
 * The next process of a container, made ahead: see runtime/standby.h. While a restart waits for the old one
 * to end there is time to set up what comes after it.
 *
 * It must be as if it had been made when it starts. So it is for containers alone whose launch depends on
 * nothing that may be another then, and what can be looked at is looked at once more; where in doubt, there
 * is a launch of its own, as if there had been no standby. Its failure is therefore never one of the unit.
 */
#pragma once

#include "manager/launch.h"

typedef struct Standby Standby;

/** unit_make_standby() - unless there is one, or @u is not for one. */
void unit_make_standby(Unit *u);

/** unit_await_end() - @u is to start again when its process has ended: should that take a while, make one. */
void unit_await_end(Unit *u);

/** unit_want_standby() - @u runs: have one made for it, as far as nsunitd.conf asks for such. */
void unit_want_standby(Unit *u);

/** standbys_setup() - never fails: there may be none. */
void standbys_setup(Manager *m);
void standbys_free(Manager *m);

/** standbys_check() - has the host's table of mounts changed? Then some are of no use. */
void standbys_check(Manager *m);

/** unit_spoil_standby() - what it has mounted may lack something by now. */
void unit_spoil_standby(Unit *u);
bool unit_has_spoilt_standby(const Unit *u);

/**
 * unit_use_standby() - start its program
 * @l: launch_take_root() and launch_take_program() have been called
 *
 * Returns: 1 with @ret filled; 0 when there is none that would do, and none any more; or a negative errno
 * with
 * @fault filled, where a launch would fail as well.
 */
int unit_use_standby(Unit *u, const Launch *l, LaunchResult *ret, Fault *fault);

/** unit_dismiss_standby() - its end, which nobody waits for. */
void unit_dismiss_standby(Unit *u);

/** unit_drop_standby() - the same, and then it has ended. Before anything that it stands in goes, or changes.
 */
void unit_drop_standby(Unit *u);

/** unit_lives_on() - is anything in the cgroup but a standby? */
bool unit_lives_on(const Unit *u);
