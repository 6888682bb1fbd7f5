/* Cgroups of units, in a directory of their own of the real hierarchy. Limits are tried where the host has
 * the controllers; elsewhere their refusal is. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit-test.h"

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "cgroup/cgroup.h"
#include "cgroup/limits.h"

static const LimitSpec no_limits = LIMIT_SPEC_NONE;

/* Exit status 77 means "skipped" to meson: no cgroup2 here, or not ours to write. */
__attribute__((constructor)) static void skip(void) {
        autoptr(CgroupRoot) root = NULL;

        if (geteuid() != 0 || cgroup_root_open("/nsunits-test-probe", NULL, &root) < 0)
                _exit(77);
        cgroup_root_remove(root);
}

static CgroupRoot *open_root(void) {
        CgroupRoot *root = NULL;
        char path[64];
        Fault fault = {};

        (void) snprintf(path, sizeof(path), "/nsunits-test-%d", getpid());
        ck_assert_msg(cgroup_root_open(path, &fault, &root) == 0, "%s: %s", fault.step, fault.object);
        ck_assert_str_eq(cgroup_root_path(root), path);
        return root;
}

static void close_root(CgroupRoot *root) {
        autofree char *full = NULL;

        ck_assert_int_gt(asprintf(&full, "%s%s", cgroup_root_mount(root), cgroup_root_path(root)), 0);
        cgroup_root_remove(root);
        ck_assert(!file_exists(AT_FDCWD, full));
        cgroup_root_free(root);
}

static int create(CgroupRoot *root, const char *unit) {
        Fault fault = {};
        int fd = cgroup_create(root, unit, &no_limits, &fault);

        ck_assert_msg(fd >= 0, "%s %s: %s", fault.step, fault.object, strerror(-fd));
        return fd;
}

/* A process in the cgroup that waits for a signal. */
static pid_t spawn(int fd) {
        int ready[2];
        char c = 'x';
        pid_t pid;

        ck_assert_int_eq(pipe(ready), 0);
        pid = fork();
        if (pid == 0) {
                (void) signal(SIGTERM, SIG_DFL); /* check's own handler would end the whole test */
                if (file_write(fd, "cgroup.procs", "0") < 0 || write(ready[1], &c, 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        (void) close(ready[1]);
        ck_assert_int_eq(read(ready[0], &c, 1), 1);
        (void) close(ready[0]);
        return pid;
}

static void wait_empty(int fd) {
        autoclose int events_fd = cgroup_open_events(fd);
        CgroupEvents events = {};

        ck_assert_int_ge(events_fd, 0);
        for (;;) {
                struct pollfd p = { .fd = events_fd, .events = POLLPRI };

                ck_assert_int_eq(cgroup_read_events(events_fd, &events), 0);
                if (!events.populated)
                        return;
                ck_assert_int_eq(poll(&p, 1, 10000), 1);
        }
}

START_TEST(life) {
        CgroupRoot *root = open_root();
        autoclose int fd = create(root, "web.container");
        autofree pid_t *pids = NULL;
        autofree char *path = cgroup_path(root, "web.container"), *line = NULL;
        CgroupStats stats;
        Fault fault = {};
        size_t n = 99;
        pid_t pid;
        int status;

        ck_assert_int_eq(cgroup_populated(fd), 0);
        ck_assert_int_eq(cgroup_pids(fd, &pids, &n), 0);
        ck_assert_uint_eq(n, 0);

        pid = spawn(fd);
        ck_assert_int_eq(cgroup_populated(fd), 1);
        ck_assert_int_eq(cgroup_pids(fd, &pids, &n), 0);
        ck_assert_uint_eq(n, 1);
        ck_assert_int_eq(pids[0], pid);
        ck_assert_int_eq(cgroup_stats(fd, &stats), 0);
        ck_assert_uint_ne(stats.cpu_usage, UINT64_MAX);
        ck_assert_int_eq(cgroup_totals(fd, &stats), 0);
        ck_assert_uint_ne(stats.cpu_usage, UINT64_MAX);
        ck_assert_uint_eq(stats.memory_current, UINT64_MAX);
        ck_assert_uint_eq(stats.tasks, UINT64_MAX);

        /* Somebody lives here. */
        ck_assert_int_eq(cgroup_create(root, "web.container", &no_limits, &fault), -EBUSY);
        ck_assert(strstr(fault.object, path) != NULL);
        ck_assert_int_eq(cgroup_remove(root, "web.container"), -EBUSY);

        ck_assert_int_eq(cgroup_signal(fd, SIGTERM), 1);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(WTERMSIG(status), SIGTERM);
        wait_empty(fd);

        ck_assert_int_eq(cgroup_remove(root, "web.container"), 0);
        ck_assert_int_eq(cgroup_remove(root, "web.container"), 0);
        ck_assert_int_eq(cgroup_open(root, "web.container"), -ENOENT);
        ck_assert_int_lt(cgroup_populated(fd), 0);
        ck_assert_int_eq(cgroup_stats(fd, &stats), -ENODEV);
        ck_assert_int_eq(cgroup_totals(fd, &stats), -ENODEV);
        close_root(root);
}
END_TEST

/* systemd's tools name a process after the first part below the slices, less a "_" at its beginning. */
START_TEST(names) {
        static const char *const cases[][2] = {
                { "web.container", "web.service" }, { "job@1.container", "job@1.service" },
                { "_x.container", "__x.service" },  { "web.container.hook0", "web.container.hook0" },
                { "back.network", "back.network" }, { "keeper", "keeper" },
        };
        CgroupRoot *root = open_root();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autofree char *path = cgroup_path(root, cases[i][0]), *expected = NULL;

                ck_assert_int_gt(asprintf(&expected, "%s/%s", cgroup_root_path(root), cases[i][1]), 0);
                ck_assert_str_eq(path, expected);
        }
        close_root(root);
}
END_TEST

/* What an older manager has made is found where that put it, and the next one comes to the new place. */
START_TEST(old_place) {
        autofree char *old = NULL, *place = NULL, *path = NULL, *new_path = NULL;
        CgroupRoot *root = open_root();
        autoclose int fd = -EBADF, new_fd = -EBADF;
        char unit[64];
        pid_t pid;

        (void) snprintf(unit, sizeof(unit), "old-test-%d.container", getpid());
        ck_assert_int_gt(asprintf(&old, "%s" CGROUP_OLD_PLACE, cgroup_root_mount(root)), 0);
        ck_assert_int_gt(asprintf(&place, "%s/%s", old, unit), 0);
        ck_assert(mkdir(old, 0755) == 0 || errno == EEXIST);
        ck_assert_int_eq(mkdir(place, 0755), 0);
        close_root(root);

        root = open_root();
        path = cgroup_path(root, unit);
        ck_assert_str_eq(path, place + strlen(cgroup_root_mount(root)));
        fd = cgroup_open(root, unit);
        ck_assert_int_ge(fd, 0);
        pid = spawn(fd);
        ck_assert_int_eq(cgroup_create(root, unit, &no_limits, NULL), -EBUSY);
        ck_assert_int_eq(cgroup_kill(fd), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        wait_empty(fd);

        new_fd = create(root, unit);
        ck_assert(!file_exists(AT_FDCWD, place));
        new_path = cgroup_path(root, unit);
        ck_assert_str_ne(new_path, path);
        ck_assert_int_eq(cgroup_remove(root, unit), 0);
        close_root(root);
}
END_TEST

/* What a container made below its cgroup is killed and removed with it. */
START_TEST(nested) {
        CgroupRoot *root = open_root();
        autoclose int fd = create(root, "web.container"), inner_fd = -EBADF, again_fd = -EBADF;
        autofree pid_t *pids = NULL;
        int status;
        pid_t a, b;
        size_t n;

        ck_assert_int_eq(dir_make(fd, "a/b/c", 0755), 0);
        inner_fd = dir_open(fd, "a/b/c");
        a = spawn(fd);
        b = spawn(inner_fd);
        ck_assert_int_eq(cgroup_pids(fd, &pids, &n), 0);
        ck_assert_uint_eq(n, 2);

        ck_assert_int_eq(cgroup_kill(fd), 0);
        ck_assert_int_eq(waitpid(a, &status, 0), a);
        ck_assert_int_eq(WTERMSIG(status), SIGKILL);
        ck_assert_int_eq(waitpid(b, &status, 0), b);
        ck_assert_int_eq(WTERMSIG(status), SIGKILL);
        wait_empty(fd);

        /* Empty remains are no obstacle for the next one. */
        again_fd = create(root, "web.container");
        ck_assert(!file_exists(again_fd, "a"));
        ck_assert_int_eq(cgroup_remove(root, "web.container"), 0);
        close_root(root);
}
END_TEST

START_TEST(frozen) {
        CgroupRoot *root = open_root();
        autoclose int fd = create(root, "web.container"), events_fd = cgroup_open_events(fd);
        CgroupEvents events = {};
        pid_t pid = spawn(fd);

        ck_assert_int_eq(cgroup_is_to_freeze(fd), 0);
        ck_assert_int_eq(cgroup_freeze(fd, true), 0);
        ck_assert_int_eq(cgroup_is_to_freeze(fd), 1);
        while (!events.frozen) {
                struct pollfd p = { .fd = events_fd, .events = POLLPRI };

                ck_assert_int_eq(cgroup_read_events(events_fd, &events), 0);
                if (!events.frozen)
                        ck_assert_int_eq(poll(&p, 1, 10000), 1);
        }

        ck_assert_int_eq(cgroup_frozen(fd), 1);

        /* The frozen can be killed. */
        ck_assert_int_eq(cgroup_kill(fd), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        wait_empty(fd);
        ck_assert_int_eq(cgroup_read_events(events_fd, &events), 0);
        ck_assert(!events.populated);
        ck_assert_int_eq(cgroup_remove(root, "web.container"), 0);
        close_root(root);
}
END_TEST

START_TEST(pressure) {
        CgroupRoot *root = open_root();
        autoclose int fd = create(root, "web.container");
        autofree char *text = NULL;
        usec_t used = 1;
        int r;

        /* Not every kernel measures it. */
        r = cgroup_pressure(fd, "memory", &text);
        if (r == 0) {
                ck_assert_ptr_eq(strstr(text, "some avg10="), text);
                ck_assert_ptr_nonnull(strstr(text, "; full avg10="));
        } else
                ck_assert_int_eq(r, -EOPNOTSUPP);
        ck_assert_int_eq(cgroup_pressure(fd, "luck", &text), -EOPNOTSUPP);

        ck_assert_int_eq(cgroup_cpu_usage(fd, &used), 0);
        ck_assert_uint_eq(used, 0);
        ck_assert_int_eq(cgroup_remove(root, "web.container"), 0);
        close_root(root);
}
END_TEST

/* Two managers in one place: neither removes what the other has. */
START_TEST(shared_root) {
        CgroupRoot *root = open_root();
        autoptr(CgroupRoot) second = NULL;
        autoclose int fd = -EBADF;

        ck_assert_int_eq(cgroup_root_open(cgroup_root_path(root), NULL, &second), 0);
        fd = create(second, "other.container");
        cgroup_root_remove(root);
        ck_assert_int_eq(cgroup_populated(fd), 0);
        ck_assert_int_eq(cgroup_remove(second, "other.container"), 0);
        close_root(root);
}
END_TEST

static void expect_file(int fd, const char *file, const char *text) {
        autofree char *line = NULL;

        ck_assert_int_eq(file_read_line(fd, file, &line), 0);
        ck_assert_str_eq(line, text);
}

static void expect_refused(CgroupRoot *root, LimitSpec l, const char *key, const char *controller) {
        Fault fault = {};

        ck_assert_int_eq(cgroup_create(root, "x.container", &l, &fault), -EOPNOTSUPP);
        ck_assert_str_eq(fault.object, key);
        ck_assert_msg(strstr(fault.advice, controller) != NULL, "%s", fault.advice);
        ck_assert_int_eq(cgroup_open(root, "x.container"), -ENOENT);
}

START_TEST(memory_and_tasks) {
        CgroupRoot *root = open_root();
        autoclose int fd = -EBADF;
        LimitSpec l = no_limits;

        if (!cgroup_root_supports(root, CGROUP_MEMORY)) {
                l.memory_max = 1 << 20;
                expect_refused(root, l, "MemoryMax=", "memory");
        }
        l = no_limits;
        if (!cgroup_root_supports(root, CGROUP_PIDS)) {
                l.tasks_max = 5;
                expect_refused(root, l, "TasksMax=", "pids");
        }
        if (cgroup_root_supports(root, CGROUP_MEMORY) && cgroup_root_supports(root, CGROUP_PIDS)) {
                LimitSpec before;

                l.memory_max = 32 << 20;
                l.tasks_max = 5;
                l.oom_group = true;
                before = l;
                fd = cgroup_create(root, "x.container", &l, NULL);
                ck_assert_int_ge(fd, 0);
                expect_file(fd, "memory.max", "33554432");
                expect_file(fd, "memory.oom.group", "1");
                expect_file(fd, "pids.max", "5");

                l.tasks_max = UINT64_MAX;
                ck_assert_int_eq(cgroup_apply(fd, &before, &l, NULL), 0);
                expect_file(fd, "pids.max", "max");
                ck_assert_int_eq(cgroup_remove(root, "x.container"), 0);
        }
        close_root(root);
}
END_TEST

START_TEST(processor) {
        CgroupRoot *root = open_root();
        autoclose int fd = -EBADF;
        LimitSpec l = no_limits, before;

        l.cpu_weight = 50;
        l.cpu_quota = 250000;
        if (!cgroup_root_supports(root, CGROUP_CPU))
                expect_refused(root, l, "CPUWeight=", "cpu");
        else {
                fd = cgroup_create(root, "x.container", &l, NULL);
                ck_assert_int_ge(fd, 0);
                expect_file(fd, "cpu.weight", "50");
                expect_file(fd, "cpu.max", "25000 100000");

                before = l;
                l.cpu_weight = CPU_WEIGHT_IDLE;
                ck_assert_int_eq(cgroup_apply(fd, &before, &l, NULL), 0);
                expect_file(fd, "cpu.idle", "1");

                before = l;
                l.cpu_weight = UINT64_MAX;
                l.cpu_quota = 5000;
                ck_assert_int_eq(cgroup_apply(fd, &before, &l, NULL), 0);
                expect_file(fd, "cpu.idle", "0");
                expect_file(fd, "cpu.weight", "100");
                expect_file(fd, "cpu.max", "1000 200000");
                ck_assert_int_eq(cgroup_remove(root, "x.container"), 0);
        }
        close_root(root);
}
END_TEST

/* Where the host has the memory controller, the limit kills, and says so. */
START_TEST(out_of_memory) {
        CgroupRoot *root = open_root();
        autoclose int fd = -EBADF;
        CgroupMemoryEvents events = {};
        LimitSpec l = no_limits;
        int status;
        pid_t pid;

        l.memory_max = 16 << 20;
        if (!cgroup_root_supports(root, CGROUP_MEMORY)) {
                fd = create(root, "x.container");
                ck_assert_int_eq(cgroup_memory_events(fd, &events), -EOPNOTSUPP);
        } else {
                fd = cgroup_create(root, "x.container", &l, NULL);
                ck_assert_int_ge(fd, 0);
                /* Else the test would measure the swap space. */
                (void) file_write(fd, "memory.swap.max", "0");
                pid = fork();
                if (pid == 0) {
                        char *p;

                        if (file_write(fd, "cgroup.procs", "0") < 0)
                                _exit(1);
                        p = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                        memset(p, 1, 64 << 20);
                        _exit(0);
                }
                ck_assert_int_eq(waitpid(pid, &status, 0), pid);
                ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
                ck_assert_int_eq(cgroup_memory_events(fd, &events), 0);
                ck_assert_uint_ge(events.oom_kill, 1);
                wait_empty(fd);
        }
        ck_assert_int_eq(cgroup_remove(root, "x.container"), 0);
        close_root(root);
}
END_TEST

TEST_MAIN("cgroup", life, names, old_place, nested, frozen, pressure, shared_root, memory_and_tasks,
          processor, out_of_memory)
