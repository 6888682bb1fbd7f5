/* Conditions against the host of the test, and how several of them add up. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "basic/macro.h"
#include "manager/condition-internal.h"
#include "manager/condition.h"
#include "spec-helper.h"
#include "spec/key.h"

static int test_one(ConditionType type, const char *value) {
        return condition_test(&(Condition){ .type = type, .value = (char *) value });
}

START_TEST(every_condition_that_means_something_has_a_test) {
        for (ConditionType t = 0; t < CONDITION_N_; t++) {
                autofree char *name = NULL;
                const Key *key;

                ck_assert_int_gt(asprintf(&name, "Condition%s", condition_name(t)), 0);
                key = key_find(&unit_keys, name);
                ck_assert_ptr_nonnull(key);
                ck_assert_int_eq(condition_from_key(name), t);
                ck_assert_msg((test_one(t, "/") == -EOPNOTSUPP) == !!(key->flags & KEY_HOST), "%s", name);
        }
        ck_assert_int_eq(condition_from_key("ConditionNothing"), CONDITION_INVALID_);
}
END_TEST

START_TEST(paths) {
        char dir[] = "/tmp/test-condition-XXXXXX";
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        autofree char *file = NULL, *empty = NULL, *link = NULL, *sub = NULL, *pattern = NULL;
        int fd;

        ck_assert_ptr_nonnull(mkdtemp(dir));
        ck_assert_int_gt(asprintf(&file, "%s/file", dir), 0);
        ck_assert_int_gt(asprintf(&empty, "%s/empty", dir), 0);
        ck_assert_int_gt(asprintf(&link, "%s/link", dir), 0);
        ck_assert_int_gt(asprintf(&sub, "%s/sub", dir), 0);
        ck_assert_int_gt(asprintf(&pattern, "%s/f*", dir), 0);
        ck_assert_int_eq(test_one(CONDITION_DIRECTORY_NOT_EMPTY, dir), 0);
        ck_assert_int_eq(test_one(CONDITION_PATH_EXISTS_GLOB, pattern), 0);

        fd = creat(file, 0644);
        ck_assert_int_eq(write(fd, "x", 1), 1);
        close(fd);
        close(creat(empty, 0755));
        ck_assert_int_eq(symlink("nowhere", link), 0);
        ck_assert_int_eq(mkdir(sub, 0755), 0);

        ck_assert_int_eq(test_one(CONDITION_PATH_EXISTS, file), 1);
        ck_assert_int_eq(test_one(CONDITION_PATH_EXISTS, link), 0);
        ck_assert_int_eq(test_one(CONDITION_PATH_EXISTS_GLOB, pattern), 1);
        ck_assert_int_eq(test_one(CONDITION_PATH_IS_DIRECTORY, sub), 1);
        ck_assert_int_eq(test_one(CONDITION_PATH_IS_DIRECTORY, file), 0);
        ck_assert_int_eq(test_one(CONDITION_PATH_IS_SYMBOLIC_LINK, link), 1);
        ck_assert_int_eq(test_one(CONDITION_PATH_IS_SYMBOLIC_LINK, file), 0);
        ck_assert_int_eq(test_one(CONDITION_PATH_IS_MOUNT_POINT, "/proc"), 1);
        ck_assert_int_eq(test_one(CONDITION_PATH_IS_MOUNT_POINT, sub), 0);
        ck_assert_int_eq(test_one(CONDITION_PATH_IS_READ_WRITE, dir), 1);
        ck_assert_int_eq(test_one(CONDITION_PATH_IS_READ_WRITE, "/no/such"), 0);
        ck_assert_int_eq(test_one(CONDITION_DIRECTORY_NOT_EMPTY, dir), 1);
        ck_assert_int_eq(test_one(CONDITION_DIRECTORY_NOT_EMPTY, file), 0);
        ck_assert_int_eq(test_one(CONDITION_FILE_NOT_EMPTY, file), 1);
        ck_assert_int_eq(test_one(CONDITION_FILE_NOT_EMPTY, empty), 0);
        ck_assert_int_eq(test_one(CONDITION_FILE_IS_EXECUTABLE, empty), 1);
        ck_assert_int_eq(test_one(CONDITION_FILE_IS_EXECUTABLE, file), 0);
        ck_assert_int_eq(test_one(CONDITION_FILE_IS_EXECUTABLE, sub), 0);

        ck_assert_int_eq(unlink(empty), 0);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", empty);
        ck_assert_int_eq(bind(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
        close(fd);
        ck_assert_int_eq(test_one(CONDITION_PATH_IS_SOCKET, empty), 1);
        ck_assert_int_eq(test_one(CONDITION_PATH_IS_SOCKET, file), 0);

        unlink(empty);
        unlink(file);
        unlink(link);
        rmdir(sub);
        rmdir(dir);
}
END_TEST

/* What is true of every machine that can run the test, and its opposite. */
START_TEST(host) {
        static const struct {
                ConditionType type;
                const char *value;
                int met;
        } cases[] = {
                { CONDITION_KERNEL_VERSION, ">=5", 1 },
                { CONDITION_KERNEL_VERSION, "<5", 0 },
                { CONDITION_KERNEL_VERSION, ">= 5 < 4", 0 },
                { CONDITION_KERNEL_VERSION, "<>5 >=2.6.32", 1 },
                { CONDITION_KERNEL_VERSION, "*", 1 },
                { CONDITION_KERNEL_VERSION, "!$=*", 0 },
                { CONDITION_VERSION, "glibc >=2.36", 1 },
                { CONDITION_VERSION, "glibc <2.36", 0 },
                { CONDITION_VERSION, "kernel >=5", 1 },
                { CONDITION_VERSION, ">=5", 1 },
                { CONDITION_VERSION, "systemd >=1", -EOPNOTSUPP },
                { CONDITION_MEMORY, "1M", 1 },
                { CONDITION_MEMORY, ">=15E", 0 },
                { CONDITION_MEMORY, "<= 1M", 0 },
                { CONDITION_CPUS, ">=1", 1 },
                { CONDITION_CPUS, "0", 1 },
                { CONDITION_CPUS, "=0", 0 },
                { CONDITION_CPUS, "!=0", 1 },
                { CONDITION_CPU_FEATURE, "no-such-feature", 0 },
                { CONDITION_ARCHITECTURE, "native", 1 },
                { CONDITION_ARCHITECTURE, "cris", 0 },
                { CONDITION_ENVIRONMENT, "TEST_CONDITION", 1 },
                { CONDITION_ENVIRONMENT, "TEST_CONDITION=a=b", 1 },
                { CONDITION_ENVIRONMENT, "TEST_CONDITION=a", 0 },
                { CONDITION_ENVIRONMENT, "TEST_NO_CONDITION", 0 },
                { CONDITION_HOST, "*", 1 },
                { CONDITION_HOST, "no-such-host-*", 0 },
                { CONDITION_MEMORY_PRESSURE, "100%", 1 },
                { CONDITION_CPU_PRESSURE, "100%/10s", 1 },
                { CONDITION_IO_PRESSURE, "no-such.slice:0%/1min", 1 },
                { CONDITION_KERNEL_MODULE_LOADED, "no-such-module", 0 },
                { CONDITION_KERNEL_COMMAND_LINE, "no-such-word", 0 },
                { CONDITION_MACHINE_TAG, "no-such-tag", 0 },
                { CONDITION_OS_RELEASE, "ID=no-such-system", 0 },
                { CONDITION_OS_RELEASE, "NO_SUCH_FIELD= ID!=no-such-system", 1 },
                { CONDITION_SECURITY, "measured-os", 0 },
        };

        ck_assert_int_eq(setenv("TEST_CONDITION", "a=b", 1), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int r = test_one(cases[i].type, cases[i].value);

                ck_assert_msg(r == cases[i].met, "%s=%s: %d", condition_name(cases[i].type), cases[i].value,
                              r);
        }

        /* One of the two trees is there, and never both. */
        ck_assert_int_ne(test_one(CONDITION_CONTROL_GROUP_CONTROLLER, "v1"),
                         test_one(CONDITION_CONTROL_GROUP_CONTROLLER, "v2"));
        ck_assert_int_ne(test_one(CONDITION_FIRST_BOOT, "yes"), test_one(CONDITION_FIRST_BOOT, "no"));
        ck_assert_int_ne(test_one(CONDITION_VIRTUALIZATION, "yes"), test_one(CONDITION_VIRTUALIZATION, "no"));
}
END_TEST

START_TEST(versions_are_ordered) {
        /* Each is older than the next: the example of the version format specification. */
        static const char *const versions[] = { "~1",        "",        "ab",      "abb",     "abc",
                                                "0001",      "002",     "12",      "122",     "122.9",
                                                "123~rc1",   "123",     "123-a",   "123-a.1", "123-a1",
                                                "123^post1", "123.a-1", "123.1-1", "123a-1" };

        for (size_t i = 0; i < ELEMENTSOF(versions); i++)
                for (size_t j = 0; j < ELEMENTSOF(versions); j++) {
                        int r = condition_compare_versions(versions[i], versions[j]);

                        ck_assert_msg((r > 0) - (r < 0) == (i > j) - (i < j), "%s, %s: %d", versions[i],
                                      versions[j], r);
                }
}
END_TEST

START_TEST(a_fraction_is_a_part_of_the_whole) {
        int none = test_one(CONDITION_FRACTION, "0%"), all = test_one(CONDITION_FRACTION, "100%"), met = 0;

        if (none == -ENOENT)
                return; /* no machine id here */
        ck_assert_int_eq(none, 0);
        ck_assert_int_eq(all, 1);
        for (int i = 0; i < 400; i++) {
                autofree char *value = NULL;

                ck_assert_int_gt(asprintf(&value, "word%d 25%%", i), 0);
                met += test_one(CONDITION_FRACTION, value);
        }
        ck_assert_int_gt(met, 50);
        ck_assert_int_lt(met, 150);
}
END_TEST

START_TEST(conditions_add_up) {
        static const struct {
                const char *lines;
                ConditionVerdict verdict;
                const char *unmet;
        } cases[] = {
                { "", CONDITION_MET, NULL },
                { "ConditionPathExists=/\nAssertPathExists=/\n", CONDITION_MET, NULL },
                { "ConditionPathExists=/nope\nConditionPathExists=/\n", CONDITION_UNMET, "/nope" },
                { "ConditionPathExists=!/nope\n", CONDITION_MET, NULL },
                { "ConditionPathExists=!/\n", CONDITION_UNMET, "!/" },
                { "ConditionPathExists=|/nope\nConditionPathIsDirectory=|/\n", CONDITION_MET, NULL },
                { "ConditionPathExists=|/nope\nConditionPathIsDirectory=|!/\n", CONDITION_UNMET, "|/nope" },
                { "ConditionPathExists=|/\nConditionPathExists=/nope\n", CONDITION_UNMET, "/nope" },
                { "AssertPathExists=/nope\n", ASSERT_UNMET, "/nope" },
                { "AssertPathExists=/nope\nConditionPathExists=/no\n", CONDITION_UNMET, "/no" },
                { "ConditionACPower=no\nConditionACPower=yes\n", CONDITION_MET, NULL },
                { "ConditionPathExists=/nope\nConditionMemory=\n", CONDITION_MET, NULL },
                { "AssertPathExists=/nope\nConditionMemory=\n", ASSERT_UNMET, "/nope" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autoptr(Diag) diag = diag_new();
                autoptr(UnitSpec) u = NULL;
                autofree char *text = NULL, *unmet = NULL;
                ConditionOutcome outcome;

                ck_assert_int_gt(asprintf(&text, "[Unit]\n%s[Container]\nImage=x\n", cases[i].lines), 0);
                ck_assert_int_eq(load_text("web.container", text, diag, &u), 0);
                ck_assert_int_eq(condition_test_all(&u->unit, &outcome), 0);
                ck_assert_msg(outcome.verdict == cases[i].verdict, "%s: %d", cases[i].lines, outcome.verdict);
                unmet = outcome.unmet ? condition_to_string(outcome.unmet) : NULL;
                ck_assert_pstr_eq(unmet, cases[i].unmet);
        }
}
END_TEST

TEST_MAIN("condition", every_condition_that_means_something_has_a_test, paths, host, versions_are_ordered,
          a_fraction_is_a_part_of_the_whole, conditions_add_up)
