/* [Service] as typed data. Filled by service-keys.def. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "basic/clock.h"
#include "spec/command.h"
#include "spec/container-spec.h"
#include "spec/resource-section.h"
#include "spec/restart-policy.h"
#include "spec/types.h"

/* Exit statuses and signals of SuccessExitStatus= and the like. */
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

/* TimeoutStartSec= and TimeoutStopSec=, which TimeoutSec= sets both. */
typedef struct ServiceTimeouts {
        usec_t start; /* USEC_INFINITY = none; the default depends on the type */
        usec_t stop;  /* USEC_INFINITY = none */
} ServiceTimeouts;

/* LimitNOFILE= and the like. */
typedef struct RlimitValue {
        bool set;
        struct rlimit limit;
} RlimitValue;

/* CPUAffinity= */
typedef struct CpuAffinity {
        IndexSet cpus; /* none: any */
        bool numa;     /* the processors of the memory nodes */
} CpuAffinity;

/* What every process of the service inherits: systemd.exec(5). unit_spec_is_set() tells whether the unit says
 * so. */
typedef struct ExecSection {
        char **environment;       /* NAME=VALUE, of the hooks */
        char **environment_files; /* as in ContainerSection */
        char **pass_environment;  /* names of variables of nsunitd */
        char **unset_environment; /* NAME or NAME=VALUE */
        char *working_directory;  /* of the hooks: absolute or "~", "-" before it when it may be missing */

        int nice, oom_score_adjust;
        int io_class, io_priority; /* ioprio_set(2) */
        int cpu_policy;            /* SCHED_*, sched(7) */
        int cpu_priority;
        bool cpu_reset_on_fork;
        CpuAffinity cpu_affinity;
        mode_t umask;
        char *personality; /* an architecture, in systemd's words */
        RlimitValue rlimits[RLIM_NLIMITS];

        char *standard_output, *standard_error;
        char *syslog_identifier;
        int log_level_max;   /* syslog(3); -1 = all */
        char **log_fields;   /* FIELD=VALUE */
        usec_t log_interval; /* of the rate limit; 0 = the journal's own */
        unsigned log_burst;

        char *user, *group, *dynamic_user, *bus_name; /* of services of the host; nothing looks at them */
} ExecSection;

/* Of a section, what few units say anything of: those that do not share it (KeyPart in key.h). */

typedef struct ExitKeys {
        ExitStatusSet success, restart_prevent, restart_force;
} ExitKeys;

typedef struct HookKeys {
        ExecCommandList condition, start_pre, start, start_post;
        ExecCommandList reload, reload_post, stop, stop_post;
} HookKeys;

typedef struct ServiceSection {
        ServiceType type;
        ExitType exit_type;
        bool remain_after_exit;

        RestartPolicy restart;
        usec_t restart_sec;
        unsigned restart_steps;
        usec_t restart_max_delay;    /* USEC_INFINITY = not set */
        usec_t restart_random_delay; /* up to so much is added; 0 = nothing */
        RestartMode restart_mode;
        usec_t restart_reset; /* after so long without an end the count of restarts begins anew; USEC_INFINITY
                                 = never */
        const ExitKeys *exits;

        ServiceTimeouts timeouts;
        bool timeout_start_set, timeout_stop_set;
        usec_t timeout_abort; /* the one of the stop when not set */
        TimeoutMode timeout_start_mode, timeout_stop_mode;
        usec_t runtime_max, runtime_random_extra; /* USEC_INFINITY = no limit; 0 = nothing */

        usec_t watchdog; /* 0 = none */
        int watchdog_signal;
        NotifyAccess notify_access; /* NOTIFY_ACCESS_INVALID_ = not set: by the type */
        unsigned fd_store_max;
        FdPreserve fd_store_preserve;

        KillMode kill_mode;
        int kill_signal, restart_kill_signal; /* 0 = not set */
        int final_kill_signal, reload_signal;
        bool send_sighup, send_sigkill;

        const HookKeys *hooks;
        const ExecSection *exec;

        OomPolicy oom_policy;           /* OOM_POLICY_INVALID_ = not set */
        uint64_t memory_max, tasks_max; /* not those of @limits: nsunitd.conf has a say */
        const LimitSpec *limits;
        const ResourceSection *resources;
} ServiceSection;
