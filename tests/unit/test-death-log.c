/* The records of deaths: bounded, replaced when written again, and no record is lost to a file that is none.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "manager/death-log.h"
#include "unit-test.h"

static char path[64];

static void set_up(void) {
        (void) snprintf(path, sizeof(path), "/tmp/nsunits-test-XXXXXX");
        ck_assert_int_ge(close(mkstemp(path)), 0);
        ck_assert_int_eq(unlink(path), 0);
}

static void put(const char *id, int status) {
        json_t *record = json_pack("{s:s, s:i}", "Id", id, "Status", status);

        ck_assert_int_eq(death_log_put(path, record), 0);
        json_decref(record);
}

static size_t count(const char *first, int last_status) {
        json_t *records = death_log_read(path);
        size_t n = json_array_size(records);

        ck_assert_str_eq(json_string_value(json_object_get(json_array_get(records, 0), "Id")), first);
        ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(records, n - 1), "Status")),
                         last_status);
        json_decref(records);
        return n;
}

START_TEST(the_last_ones_are_kept) {
        char id[16];

        set_up();
        for (int i = 0; i < DEATHS_MAX + 3; i++) {
                (void) snprintf(id, sizeof(id), "n%i", i);
                put(id, i);
        }
        ck_assert_uint_eq(count("n3", DEATHS_MAX + 2), DEATHS_MAX);
        ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(one_written_again_replaces_itself) {
        set_up();
        put("a", 1);
        put("b", 2);
        put("b", 3);
        ck_assert_uint_eq(count("a", 3), 2);
        ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* A crash loop: the file stays small, and what counts stays in it. */
START_TEST(the_file_stays_small) {
        struct stat st;
        char id[16];

        set_up();
        for (int i = 0; i < 2000; i++) {
                (void) snprintf(id, sizeof(id), "n%i", i);
                put(id, i);
                ck_assert_int_eq(stat(path, &st), 0);
                ck_assert_int_le(st.st_size, 8192);
        }
        ck_assert_uint_eq(count("n1992", 1999), DEATHS_MAX);
        ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* By a manager that was killed while it wrote; and by one that wrote an array each time. */
START_TEST(what_was_cut_off_takes_no_other_with_it) {
        static const char cut[] =
                "[{\"Id\":\"a\",\"Status\":1},{\"Id\":\"b\",\"Status\":2}]\n{\"Id\":\"c\",\"Sta";

        set_up();
        ck_assert_int_eq(file_replace(AT_FDCWD, path, cut, strlen(cut), 0600, false), 0);
        ck_assert_uint_eq(count("a", 2), 2);
        put("c", 3);
        ck_assert_uint_eq(count("a", 3), 3);
        ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(what_cannot_be_read_is_no_record) {
        static const char *const bad[] = { "", "{", "{}", "[1", "null" };
        json_t *records;

        set_up();
        records = death_log_read(path);
        ck_assert(json_is_array(records) && json_array_size(records) == 0);
        json_decref(records);

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ck_assert_int_eq(file_replace(AT_FDCWD, path, bad[i], strlen(bad[i]), 0600, false), 0);
                records = death_log_read(path);
                ck_assert(json_is_array(records) && json_array_size(records) == 0);
                json_decref(records);
                put("a", 1);
                ck_assert_uint_eq(count("a", 1), 1);
        }
        ck_assert_int_eq(unlink(path), 0);
}
END_TEST

TEST_MAIN("death-log", the_last_ones_are_kept, one_written_again_replaces_itself, the_file_stays_small,
          what_was_cut_off_takes_no_other_with_it, what_cannot_be_read_is_no_record)
