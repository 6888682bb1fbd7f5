/* nsunitd.conf: defaults, values, and every trap of libConfuse refused with file and line. */
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "basic/macro.h"
#include "config/manager-config.h"
#include "unit-test.h"

static ManagerConfig *parse_good(const char *text) {
        autoptr(Diag) diag = diag_new();
        autofree char *messages = NULL;
        ManagerConfig *c = NULL;
        int r;

        r = manager_config_parse("c", text, strlen(text), diag, &c);
        messages = diag_to_string(diag);
        ck_assert_str_eq(messages, "");
        ck_assert_int_eq(r, 0);
        return c;
}

static void parse_bad(const char *text, const char *expected) {
        autoptr(Diag) diag = diag_new();
        autofree char *messages = NULL;
        ManagerConfig *c = NULL;
        int r;

        r = manager_config_parse("c", text, strlen(text), diag, &c);
        messages = diag_to_string(diag);
        ck_assert_str_eq(messages, expected);
        ck_assert_int_eq(r, -EINVAL);
        ck_assert_ptr_null(c);
}

START_TEST(defaults_are_set) {
        autoptr(ManagerConfig) c = manager_config_new(), empty = parse_good("");
        char text[INET_TEXT_MAX];

        ck_assert_ptr_nonnull(c);
        ck_assert_str_eq(c->paths.store, "/var/lib/nsunits");
        ck_assert_str_eq(c->network.bridge, "nsunits0");
        ck_assert_str_eq(inet_format_prefix(&c->network.subnet, text), "10.89.0.0/24");
        ck_assert_str_eq(inet_format_prefix(&c->network.pool6, text), "fd6e:7375:6e6a::/48");
        ck_assert_uint_eq(c->network.spare_namespaces, 0);
        ck_assert_uint_eq(c->users.id_count, 65536);
        ck_assert_uint_eq(c->defaults.memory_max, UINT64_MAX);
        ck_assert_uint_eq(c->defaults.restart_sec, 100 * USEC_PER_MSEC);
        ck_assert(c->security.seccomp);
        ck_assert_int_eq(__builtin_popcountll(c->security.capabilities), 13);
        ck_assert(c->security.capabilities >> CAP_NET_BIND_SERVICE & 1);
        ck_assert_int_eq(c->logs.target, LOG_TARGET_AUTO);
        ck_assert_uint_eq(c->logs.max_size, 10 * 1024 * 1024);
        ck_assert_str_eq(empty->paths.run, "/run/nsunitd");
        ck_assert_uint_eq(c->image.parallel_pulls, 3);
        ck_assert_str_eq(c->image.short_name_registries[0], "docker.io");
        ck_assert_ptr_null(c->image.short_name_registries[1]);
}
END_TEST

START_TEST(values_are_read) {
        autoptr(ManagerConfig) c =
                parse_good("# comment with \"a quote and {\n"
                           "paths { store = /srv//x/ }  // comment\n"
                           "network {\n"
                           "  subnet = 10.1.2.3/16\n"
                           "  ipv6 = off spare-namespaces = 256 }\n"
                           "defaults { timeout-stop = \"1min 30s\" memory-max = 1G\n"
                           "start-limit-burst = 0 }\n"
                           "security { capabilities = { KILL, cap_chown }\n"
                           "  capabilities += { NET_RAW } }\n"
                           "image { short-name-registries = { quay.io, \"localhost:5000/mirror\" } }\n"
                           "image { parallel-pulls = 0 }\n"
                           "logs { target = file } /* end */");
        char text[INET_TEXT_MAX];

        ck_assert_str_eq(c->paths.store, "/srv/x");
        ck_assert_str_eq(c->paths.logs, "/var/log/nsunits");
        ck_assert_str_eq(inet_format_prefix(&c->network.subnet, text), "10.1.0.0/16");
        ck_assert(!c->network.ipv6);
        ck_assert_uint_eq(c->network.spare_namespaces, 256);
        ck_assert_uint_eq(c->defaults.timeout_stop, 90 * USEC_PER_SEC);
        ck_assert_uint_eq(c->defaults.memory_max, UINT64_C(1) << 30);
        ck_assert_uint_eq(c->defaults.start_limit_burst, 0);
        ck_assert_uint_eq(c->security.capabilities, 1U << CAP_KILL | 1U << CAP_CHOWN | 1U << CAP_NET_RAW);
        ck_assert_int_eq(c->logs.target, LOG_TARGET_FILE);
        ck_assert_uint_eq(c->image.parallel_pulls, 0);
        ck_assert_str_eq(c->image.short_name_registries[0], "quay.io");
        ck_assert_str_eq(c->image.short_name_registries[1], "localhost:5000/mirror");
        ck_assert_ptr_null(c->image.short_name_registries[2]);
}
END_TEST

START_TEST(capabilities_none_and_all) {
        autoptr(ManagerConfig) none = parse_good("security { capabilities = { none } }");
        autoptr(ManagerConfig) all = parse_good("security { capabilities = all }");

        ck_assert_uint_eq(none->security.capabilities, 0);
        ck_assert(all->security.capabilities >> CAP_LAST_CAP & 1);
        parse_bad("security { capabilities = { } }",
                  "c:1:29: error: List without values (leave the option out for "
                  "its default, or write { none })\n");
}
END_TEST

START_TEST(traps_are_refused) {
        parse_bad("paths {\n  store = /a\n", "c:1:7: error: Section is not closed, '}' is missing\n");
        parse_bad("security {\n capabilities = { KILL\n}\n",
                  "c:1:10: error: Section is not closed, '}' is missing\n");
        parse_bad("paths {\n  store = ${HOME}/x\n  logs = \"/${HOME}\"\n  run = '/${x}'\n}\n",
                  "c:2:11: error: \"${\" would take a value from nsunitd's own environment (write the value "
                  "itself, or "
                  "put it between single quotes)\n"
                  "c:3:12: error: \"${\" would take a value from nsunitd's own environment (write the value "
                  "itself, or "
                  "put it between single quotes)\n");
        parse_bad("paths {\n  store = /a\n  logs = /b\n  store = /c\n}\n",
                  "c:4: error: \"store\" is set twice, first in line 2\n");
        parse_bad("paths { store = /a }\npaths { store = /b }\n",
                  "c:2: error: \"store\" is set twice, first in line 1\n");
        parse_bad("security { capabilities = { KILL }\ncapabilities = { CHOWN } }\n",
                  "c:2: error: \"capabilities\" is set twice, first in line 1\n");
        parse_bad("/* x\n*/ paths { store = \"/a\n",
                  "c:2:20: error: Quote is not closed\n"
                  "c:2:10: error: Section is not closed, '}' is missing\n");
        parse_bad("\n/* x", "c:2:1: error: Comment is not closed, \"*/\" is missing\n");
        parse_bad("paths { store = /a*b }", "c:1:19: error: '*' has to be put in quotes\n");
        parse_bad("paths { store = \"/\\0\" }",
                  "c:1:19: error: Characters cannot be written as numbers here\n");
}
END_TEST

/* libConfuse counts the lines of comments twice, and keeps an unclosed quote for the next file. */
START_TEST(lines_are_right_and_files_independent) {
        parse_bad("# one\n/* two\nthree */\n// four\nlogs { target = x }\n",
                  "c:5: error: Bad value \"x\" for \"target\" in section \"logs\" (it is written as auto | "
                  "journal | "
                  "file)\n");
        parse_bad("paths { store = \"/a", "c:1:17: error: Quote is not closed\n"
                                          "c:1:7: error: Section is not closed, '}' is missing\n");
        manager_config_free(parse_good("paths { store = /a }"));
}
END_TEST

START_TEST(names_are_suggested) {
        parse_bad("netwrok { ipv6 = no }",
                  "c:1: error: Unknown section \"netwrok\" (did you mean \"network\"?)\n");
        parse_bad(
                "network {\n subnett = 10.0.0.0/8 }",
                "c:2: error: Unknown option \"subnett\" in section \"network\" (did you mean \"subnet\"?)\n");
        parse_bad("security { capabilities = { NET_ROW } }",
                  "c:1: error: Bad value \"NET_ROW\" for \"capabilities\" in section \"security\" (did you "
                  "mean "
                  "\"NET_RAW\"?)\n");
}
END_TEST

START_TEST(values_are_checked) {
        static const char *const bad[] = {
                "paths { store = relative }",
                "paths { store = /a/../b }",
                "paths { store = / }",
                "network { bridge = sixteen-bytes-ab }",
                "network { bridge = \"a b\" }",
                "network { subnet = 10.0.0.1 }",
                "network { subnet = 10.0.0.0/31 }",
                "network { subnet = fd00::/64 }",
                "network { subnet6 = fd00::/65 }",
                "network { pool = 10.1.0.0/25 }",
                "network { ipv6 = maybe }",
                "network { spare-namespaces = -1 }",
                "network { spare-namespaces = 257 }",
                "network { spare-namespaces = many }",
                "users { first-id = 0 }",
                "users { first-id = 4294967295 }",
                "users { first-id = 10 last-id = 20 }",
                "defaults { tasks-max = 0 }",
                "defaults { timeout-stop = 5x }",
                "defaults { start-limit-burst = -1 }",
                "logs { target = syslog }",
                "network { pool = 10.89.0.0/16 }",
                "network { subnet6 = fd6e:7375:6e6a:1::/64 }",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                autoptr(Diag) diag = diag_new();
                ManagerConfig *c = NULL;

                if (manager_config_parse("c", bad[i], strlen(bad[i]), diag, &c) != -EINVAL)
                        ck_abort_msg("%s", bad[i]);
                ck_assert_uint_eq(diag_count_errors(diag), 1);
                ck_assert_uint_eq(diag_get(diag, 0)->line, 1);
        }
}
END_TEST

START_TEST(all_mistakes_are_told) {
        parse_bad("network {\n subnet = x\n ipv6 = q\n}\n",
                  "c:2: error: Bad value \"x\" for \"subnet\" in section \"network\" (it is written as "
                  "ADDRESS/BITS)\n"
                  "c:3: error: Bad value \"q\" for \"ipv6\" in section \"network\" (it is written as yes | "
                  "no)\n");
}
END_TEST

START_TEST(absent_file_means_defaults) {
        autoptr(ManagerConfig) c = NULL;
        autoptr(Diag) diag = diag_new();
        ManagerConfig *none = NULL;

        ck_assert_int_eq(manager_config_load("/nonexistent/nsunitd.conf", diag, &c), 0);
        ck_assert_str_eq(c->paths.store, "/var/lib/nsunits");
        ck_assert_int_eq(manager_config_load("/", diag, &none), -EISDIR);
        ck_assert_uint_eq(diag_count_errors(diag), 1);
}
END_TEST

START_TEST(text_is_kept_if_all_is_well) {
        char path[] = "/tmp/test-manager-config-XXXXXX";
        autoptr(ManagerConfig) c = NULL;
        autoptr(Diag) diag = diag_new();
        int fd = mkstemp(path);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(manager_config_load(path, diag, &c), 0);
        ck_assert_str_eq(c->text, "");
        manager_config_free(take_ptr(c));

        ck_assert_int_eq(dprintf(fd, "# nothing\n"), 10);
        ck_assert_int_eq(manager_config_load(path, diag, &c), 0);
        ck_assert_str_eq(c->text, "# nothing\n");
        manager_config_free(take_ptr(c));

        ck_assert_int_eq(manager_config_load("/nonexistent/nsunitd.conf", diag, &c), 0);
        ck_assert_ptr_null(c->text);
        (void) close(fd);
        (void) unlink(path);
}
END_TEST

START_TEST(options_are_sentences) {
        ManagerOption o;
        size_t i;

        for (i = 0; manager_option_get(i, &o); i++) {
                ck_assert(o.meaning[strlen(o.meaning) - 1] == '.');
                ck_assert_uint_gt(strlen(o.syntax), 0);
        }
        ck_assert_uint_gt(i, 20);
}
END_TEST

TEST_MAIN("manager-config", defaults_are_set, values_are_read, capabilities_none_and_all, traps_are_refused,
          lines_are_right_and_files_independent, names_are_suggested, values_are_checked,
          all_mistakes_are_told, absent_file_means_defaults, text_is_kept_if_all_is_well,
          options_are_sentences)
