/* [Service] as typed data. Filled by service-keys.def. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "basic/clock.h"
#include "spec/container-spec.h"
#include "spec/restart-policy.h"
#include "spec/types.h"

/* Exit statuses and signals of SuccessExitStatus=. */
typedef struct ExitStatusSet {
        uint64_t statuses[4]; /* bit n of word n/64: status n */
        uint64_t signals[2];  /* bit n of word n/64: signal n */
} ExitStatusSet;

static inline bool exit_status_set_has_status(const ExitStatusSet *s, unsigned n) {
        return n < 256 && s->statuses[n / 64] >> (n % 64) & 1;
}

static inline bool exit_status_set_has_signal(const ExitStatusSet *s, unsigned n) {
        return n < 128 && s->signals[n / 64] >> (n % 64) & 1;
}

typedef struct ServiceSection {
        ServiceType type;
        RestartPolicy restart;
        usec_t restart_sec;
        unsigned restart_steps;
        usec_t restart_max_delay; /* USEC_INFINITY = not set */
        usec_t timeout_start;     /* USEC_INFINITY = none; the default depends on the type */
        bool timeout_start_set;
        usec_t timeout_stop; /* USEC_INFINITY = none */
        bool timeout_stop_set;
        ExitStatusSet success_exit_status;
        bool remain_after_exit;
        KillMode kill_mode;
        LimitSpec limits;
} ServiceSection;
