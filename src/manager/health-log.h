/* What the last checks of a container have said: HealthLogDestination= and the two keys of its limits. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "basic/clock.h"
#include "spec/health-spec.h"

typedef struct HealthRecord {
        usec_t begin, end; /* of the wall clock */
        bool passed;
        char *text;
} HealthRecord;

typedef struct HealthLog {
        HealthRecord *items; /* the oldest first */
        size_t n;
} HealthLog;

/** health_log_add() - takes over the text of @r; the oldest record goes when there are too many. */
void health_log_add(HealthLog *l, const HealthSpec *spec, HealthRecord *r);

/** health_log_last() - NULL when there is none yet. */
const HealthRecord *health_log_last(const HealthLog *l);

void health_log_clear(HealthLog *l);

/** health_log_to_json() - an array, in the form that Docker and Podman have. NULL when out of memory. */
json_t *health_log_to_json(const HealthLog *l);

/** health_log_from_json() - what cannot be read is left out. */
void health_log_from_json(HealthLog *l, const HealthSpec *spec, const json_t *array);

/** health_log_write() - the whole of it as a file of the directory that @spec names. 0 or a negative errno.
 */
int health_log_write(const HealthLog *l, const HealthSpec *spec, const char *unit);
