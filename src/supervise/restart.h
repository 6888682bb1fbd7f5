/*
 * What the end of a main process means: the result (systemd.exec(5), systemd.service(5)
 * "SuccessExitStatus="), whether the unit is started again, and after how long. Pure functions of their
 * arguments.
 */
#pragma once

#include <stdbool.h>

#include "basic/clock.h"
#include "basic/strtab.h"
#include "spec/restart-policy.h"
#include "spec/types.h"
#include "spec/unit-spec.h"

/* How a main process ended; systemd's words ($EXIT_CODE). Unknown: it ended while no manager ran and the
 * kernel could not keep the status. */
#define EXIT_KIND_LIST(X)             \
        X(EXIT_KIND_NONE, "none")     \
        X(EXIT_KIND_EXITED, "exited") \
        X(EXIT_KIND_KILLED, "killed") \
        X(EXIT_KIND_DUMPED, "dumped") \
        X(EXIT_KIND_UNKNOWN, "unknown")

ENUM_DECLARE(ExitKind, exit_kind, EXIT_KIND, EXIT_KIND_LIST);

typedef struct MainExit {
        ExitKind kind;
        int status; /* exit status of EXITED, signal number of KILLED and DUMPED, else 0 */
        bool oom;   /* the OOM killer took the process or made it give up (memory.events counted) */
} MainExit;

/* What of [Service] decides about restarts. */
typedef struct RestartRule {
        ServiceType type;
        RestartPolicy policy;
        usec_t delay;          /* RestartSec= */
        unsigned steps;        /* RestartSteps=; 0 = constant delay */
        usec_t max_delay;      /* RestartMaxDelaySec=; USEC_INFINITY = constant delay */
        usec_t random_delay;   /* RestartRandomizedDelaySec=; 0 = nothing */
        ExitStatusSet success; /* SuccessExitStatus= */
        ExitStatusSet prevent; /* RestartPreventExitStatus= */
        ExitStatusSet force;   /* RestartForceExitStatus= */
} RestartRule;

/** restart_rule_from_service() - the rule of a [Service] section. */
RestartRule restart_rule_from_service(const ServiceSection *s);

/**
 * restart_result() - the result of a main process that ended by itself or was told to
 *
 * Success is exit status 0, what SuccessExitStatus= lists, and, except for oneshot, death by HUP, INT, TERM
 * or PIPE. EXIT_KIND_UNKNOWN is RESULT_RESOURCES: nobody may call it a success, and on-failure has to act on
 * it.
 */
UnitResult restart_result(const RestartRule *rule, const MainExit *e);

/* Which rule decides whether it is started again. */
#define RESTART_CAUSE_LIST(X)                    \
        X(RESTART_CAUSE_POLICY, "policy")        \
        X(RESTART_CAUSE_PREVENTED, "prevented")  \
        X(RESTART_CAUSE_FORCED, "forced")        \
        X(RESTART_CAUSE_ONESHOT_DONE, "oneshot") \
        X(RESTART_CAUSE_NO_FAILURE, "no-failure")

ENUM_DECLARE(RestartCause, restart_cause, RESTART_CAUSE, RESTART_CAUSE_LIST);

/** restart_cause() - the rule by which restart_decide() decides; the same parameters. */
RestartCause restart_cause(const RestartRule *rule, UnitResult result, const MainExit *e);

/**
 * restart_decide() - start it again?
 * @result: why the invocation ended
 * @e:      end of the main process; EXIT_KIND_NONE when there was none (set-up failed)
 *
 * The caller has to have excluded a stop that somebody asked for. Then: prevent, force, table of Restart=.
 */
bool restart_decide(const RestartRule *rule, UnitResult result, const MainExit *e);

/**
 * restart_delay() - how long to wait before an automatic restart
 * @n_restarts: automatic restarts since the last manual start, not counting the one that is about to come
 * @dice:       any number: what part of RestartRandomizedDelaySec= is added
 */
usec_t restart_delay(const RestartRule *rule, unsigned n_restarts, uint32_t dice);

/** part_of() - as much of @span as @dice is of the greatest number there is. */
usec_t part_of(usec_t span, uint32_t dice);
