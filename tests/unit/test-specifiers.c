/* Specifiers: the values systemd gives them. */
#include "basic/macro.h"
#include "config/specifiers.h"
#include "unit-test.h"

static SpecifierContext context(const char *unit) {
        return (SpecifierContext){
                .unit_name = unit,
                .fragment = "/etc/nsunits/sub/x.container",
                .runtime_dir = "/run",
                .state_dir = "/var/lib",
                .home = "/root",
                .user = "root",
                .uid = "0",
                .host_name = "box.example.org",
                .kernel_release = "6.1.0",
                .architecture = "x86-64",
                .os_build_id = "",
        };
}

static void check_expansion(const char *unit, const char *text, const char *expected) {
        SpecifierContext c = context(unit);
        autofree char *out = NULL;

        ck_assert_int_eq(specifiers_expand(text, (Where){}, &c, NULL, &out), 0);
        ck_assert_str_eq(out, expected);
}

START_TEST(names_of_units) {
        static const char all[] = "%n|%N|%p|%P|%i|%I|%j|%J|%f";

        check_expansion("b4-plain.container", all,
                        "b4-plain.container|b4-plain|b4-plain|b4/plain|||plain|plain|/b4/plain");
        check_expansion("b4-t@inst.container", all,
                        "b4-t@inst.container|b4-t@inst|b4-t|b4/t|inst|inst|t|t|/inst");
        check_expansion("b4-t@a\\x2db.container", all,
                        "b4-t@a\\x2db.container|b4-t@a\\x2db|b4-t|b4/t|a\\x2db|a-b|t|t|/a-b");
        check_expansion("b4-t-u@i-j.container", all,
                        "b4-t-u@i-j.container|b4-t-u@i-j|b4-t-u|b4/t/u|i-j|i/j|u|u|/i/j");
        check_expansion("x.network", all, "x.network|x|x|x|||x|x|/x");
}
END_TEST

START_TEST(values_of_the_host) {
        check_expansion("x.container", "%t/a %S %h %u=%U %H %l %v %a <%B> %y %Y",
                        "/run/a /var/lib /root root=0 box.example.org box 6.1.0 x86-64 <> "
                        "/etc/nsunits/sub/x.container /etc/nsunits/sub");
}
END_TEST

START_TEST(percent_signs) {
        check_expansion("x.container", "no specifier", "no specifier");
        check_expansion("x.container", "100%% %%n", "100% %n");
        check_expansion("x.container", "a % b %- %", "a % b %- %");
}
END_TEST

START_TEST(what_has_no_value_is_an_error) {
        SpecifierContext c = context("x.container");
        autoptr(Diag) diag = diag_new();
        autofree char *messages = NULL;
        char *out = NULL;

        ck_assert_int_eq(specifiers_expand("%n %z %m %5", (Where){ .file = "f", .line = 2, .column = 6 }, &c,
                                           diag, &out),
                         -EINVAL);
        ck_assert_ptr_null(out);
        messages = diag_to_string(diag);
        ck_assert_str_eq(
                messages,
                "f:2:9: error: Unknown specifier \"%z\" (a plain percent sign is written \"%%\")\n"
                "f:2:12: error: Specifier \"%m\" has no value here\n"
                "f:2:15: error: Unknown specifier \"%5\" (a plain percent sign is written \"%%\")\n");
}
END_TEST

START_TEST(bad_escapes_in_names) {
        SpecifierContext c = context("a@\\xzz.container");
        char *out = NULL;

        ck_assert_int_eq(specifiers_expand("%I", (Where){}, &c, NULL, &out), -EINVAL);
        ck_assert_int_eq(specifiers_expand("%i", (Where){}, &c, NULL, &out), 0);
        ck_assert_str_eq(out, "\\xzz");
        free(out);
}
END_TEST

START_TEST(paths_are_clean) {
        static const char *const bad[] = { "a@-b.container",  "a@b-.container",     "a@--.container",
                                           "a-.container",    "a@b-..-c.container", "a@..container",
                                           "a@b--c.container" };

        check_expansion("a@-.container", "%f", "/");
        check_expansion("a@..a-b.container", "%f", "/..a/b");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                SpecifierContext c = context(bad[i]);
                char *out = NULL;

                ck_assert_int_eq(specifiers_expand("%f", (Where){}, &c, NULL, &out), -EINVAL);
        }
}
END_TEST

START_TEST(install_takes_fewer) {
        static const char taken[] = "abBgGHijlmnNopuUvwW", refused[] = "ACDdEfhIJLMPqsStTVyY";
        SpecifierContext c = context("a@b.container");
        autoptr(Diag) diag = diag_new();
        autofree char *out = NULL, *message = NULL;

        c.machine_id = c.boot_id = c.group = c.gid = c.os_id = c.os_version_id = c.os_variant_id = "x";
        c.install = true;
        for (const char *p = taken; *p; p++) {
                const char text[] = { '%', *p, '\0' };
                autofree char *value = NULL;

                ck_assert_msg(specifiers_expand(text, (Where){}, &c, NULL, &value) == 0, "%s", text);
        }
        for (const char *p = refused; *p; p++) {
                const char text[] = { '%', *p, '\0' };
                char *value = NULL;

                ck_assert_msg(specifiers_expand(text, (Where){}, &c, NULL, &value) == -EINVAL, "%s", text);
        }

        ck_assert_int_eq(specifiers_expand("%%", (Where){}, &c, NULL, &out), 0);
        ck_assert_str_eq(out, "%");
        free(take_ptr(out));
        ck_assert_int_eq(
                specifiers_expand("%i-%t", (Where){ .file = "f", .line = 1, .column = 1 }, &c, diag, &out),
                -EINVAL);
        message = diag_to_string(diag);
        ck_assert_str_eq(message, "f:1:4: error: Specifier \"%t\" has no meaning in [Install]\n");
}
END_TEST

TEST_MAIN("specifiers", paths_are_clean, install_takes_fewer, names_of_units, values_of_the_host,
          percent_signs, what_has_no_value_is_an_error, bad_escapes_in_names)
