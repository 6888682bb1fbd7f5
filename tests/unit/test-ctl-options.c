/* ctl: the command line and the table of verbs. */
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "basic/strv.h"
#include "ctl/options.h"
#include "ctl/verb.h"
#include "unit-test.h"

#define PARSE(ret_options, ret_words, ...)                                                           \
        ({                                                                                           \
                const char *argv_[] = { "nsctl", __VA_ARGS__, NULL };                                \
                options_parse((int) ELEMENTSOF(argv_) - 1, (char **) argv_, ret_options, ret_words); \
        })

START_TEST(options_stand_anywhere) {
        autostrv char **words = NULL;
        Options o;

        ck_assert_int_eq(PARSE(&o, &words, "status", "web", "-n", "5", "--json", "db"), 0);
        ck_assert_uint_eq(strv_length(words), 3);
        ck_assert_str_eq(words[2], "db");
        ck_assert_str_eq(o.lines, "5");
        ck_assert(o.json);
        options_clear(&o);
}
END_TEST

START_TEST(exec_leaves_the_program_its_options) {
        autostrv char **words = NULL;
        Options o;

        ck_assert_int_eq(
                PARSE(&o, &words, "exec", "-it", "-e", "A=1", "--env=B=2", "web", "ls", "-l", "--json"), 0);
        ck_assert(o.interactive && o.tty && !o.json && !o.full);
        ck_assert_uint_eq(strv_length(o.env), 2);
        ck_assert_uint_eq(strv_length(words), 5);
        ck_assert_str_eq(words[3], "-l");
        options_clear(&o);
}
END_TEST

START_TEST(exec_takes_a_double_dash) {
        autostrv char **words = NULL, **second = NULL;
        Options o;

        ck_assert_int_eq(PARSE(&o, &words, "exec", "web", "--", "sh", "-c", "--"), 0);
        ck_assert_uint_eq(strv_length(words), 5);
        ck_assert_str_eq(words[2], "sh");
        ck_assert_str_eq(words[4], "--");
        options_clear(&o);

        ck_assert_int_eq(PARSE(&o, &second, "exec", "--", "web", "-x"), 0);
        ck_assert_uint_eq(strv_length(second), 3);
        ck_assert_str_eq(second[2], "-x");
        options_clear(&o);
}
END_TEST

START_TEST(lists_collect) {
        autostrv char **words = NULL;
        Options o;

        ck_assert_int_eq(PARSE(&o, &words, "show", "-p", "A,B", "--property=C", "web"), 0);
        ck_assert_uint_eq(strv_length(o.property), 2);
        ck_assert_str_eq(o.property[1], "C");
        options_clear(&o);
}
END_TEST

START_TEST(mistakes_are_refused) {
        autostrv char **words = NULL;
        Options o;

        ck_assert_int_eq(PARSE(&o, &words, "status", "--colour"), -EINVAL);
        options_clear(&o);
        ck_assert_int_eq(PARSE(&o, &words, "logs", "-n"), -EINVAL);
        options_clear(&o);
        ck_assert_ptr_null(words);
}
END_TEST

START_TEST(numbers_of_lines) {
        Ctl c = {};
        unsigned n;

        ck_assert_int_eq(ctl_lines(&c, 10, &n), 0);
        ck_assert_uint_eq(n, 10);
        c.options.lines = "all";
        ck_assert_int_eq(ctl_lines(&c, 10, &n), 0);
        ck_assert_uint_eq(n, UINT_MAX);
        c.options.lines = "3";
        ck_assert_int_eq(ctl_lines(&c, 10, &n), 0);
        ck_assert_uint_eq(n, 3);
        c.options.lines = "-3";
        ck_assert_int_eq(ctl_lines(&c, 10, &n), -EINVAL);
}
END_TEST

START_TEST(names_are_completed_once) {
        char *typed[] = { (char *) "web", (char *) "web.service", (char *) "back.network", NULL };
        char *bad[] = { (char *) "we/b", NULL };
        autostrv char **names = NULL;

        ck_assert_int_eq(ctl_unit_names(typed, &names), 0);
        ck_assert_uint_eq(strv_length(names), 2);
        ck_assert_str_eq(names[0], "web.container");
        ck_assert_int_eq(ctl_unit_names(bad, &names), -EINVAL);
}
END_TEST

START_TEST(table_of_verbs_is_sound) {
        for (size_t i = 0; i < n_verbs; i++) {
                const Verb *v = &verbs[i];

                ck_assert(isupper((unsigned char) v->help[0]));
                if (!v->name)
                        continue;
                ck_assert_ptr_eq(verb_find(v->name), v); /* no two of a name */
                ck_assert_uint_le(v->least, v->most);
                ck_assert_ptr_nonnull(v->fn);
                ck_assert_int_ne(v->help[strlen(v->help) - 1], '.');
        }
        ck_assert_ptr_null(verb_find("no-such-verb"));
}
END_TEST

START_TEST(values_behind_options_are_known) {
        ck_assert(options_take_value("--lines"));
        ck_assert(options_take_value("-n"));
        ck_assert(options_take_value("-fn"));
        ck_assert(!options_take_value("-n5"));
        ck_assert(!options_take_value("--lines=5"));
        ck_assert(!options_take_value("--follow"));
        ck_assert(!options_take_value("-f"));
        ck_assert(!options_take_value("-"));
        ck_assert(!options_take_value("lines"));
}
END_TEST

TEST_MAIN("ctl-options", options_stand_anywhere, values_behind_options_are_known,
          exec_leaves_the_program_its_options, exec_takes_a_double_dash, lists_collect, mistakes_are_refused,
          numbers_of_lines, names_are_completed_once, table_of_verbs_is_sound)
