/* Limits whose controller the host lacks. */
#include "spec/key.h"
#include "spec/set-check-internal.h"

/* systemd.resource-control(5), and what Quadlet has of it. */
static const struct {
        const char *section, *key, *controller;
} limits[] = {
        { "Service", "AllowedCPUs", "cpuset" },
        { "Service", "AllowedMemoryNodes", "cpuset" },
        { "Service", "CPUQuota", "cpu" },
        { "Service", "CPUSetPartition", "cpuset" },
        { "Service", "CPUWeight", "cpu" },
        { "Service", "IOAccounting", "io" },
        { "Service", "IODeviceWeight", "io" },
        { "Service", "IODeviceLatencyTargetSec", "io" },
        { "Service", "IOReadBandwidthMax", "io" },
        { "Service", "IOReadIOPSMax", "io" },
        { "Service", "IOWeight", "io" },
        { "Service", "IOWriteBandwidthMax", "io" },
        { "Service", "IOWriteIOPSMax", "io" },
        { "Service", "MemoryHigh", "memory" },
        { "Service", "MemoryLow", "memory" },
        { "Service", "MemoryMax", "memory" },
        { "Service", "MemoryMin", "memory" },
        { "Service", "MemorySwapMax", "memory" },
        { "Service", "MemoryZSwapMax", "memory" },
        { "Service", "MemoryZSwapWriteback", "memory" },
        { "Service", "StartupAllowedCPUs", "cpuset" },
        { "Service", "StartupAllowedMemoryNodes", "cpuset" },
        { "Service", "StartupCPUWeight", "cpu" },
        { "Service", "StartupIOWeight", "io" },
        { "Service", "StartupMemoryHigh", "memory" },
        { "Service", "StartupMemoryLow", "memory" },
        { "Service", "StartupMemoryMax", "memory" },
        { "Service", "StartupMemorySwapMax", "memory" },
        { "Service", "StartupMemoryZSwapMax", "memory" },
        { "Service", "TasksMax", "pids" },
        { "Container", "Memory", "memory" },
        { "Container", "PidsLimit", "pids" },
};

/* A key that nothing acts on needs no controller. */
static bool is_acted_on(const char *section, const char *name) {
        const KeyTable *table = key_table_find(section);
        const Key *key = table ? key_find(table, name) : NULL;

        return key && !key_idle_reason(key);
}

static bool is_limit(const UnitSpec *u, size_t i) {
        return unit_spec_is_set(u, limits[i].section, limits[i].key) &&
               is_acted_on(limits[i].section, limits[i].key);
}

int set_check_limits(const UnitSet *set, char *const *controllers) {
        for (size_t i = 0; i < unit_set_size(set); i++) {
                const SetUnit *u = unit_set_get(set, i);

                for (size_t k = 0; u->diag && u->spec && k < ELEMENTSOF(limits); k++)
                        if (!strv_contains(controllers, limits[k].controller) && is_limit(u->spec, k))
                                diag_warning(
                                        u->diag, unit_place(u->spec, limits[k].section, limits[k].key),
                                        "%s=: cgroup v2 has no %s controller on this host, a start fails",
                                        limits[k].key, limits[k].controller);
        }
        return 0;
}
