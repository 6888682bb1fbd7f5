/* Do the keys of [Service] go together? */
#include <sched.h>

#include "basic/macro.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"

static Where at(const UnitSpec *u, const char *key) {
        return unit_place(u, "Service", key);
}

static bool is_set(const UnitSpec *u, const char *key) {
        return unit_spec_is_set(u, "Service", key);
}

static int check_type(const UnitSpec *u, Diag *diag) {
        const ServiceSection *s = &u->service;

        if (s->type == SERVICE_ONESHOT && s->exit_type == EXIT_TYPE_CGROUP)
                return diag_error(diag, at(u, "ExitType"), -EINVAL,
                                  "ExitType=cgroup does not go together with Type=oneshot");
        if (s->type == SERVICE_ONESHOT && is_set(u, "RuntimeMaxSec") && s->runtime_max != USEC_INFINITY)
                diag_warning(diag, at(u, "RuntimeMaxSec"), "RuntimeMaxSec= does nothing with Type=oneshot");
        return 0;
}

static int check_restart(const UnitSpec *u, Diag *diag) {
        const ServiceSection *s = &u->service;
        int bad = 0;

        if (s->type == SERVICE_ONESHOT && (s->restart == RESTART_ALWAYS || s->restart == RESTART_ON_SUCCESS))
                bad = diag_error(diag, at(u, "Restart"), -EINVAL,
                                 "Restart=%s does not go together with Type=oneshot",
                                 restart_policy_to_string(s->restart));

        if (s->restart_steps > 0 && s->restart_max_delay == USEC_INFINITY)
                diag_warning(diag, at(u, "RestartSteps"),
                             "RestartSteps= does nothing without RestartMaxDelaySec=");
        else if (s->restart_steps == 0 && s->restart_max_delay != USEC_INFINITY)
                diag_warning(diag, at(u, "RestartMaxDelaySec"),
                             "RestartMaxDelaySec= does nothing without RestartSteps=");
        else if (s->restart_steps > 0 && s->restart_max_delay < s->restart_sec)
                diag_warning(diag, at(u, "RestartMaxDelaySec"),
                             "RestartMaxDelaySec= is shorter than RestartSec=, and does nothing");
        else if (s->restart_steps > 0 && s->restart_sec == 0)
                diag_warning(diag, at(u, "RestartSteps"),
                             "RestartSteps= does nothing with RestartSec=0: no delay cannot grow");
        return bad;
}

/* Keys that mean something only beside another one. */
static void check_companions(const UnitSpec *u, Diag *diag) {
        const ServiceSection *s = &u->service;
        const struct {
                const char *key, *needs;
                bool met;
        } rules[] = {
                { "RuntimeRandomizedExtraSec", "RuntimeMaxSec=", s->runtime_max != USEC_INFINITY },
                { "RestartResetSec", "RestartSteps=", s->restart_steps > 0 },
                { "WatchdogSignal", "WatchdogSec=",
                  s->watchdog > 0 || s->timeout_start_mode == TIMEOUT_MODE_ABORT ||
                          s->timeout_stop_mode == TIMEOUT_MODE_ABORT },
                { "FileDescriptorStorePreserve", "FileDescriptorStoreMax=", s->fd_store_max > 0 },
                { "ReloadSignal", "Type=notify-reload", s->type == SERVICE_NOTIFY_RELOAD },
                { "FinalKillSignal", "SendSIGKILL=yes", s->send_sigkill },
                { "CPUQuotaPeriodSec", "CPUQuota=", s->limits->cpu_quota != UINT64_MAX },
                { "DelegateSubgroup", "Delegate=", s->resources->delegate.on },
        };

        for (size_t i = 0; i < ELEMENTSOF(rules); i++)
                if (is_set(u, rules[i].key) && !rules[i].met)
                        diag_warning(diag, at(u, rules[i].key), "%s= does nothing without %s", rules[i].key,
                                     rules[i].needs);
}

static int check_watchdog(const UnitSpec *u, Diag *diag) {
        const ServiceSection *s = &u->service;
        bool needed = s->watchdog > 0 || service_type_notifies(s->type) || s->fd_store_max > 0;

        if (needed && s->notify_access == NOTIFY_ACCESS_NONE) {
                diag_warning(diag, at(u, "NotifyAccess"),
                             "NotifyAccess=none leaves the program without a voice");
                diag_hint(diag, "NotifyAccess=main is used");
        }
        if (s->restart == RESTART_ON_WATCHDOG && s->watchdog == 0)
                diag_warning(diag, at(u, "Restart"), "Restart=on-watchdog does nothing without WatchdogSec=");
        return 0;
}

static int check_kill(const UnitSpec *u, Diag *diag) {
        const ServiceSection *s = &u->service;

        if (s->kill_mode == KILL_MODE_NONE || s->kill_mode == KILL_MODE_PROCESS) {
                int r = diag_error(diag, at(u, "KillMode"), -EINVAL,
                                   "KillMode=%s would leave processes behind",
                                   kill_mode_to_string(s->kill_mode));

                diag_hint(diag, "a container ends as a whole: KillMode=mixed or KillMode=control-group");
                return r;
        }
        if (s->send_sigkill || s->timeouts.stop != USEC_INFINITY)
                return 0;
        diag_warning(diag, at(u, "SendSIGKILL"), "without a time limit nor SIGKILL, a stop may never end");
        return 0;
}

static int check_scheduling(const UnitSpec *u, Diag *diag) {
        const ExecSection *e = u->service.exec;
        bool realtime = e->cpu_policy == SCHED_FIFO || e->cpu_policy == SCHED_RR;

        if (realtime != (e->cpu_priority > 0) && is_set(u, "CPUSchedulingPriority"))
                return diag_error(diag, at(u, "CPUSchedulingPriority"), -EINVAL,
                                  realtime ? "CPUSchedulingPriority= is 1 ... 99 with this policy"
                                           : "CPUSchedulingPriority= needs CPUSchedulingPolicy=fifo or rr");
        return 0;
}

int check_service(UnitSpec *u, Diag *diag) {
        int (*const checks[])(const UnitSpec *, Diag *) = {
                check_type, check_restart, check_watchdog, check_kill, check_scheduling,
        };
        ServiceSection *s = &u->service;
        int bad = 0;

        s->timeout_start_set = is_set(u, "TimeoutStartSec") || is_set(u, "TimeoutSec");
        s->timeout_stop_set = is_set(u, "TimeoutStopSec") || is_set(u, "TimeoutSec");
        if (s->type == SERVICE_ONESHOT && !s->timeout_start_set)
                s->timeouts.start = USEC_INFINITY;

        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                int r = checks[i](u, diag);

                if (r < 0)
                        bad = r;
        }
        check_companions(u, diag);
        return bad;
}
