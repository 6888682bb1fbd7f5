/*
 * What the specification has a word for is there; all else is in "unified", which has the names of the files
 * of cgroup v2. Limits of disks need the numbers of devices, which only the host knows: spec-json.c annotates
 * them.
 */
#include "spec/json-resources.h"

#include <inttypes.h>
#include <stdio.h>

#include "basic/macro.h"

static int set_number(json_t *object, const char *name, uint64_t n) {
        return json_object_set_new(object, name, json_integer((json_int_t) n));
}

static int add_cpu(json_t *resources, const LimitSpec *l) {
        json_t *cpu = json_object();
        autofree char *cpus = index_set_to_string(&l->cpus), *nodes = index_set_to_string(&l->memory_nodes);
        int r = cpus && nodes ? 0 : -1;

        if (l->cpu_quota != UINT64_MAX) {
                r |= set_number(cpu, "quota",
                                (uint64_t) ((unsigned __int128) l->cpu_quota * l->cpu_period / USEC_PER_SEC));
                r |= set_number(cpu, "period", l->cpu_period);
        }
        if (l->cpus.n > 0)
                r |= json_object_set_new(cpu, "cpus", json_string(cpus));
        if (l->memory_nodes.n > 0)
                r |= json_object_set_new(cpu, "mems", json_string(nodes));
        if (r == 0 && json_object_size(cpu) > 0)
                return json_object_set_new(resources, "cpu", cpu);
        json_decref(cpu);
        return r;
}

static int add_unified(json_t *resources, const LimitSpec *l) {
        const struct {
                const char *file, *before;
                uint64_t value, unset;
        } files[] = {
                { "cpu.weight", "", l->cpu_weight == CPU_WEIGHT_IDLE ? UINT64_MAX : l->cpu_weight,
                  UINT64_MAX },
                { "cpu.idle", "", l->cpu_weight == CPU_WEIGHT_IDLE, 0 },
                { "memory.min", "", l->memory_min, 0 },
                { "memory.low", "", l->memory_low, 0 },
                { "memory.high", "", l->memory_high, UINT64_MAX },
                { "memory.swap.max", "", l->memory_swap_max, UINT64_MAX },
                { "memory.zswap.max", "", l->memory_zswap_max, UINT64_MAX },
                { "memory.zswap.writeback", "", l->memory_zswap_writeback, 1 },
                { "memory.oom.group", "", l->oom_group, 0 },
                { "io.weight", "default ", l->io_weight, UINT64_MAX },
        };
        json_t *unified = json_object();
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                char text[48];

                if (files[i].value == files[i].unset)
                        continue;
                if (files[i].value == UINT64_MAX)
                        (void) snprintf(text, sizeof(text), "%smax", files[i].before);
                else
                        (void) snprintf(text, sizeof(text), "%s%" PRIu64, files[i].before, files[i].value);
                r |= json_object_set_new(unified, files[i].file, json_string(text));
        }
        if (l->cpuset_partition != CPUSET_PARTITION_MEMBER)
                r |= json_object_set_new(unified, "cpuset.cpus.partition",
                                         json_string(cpuset_partition_to_string(l->cpuset_partition)));
        if (r == 0 && json_object_size(unified) > 0)
                return json_object_set_new(resources, "unified", unified);
        json_decref(unified);
        return r;
}

json_t *json_resources(const LimitSpec *l) {
        json_t *resources = json_object();
        int r = 0;

        if (l->memory_max != UINT64_MAX)
                r |= json_object_set_new(resources, "memory",
                                         json_pack("{s:I}", "limit", (json_int_t) l->memory_max));
        if (l->tasks_max != UINT64_MAX)
                r |= json_object_set_new(resources, "pids",
                                         json_pack("{s:I}", "limit", (json_int_t) l->tasks_max));
        r |= add_cpu(resources, l);
        r |= add_unified(resources, l);
        if (r < 0) {
                json_decref(resources);
                return NULL;
        }
        return resources;
}
