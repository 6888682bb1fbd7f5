/* The key tables as lists: order, prose, defaults, no key in two of them. */
#include <ctype.h>

#include "basic/macro.h"
#include "basic/strv.h"
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
                        uint64_t field[64] = {};

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

START_TEST(known_keys_are_sorted) {
        static const struct {
                const char *section, *name;
        } known[] = {
#define KNOWN_KEY(section, name, reason) { #section, #name },
#include "spec/known-keys.def"
        };

        for (size_t i = 1; i < ELEMENTSOF(known); i++)
                if (streq(known[i - 1].section, known[i].section))
                        ck_assert_msg(strcmp(known[i - 1].name, known[i].name) < 0, "%s", known[i].name);
                else
                        ck_assert_msg(strcmp(known[i - 1].section, known[i].section) < 0, "[%s]",
                                      known[i].section);
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

/* Of each key that is not a plain text, number or switch, a value worth it. */
static const struct {
        const char *section, *key, *value;
} values[] = {
        { "Container", "AddCapability", "NET_ADMIN SYS_TIME" },
        { "Container", "AddHost", "db:10.0.0.1" },
        { "Container", "DNS", "fd00::1" },
        { "Container", "DropCapability", "ALL" },
        { "Container", "Entrypoint", "/bin/sh -c \"a b\"" },
        { "Container", "Environment", "\"A=b c\" D=\\\"quoted\\\"" },
        { "Container", "EnvironmentFile", "-/etc/env" },
        { "Container", "Exec", "sleep \"in one\" \"back\\\\slash\"" },
        { "Container", "Mount", "type=tmpfs,destination=/t,exec,size=1024,mode=755" },
        { "Container", "Mount", "type=bind,source=/a,destination=/b,ro,bind-nonrecursive,slave" },
        { "Container", "Network", "back.network" },
        { "Container", "NoNewPrivileges", "no" },
        { "Container", "PublishPort", "[::1]:8000-8010:9000-9010/udp" },
        { "Container", "PublishPort", "127.0.0.1::80/tcp" },
        { "Container", "Rootfs", "/srv/root:O" },
        { "Container", "ShmSize", "1048576" },
        { "Container", "StopSignal", "SIGQUIT" },
        { "Container", "StopTimeout", "1min 30s" },
        { "Container", "Sysctl", "net/core/somaxconn=4096" },
        { "Container", "Tmpfs", "/run:ro,size=4096" },
        { "Container", "Ulimit", "nofile=1024:unlimited" },
        { "Container", "Unmask", "ALL" },
        { "Container", "UserNS", "host" },
        { "Container", "Volume", "data.volume:/data:ro,nocopy" },
        { "Container", "Volume", "/anonymous" },
        { "Unit", "After", "db.container network-online.target" },
        { "Unit", "ConditionPathExists", "|!/a b/c" },
        { "Unit", "AssertOSRelease", "ID=debian \"VERSION_ID>=12\"" },
        { "Unit", "ConditionMemoryPressure", "a-b.slice:12.5%/1min" },
        { "Unit", "RequiresMountsFor", "/a \"/b c\"" },
        { "Unit", "SourcePath", "/etc/a b" },
        { "Unit", "OnFailureJobMode", "replace-irreversibly" },
        { "Unit", "FailureAction", "reboot-force" },
        { "Unit", "FailureActionExitStatus", "42" },
        { "Unit", "CollectMode", "inactive-or-failed" },
        { "Unit", "JobTimeoutSec", "1min 5s" },
        { "Install", "Alias", "other.container" },
        { "Install", "DefaultInstance", "a:b" },
        { "Service", "AllowedCPUs", "0-3 7 9" },
        { "Service", "BPFProgram", "ingress:/sys/fs/bpf/x" },
        { "Service", "BindNetworkInterface", "vrf0" },
        { "Service", "CPUAffinity", "1 3-5" },
        { "Service", "CPUAffinity", "numa" },
        { "Service", "CPUQuota", "150%" },
        { "Service", "CPUQuotaPeriodSec", "10ms" },
        { "Service", "CPUSchedulingPolicy", "fifo" },
        { "Service", "CPUSchedulingPriority", "50" },
        { "Service", "CPUSetPartition", "isolated" },
        { "Service", "CPUWeight", "idle" },
        { "Service", "Delegate", "yes" },
        { "Service", "Delegate", "cpu memory" },
        { "Service", "DelegateSubgroup", "payload" },
        { "Service", "DeviceAllow", "char-pts rw" },
        { "Service", "DevicePolicy", "closed" },
        { "Service", "DisableControllers", "io pids" },
        { "Service", "Environment", "\"A=b c\"" },
        { "Service", "EnvironmentFile", "-/etc/env" },
        { "Service", "ExecCondition", "/bin/true" },
        { "Service", "ExecReload", "-@/bin/sh sh -c \"kill -HUP $X\"" },
        { "Service", "ExecStartPre", ":+/bin/a \"b c\" ; !!sh -c d ; |echo \";\" \"\"" },
        { "Service", "ExecStop", "!/bin/a \"back\\\\slash\"" },
        { "Service", "ExitType", "cgroup" },
        { "Service", "FileDescriptorStorePreserve", "on-success" },
        { "Service", "IODeviceLatencyTargetSec", "/dev/sda 25ms" },
        { "Service", "IODeviceWeight", "\"/dev/a b\" 200" },
        { "Service", "IOReadBandwidthMax", "/dev/sda 5M" },
        { "Service", "IOSchedulingClass", "realtime" },
        { "Service", "IOSchedulingClass", "7" },
        { "Service", "IOSchedulingPriority", "7" },
        { "Service", "IOWeight", "7" },
        { "Service", "IOWriteIOPSMax", "/dev/sda infinity" },
        { "Service", "IPAddressAllow", "localhost 10.1.2.3/8" },
        { "Service", "IPIngressFilterPath", "/sys/fs/bpf/in" },
        { "Service", "KillMode", "control-group" },
        { "Service", "KillSignal", "SIGRTMIN+3" },
        { "Service", "LimitCPU", "1min:infinity" },
        { "Service", "LimitMEMLOCK", "64K" },
        { "Service", "LimitNICE", "-5" },
        { "Service", "LimitNOFILE", "1024:4096" },
        { "Service", "LogExtraFields", "A=b \"C=d e\"" },
        { "Service", "LogLevelMax", "warning" },
        { "Service", "ManagedOOMMemoryPressureLimit", "12.5%" },
        { "Service", "ManagedOOMPreference", "avoid" },
        { "Service", "ManagedOOMSwap", "kill" },
        { "Service", "MemoryLow", "0" },
        { "Service", "MemoryPressureWatch", "skip" },
        { "Service", "MemorySwapMax", "512M" },
        { "Service", "NFTSet", "cgroup:inet:filter:my_set user:ip:a:b" },
        { "Service", "Nice", "-5" },
        { "Service", "NotifyAccess", "exec" },
        { "Service", "OOMPolicy", "continue" },
        { "Service", "OOMScoreAdjust", "-1000" },
        { "Service", "PassEnvironment", "A B_2" },
        { "Service", "Personality", "x86" },
        { "Service", "RestartForceExitStatus", "3 TEMPFAIL SIGUSR1" },
        { "Service", "Restart", "on-abort" },
        { "Service", "RestartMode", "debug" },
        { "Service", "RestrictNetworkInterfaces", "~eth0 lo" },
        { "Service", "RuntimeMaxSec", "2d" },
        { "Service", "Slice", "a-b.slice" },
        { "Service", "SocketBindAllow", "ipv6:udp:8000-8010" },
        { "Service", "SocketBindDeny", "any" },
        { "Service", "SocketBindDeny", "tcp:" },
        { "Service", "StandardOutput", "append:/var/log/x" },
        { "Service", "StartupIOWeight", "10" },
        { "Service", "TasksMax", "17" },
        { "Service", "TimeoutSec", "20s" },
        { "Service", "TimeoutStopFailureMode", "abort" },
        { "Service", "Type", "notify-reload" },
        { "Service", "UMask", "0077" },
        { "Service", "UnsetEnvironment", "A \"B=c d\"" },
        { "Service", "User", "nobody" },
        { "Service", "WorkingDirectory", "-/srv/x" },
};

START_TEST(values_survive_format_and_parse) {
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                const Key *k = key_find(key_table_find(values[i].section), values[i].key);
                uint64_t first[64] = {}, second[64] = {};
                autofree char *once = NULL, *twice = NULL;
                KeyInput in = { .text = values[i].value };

                ck_assert_msg(k, "%s", values[i].key);
                in.key = k->name;
                ck_assert_msg(k->type->parse(&in, first) == 0, "%s=%s", k->name, values[i].value);
                once = k->type->format(first);
                in.text = once;
                ck_assert_msg(k->type->parse(&in, second) == 0, "%s=%s", k->name, once);
                twice = k->type->format(second);
                ck_assert_str_eq(once, twice);
                ck_assert_msg(*once, "%s=%s comes back as nothing", k->name, values[i].value);
                k->type->clear(first);
                k->type->clear(second);
        }
}
END_TEST

/* Whoever adds a type adds a value above, too. */
START_TEST(every_type_has_a_value) {
        static const char *const plain[] = { "bool",  "text",  "number", "span",
                                             "words", "texts", "memory", NULL };

        for (size_t t = 0; key_tables[t]; t++)
                for (size_t k = 0; k < key_tables[t]->n; k++) {
                        const KeyType *type = key_tables[t]->keys[k].type;
                        bool found = strv_contains((char **) plain, type->name) ||
                                     !streq(key_tables[t]->peer, "systemd");

                        for (size_t i = 0; i < ELEMENTSOF(values) && !found; i++)
                                found = key_find(key_table_find(values[i].section), values[i].key)->type ==
                                        type;
                        ck_assert_msg(found, "%s", type->name);
                }
}
END_TEST

/* An untouched field, and one at its default, are written so that they are read again. */
START_TEST(defaults_survive_format_and_parse) {
        for (size_t t = 0; key_tables[t]; t++)
                for (size_t i = 0; i < key_tables[t]->n; i++) {
                        const Key *k = &key_tables[t]->keys[i];
                        uint64_t first[64] = {}, second[64] = {};
                        KeyInput in = { .key = k->name, .text = k->fallback };
                        autofree char *once = NULL, *twice = NULL;

                        k->type->clear(first);
                        k->type->clear(second);
                        if (k->fallback)
                                ck_assert_int_eq(k->type->parse(&in, first), 0);
                        once = k->type->format(first);
                        in.text = once;
                        if (*once)
                                ck_assert_msg(k->type->parse(&in, second) == 0, "%s=%s", k->name, once);
                        twice = k->type->format(second);
                        ck_assert_msg(streq(once, twice), "%s: %s, %s", k->name, once, twice);
                        k->type->clear(first);
                        k->type->clear(second);
                }
}
END_TEST

static void *blank(const KeyTable *table) {
        void *section = calloc(1, table->size);

        ck_assert_ptr_nonnull(section);
        ck_assert_int_eq(key_table_set_defaults(table, section), 0);
        return section;
}

static void discard(const KeyTable *table, void *section) {
        key_table_clear(table, section);
        free(section);
}

/* The field of TimeoutSec= is those of two other keys. */
static bool is_two_in_one(const Key *k) {
        return streq(k->name, "TimeoutSec");
}

/* All keys but @except, which may be NULL, are as without any assignment. */
static void assert_blank(const KeyTable *table, const void *section, const Key *except) {
        for (size_t i = 0; i < table->n; i++) {
                const Key *k = &table->keys[i];
                KeyInput in = { .key = k->name, .text = k->fallback };
                autofree char *now = key_format(k, section), *wanted = NULL;
                uint64_t field[64] = {};

                if (k == except || is_two_in_one(k))
                        continue;
                k->type->clear(field);
                if (k->fallback)
                        ck_assert_int_eq(k->type->parse(&in, field), 0);
                wanted = k->type->format(field);
                ck_assert_msg(streq(now, wanted), "%s: %s, not %s", k->name, now, wanted);
                k->type->clear(field);
        }
}

/* What units have in common is written to by none of them. */
START_TEST(units_do_not_change_each_other) {
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                const KeyTable *table = key_table_find(values[i].section);
                const Key *k = key_find(table, values[i].key);
                void *before, *changed, *after;
                KeyInput in = { .key = k->name, .text = values[i].value };

                if (is_two_in_one(k))
                        continue;
                before = blank(table);
                changed = blank(table);
                ck_assert_int_eq(key_assign(table, k, &in, changed), 0);
                after = blank(table);
                assert_blank(table, before, NULL);
                assert_blank(table, after, NULL);
                assert_blank(table, changed, k);

                in.text = "";
                ck_assert_int_eq(key_assign(table, k, &in, before), 0);
                ck_assert_int_eq(key_assign(table, k, &in, changed), 0);
                assert_blank(table, changed, k->flags & (KEY_EMPTY | KEY_NO_RESET) ? k : NULL);
                discard(table, changed);
                assert_blank(table, after, NULL);
                discard(table, after);
                discard(table, before);
        }
}
END_TEST

START_TEST(old_names_lead_to_keys) {
        static const struct {
                const char *section, *name, *new_section, *new_name;
        } aliases[] = {
#define KEY_ALIAS(section, name, new_section, new_name, how) { #section, #name, #new_section, #new_name },
#include "spec/key-aliases.def"
        };

        for (size_t i = 0; i < ELEMENTSOF(aliases); i++) {
                ck_assert_msg(key_find(key_table_find(aliases[i].new_section), aliases[i].new_name), "%s",
                              aliases[i].new_name);
                ck_assert_msg(!key_find(key_table_find(aliases[i].section), aliases[i].name), "%s",
                              aliases[i].name);
                ck_assert_msg(!key_known_reason(aliases[i].section, aliases[i].name), "%s", aliases[i].name);
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
          no_supported_key_is_listed_as_unsupported, known_keys_are_sorted, keys_are_found,
          values_survive_format_and_parse, every_type_has_a_value, defaults_survive_format_and_parse,
          units_do_not_change_each_other, old_names_lead_to_keys, every_limit_has_a_name)
