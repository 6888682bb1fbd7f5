/* Access to devices by cgroup: what root may do with a node. Needs root and cgroup2. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit-test.h"

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "cgroup/cgroup.h"
#include "cgroup/devices.h"

static CgroupRoot *root;
static int fd;

/* Exit status 77 means "skipped" to meson: no cgroup2 here, or not ours to write. */
__attribute__((constructor)) static void skip(void) {
        if (geteuid() != 0 || cgroup_root_open("/nsunits-test-probe", NULL, &root) < 0)
                _exit(77);
        cgroup_root_remove(root);
}

static void begin(void) {
        static const LimitSpec none = LIMIT_SPEC_NONE;
        char path[64];

        (void) snprintf(path, sizeof(path), "/nsunits-test-%d", getpid());
        ck_assert_int_eq(cgroup_root_open(path, NULL, &root), 0);
        fd = cgroup_create(root, "x.container", &none, NULL);
        ck_assert_int_ge(fd, 0);
}

static void end(void) {
        (void) close(fd);
        ck_assert_int_ge(cgroup_remove(root, "x.container"), 0);
        cgroup_root_remove(root);
}

/* The errno of an open by a process of the cgroup. */
static int open_inside(const char *path, int flags) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                char text[24];
                int r;

                (void) snprintf(text, sizeof(text), "%d", getpid());
                r = file_write(fd, "cgroup.procs", text);
                if (r < 0)
                        _exit(200);
                _exit(open(path, flags) < 0 ? errno : 0);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return WEXITSTATUS(status);
}

START_TEST(access_is_restricted) {
        const DeviceRule rules[] = {
                { .number = makedev(1, 5), .read = true },
                { .number = makedev(1, 7), .write = true },
        };

        begin();
        ck_assert_int_eq(open_inside("/dev/zero", O_WRONLY), 0);
        ck_assert_int_eq(cgroup_restrict_devices(fd, rules, 2, NULL), 0);
        ck_assert_int_eq(open_inside("/dev/zero", O_RDONLY), 0);
        ck_assert_int_eq(open_inside("/dev/zero", O_WRONLY), EPERM);
        ck_assert_int_eq(open_inside("/dev/zero", O_RDWR), EPERM);
        ck_assert_int_eq(open_inside("/dev/full", O_RDONLY), EPERM);
        ck_assert_int_eq(open_inside("/dev/full", O_WRONLY), 0);
        ck_assert_int_eq(open_inside("/dev/null", O_RDWR), 0);
        end();
}
END_TEST

START_TEST(many_rules_are_fine_too_many_are_not) {
        DeviceRule rules[257] = {};
        Fault fault = {};

        begin();
        for (unsigned i = 0; i < ELEMENTSOF(rules); i++)
                rules[i] = (DeviceRule){ .number = makedev(7, i), .block = true };
        ck_assert_int_eq(cgroup_restrict_devices(fd, rules, 256, &fault), 0);
        ck_assert_int_eq(open_inside("/dev/null", O_RDWR), 0);
        ck_assert_int_eq(cgroup_restrict_devices(fd, rules, 257, &fault), -E2BIG);
        ck_assert_str_eq(fault.object, "257 devices");
        end();
}
END_TEST

TEST_MAIN("devices", access_is_restricted, many_rules_are_fine_too_many_are_not)
