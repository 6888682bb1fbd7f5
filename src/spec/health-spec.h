/*
 * The health checks of one container: what the unit and its image say, taken together. Plain data, part of
 * the ContainerSpec.
 */
#pragma once

#include <stdbool.h>

#include "basic/clock.h"
#include "spec/container-words.h"
#include "spec/reach-section.h"

typedef struct HealthSpec {
        ProbeChoice probe;   /* PROBE_NONE: there is no check */
        ProbeChoice startup; /* until it passes, the other one is not made; PROBE_NONE: there is none */
        usec_t interval, startup_interval; /* USEC_INFINITY = never by itself */
        usec_t timeout, startup_timeout;   /* USEC_INFINITY = none */
        usec_t start_period;
        unsigned retries, startup_success; /* at least 1 */
        unsigned startup_retries;          /* 0 = never gives up */
        HealthFailure on_failure;
        char *log_destination;                /* "local", "events_logger", or a directory */
        unsigned max_log_count, max_log_size; /* 0 = no limit */
} HealthSpec;

/** health_spec_clear() - free what @h owns. */
void health_spec_clear(HealthSpec *h);
