/* The files are those of Documentation/admin-guide/cgroup-v2.rst. */
#include "cgroup/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "cgroup/block-device.h"

#define CPU_WEIGHT_DEFAULT 100
#define CPU_QUOTA_MIN      USEC_PER_MSEC /* of processor time in one period */
#define CPU_PERIOD_MAX     USEC_PER_SEC
#define IO_WEIGHT_DEFAULT  100
#define FILE_MAX_BYTES     (1024 * 1024)

/* Files of one number each. UINT64_MAX is written as "max". */
static const struct {
        const char *key, *file;
        size_t offset;
        uint64_t unset; /* the kernel's own default, too */
        CgroupController controller;
} numbers[] = {
        { "MemoryMin", "memory.min", offsetof(LimitSpec, memory_min), 0, CGROUP_MEMORY },
        { "MemoryLow", "memory.low", offsetof(LimitSpec, memory_low), 0, CGROUP_MEMORY },
        { "MemoryHigh", "memory.high", offsetof(LimitSpec, memory_high), UINT64_MAX, CGROUP_MEMORY },
        { "MemoryMax", "memory.max", offsetof(LimitSpec, memory_max), UINT64_MAX, CGROUP_MEMORY },
        { "MemorySwapMax", "memory.swap.max", offsetof(LimitSpec, memory_swap_max), UINT64_MAX,
          CGROUP_MEMORY },
        { "MemoryZSwapMax", "memory.zswap.max", offsetof(LimitSpec, memory_zswap_max), UINT64_MAX,
          CGROUP_MEMORY },
        { "TasksMax", "pids.max", offsetof(LimitSpec, tasks_max), UINT64_MAX, CGROUP_PIDS },
};

/* Files of one line per device, and what of the line a key says. */
static const struct {
        const char *key, *file, *word;
        size_t offset;
        const char *none; /* what a line is reset with */
} devices[] = {
        { "IODeviceWeight", "io.weight", "", offsetof(LimitSpec, io_device_weight), "default" },
        { "IOReadBandwidthMax", "io.max", "rbps=", offsetof(LimitSpec, io_read_bandwidth), "rbps=max" },
        { "IOWriteBandwidthMax", "io.max", "wbps=", offsetof(LimitSpec, io_write_bandwidth), "wbps=max" },
        { "IOReadIOPSMax", "io.max", "riops=", offsetof(LimitSpec, io_read_iops), "riops=max" },
        { "IOWriteIOPSMax", "io.max", "wiops=", offsetof(LimitSpec, io_write_iops), "wiops=max" },
        { "IODeviceLatencyTargetSec", "io.latency", "target=", offsetof(LimitSpec, io_latency_target),
          "target=max" },
};

static uint64_t number_of(const LimitSpec *l, size_t i) {
        return *(const uint64_t *) ((const char *) l + numbers[i].offset);
}

static const DeviceLimitList *list_of(const LimitSpec *l, size_t i) {
        return (const DeviceLimitList *) ((const char *) l + devices[i].offset);
}

static const char *cpu_key(const LimitSpec *l) {
        return l->cpu_weight != UINT64_MAX ? "CPUWeight" : l->cpu_quota != UINT64_MAX ? "CPUQuota" : NULL;
}

static const char *cpuset_key(const LimitSpec *l) {
        return l->cpus.n > 0                                    ? "AllowedCPUs"
               : l->memory_nodes.n > 0                          ? "AllowedMemoryNodes"
               : l->cpuset_partition != CPUSET_PARTITION_MEMBER ? "CPUSetPartition"
                                                                : NULL;
}

static const char *io_key(const LimitSpec *l) {
        if (l->io_weight != UINT64_MAX)
                return "IOWeight";
        for (size_t i = 0; i < ELEMENTSOF(devices); i++)
                if (list_of(l, i)->n > 0)
                        return devices[i].key;
        return l->io_accounting ? "IOAccounting" : NULL;
}

static const char *number_key(const LimitSpec *l, CgroupController c) {
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                if (numbers[i].controller == c && number_of(l, i) != numbers[i].unset)
                        return numbers[i].key;
        return c == CGROUP_MEMORY && !l->memory_zswap_writeback ? "MemoryZSwapWriteback" : NULL;
}

const char *cgroup_limit_key(const LimitSpec *l, CgroupController c) {
        switch (c) {
        case CGROUP_CPU:
                return cpu_key(l);
        case CGROUP_CPUSET:
                return cpuset_key(l);
        case CGROUP_IO:
                return io_key(l);
        case CGROUP_MEMORY:
        case CGROUP_PIDS:
                return number_key(l, c);
        case CGROUP_CONTROLLER_N_:
        case CGROUP_CONTROLLER_INVALID_:
                break;
        }
        return NULL;
}

/* In all that follows, a @before of NULL is not known. */

/* What one file of one key got: @set tells a value from its taking back, which a missing file does not need.
 */
static int written(int r, bool set, Fault *fault, const char *key, const char *value, const char *file) {
        if (r >= 0 || (r == -ENOENT && !set))
                return 0;
        if (r != -ENOENT)
                return fault_set(fault, "limit", r, "%s=%s", key, value);

        (void) fault_set(fault, "limit", -EOPNOTSUPP, "%s=%s", key, value);
        fault_advise(fault, "the kernel has no %s for this cgroup", file);
        return -EOPNOTSUPP;
}

static void number_text(uint64_t n, char text[static 24]) {
        if (n == UINT64_MAX)
                strcpy(text, "max");
        else
                (void) snprintf(text, 24, "%" PRIu64, n);
}

static int apply_numbers(int fd, const LimitSpec *before, const LimitSpec *now, Fault *fault) {
        int bad = 0;

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                uint64_t n = number_of(now, i);
                char text[24];
                int r;

                if (before && n == number_of(before, i))
                        continue;
                number_text(n, text);
                r = written(file_write(fd, numbers[i].file, text), n != numbers[i].unset, fault,
                            numbers[i].key, text, numbers[i].file);
                bad = r < 0 ? r : bad;
        }
        return bad;
}

int cgroup_kill_as_whole(int fd, bool whole) {
        return file_write(fd, "memory.oom.group", whole ? "1" : "0");
}

static int apply_switches(int fd, const LimitSpec *before, const LimitSpec *now, Fault *fault) {
        int r;

        /* Without the controller there is nothing that the kernel could run out of. */
        if (!before || now->oom_group != before->oom_group) {
                r = cgroup_kill_as_whole(fd, now->oom_group);
                if (r < 0 && r != -ENOENT)
                        return fault_set(fault, "limit", r, "memory.oom.group");
        }
        if (before && now->memory_zswap_writeback == before->memory_zswap_writeback)
                return 0;
        r = file_write(fd, "memory.zswap.writeback", now->memory_zswap_writeback ? "1" : "0");
        return written(r, !now->memory_zswap_writeback, fault, "MemoryZSwapWriteback", "no",
                       "memory.zswap.writeback");
}

/* As systemd-oomd(8) reads it. A cgroup that cannot be marked is one that it does not look at either. */
static int apply_marks(int fd, const LimitSpec *before, const LimitSpec *now, Fault *fault) {
        static const struct {
                OomPreference preference;
                const char *name;
        } marks[] = { { OOM_PREFERENCE_AVOID, "user.oomd_avoid" },
                      { OOM_PREFERENCE_OMIT, "user.oomd_omit" } };

        for (size_t i = 0; i < ELEMENTSOF(marks); i++)
                if (now->oom_preference == marks[i].preference)
                        (void) fsetxattr(fd, marks[i].name, "1", 1, 0);
                else if (!before || before->oom_preference == marks[i].preference)
                        (void) fremovexattr(fd, marks[i].name);
        return 0;
}

/* An idle cgroup has no weight that could be set. Kernels before 5.15 know of none. */
static int apply_cpu_weight(int fd, const LimitSpec *before, const LimitSpec *now, Fault *fault) {
        uint64_t weight = now->cpu_weight == UINT64_MAX ? CPU_WEIGHT_DEFAULT : now->cpu_weight;
        bool idle = now->cpu_weight == CPU_WEIGHT_IDLE;
        char text[24];
        int r;

        if (before && now->cpu_weight == before->cpu_weight)
                return 0;
        if (idle || !before || before->cpu_weight == CPU_WEIGHT_IDLE) {
                r = written(file_write(fd, "cpu.idle", idle ? "1" : "0"), idle, fault, "CPUWeight", "idle",
                            "cpu.idle");
                if (r < 0 || idle)
                        return r;
        }
        number_text(weight, text);
        return written(file_write(fd, "cpu.weight", text), now->cpu_weight != UINT64_MAX, fault, "CPUWeight",
                       text, "cpu.weight");
}

/* A period has room for the least time that the kernel takes, however small the quota is. */
static int apply_cpu_quota(int fd, const LimitSpec *before, const LimitSpec *now, Fault *fault) {
        uint64_t quota = now->cpu_quota, period = now->cpu_period;
        char text[48] = "max", percent[24];

        if (before && quota == before->cpu_quota && (quota == UINT64_MAX || period == before->cpu_period))
                return 0;
        (void) snprintf(percent, sizeof(percent), "%" PRIu64 ".%02u%%", quota / 10000,
                        (unsigned) (quota % 10000 / 100));
        if (quota == UINT64_MAX)
                period = CPU_PERIOD_DEFAULT;
        else if (quota * period / USEC_PER_SEC < CPU_QUOTA_MIN)
                period = MIN_OF((CPU_QUOTA_MIN * USEC_PER_SEC + quota - 1) / quota, CPU_PERIOD_MAX);
        if (quota != UINT64_MAX)
                (void) snprintf(text, sizeof(text), "%" PRIu64,
                                MAX_OF(quota * period / USEC_PER_SEC, CPU_QUOTA_MIN));
        (void) snprintf(text + strlen(text), sizeof(text) - strlen(text), " %" PRIu64, period);
        return written(file_write(fd, "cpu.max", text), quota != UINT64_MAX, fault, "CPUQuota", percent,
                       "cpu.max");
}

/* An empty line gives back those of the parent, but not with processes in the cgroup (until Linux 6.3): then
 * it is all that the parent has now. */
static int reset_set(int fd, const char *file) {
        autofree char *all = NULL;
        char parent[64];
        int r;

        r = file_write(fd, file, "\n");
        if (r != -ENOSPC)
                return r;
        (void) snprintf(parent, sizeof(parent), "../%s.effective", file);
        r = file_read_line(fd, parent, &all);
        return r < 0 ? r : file_write(fd, file, all);
}

static int apply_set(int fd, const IndexSet *before, const IndexSet *now, const char *key, const char *file,
                     Fault *fault) {
        autofree char *text = NULL;
        int r;

        if (before && index_set_equal(before, now))
                return 0;
        text = index_set_to_string(now);
        if (!text)
                return -ENOMEM;

        r = now->n > 0 ? file_write(fd, file, text) : reset_set(fd, file);
        r = written(r, now->n > 0, fault, key, text, file);
        if (r == -EINVAL || r == -ERANGE)
                fault_advise(fault, "not all of them are there on this host");
        return r;
}

/* The kernel takes the word in any case, and tells in the file whether it could do so. */
static int apply_partition(int fd, const LimitSpec *now, Fault *fault) {
        const char *word = cpuset_partition_to_string(now->cpuset_partition);
        bool set = now->cpuset_partition != CPUSET_PARTITION_MEMBER;
        autofree char *line = NULL;
        int r;

        r = written(file_write(fd, "cpuset.cpus.partition", word), set, fault, "CPUSetPartition", word,
                    "cpuset.cpus.partition");
        if (r < 0 || !set)
                return r;
        r = file_read_line(fd, "cpuset.cpus.partition", &line);
        if (r < 0 || streq(line, word))
                return r;

        (void) fault_set(fault, "limit", -EINVAL, "CPUSetPartition=%s", word);
        fault_advise(fault, "the kernel says: %s", line);
        return -EINVAL;
}

/* A partition is left before its processors change, and entered when they are right. */
static int apply_cpuset(int fd, const LimitSpec *before, const LimitSpec *now, Fault *fault) {
        bool changed = !before || now->cpuset_partition != before->cpuset_partition,
             member = now->cpuset_partition == CPUSET_PARTITION_MEMBER;
        int r, bad;

        bad = changed && member ? apply_partition(fd, now, fault) : 0;
        r = apply_set(fd, before ? &before->cpus : NULL, &now->cpus, "AllowedCPUs", "cpuset.cpus", fault);
        bad = r < 0 ? r : bad;
        r = apply_set(fd, before ? &before->memory_nodes : NULL, &now->memory_nodes, "AllowedMemoryNodes",
                      "cpuset.mems", fault);
        bad = r < 0 ? r : bad;
        r = changed && !member ? apply_partition(fd, now, fault) : 0;
        return r < 0 ? r : bad;
}

/* The bfq scheduler has a file of its own, and the kernel may have one, both or none of them. */
static int write_io_weight(int fd, const char *text) {
        int r = file_write(fd, "io.weight", text), bfq = file_write(fd, "io.bfq.weight", text);

        return r < 0 && (bfq >= 0 || r == -ENOENT) ? bfq : r;
}

bool cgroup_weighs_io(int fd) {
        return faccessat(fd, "io.weight", F_OK, 0) == 0 || faccessat(fd, "io.bfq.weight", F_OK, 0) == 0;
}

/* A share is no limit: where the kernel shares by no weights, nothing is exceeded without them. */
static int apply_io_weight(int fd, const LimitSpec *before, const LimitSpec *now, Fault *fault) {
        uint64_t weight = now->io_weight == UINT64_MAX ? IO_WEIGHT_DEFAULT : now->io_weight;
        char text[40];

        if (before && now->io_weight == before->io_weight)
                return 0;
        (void) snprintf(text, sizeof(text), "default %" PRIu64, weight);
        return written(write_io_weight(fd, text), false, fault, "IOWeight", text + strlen("default "),
                       "io.weight");
}

/* "8:0 rbps=1000" for one item of list @i, or its taking back. */
static int write_device_limit(int fd, size_t i, const DeviceLimit *limit, bool set, Fault *fault) {
        bool weight = streq(devices[i].file, "io.weight");
        char text[80], number[24];
        dev_t device;
        int r;

        r = block_device_find(limit->path, &device);
        if (r < 0 && !set) /* unplugged, and its limit with it */
                return 0;
        if (r < 0) {
                (void) fault_set(fault, "limit", r, "%s=%s", devices[i].key, limit->path);
                fault_advise(fault, r == -ENOTBLK ? "no single disk is below it"
                                                  : "there is no such device or file");
                return r;
        }

        number_text(limit->value, number);
        (void) snprintf(text, sizeof(text), "%u:%u %s%s", major(device), minor(device),
                        set ? devices[i].word : "", set ? number : devices[i].none);
        r = weight ? write_io_weight(fd, text) : file_write(fd, devices[i].file, text);
        r = written(r, set, fault, devices[i].key, limit->path, devices[i].file);
        if (r == -EOPNOTSUPP && weight)
                fault_advise(fault, "the kernel weighs by device only with io.cost or the bfq scheduler");
        return r;
}

static bool device_lists_equal(const DeviceLimitList *a, const DeviceLimitList *b) {
        if (a->n != b->n)
                return false;
        for (size_t i = 0; i < a->n; i++)
                if (a->items[i].value != b->items[i].value || !streq(a->items[i].path, b->items[i].path))
                        return false;
        return true;
}

static const DeviceLimit *find_device_limit(const DeviceLimitList *list, const char *path) {
        for (size_t i = 0; i < list->n; i++)
                if (streq(list->items[i].path, path))
                        return &list->items[i];
        return NULL;
}

/* Of all devices that the file has a line for. */
static void reset_devices(int fd, size_t i) {
        autofree char *text = NULL;
        char *state = NULL;

        if (file_read(fd, devices[i].file, FILE_MAX_BYTES, &text, NULL) < 0)
                return;
        for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
                unsigned first, second;
                char reset[64];

                if (sscanf(line, "%u:%u ", &first, &second) != 2)
                        continue;
                (void) snprintf(reset, sizeof(reset), "%u:%u %s", first, second, devices[i].none);
                (void) file_write(fd, devices[i].file, reset);
        }
}

/* First what goes: a path that is new may name the device of one that is gone. */
static int apply_devices(int fd, size_t i, const LimitSpec *before, const LimitSpec *now, Fault *fault) {
        const DeviceLimitList *from = before ? list_of(before, i) : NULL, *to = list_of(now, i);
        int r, bad = 0;

        if (!from)
                reset_devices(fd, i);
        else if (device_lists_equal(from, to))
                return 0;
        for (size_t k = 0; from && k < from->n; k++)
                if (!find_device_limit(to, from->items[k].path))
                        (void) write_device_limit(fd, i, &from->items[k], false, NULL);

        /* All of what stays: one that is gone may have named the same device. */
        for (size_t k = 0; k < to->n; k++) {
                r = write_device_limit(fd, i, &to->items[k], true, fault);
                bad = r < 0 ? r : bad;
        }
        return bad;
}

static int apply_all(int fd, const LimitSpec *before, const LimitSpec *now, Fault *fault) {
        static int (*const steps[])(int, const LimitSpec *, const LimitSpec *, Fault *) = {
                apply_numbers,   apply_switches, apply_marks,     apply_cpu_weight,
                apply_cpu_quota, apply_cpuset,   apply_io_weight,
        };
        int r, bad = 0;

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                r = steps[i](fd, before, now, fault);
                bad = r < 0 && bad == 0 ? r : bad;
        }
        for (size_t i = 0; i < ELEMENTSOF(devices); i++) {
                r = apply_devices(fd, i, before, now, fault);
                bad = r < 0 && bad == 0 ? r : bad;
        }
        return bad;
}

int cgroup_apply(int fd, const LimitSpec *before, const LimitSpec *now, Fault *fault) {
        static const LimitSpec fresh = LIMIT_SPEC_NONE;

        return apply_all(fd, before ? before : &fresh, now, fault);
}

int cgroup_apply_anew(int fd, const LimitSpec *now, Fault *fault) {
        return apply_all(fd, NULL, now, fault);
}
