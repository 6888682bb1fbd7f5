/*
 * What starts a container besides people and other units: its timer and its sockets. A unit that has any of
 * them is started by being armed; it is active then, as "waiting", whether its container runs or not, until
 * it is stopped. What the trigger starts is a job like any other.
 */
#pragma once

#include <jansson.h>

#include "basic/fault.h"
#include "manager/unit.h"
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
