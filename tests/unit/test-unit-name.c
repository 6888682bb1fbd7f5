/* Unit names, as typed and as Quadlet's services call them. */
#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/unit-name.h"
#include "unit-test.h"

START_TEST(typed_names_complete) {
        static const char *const pairs[][2] = {
                { "web", "web.container" },
                { "web.container", "web.container" },
                { "web.service", "web.container" },
                { "back-network.service", "back.network" },
                { "data-volume.service", "data.volume" },
                { "data-volume@1.service", "data@1.volume" },
                { "job@1-volume.service", "job@1-volume.container" },
                { "network.service", "network.container" },
                { "job@1", "job@1.container" },
                { "a.b", "a.b.container" },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                autofree char *name = NULL;

                ck_assert_int_eq(unit_name_complete(pairs[i][0], &name), 0);
                ck_assert_str_eq(name, pairs[i][1]);
        }
}
END_TEST

START_TEST(bad_names_are_refused) {
        static const char *const bad[] = { "a/b", "", "../x", "a b", ".container", "@.container" };
        char *name = NULL;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_int_eq(unit_name_complete(bad[i], &name), -EINVAL);
}
END_TEST

START_TEST(services_are_quadlets) {
        static const char *const pairs[][2] = {
                { "web.container", "web.service" },
                { "back.network", "back-network.service" },
                { "back@.volume", "back-volume@.service" },
                { "back@1.volume", "back-volume@1.service" },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                autofree char *name = NULL;

                ck_assert_int_eq(unit_name_to_service(pairs[i][0], &name), 0);
                ck_assert_str_eq(name, pairs[i][1]);
        }
}
END_TEST

START_TEST(templates_and_instances) {
        autofree char *template = NULL, *instance = NULL, *none = NULL;

        ck_assert(unit_name_is_template("job@.container"));
        ck_assert(!unit_name_is_template("job@1.container"));
        ck_assert_int_eq(unit_name_template("job@1.2.container", &template), 0);
        ck_assert_str_eq(template, "job@.container");
        ck_assert_int_eq(unit_name_instance("job@1.2.container", &instance), 0);
        ck_assert_str_eq(instance, "1.2");
        ck_assert_int_eq(unit_name_template("web.container", &none), 0);
        ck_assert_ptr_null(none);
}
END_TEST

START_TEST(escape_reads_back) {
        static const char *const texts[] = { "a/b", "-x", ".hidden", "ä ö", "plain_name.1" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                autofree char *escaped = unit_name_escape(texts[i]), *plain = NULL;

                ck_assert_int_eq(unit_name_unescape(escaped, &plain), 0);
                ck_assert_str_eq(plain, texts[i]);
        }
}
END_TEST

START_TEST(unescape_takes_both_letter_cases) {
        autofree char *plain = NULL;
        char *none = NULL;

        ck_assert_int_eq(unit_name_unescape("\\x2F\\x2f-\\x5c", &plain), 0);
        ck_assert_str_eq(plain, "///\\");
        ck_assert_int_eq(unit_name_unescape("\\x2", &none), -EINVAL);
        ck_assert_int_eq(unit_name_unescape("\\x2g", &none), -EINVAL);
        ck_assert_int_eq(unit_name_unescape("\\n", &none), -EINVAL);
}
END_TEST

START_TEST(unescape_to_paths) {
        static const char *const good[][2] = {
                { "-", "/" }, { "a-b", "/a/b" }, { "a\\x2db", "/a-b" }, { "..a", "/..a" }
        };
        static const char *const bad[] = { "", "-a", "a-", "--", "a--b", ".", "a-..", "\\x2fa" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                autofree char *path = NULL;

                ck_assert_int_eq(unit_name_unescape_path(good[i][0], &path), 0);
                ck_assert_str_eq(path, good[i][1]);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                char *path = NULL;

                ck_assert_msg(unit_name_unescape_path(bad[i], &path) == -EINVAL, "%s", bad[i]);
        }
}
END_TEST

START_TEST(instances_are_replaced) {
        autofree char *made = NULL, *other = NULL;
        char *none = NULL;

        ck_assert_int_eq(unit_name_replace_instance("job@.container", "1.2", &made), 0);
        ck_assert_str_eq(made, "job@1.2.container");
        ck_assert_int_eq(unit_name_replace_instance("job@a@b.container", "c", &other), 0);
        ck_assert_str_eq(other, "job@c.container");
        ck_assert_int_eq(unit_name_replace_instance("job.container", "1", &none), -EINVAL);
}
END_TEST

TEST_MAIN("unit-name", unescape_takes_both_letter_cases, unescape_to_paths, instances_are_replaced,
          typed_names_complete, bad_names_are_refused, services_are_quadlets, templates_and_instances,
          escape_reads_back)
