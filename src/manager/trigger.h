/*
 * What starts a container besides people and other units: its timer and its sockets. A unit that has any of
 * them is started by being armed; it is active then, as "waiting", whether its container runs or not, until
 * it is stopped. What the trigger starts is a job like any other.
 */
#pragma once

#include <jansson.h>

#include "basic/fault.h"
#include "manager/manager.h"
#include "manager/unit-sockets.h"
#include "supervise/timer.h"

typedef struct UnitTrigger UnitTrigger;

/** unit_has_trigger() - does its file name a timer or a socket? */
bool unit_has_trigger(const Unit *u);

/**
 * unit_arm() - begin to wait. A unit that is armed counts anew, and keeps its sockets.
 *
 * Returns: 0, or a negative errno with @fault filled; then it is as it was.
 */
int unit_arm(Unit *u, Fault *fault);

/** unit_disarm() - wait no more. Fine when it does not. */
void unit_disarm(Unit *u);

/** unit_trigger_free() - let go, for the next manager to find. NULL is fine. */
void unit_trigger_free(UnitTrigger *t);

/**
 * unit_trigger_follow() - something has happened to the unit, its jobs, its file or the clock: is there
 * something to wait for, and for what?
 */
void unit_trigger_follow(Unit *u);

/** unit_trigger_to_json(), unit_trigger_adopt() - over the death of the manager. NULL when it is not armed.
 */
json_t *unit_trigger_to_json(const Unit *u);
void unit_trigger_adopt(Unit *u, const json_t *saved);

/** unit_trigger_forgive() - sockets that have started the container too often wait again. */
void unit_trigger_forgive(Unit *u);

/* A look at it for `nsctl list-timers`; 0 = never. Dates of CLOCK_REALTIME. */
typedef struct TriggerTimes {
        usec_t next, last;
} TriggerTimes;

/** unit_trigger_times() - false when the unit is not armed or has no timer. */
bool unit_trigger_times(const Unit *u, TriggerTimes *ret);

/* As it looks from outside: that of the machine, unless it rests and waits. */
ActiveState unit_active_state(const Unit *u);
const char *unit_sub_state(const Unit *u);
/* Is there anything that the next manager has to know of it? */
bool unit_has_state(const Unit *u);
/* No start job is to run its container any more. */
void unit_trigger_done(Unit *u);
/* Something has come to one of its sockets. */
void unit_socket_ready(Unit *u);
/* Those that its container is to have; NULL when there are none. */
const UnitSockets *unit_trigger_sockets(const Unit *u);
/* When did the first manager of this boot begin? 0 or -errno. */
int manager_note_begin(Manager *m);
/* Before the keeper throws away what nobody has taken. */
void manager_adopt_sockets(Manager *m);
/* After adoption, and when files were read again. */
void manager_settle_triggers(Manager *m);
/* Called by the clock watch. */
void manager_clock_changed(Manager *m);
