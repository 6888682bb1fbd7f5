/* The limits of the cgroup: of [Service], of [Container], and what nsunitd.conf says for all. */
#include <string.h>

#include "basic/macro.h"
#include "spec/spec-making.h"

/* The kernel kills a container as a whole, so that none goes on without one of its processes. One that has
 * cgroups of its own is left to itself, as by systemd. */
static OomPolicy oom_policy(const ServiceSection *s, bool boot) {
        if (s->oom_policy != OOM_POLICY_INVALID_)
                return s->oom_policy;
        return s->resources->delegate.on || boot ? OOM_POLICY_CONTINUE : OOM_POLICY_KILL;
}

static int starting_sets(const UnitSpec *u, LimitSpec *l) {
        const ResourceSection *from = u->service.resources;
        const struct {
                const IndexSet *from;
                IndexSet *to;
        } sets[] = { { &from->startup_cpus, &l->cpus }, { &from->startup_memory_nodes, &l->memory_nodes } };

        for (size_t i = 0; i < ELEMENTSOF(sets); i++) {
                int r;

                if (sets[i].from->n == 0)
                        continue;
                free(sets[i].to->items);
                *sets[i].to = (IndexSet){};
                r = index_set_copy(sets[i].from, sets[i].to);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Puts those of the Startup*= keys in their places. Returns how many kinds there were, or -ENOMEM. */
static int take_starting(const UnitSpec *u, LimitSpec *l) {
        const ResourceSection *from = u->service.resources;
        const struct {
                const char *key;
                uint64_t from;
                uint64_t *to;
        } numbers[] = {
                { "StartupCPUWeight", from->startup_cpu_weight, &l->cpu_weight },
                { "StartupIOWeight", from->startup_io_weight, &l->io_weight },
                { "StartupMemoryHigh", from->startup_memory_high, &l->memory_high },
                { "StartupMemoryLow", from->startup_memory_low, &l->memory_low },
                { "StartupMemoryMax", from->startup_memory_max, &l->memory_max },
                { "StartupMemorySwapMax", from->startup_memory_swap_max, &l->memory_swap_max },
                { "StartupMemoryZSwapMax", from->startup_memory_zswap_max, &l->memory_zswap_max },
        };
        int n = (from->startup_cpus.n > 0) + (from->startup_memory_nodes.n > 0), r;

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                if (unit_spec_is_set(u, "Service", numbers[i].key)) {
                        *numbers[i].to = numbers[i].from;
                        n++;
                }
        r = starting_sets(u, l);
        return r < 0 ? r : n;
}

static int make_starting_limits(const UnitSpec *u, const LimitSpec *usual, ContainerSpec *s) {
        LimitSpec l = {};
        int r;

        r = limit_spec_copy(usual, &l);
        if (r >= 0)
                r = take_starting(u, &l);
        if (r > 0 && (s->starting_limits = malloc(sizeof(l)))) {
                *s->starting_limits = l;
                return 0;
        }
        limit_spec_done(&l);
        return r > 0 ? -ENOMEM : r;
}

/* An init makes cgroups for its services. */
static int make_delegation(const ResourceSection *from, bool boot, ContainerSpec *s) {
        s->delegate = from->delegate.on || boot;
        s->delegate_controllers = from->delegate.on ? from->delegate.controllers : boot ? ALL_CONTROLLERS : 0;
        return from->delegate.on ? spec_copy_text(from->delegate_subgroup, &s->delegate_subgroup) : 0;
}

int spec_make_limits(const Making *m, ContainerSpec *s) {
        const UnitSpec *u = m->unit;
        LimitSpec l;
        int r;

        r = limit_spec_copy(u->service.limits, &l);
        l.memory_max = u->service.memory_max;
        l.tasks_max = u->service.tasks_max;

        if (!unit_spec_is_set(u, "Service", "MemoryMax"))
                l.memory_max = m->section->memory > 0 ? m->section->memory : m->config->defaults.memory_max;
        if (!unit_spec_is_set(u, "Service", "TasksMax"))
                l.tasks_max = m->section->pids > 0 ? m->section->pids : m->config->defaults.tasks_max;
        s->oom_policy = oom_policy(&u->service, m->section->boot);
        l.oom_group = s->oom_policy == OOM_POLICY_KILL;

        if (r >= 0)
                r = make_delegation(u->service.resources, m->section->boot, s);
        if (r >= 0)
                r = make_starting_limits(u, &l, s);
        if (r >= 0 && !(s->limits = limit_spec_share(&l)))
                r = -ENOMEM;
        limit_spec_done(&l);
        return r;
}
