/*
 * What a unit does to the host, or to the manager: FailureAction=, SuccessAction=, StartLimitAction= and
 * JobTimeoutAction=.
 */
#pragma once

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "manager/unit.h"

typedef struct Emergency Emergency;

/* The loop ends with this and the exit status that a unit has asked for. */
#define EMERGENCY_EXIT_BASE 256

/** unit_emergency() - the unit was in the state @before, and is to be saved yet: is there an action for that?
 */
void unit_emergency(Unit *u, MachineState before);

/** unit_job_emergency() - one of its jobs has taken too long. */
void unit_job_emergency(Unit *u);

/** emergency_free() - NULL is fine. */
void emergency_free(Emergency *e);
