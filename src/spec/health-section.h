/* Health* and Probe= of [Container] as typed data. Key types in key-health.c. */
#pragma once

#include <stdbool.h>

#include "basic/clock.h"
#include "spec/container-words.h"
#include "spec/reach-section.h"

/* A command to run inside the container. */
typedef struct HealthCommand {
        bool set;
        bool none;  /* "none": no probe, not even the image's */
        bool shell; /* argv is one text, for "/bin/sh -c" */
        char **argv;
} HealthCommand;

typedef struct HealthKeys {
        HealthCommand command;
        usec_t interval; /* USEC_INFINITY: never by itself */
        usec_t timeout, start_period;
        unsigned retries;
        HealthFailure on_failure;

        HealthCommand startup_command;
        usec_t startup_interval, startup_timeout;
        unsigned startup_retries; /* 0 = never give up */
        unsigned startup_success; /* 0 = the first one is enough */

        char *log_destination;
        unsigned max_log_count, max_log_size; /* 0 = no limit */

        ProbeChoice probe;
} HealthKeys;

/** health_command_take() - a list of words as Docker has it, whose first says how the rest is run; without
 * such a word, the list is a command. 0 or -ENOMEM. */
int health_command_take(char *const *words, HealthCommand *c);
