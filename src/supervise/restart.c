/* What the end of a main process means: result, restart or not, delay. Knows no machine and no clock. */
#include <signal.h>

#include "supervise/restart.h"

ENUM_DEFINE(ExitKind, exit_kind, EXIT_KIND, EXIT_KIND_LIST)
ENUM_DEFINE(RestartCause, restart_cause, RESTART_CAUSE, RESTART_CAUSE_LIST)

RestartRule restart_rule_from_service(const ServiceSection *s) {
        return (RestartRule){
                .type = s->type,
                .policy = s->restart,
                .delay = s->restart_sec,
                .steps = s->restart_steps,
                .max_delay = s->restart_max_delay,
                .random_delay = s->restart_random_delay,
                .success = s->exits->success,
                .prevent = s->exits->restart_prevent,
                .force = s->exits->restart_force,
        };
}

static bool exit_is_in(const MainExit *e, const ExitStatusSet *set) {
        switch (e->kind) {
        case EXIT_KIND_EXITED:
                return e->status >= 0 && exit_status_set_has_status(set, (unsigned) e->status);
        case EXIT_KIND_KILLED:
        case EXIT_KIND_DUMPED:
                return e->status >= 0 && exit_status_set_has_signal(set, (unsigned) e->status);
        case EXIT_KIND_NONE:
        case EXIT_KIND_UNKNOWN:
        case EXIT_KIND_N_:
        case EXIT_KIND_INVALID_:
                break;
        }

        return false;
}

/* systemd.service(5), "SuccessExitStatus=": what ends a service in good order. */
static bool signal_is_clean(int sig) {
        return sig == SIGHUP || sig == SIGINT || sig == SIGTERM || sig == SIGPIPE;
}

static bool exit_is_clean(const RestartRule *rule, const MainExit *e) {
        if (exit_is_in(e, &rule->success))
                return true;
        if (e->kind == EXIT_KIND_EXITED)
                return e->status == 0;

        return e->kind == EXIT_KIND_KILLED && rule->type != SERVICE_ONESHOT && signal_is_clean(e->status);
}

UnitResult restart_result(const RestartRule *rule, const MainExit *e) {
        if (exit_is_clean(rule, e))
                return RESULT_SUCCESS;
        if (e->oom)
                return RESULT_OOM_KILL;

        switch (e->kind) {
        case EXIT_KIND_EXITED:
                return RESULT_EXIT_CODE;
        case EXIT_KIND_KILLED:
                return RESULT_SIGNAL;
        case EXIT_KIND_DUMPED:
                return RESULT_CORE_DUMP;
        case EXIT_KIND_NONE:
        case EXIT_KIND_UNKNOWN:
        case EXIT_KIND_N_:
        case EXIT_KIND_INVALID_:
                break;
        }

        return RESULT_RESOURCES;
}

#define ON(policy) (1U << RESTART_##policy)

/* systemd.service(5), "Exit causes and the effect of the Restart= settings". ALWAYS is in each that may be
 * restarted at all; a start limit or a condition is no failure of the service, nothing restarts it. */
static const unsigned policies_of_result[UNIT_RESULT_N_] = {
        [RESULT_SUCCESS] = ON(ALWAYS) | ON(ON_SUCCESS),
        [RESULT_EXIT_CODE] = ON(ALWAYS) | ON(ON_FAILURE),
        [RESULT_SIGNAL] = ON(ALWAYS) | ON(ON_FAILURE) | ON(ON_ABNORMAL) | ON(ON_ABORT),
        [RESULT_CORE_DUMP] = ON(ALWAYS) | ON(ON_FAILURE) | ON(ON_ABNORMAL) | ON(ON_ABORT),
        [RESULT_TIMEOUT] = ON(ALWAYS) | ON(ON_FAILURE) | ON(ON_ABNORMAL),
        [RESULT_WATCHDOG] = ON(ALWAYS) | ON(ON_FAILURE) | ON(ON_ABNORMAL) | ON(ON_WATCHDOG),
        [RESULT_OOM_KILL] = ON(ALWAYS) | ON(ON_FAILURE) | ON(ON_ABNORMAL),
        /* Ours: a health check that fails says what a missed keep-alive says. */
        [RESULT_UNHEALTHY] = ON(ALWAYS) | ON(ON_FAILURE) | ON(ON_ABNORMAL) | ON(ON_WATCHDOG),
        [RESULT_PROTOCOL] = ON(ALWAYS) | ON(ON_FAILURE) | ON(ON_ABNORMAL),
        [RESULT_RESOURCES] = ON(ALWAYS) | ON(ON_FAILURE) | ON(ON_ABNORMAL),
        [RESULT_START_LIMIT_HIT] = 0,
        [RESULT_EXEC_CONDITION] = 0,
};

_Static_assert(RESTART_N_ <= 32, "a policy is a bit of an unsigned");

RestartCause restart_cause(const RestartRule *rule, UnitResult result, const MainExit *e) {
        if (result == RESULT_START_LIMIT_HIT || result == RESULT_EXEC_CONDITION)
                return RESTART_CAUSE_NO_FAILURE;
        if (exit_is_in(e, &rule->prevent))
                return RESTART_CAUSE_PREVENTED;
        if (rule->type == SERVICE_ONESHOT && result == RESULT_SUCCESS)
                return RESTART_CAUSE_ONESHOT_DONE;
        return exit_is_in(e, &rule->force) ? RESTART_CAUSE_FORCED : RESTART_CAUSE_POLICY;
}

bool restart_decide(const RestartRule *rule, UnitResult result, const MainExit *e) {
        switch (restart_cause(rule, result, e)) {
        case RESTART_CAUSE_POLICY:
                return policies_of_result[result] >> rule->policy & 1;
        case RESTART_CAUSE_FORCED:
                return true;
        case RESTART_CAUSE_PREVENTED:
        case RESTART_CAUSE_ONESHOT_DONE:
        case RESTART_CAUSE_NO_FAILURE:
        case RESTART_CAUSE_N_:
        case RESTART_CAUSE_INVALID_:
                break;
        }
        return false;
}

usec_t part_of(usec_t span, uint32_t dice) {
        return (usec_t) ((long double) span * dice / UINT32_MAX);
}

/* With root(), what powl() is for: nothing else in the manager needs the library of that, which would be 200
 * KiB of its memory. */
static long double power(long double base, unsigned n) {
        long double result = 1;

        for (; n > 0; n /= 2, base *= base)
                if (n % 2 == 1)
                        result *= base;
        return result;
}

/* The @n-th root of a number that is not below 1, by halving to the last bit. */
static long double root(long double x, unsigned n) {
        long double low = 1, high = x;

        for (;;) {
                long double middle = low + (high - low) / 2;

                if (middle <= low || middle >= high)
                        return low;
                if (power(middle, n) <= x)
                        low = middle;
                else
                        high = middle;
        }
}

static usec_t step_delay(const RestartRule *rule, unsigned n_restarts) {
        long double factor;

        if (n_restarts == 0 || rule->steps == 0 || rule->delay == 0 || rule->max_delay == USEC_INFINITY ||
            rule->delay >= rule->max_delay)
                return rule->delay;
        if (n_restarts >= rule->steps)
                return rule->max_delay;

        /* A geometric row: its first member is RestartSec=, its (steps + 1)-th RestartMaxDelaySec=. */
        factor = power(root((long double) rule->max_delay / (long double) rule->delay, rule->steps),
                       n_restarts);
        return (usec_t) ((long double) rule->delay * factor + 0.5L);
}

usec_t restart_delay(const RestartRule *rule, unsigned n_restarts, uint32_t dice) {
        return usec_add(step_delay(rule, n_restarts), part_of(rule->random_delay, dice));
}
