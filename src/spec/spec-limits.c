/* The limits of the cgroup: of [Service], of [Container], and what nsunitd.conf says for all. */
#include "spec/spec-making.h"

/* The kernel kills a container as a whole, so that none goes on without one of its processes; what has
 * cgroups of its own inside is left to that, as systemd does. */
static bool kills_as_whole(const ServiceSection *s) {
        if (s->oom_policy == OOM_POLICY_INVALID_)
                return !s->resources.delegate.on;
        return s->oom_policy == OOM_POLICY_KILL;
}

int spec_make_limits(const Making *m, ContainerSpec *s) {
        const UnitSpec *u = m->unit;
        int r;

        r = limit_spec_copy(&u->service.limits, &s->limits);
        if (r < 0)
                return r;

        if (!unit_spec_is_set(u, "Service", "MemoryMax"))
                s->limits.memory_max =
                        m->section->memory > 0 ? m->section->memory : m->config->defaults.memory_max;
        if (!unit_spec_is_set(u, "Service", "TasksMax"))
                s->limits.tasks_max = m->section->pids > 0 ? m->section->pids : m->config->defaults.tasks_max;
        s->limits.oom_group = kills_as_whole(&u->service);
        return 0;
}
