/* Which file of a cgroup gets which text. The files are pipes here, so that every write is seen. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "unit-test.h"

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "cgroup/block-device.h"
#include "cgroup/limits.h"

static const char *const names[] = {
        "cpu.idle",         "cpu.max",         "cpu.weight",       "cpuset.cpus",
        "cpuset.mems",      "io.latency",      "io.max",           "io.weight",
        "memory.high",      "memory.low",      "memory.max",       "memory.min",
        "memory.oom.group", "memory.swap.max", "memory.zswap.max", "memory.zswap.writeback",
        "pids.max",
};

typedef struct Fake {
        char path[64];
        int fd, pipes[ELEMENTSOF(names)];
} Fake;

static void fake_setup(Fake *f) {
        strcpy(f->path, "/tmp/nsunits-limits.XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(f->path));
        f->fd = dir_open(AT_FDCWD, f->path);
        ck_assert_int_ge(f->fd, 0);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                ck_assert_int_eq(mkfifoat(f->fd, names[i], 0600), 0);
                f->pipes[i] = openat(f->fd, names[i], O_RDWR | O_NONBLOCK | O_CLOEXEC);
                ck_assert_int_ge(f->pipes[i], 0);
        }
}

static void fake_done(Fake *f) {
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                (void) close(f->pipes[i]);
        (void) close(f->fd);
        ck_assert_int_eq(tree_remove(AT_FDCWD, f->path), 0);
}

/* All that was written, as "FILE=TEXT" lines in the order of names; the pipes are empty then. */
static void expect_written(Fake *f, const char *wanted) {
        char all[2048] = "";

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char text[512];
                ssize_t n = read(f->pipes[i], text, sizeof(text) - 1);

                if (n <= 0)
                        continue;
                text[n] = '\0';
                (void) snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s=%s\n", names[i], text);
        }
        ck_assert_str_eq(all, wanted);
}

static void apply(Fake *f, const LimitSpec *before, const LimitSpec *now) {
        Fault fault = {};

        ck_assert_msg(cgroup_apply(f->fd, before, now, &fault) == 0, "%s: %s", fault.object, fault.advice);
}

/* Of a plain file, into which all writes go at its start. */
static void expect_start(int fd, const char *file, const char *wanted) {
        autofree char *line = NULL;

        ck_assert_int_eq(file_read_line(fd, file, &line), 0);
        ck_assert_msg(startswith(line, wanted) != NULL, "%s", line);
}

START_TEST(numbers) {
        LimitSpec none = LIMIT_SPEC_NONE, l = LIMIT_SPEC_NONE, more;
        Fake f;

        fake_setup(&f);
        apply(&f, NULL, &none);
        expect_written(&f, "");

        l.memory_min = 4096;
        l.memory_low = UINT64_MAX;
        l.memory_high = 1 << 30;
        l.memory_max = UINT64_C(1) << 40;
        l.memory_swap_max = 0;
        l.memory_zswap_max = 8192;
        l.memory_zswap_writeback = false;
        l.oom_group = true;
        l.tasks_max = 7;
        apply(&f, NULL, &l);
        expect_written(&f, "memory.high=1073741824\n"
                           "memory.low=max\n"
                           "memory.max=1099511627776\n"
                           "memory.min=4096\n"
                           "memory.oom.group=1\n"
                           "memory.swap.max=0\n"
                           "memory.zswap.max=8192\n"
                           "memory.zswap.writeback=0\n"
                           "pids.max=7\n");

        apply(&f, &l, &l);
        expect_written(&f, "");
        more = l;
        more.tasks_max = 8;
        apply(&f, &l, &more);
        expect_written(&f, "pids.max=8\n");

        apply(&f, &more, &none);
        expect_written(&f, "memory.high=max\n"
                           "memory.low=0\n"
                           "memory.max=max\n"
                           "memory.min=0\n"
                           "memory.oom.group=0\n"
                           "memory.swap.max=max\n"
                           "memory.zswap.max=max\n"
                           "memory.zswap.writeback=1\n"
                           "pids.max=max\n");
        fake_done(&f);
}
END_TEST

START_TEST(processor) {
        static const struct {
                uint64_t weight, quota;
                usec_t period;
                const char *wanted; /* what is written, one case after the other */
        } cases[] = {
                { 50, 250000, CPU_PERIOD_DEFAULT, "cpu.max=25000 100000\ncpu.weight=50\n" },
                { CPU_WEIGHT_IDLE, 250000, 10000, "cpu.idle=1\ncpu.max=2500 10000\n" },
                { UINT64_MAX, 5000, 10000, "cpu.idle=0\ncpu.max=1000 200000\ncpu.weight=100\n" },
                { 1, 100, USEC_PER_SEC, "cpu.max=1000 1000000\ncpu.weight=1\n" },
                { 1, 4000000, USEC_PER_SEC, "cpu.max=4000000 1000000\n" },
                { UINT64_MAX, UINT64_MAX, USEC_PER_SEC, "cpu.max=max 100000\ncpu.weight=100\n" },
                { UINT64_MAX, UINT64_MAX, 5000, "" },
        };
        LimitSpec before = LIMIT_SPEC_NONE, now = LIMIT_SPEC_NONE;
        Fake f;

        fake_setup(&f);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                now.cpu_weight = cases[i].weight;
                now.cpu_quota = cases[i].quota;
                now.cpu_period = cases[i].period;
                apply(&f, &before, &now);
                expect_written(&f, cases[i].wanted);
                before = now;
        }
        fake_done(&f);
}
END_TEST

START_TEST(cpuset) {
        IndexRange cpus[] = { { 0, 3 }, { 7, 7 } }, nodes[] = { { 0, 0 } };
        LimitSpec none = LIMIT_SPEC_NONE, l = LIMIT_SPEC_NONE, root;
        Fault fault = {};
        Fake f;

        fake_setup(&f);
        l.cpus = (IndexSet){ cpus, 2 };
        l.memory_nodes = (IndexSet){ nodes, 1 };
        apply(&f, NULL, &l);
        expect_written(&f, "cpuset.cpus=0-3,7\ncpuset.mems=0\n");
        apply(&f, &l, &none);
        expect_written(&f, "cpuset.cpus=\n\ncpuset.mems=\n\n");

        /* The kernel's answer is what the file says afterwards. */
        root = none;
        root.cpuset_partition = CPUSET_PARTITION_ROOT;
        ck_assert_int_eq(cgroup_apply(f.fd, NULL, &root, &fault), -EOPNOTSUPP);
        ck_assert_str_eq(fault.object, "CPUSetPartition=root");
        ck_assert_str_eq(fault.advice, "the kernel has no cpuset.cpus.partition for this cgroup");
        ck_assert_int_eq(file_replace(f.fd, "cpuset.cpus.partition", "", 0, 0600, false), 0);
        apply(&f, NULL, &root);
        ck_assert_int_eq(file_replace(f.fd, "cpuset.cpus.partition", "xxxx invalid (no)\n", 18, 0600, false),
                         0);
        fault = (Fault){};
        ck_assert_int_eq(cgroup_apply(f.fd, NULL, &root, &fault), -EINVAL);
        ck_assert_str_eq(fault.object, "CPUSetPartition=root");
        ck_assert_str_eq(fault.advice, "the kernel says: root invalid (no)");
        fake_done(&f);
}
END_TEST

START_TEST(disks) {
        char first[96], second[96], gone[96];
        LimitSpec none = LIMIT_SPEC_NONE, l = LIMIT_SPEC_NONE, less;
        DeviceLimit weights[2] = { { first, 200 }, { second, 300 } };
        DeviceLimit rates[2] = { { first, 1000 }, { second, UINT64_MAX } };
        DeviceLimit latency = { first, 25000 }, missing = { gone, 5 };
        Fault fault = {};
        Fake f;

        fake_setup(&f);
        (void) snprintf(first, sizeof(first), "%s/first", f.path);
        (void) snprintf(second, sizeof(second), "%s/second", f.path);
        (void) snprintf(gone, sizeof(gone), "%s/gone", f.path);
        ck_assert_int_eq(mknod(first, S_IFBLK | 0600, makedev(240, 1000)), 0);
        ck_assert_int_eq(mknod(second, S_IFBLK | 0600, makedev(240, 1001)), 0);

        l.io_weight = 50;
        l.io_device_weight = (DeviceLimitList){ weights, 2 };
        l.io_read_bandwidth = (DeviceLimitList){ rates, 2 };
        l.io_write_iops = (DeviceLimitList){ rates, 1 };
        l.io_latency_target = (DeviceLimitList){ &latency, 1 };
        apply(&f, NULL, &l);
        expect_written(&f, "io.latency=240:1000 target=25000\n"
                           "io.max=240:1000 rbps=1000240:1001 rbps=max240:1000 wiops=1000\n"
                           "io.weight=default 50240:1000 200240:1001 300\n");
        apply(&f, &l, &l);
        expect_written(&f, "");

        less = l;
        less.io_device_weight.n = 1;
        apply(&f, &l, &less);
        expect_written(&f, "io.weight=240:1001 default240:1000 200\n");
        apply(&f, &less, &none);
        expect_written(&f, "io.latency=240:1000 target=max\n"
                           "io.max=240:1000 rbps=max240:1001 rbps=max240:1000 wiops=max\n"
                           "io.weight=default 100240:1000 default\n");

        less.io_read_iops = (DeviceLimitList){ &missing, 1 };
        ck_assert_int_eq(cgroup_apply(f.fd, &none, &less, &fault), -ENOENT);
        ck_assert(startswith(fault.object, "IOReadIOPSMax=/tmp/nsunits-limits.") != NULL);
        ck_assert_str_eq(fault.advice, "there is no such device or file");
        fake_done(&f);
}
END_TEST

/* What is not known is written, and lines of devices are taken from the file. */
START_TEST(anew) {
        LimitSpec l = LIMIT_SPEC_NONE;
        Fault fault = {};
        Fake f;

        fake_setup(&f);
        ck_assert_int_eq(unlinkat(f.fd, "io.latency", 0), 0);
        ck_assert_int_eq(unlinkat(f.fd, "io.max", 0), 0);
        ck_assert_int_eq(unlinkat(f.fd, "io.weight", 0), 0);
        ck_assert_int_eq(unlinkat(f.fd, "cpu.idle", 0), 0);
        ck_assert_int_eq(file_replace(f.fd, "io.max", "8:0 rbps=5 wbps=max\n", 20, 0600, false), 0);
        l.tasks_max = 7;
        ck_assert_int_eq(cgroup_apply_anew(f.fd, &l, &fault), 0);
        expect_written(&f, "cpu.max=max 100000\n"
                           "cpu.weight=100\n"
                           "cpuset.cpus=\n\n"
                           "cpuset.mems=\n\n"
                           "memory.high=max\n"
                           "memory.low=0\n"
                           "memory.max=max\n"
                           "memory.min=0\n"
                           "memory.oom.group=0\n"
                           "memory.swap.max=max\n"
                           "memory.zswap.max=max\n"
                           "memory.zswap.writeback=1\n"
                           "pids.max=7\n");
        expect_start(f.fd, "io.max", "8:0 wiops=max");
        fake_done(&f);
}
END_TEST

/* Files that are not there matter to who wants something of them. */
START_TEST(missing) {
        LimitSpec none = LIMIT_SPEC_NONE, l = LIMIT_SPEC_NONE;
        Fault fault = {};
        Fake f;

        fake_setup(&f);
        ck_assert(cgroup_weighs_io(f.fd));
        ck_assert_int_eq(unlinkat(f.fd, "io.weight", 0), 0);
        ck_assert(!cgroup_weighs_io(f.fd));
        l.io_weight = 5; /* a share is left out */
        ck_assert_int_eq(cgroup_apply(f.fd, NULL, &l, &fault), 0);
        ck_assert_int_eq(unlinkat(f.fd, "memory.zswap.max", 0), 0);
        ck_assert_int_eq(unlinkat(f.fd, "memory.oom.group", 0), 0);
        l.memory_zswap_max = 4096;
        l.tasks_max = 7;
        l.oom_group = true;
        ck_assert_int_eq(cgroup_apply(f.fd, NULL, &l, &fault), -EOPNOTSUPP);
        ck_assert_str_eq(fault.object, "MemoryZSwapMax=4096");
        ck_assert_str_eq(fault.advice, "the kernel has no memory.zswap.max for this cgroup");
        expect_written(&f, "pids.max=7\n");

        apply(&f, &l, &none);
        expect_written(&f, "pids.max=max\n");
        fake_done(&f);
}
END_TEST

START_TEST(controllers) {
        LimitSpec l = LIMIT_SPEC_NONE;
        IndexRange cpu = { 0, 0 };
        DeviceLimit rate = { (char *) "/dev/sda", 1 };

        for (CgroupController c = 0; c < CGROUP_CONTROLLER_N_; c++)
                ck_assert_ptr_null(cgroup_limit_key(&l, c));
        l.cpu_quota = 5;
        l.cpus = (IndexSet){ &cpu, 1 };
        l.io_write_bandwidth = (DeviceLimitList){ &rate, 1 };
        l.memory_low = 4096;
        l.tasks_max = 1;
        ck_assert_str_eq(cgroup_limit_key(&l, CGROUP_CPU), "CPUQuota");
        ck_assert_str_eq(cgroup_limit_key(&l, CGROUP_CPUSET), "AllowedCPUs");
        ck_assert_str_eq(cgroup_limit_key(&l, CGROUP_IO), "IOWriteBandwidthMax");
        ck_assert_str_eq(cgroup_limit_key(&l, CGROUP_MEMORY), "MemoryLow");
        ck_assert_str_eq(cgroup_limit_key(&l, CGROUP_PIDS), "TasksMax");
}
END_TEST

START_TEST(no_disk) {
        dev_t device = 17;

        ck_assert_int_eq(block_device_find("/proc/self", &device), -ENOTBLK);
        ck_assert_int_eq(block_device_find("/nonexistent/x", &device), -ENOENT);
        ck_assert_uint_eq(device, 17);
}
END_TEST

TEST_MAIN("limits", numbers, processor, cpuset, disks, anew, missing, controllers, no_disk)
