/* Access to devices by cgroup: what root may do with a node. Needs root and cgroup2. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup-fixture.h"

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "cgroup/device-rules.h"
#include "cgroup/devices.h"

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
        ck_assert_int_eq(cgroup_restrict_devices(fd, rules, 2, true, NULL), 0);
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
        ck_assert_int_eq(cgroup_restrict_devices(fd, rules, 256, true, &fault), 0);
        ck_assert_int_eq(open_inside("/dev/null", O_RDWR), 0);
        ck_assert_int_eq(cgroup_restrict_devices(fd, rules, 257, true, &fault), -E2BIG);
        ck_assert_str_eq(fault.object, "257 devices");
        end();
}
END_TEST

/* Nothing but what is named; then something else, and then all again. */
START_TEST(access_is_closed) {
        const DeviceRule first[] = {
                { .number = makedev(1, 5), .read = true },
                { .number = makedev(1, 5), .write = true },
                { .number = makedev(1, 3), .read = true, .write = true, .make = true },
        };
        const DeviceRule second[] = {
                { .number = makedev(1, 0), .any_minor = true, .read = true },
                { .block = true, .any_major = true, .any_minor = true, .read = true, .write = true },
        };

        begin();
        ck_assert_int_eq(cgroup_restrict_devices(fd, first, 3, false, NULL), 0);
        ck_assert_int_eq(open_inside("/dev/zero", O_RDONLY), 0);
        ck_assert_int_eq(open_inside("/dev/zero", O_WRONLY), 0);
        ck_assert_int_eq(open_inside("/dev/null", O_RDWR), 0);
        ck_assert_int_eq(open_inside("/dev/full", O_RDONLY), EPERM);

        ck_assert_int_eq(cgroup_restrict_devices(fd, second, 2, false, NULL), 0);
        ck_assert_int_eq(open_inside("/dev/full", O_RDONLY), 0);
        ck_assert_int_eq(open_inside("/dev/zero", O_RDONLY), 0);
        ck_assert_int_eq(open_inside("/dev/null", O_RDWR), EPERM);
        ck_assert_int_eq(open_inside("/dev/ptmx", O_RDONLY), EPERM);

        ck_assert_int_eq(cgroup_restrict_devices(fd, NULL, 0, false, NULL), 0);
        ck_assert_int_eq(open_inside("/dev/null", O_RDONLY), EPERM);
        ck_assert_int_eq(cgroup_release_devices(fd), 0);
        ck_assert_int_eq(open_inside("/dev/null", O_RDWR), 0);
        end();
}
END_TEST

static bool has_rule(const DeviceRule *rules, size_t n, dev_t number, bool any_minor) {
        for (size_t i = 0; i < n; i++)
                if (!rules[i].block && !rules[i].any_major && rules[i].number == number &&
                    rules[i].any_minor == any_minor)
                        return true;
        return false;
}

START_TEST(keys_become_rules) {
        DeviceAllow allows[] = {
                { (char *) "/dev/zero", .read = true }, { (char *) "/dev/nonexistent", .read = true },
                { (char *) "/dev/.", .read = true },    { (char *) "char-pt?", .read = true, .write = true },
                { (char *) "block-*", .write = true },
        };
        LimitSpec l = LIMIT_SPEC_NONE;
        autofree DeviceRule *strict = NULL, *closed = NULL;
        size_t n, n_closed;

        ck_assert(!device_rules_are_closed(&l));
        l.devices = (DeviceAllowList){ allows, ELEMENTSOF(allows) };
        ck_assert(device_rules_are_closed(&l));

        l.device_policy = DEVICE_POLICY_STRICT;
        ck_assert_int_eq(device_rules_find(&l, &strict, &n), 0);
        ck_assert_uint_ge(n, 3);
        ck_assert_uint_eq(strict[0].number, makedev(1, 5));
        ck_assert(strict[0].read && !strict[0].write && !strict[0].make && !strict[0].any_minor);
        ck_assert(has_rule(strict, n, makedev(136, 0), true));
        ck_assert(!has_rule(strict, n, makedev(1, 3), false));
        ck_assert(strict[n - 1].block && strict[n - 1].any_major && strict[n - 1].any_minor);

        l.device_policy = DEVICE_POLICY_CLOSED;
        ck_assert_int_eq(device_rules_find(&l, &closed, &n_closed), 0);
        ck_assert_uint_eq(n_closed, n + 8);
        ck_assert(has_rule(closed, n_closed, makedev(1, 3), false));
}
END_TEST

TEST_MAIN("devices", access_is_restricted, many_rules_are_fine_too_many_are_not, access_is_closed,
          keys_become_rules)
