/* How the processes of a container are scheduled, and the limits that they inherit: mostly keys of [Service].
 */
#include <linux/ioprio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>

#include "basic/macro.h"
#include "spec/spec-making.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"

static bool is_set(const Making *m, const char *key) {
        return unit_spec_is_set(m->unit, "Service", key);
}

static void make_priorities(const Making *m, ScheduleSpec *s) {
        const ExecSection *e = m->unit->service.exec;
        const bool realtime = e->cpu_policy == SCHED_FIFO || e->cpu_policy == SCHED_RR;

        if (is_set(m, "Nice"))
                s->set |= SCHEDULE_NICE;
        if (is_set(m, "OOMScoreAdjust"))
                s->set |= SCHEDULE_OOM_SCORE;
        if (is_set(m, "CPUSchedulingPolicy") || is_set(m, "CPUSchedulingPriority") ||
            is_set(m, "CPUSchedulingResetOnFork"))
                s->set |= SCHEDULE_POLICY;
        if (is_set(m, "IOSchedulingClass") || is_set(m, "IOSchedulingPriority"))
                s->set |= SCHEDULE_IO;
        if (is_set(m, "UMask"))
                s->set |= SCHEDULE_UMASK;

        s->nice = e->nice;
        s->oom_score_adjust = e->oom_score_adjust;
        s->policy = e->cpu_policy;
        /* 0 stands for the lowest one. */
        s->priority = realtime ? MAX_OF(e->cpu_priority, 1) : 0;
        s->reset_on_fork = e->cpu_reset_on_fork;
        s->io_class = e->io_class;
        /* The kernel takes none but 0 there. */
        s->io_priority = e->io_class == IOPRIO_CLASS_NONE ? 0 : e->io_priority;
        s->umask = e->umask;
}

static int make_affinity(const Making *m, ScheduleSpec *s) {
        const IndexSet *set = &m->unit->service.exec->cpu_affinity.cpus;

        for (size_t i = 0; i < set->n; i++)
                for (unsigned cpu = set->items[i].first; cpu <= set->items[i].last; cpu++) {
                        if (cpu >= SCHEDULE_CPUS_MAX)
                                return diag_error(m->diag, unit_place(m->unit, "Service", "CPUAffinity"),
                                                  -EINVAL, "CPUAffinity=: processors are numbered up to %d",
                                                  SCHEDULE_CPUS_MAX - 1);
                        s->cpus[cpu / 64] |= UINT64_C(1) << (cpu % 64);
                        s->set |= SCHEDULE_CPUS;
                }
        return 0;
}

/* The architectures that programs of this host can be told of: its own, and the older one that it also is. */
static int make_personality(const Making *m, ScheduleSpec *s) {
#if defined(__x86_64__)
        static const char *const native = "x86-64", *const older = "x86";
#else
        static const char *const native = "arm64", *const older = "arm";
#endif
        const char *wanted = m->unit->service.exec->personality;

        if (!wanted)
                return 0;
        if (!streq(wanted, native) && !streq(wanted, older))
                return diag_error(m->diag, unit_place(m->unit, "Service", "Personality"), -EINVAL,
                                  "Personality=%s is not what this processor can be: %s or %s", wanted,
                                  native, older);
        s->personality = streq(wanted, older) ? PER_LINUX32 : PER_LINUX;
        s->set |= SCHEDULE_PERSONALITY;
        return 0;
}

static void set_limit(ContainerSpec *s, const RlimitSpec *limit) {
        for (size_t i = 0; i < s->n_rlimits; i++)
                if (s->rlimits[i].resource == limit->resource) {
                        s->rlimits[i] = *limit;
                        return;
                }
        s->rlimits[s->n_rlimits++] = *limit;
}

/* Ulimit= of [Container] beats the limits of [Service]. */
static int make_limits(const Making *m, ContainerSpec *s) {
        const RlimitList *own = &m->section->system->ulimits;
        const RlimitValue *values = m->unit->service.exec->rlimits;
        size_t most = own->n;

        for (int i = 0; i < RLIM_NLIMITS; i++)
                most += values[i].set;
        if (most == 0)
                return 0;

        s->rlimits = calloc(most, sizeof(*s->rlimits));
        if (!s->rlimits)
                return -ENOMEM;
        for (int i = 0; i < RLIM_NLIMITS; i++) {
                const RlimitValue *v = &values[i];

                if (v->set)
                        set_limit(s, &(RlimitSpec){ .resource = i, .limit = v->limit });
        }
        for (size_t i = 0; i < own->n; i++)
                set_limit(s, &own->items[i]);
        return 0;
}

int spec_make_schedule(const Making *m, ContainerSpec *s) {
        ScheduleSpec schedule = {};
        int r;

        make_priorities(m, &schedule);
        r = make_affinity(m, &schedule);
        if (r == 0)
                r = make_personality(m, &schedule);
        if (r == 0 && schedule.set != 0) {
                s->schedule = malloc(sizeof(*s->schedule));
                if (!s->schedule)
                        return -ENOMEM;
                *s->schedule = schedule;
        }
        return r < 0 ? r : make_limits(m, s);
}
