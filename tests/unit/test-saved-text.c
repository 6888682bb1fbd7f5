/* The text of a unit as it was started: out and in again, and what is no such text. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "manager/saved-text.h"
#include "raw-helper.h"
#include "unit-test.h"

static RawUnit *parse(void) {
        static const char fragment[] =
                "[Unit]\nDescription=a \\\n  web \\\n  server\n[Container]\nImage=x\n[Empty]\n";
        static const char drop_in[] = "\n[Container]\nVolume=./data:/data\n";
        RawUnit *raw = calloc(1, sizeof(*raw));

        raw->name = strdup("web.container");
        raw->fragment = strdup("/etc/nsunits/web.container");
        ck_assert_int_eq(strv_add(&raw->drop_ins, "/etc/nsunits/web.container.d/1.conf"), 0);
        ck_assert_int_eq(strv_add(&raw->links, "/etc/nsunits/web.container.wants/db.container"), 0);
        ck_assert_int_eq(raw_unit_parse(raw, raw->fragment, fragment, strlen(fragment), NULL), 0);
        ck_assert_int_eq(raw_unit_parse(raw, raw->drop_ins[0], drop_in, strlen(drop_in), NULL), 0);
        ck_assert_int_eq(raw_unit_add(raw, "Unit", "Wants", "db.container", (Where){ .file = raw->links[0] }),
                         0);
        return raw;
}

static void same_place(Where a, Where b) {
        ck_assert_pstr_eq(a.file, b.file);
        ck_assert_uint_eq(a.line, b.line);
        ck_assert_uint_eq(a.column, b.column);
}

START_TEST(comes_back_with_all_its_places) {
        char path[] = "/tmp/nsunits-test-XXXXXX";
        autoptr(RawUnit) before = parse(), after = NULL;
        struct stat st;
        RawValue v;

        ck_assert_int_ge(mkstemp(path), 0);
        ck_assert_int_eq(saved_text_write(path, before), 0);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0600);
        ck_assert_int_eq(saved_text_read(path, &after), 0);
        ck_assert_int_eq(unlink(path), 0);

        ck_assert_str_eq(after->name, before->name);
        ck_assert_str_eq(after->fragment, before->fragment);
        ck_assert(strv_equal(after->drop_ins, before->drop_ins));
        ck_assert_uint_eq(count_sections(after), count_sections(before));
        ck_assert_uint_eq(count_values(after), count_values(before));
        for (RawSection a = {}, b = {}; raw_unit_next_section(before, &b);) {
                ck_assert(raw_unit_next_section(after, &a));
                ck_assert_str_eq(a.name, b.name);
                same_place(a.at, b.at);
        }
        for (RawValue a = {}, b = {}; raw_unit_next(before, &b);) {
                ck_assert(raw_unit_next(after, &a));
                ck_assert_str_eq(a.section, b.section);
                ck_assert_str_eq(a.key, b.key);
                ck_assert_str_eq(a.value, b.value);
                same_place(raw_value_key_at(&a), raw_value_key_at(&b));
                /* Within the value, also on its further lines. */
                for (size_t at = 0; at < strlen(b.value); at++)
                        same_place(where_advance(raw_value_at(&a), at), where_advance(raw_value_at(&b), at));
        }
        v = nth_value(after, 0);
        ck_assert_uint_eq(where_advance(raw_value_at(&v), strlen(v.value) - 1).line, 4);
}
END_TEST

START_TEST(other_files_are_refused) {
        static const char *const bad[] = {
                "[]",
                "{}",
                "{\"name\": 1}",
                "{\"name\": \"a\", \"drop_ins\": [1]}",
                "{\"name\": \"a\", \"sections\": [[]]}",
                "{\"name\": \"a\", \"values\": [[\"Unit\", \"Wants\"]]}",
                "{\"name\": \"a\", \"values\": [7]}",
        };
        RawUnit *raw = NULL;

        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
                json_t *o = json_loads(bad[i], 0, NULL);

                ck_assert_int_eq(saved_text_from_json(o, &raw), -EBADMSG);
                json_decref(o);
        }
        ck_assert_int_eq(saved_text_read("/nowhere/unit", &raw), -ENOENT);
        ck_assert_int_eq(saved_text_read("/proc/self/comm", &raw), -EBADMSG);
}
END_TEST

/* Numbers of files and places that nobody has written. */
START_TEST(odd_places_are_none) {
        json_t *o =
                json_loads("{\"name\": \"a\", \"fragment\": \"/f\", \"values\": [[\"Unit\", \"Wants\", \"b\","
                           " [9, -1, \"x\"], [-3, 99999999999, 1], [[-1, -1, -1]]]]}",
                           0, NULL);
        autoptr(RawUnit) raw = NULL;
        RawValue v;

        ck_assert_int_eq(saved_text_from_json(o, &raw), 0);
        json_decref(o);
        v = nth_value(raw, 0);
        ck_assert_ptr_null(raw_value_key_at(&v).file);
        ck_assert_uint_eq(raw_value_key_at(&v).line, 0);
        ck_assert_ptr_null(raw_value_at(&v).file);
        ck_assert_uint_eq(where_advance(raw_value_at(&v), 1).line, 0);
}
END_TEST

TEST_MAIN("saved-text", comes_back_with_all_its_places, other_files_are_refused, odd_places_are_none)
