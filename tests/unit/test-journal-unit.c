/* manager/journal-unit: the files are those that journald reads, and go again. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit-test.h"

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "manager/journal-unit.h"

static char directory[64];

static void enter(void) {
        (void) snprintf(directory, sizeof(directory), "/tmp/test-journal-unit.XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void path_of(const char *name, char ret[256]) {
        (void) snprintf(ret, 256, "%s/%s", directory, name);
}

static void expect_link(const char *name, const char *text) {
        char path[256], target[64];
        ssize_t n;

        path_of(name, path);
        n = readlink(path, target, sizeof(target) - 1);
        if (!text) {
                ck_assert_int_eq(n, -1);
                return;
        }
        ck_assert_int_gt(n, 0);
        target[n] = '\0';
        ck_assert_str_eq(target, text);
}

/* As journald reads them: 64 bits of length, least byte first, before each. */
static void expect_fields(const char *const *fields) {
        autofree char *data = NULL;
        char path[256];
        size_t size, at = 0;

        path_of("log-extra-fields:web.service", path);
        ck_assert_int_eq(file_read(AT_FDCWD, path, 4096, &data, &size), 0);
        for (; *fields; fields++) {
                size_t n = strlen(*fields);

                ck_assert_uint_ge(size, at + 8 + n);
                ck_assert_uint_eq((unsigned char) data[at], n);
                for (int i = 1; i < 8; i++)
                        ck_assert_int_eq(data[at + i], 0);
                ck_assert_mem_eq(data + at + 8, *fields, n);
                at += 8 + n;
        }
        ck_assert_uint_eq(at, size);
}

START_TEST(plain) {
        const JournalUnit j = { .unit = "web.container", .name = "shop", .invocation = "0123" };
        const char *const fields[] = { "NSUNITS_UNIT=web.container", "NSUNITS_INVOCATION=0123",
                                       "CONTAINER_NAME=shop", NULL };

        enter();
        ck_assert_int_eq(journal_unit_write(directory, &j), 0);
        expect_fields(fields);
        expect_link("log-level-max:web.service", NULL);
        expect_link("log-rate-limit-interval:web.service", NULL);
        expect_link("log-rate-limit-burst:web.service", NULL);
        journal_unit_remove(directory, "web.container");
        ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(settings) {
        char *own[] = { (char *) "SHOP=east", (char *) "LINES=a\nb", NULL };
        const ExecSection exec = {
                .log_level_max = 4, .log_fields = own, .log_interval = 5000000, .log_burst = 7
        };
        const ExecSection other = { .log_level_max = -1 };
        JournalUnit j = { .unit = "web.container",
                          .name = "web",
                          .invocation = "ff",
                          .exec = &exec,
                          .interval_set = true,
                          .burst_set = true };
        const char *const fields[] = { "NSUNITS_UNIT=web.container",
                                       "NSUNITS_INVOCATION=ff",
                                       "CONTAINER_NAME=web",
                                       "SHOP=east",
                                       "LINES=a\nb",
                                       NULL };

        enter();
        ck_assert_int_eq(journal_unit_write(directory, &j), 0);
        expect_fields(fields);
        expect_link("log-level-max:web.service", "4");
        expect_link("log-rate-limit-interval:web.service", "5000000");
        expect_link("log-rate-limit-burst:web.service", "7");

        /* Of the next launch: no limit is said, which is not the same as nothing. */
        j.exec = &other;
        j.burst_set = false;
        ck_assert_int_eq(journal_unit_write(directory, &j), 0);
        expect_link("log-level-max:web.service", NULL);
        expect_link("log-rate-limit-interval:web.service", "0");
        expect_link("log-rate-limit-burst:web.service", NULL);

        journal_unit_remove(directory, "web.container");
        journal_unit_remove(directory, "web.container");
        ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(without_systemd) {
        const JournalUnit j = { .unit = "web.container", .name = "web", .invocation = "ff" };

        ck_assert_int_eq(journal_unit_write("/nonexistent", &j), 0);
        journal_unit_remove("/nonexistent", "web.container");
}
END_TEST

TEST_MAIN("manager/journal-unit", plain, settings, without_systemd)
