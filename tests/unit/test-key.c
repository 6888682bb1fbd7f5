/* The key tables as lists: order, prose, defaults, no key in two of them. */
#include <ctype.h>

#include "basic/macro.h"
#include "spec-helper.h"
#include "spec/key.h"
#include "spec/rlimit.h"

START_TEST(tables_are_sorted) {
        for (size_t t = 0; key_tables[t]; t++)
                for (size_t i = 1; i < key_tables[t]->n; i++)
                        ck_assert_msg(strcmp(key_tables[t]->keys[i - 1].name, key_tables[t]->keys[i].name) <
                                              0,
                                      "[%s] %s is out of order", key_tables[t]->section,
                                      key_tables[t]->keys[i].name);
}
END_TEST

START_TEST(meanings_are_sentences) {
        for (size_t t = 0; key_tables[t]; t++)
                for (size_t i = 0; i < key_tables[t]->n; i++) {
                        const Key *k = &key_tables[t]->keys[i];

                        ck_assert_msg(isupper((unsigned char) k->meaning[0]), "%s: %s", k->name, k->meaning);
                        ck_assert_msg(endswith(k->meaning, ".") != NULL, "%s: %s", k->name, k->meaning);
                        ck_assert_msg(!strstr(k->meaning, "  "), "%s: two blanks", k->name);
                }
}
END_TEST

START_TEST(defaults_parse_and_types_are_whole) {
        for (size_t t = 0; key_tables[t]; t++)
                for (size_t i = 0; i < key_tables[t]->n; i++) {
                        const Key *k = &key_tables[t]->keys[i];
                        KeyInput in = { .key = k->name, .text = k->fallback };
                        uint64_t field[16] = {};

                        ck_assert_ptr_nonnull(k->type->syntax);
                        ck_assert_int_gt(strlen(k->type->signature), 0);
                        k->type->clear(field);
                        if (k->fallback)
                                ck_assert_int_eq(k->type->parse(&in, field), 0);
                        k->type->clear(field);
                }
}
END_TEST

START_TEST(no_supported_key_is_listed_as_unsupported) {
        for (size_t t = 0; key_tables[t]; t++)
                for (size_t i = 0; i < key_tables[t]->n; i++)
                        ck_assert_msg(!key_known_reason(key_tables[t]->section, key_tables[t]->keys[i].name),
                                      "[%s] %s is in known-keys.def", key_tables[t]->section,
                                      key_tables[t]->keys[i].name);
}
END_TEST

START_TEST(known_keys_are_sorted_within_their_section) {
        static const struct {
                const char *section, *name;
        } known[] = {
#define KNOWN_KEY(section, name, reason) { #section, #name },
#include "spec/known-keys.def"
        };

        for (size_t i = 1; i < ELEMENTSOF(known); i++)
                if (streq(known[i - 1].section, known[i].section))
                        ck_assert_msg(strcmp(known[i - 1].name, known[i].name) < 0, "%s", known[i].name);
}
END_TEST

START_TEST(keys_are_found) {
        ck_assert_ptr_eq(key_table_find("Container"), &container_keys);
        ck_assert_ptr_null(key_table_find("container"));
        ck_assert_str_eq(key_find(&container_keys, "Volume")->name, "Volume");
        ck_assert_ptr_null(key_find(&container_keys, "volume"));
        ck_assert(key_known_reason("Service", "PrivateTmp"));
        ck_assert(!key_known_reason("Unit", "PrivateTmp"));
        ck_assert_str_eq(key_section_of("Image"), "Container");
        ck_assert_str_eq(key_section_of("MemoryHigh"), "Service");
        ck_assert_str_eq(key_section_of("PrivateTmp"), "Service");
        ck_assert_ptr_null(key_section_of("Nonsense"));
        ck_assert(section_is_known("Pod"));
        ck_assert(!section_is_known("Contianer"));
}
END_TEST

/* What format() writes, parse() reads back to the same text: of each key, from a value worth it. */
START_TEST(values_survive_format_and_parse) {
        static const char *const values[][2] = {
                { "AddCapability", "NET_ADMIN SYS_TIME" },
                { "AddHost", "db:10.0.0.1" },
                { "DNS", "fd00::1" },
                { "DropCapability", "ALL" },
                { "Entrypoint", "/bin/sh -c \"a b\"" },
                { "Environment", "\"A=b c\" D=\\\"quoted\\\"" },
                { "EnvironmentFile", "-/etc/env" },
                { "Exec", "sleep \"in one\" \"back\\\\slash\"" },
                { "Mount", "type=tmpfs,destination=/t,exec,size=1024,mode=755" },
                { "Mount", "type=bind,source=/a,destination=/b,ro,bind-nonrecursive,slave" },
                { "Network", "back.network" },
                { "NoNewPrivileges", "no" },
                { "PublishPort", "[::1]:8000-8010:9000-9010/udp" },
                { "PublishPort", "127.0.0.1::80/tcp" },
                { "Rootfs", "/srv/root:O" },
                { "ShmSize", "1048576" },
                { "StopSignal", "SIGQUIT" },
                { "StopTimeout", "1min 30s" },
                { "Sysctl", "net/core/somaxconn=4096" },
                { "Tmpfs", "/run:ro,size=4096" },
                { "Ulimit", "nofile=1024:unlimited" },
                { "Unmask", "ALL" },
                { "UserNS", "host" },
                { "Volume", "data.volume:/data:ro,nocopy" },
                { "Volume", "/anonymous" },
        };

        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                const Key *k = key_find(&container_keys, values[i][0]);
                uint64_t first[32] = {}, second[32] = {};
                KeyInput in = { .key = k->name, .text = values[i][1] };
                autofree char *once = NULL, *twice = NULL;

                ck_assert_msg(k->type->parse(&in, first) == 0, "%s=%s", k->name, values[i][1]);
                once = k->type->format(first);
                in.text = once;
                ck_assert_msg(k->type->parse(&in, second) == 0, "%s=%s", k->name, once);
                twice = k->type->format(second);
                ck_assert_str_eq(once, twice);
                k->type->clear(first);
                k->type->clear(second);
        }
}
END_TEST

START_TEST(every_limit_has_a_name) {
        for (int i = 0; i < (int) RLIM_NLIMITS; i++) {
                ck_assert_ptr_nonnull(rlimit_to_name(i));
                ck_assert_int_eq(rlimit_from_name(rlimit_to_name(i)), i);
        }
        ck_assert_int_eq(rlimit_from_name("RLIMIT_NOFILE"), RLIMIT_NOFILE);
        ck_assert_int_lt(rlimit_from_name("files"), 0);
}
END_TEST

TEST_MAIN("key", tables_are_sorted, meanings_are_sentences, defaults_parse_and_types_are_whole,
          no_supported_key_is_listed_as_unsupported, known_keys_are_sorted_within_their_section,
          keys_are_found, values_survive_format_and_parse, every_limit_has_a_name)
