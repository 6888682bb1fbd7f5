/* Waiting for a unit to come to rest: how it ended is in the manager's signal, as a moment later it may be
 * forgotten. */
#pragma once

#include "ctl/client.h"

/* As `nsctl exec` has it: what went wrong is ours. */
#define END_UNKNOWN 125

typedef struct UnitEnd {
        bool started, ended;
        int code, status; /* of waitid(2); 0 = no program has run */
} UnitEnd;

/**
 * unit_end_watch() - from now on, as messages are processed
 * @ret: must stay where it is as long as c->bus is; with .started set before the unit counts as running
 * already
 *
 * Returns: 0, or a negative errno, perhaps with @error.
 */
int unit_end_watch(Ctl *c, const char *unit, sd_bus_error *error, UnitEnd *ret);

/** unit_end_status() - as a shell would say it: the exit status, or 128 and the number of the signal. */
int unit_end_status(const UnitEnd *e);
