/* Keys of [Unit] and [Service]: what values are taken, what is made of them, and each message word for word.
 */

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec-helper.h"
#include "spec/key.h"

#define WEB(lines) "[Container]\nImage=nginx\n" lines

/* A unit that may be spoken about, but has no error. */
static UnitSpec *web(const char *lines) {
        autoptr(Diag) diag = diag_new();
        autofree char *text = NULL, *said = NULL;
        UnitSpec *u;

        ck_assert_int_gt(asprintf(&text, WEB("%s"), lines), 0);
        if (load_text("web.container", text, diag, &u) < 0) {
                said = diag_to_string(diag);
                ck_abort_msg("%s", said);
        }
        return u;
}

typedef struct ValueCase {
        const char *section, *key, *value;
        const char *expected; /* what is made of it; or, with "column: ", the error */
} ValueCase;

static void check_values(const ValueCase *cases, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const ValueCase *c = &cases[i];
                const KeyTable *table = key_table_find(c->section);
                const Key *key = key_find(table, c->key);
                autofree uint8_t *section = calloc(1, 64 * 1024);
                autofree char *said = NULL, *made = NULL;
                autoptr(Diag) diag = diag_new();
                KeyInput in = { .key = c->key,
                                .text = c->value,
                                .at = { .file = "x", .line = 1, .column = 1 },
                                .diag = diag };

                ck_assert_msg(key, "%s", c->key);
                ck_assert_int_eq(key_table_set_defaults(table, section), 0);
                (void) key_assign(table, key, &in, section);
                said = diag_to_string(diag);
                if (*said)
                        said[strlen(said) - 1] = '\0';
                made = *said ? strdup(said + strlen("x:1:")) : key_format(key, section);
                ck_assert_msg(streq(made, c->expected), "%s=%s\n%s\nexpected %s", c->key, c->value, made,
                              c->expected);
                key_table_clear(table, section);
        }
}

START_TEST(scalars) {
        static const ValueCase cases[] = {
                { "Service", "Nice", "19", "19" },
                { "Service", "Nice", "20", "1: error: Nice=: \"20\" is out of range (-20 ... 19)" },
                { "Service", "Nice", "low", "1: error: Nice=: \"low\" is not of the form -20 ... 19" },
                { "Service", "Nice", "", "0" },
                { "Service", "OOMScoreAdjust", "1001",
                  "1: error: OOMScoreAdjust=: \"1001\" is out of range (-1000 ... 1000)" },
                { "Service", "UMask", "022", "0022" },
                { "Service", "UMask", "0x12", "1: error: UMask=: \"0x12\" is not a file mode" },
                { "Service", "UMask", "", "0022" },
                { "Service", "IOSchedulingClass", "7", "7" },
                { "Service", "IOSchedulingClass", "2", "best-effort" },
                { "Service", "IOSchedulingClass", "idel",
                  "1: error: IOSchedulingClass=: \"idel\" is not one of its values (did you mean "
                  "\"idle\"?)" },
                { "Service", "CPUSchedulingPolicy", "1", "fifo" },
                { "Service", "LogLevelMax", "4", "warning" },
                { "Service", "LogLevelMax", "8",
                  "1: error: LogLevelMax=: \"8\" is not one of its values (emerg | alert | crit | err | "
                  "warning | "
                  "notice | info | debug)" },
                { "Service", "KillSignal", "TERM", "SIGTERM" },
                { "Service", "KillSignal", "15", "SIGTERM" },
                { "Service", "KillSignal", "sigterm",
                  "1: error: KillSignal=: \"sigterm\" is not one of its values (did you mean \"SIGTERM\"?)" },
                { "Service", "KillSignal", "65",
                  "1: error: KillSignal=: \"65\" is not one of its values (a signal, as in SIGTERM)" },
                { "Service", "TimeoutSec", "0", "infinity" },
                { "Service", "RuntimeMaxSec", "0", "0" },
                { "Service", "RuntimeMaxSec", "", "infinity" },
                { "Service", "WatchdogSec", "1min -5s",
                  "1: error: WatchdogSec=: \"1min -5s\" is out of range (SECONDS, or as in 5min 20s)" },
                { "Service", "FileDescriptorStorePreserve", "true", "yes" },
                { "Service", "MemoryPressureWatch", "1", "on" },
                { "Service", "MemoryPressureWatch", "maybe",
                  "1: error: MemoryPressureWatch=: \"maybe\" is not one of its values (auto | on | off | "
                  "skip)" },
                { "Service", "NotifyAccess", "bogus",
                  "1: error: NotifyAccess=: \"bogus\" is not one of its values (none | main | exec | all)" },
                { "Service", "OOMPolicy", "stop", "stop" },
                { "Service", "Personality", "x86-46",
                  "1: error: Personality=: \"x86-46\" is not one of its values (did you mean \"x86-64\"?)" },
                { "Service", "Slice", "a.slice", "a.slice" },
                { "Service", "Slice", "-.slice", "-.slice" },
                { "Service", "Slice", "system",
                  "1: error: Slice=: \"system\" is not the name of a slice (NAME.slice)" },
                { "Service", "Slice", "a--b.slice",
                  "1: error: Slice=: \"a--b.slice\" is not the name of a slice (NAME.slice)" },
                { "Service", "DelegateSubgroup", "a/b",
                  "1: error: DelegateSubgroup=: \"a/b\" is not the name of a cgroup" },
                { "Service", "WorkingDirectory", "-/x", "-/x" },
                { "Service", "WorkingDirectory", "~", "~" },
                { "Service", "WorkingDirectory", "/x/../y",
                  "1: error: WorkingDirectory=: path \"/x/../y\" must not contain \"..\"" },
                { "Service", "WorkingDirectory", "-x",
                  "2: error: WorkingDirectory=: \"x\" is not an absolute path" },
                { "Service", "StandardOutput", "null", "null" },
                { "Service", "StandardOutput", "fd:foo", "fd:foo" },
                { "Service", "StandardOutput", "file:x",
                  "6: error: StandardOutput=: \"x\" is not an absolute path" },
                { "Service", "StandardError", "jornal",
                  "1: error: StandardError=: \"jornal\" is not one of its values (did you mean "
                  "\"journal\"?)" },
                { "Unit", "SuccessActionExitStatus", "256",
                  "1: error: SuccessActionExitStatus=: \"256\" is not a number from 0 to 255" },
                { "Unit", "StartLimitAction", "rebot",
                  "1: error: StartLimitAction=: \"rebot\" is not one of its values (did you mean "
                  "\"reboot\"?)" },
                { "Unit", "JobTimeoutSec", "0", "infinity" },
                { "Install", "DefaultInstance", "a b",
                  "2: error: DefaultInstance=: an instance is made of letters, digits and \":-_.\\@\"" },
        };

        check_values(cases, ELEMENTSOF(cases));
}
END_TEST

START_TEST(limits_of_processes) {
        static const ValueCase cases[] = {
                { "Service", "LimitNOFILE", "1024", "1024" },
                { "Service", "LimitNOFILE", "1024:4096", "1024:4096" },
                { "Service", "LimitNOFILE", "infinity:1",
                  "1: error: LimitNOFILE=: the soft limit is above the hard limit" },
                { "Service", "LimitNOFILE", "many",
                  "1: error: LimitNOFILE=: \"many\" is not of the form LIMIT[:LIMIT] | infinity" },
                { "Service", "LimitNOFILE", "1K",
                  "1: error: LimitNOFILE=: \"1K\" is not of the form LIMIT[:LIMIT] | infinity" },
                { "Service", "LimitCPU", "5", "5" },
                { "Service", "LimitCPU", "5min", "300" },
                { "Service", "LimitCPU", "1500ms", "2" },
                { "Service", "LimitNICE", "-5", "25" },
                { "Service", "LimitNICE", "+5", "15" },
                { "Service", "LimitNICE", "20", "20" },
                { "Service", "LimitNICE", "41",
                  "1: error: LimitNICE=: \"41\" is not of the form LIMIT[:LIMIT] | infinity" },
                { "Service", "LimitRTTIME", "1ms", "1000" },
                { "Service", "LimitRTTIME", "7", "7" },
                { "Service", "LimitMEMLOCK", "64K", "65536" },
                { "Service", "LimitCORE", "infinity", "infinity" },
                { "Service", "LimitAS", "", "" },
        };

        check_values(cases, ELEMENTSOF(cases));
}
END_TEST

START_TEST(resources) {
        static const ValueCase cases[] = {
                { "Service", "CPUWeight", "idle", "idle" },
                { "Service", "CPUWeight", "10001",
                  "1: error: CPUWeight=: \"10001\" is out of range (1 ... 10000)" },
                { "Service", "CPUQuotaPeriodSec", "2s",
                  "1: error: CPUQuotaPeriodSec=: \"2s\" is out of range (1ms ... 1s)" },
                { "Service", "AllowedCPUs", "3 0-1,2 8", "0-3 8" },
                { "Service", "AllowedCPUs", "8 6 4 5-7", "4-8" },
                { "Service", "AllowedCPUs", "0,3-1",
                  "3: error: AllowedCPUs=: \"3-1\" is not of the form NUMBER[-NUMBER], up to 8191" },
                { "Service", "AllowedCPUs", "9999",
                  "1: error: AllowedCPUs=: \"9999\" is out of range (NUMBER[-NUMBER], up to 8191)" },
                { "Service", "CPUAffinity", "0 1", "0-1" },
                { "Service", "CPUAffinity", "bogus",
                  "1: error: CPUAffinity=: \"bogus\" is not of the form NUMBER[-NUMBER], up to 8191" },
                { "Service", "MemoryLow", "0", "0" },
                { "Service", "MemoryMin", "infinity", "infinity" },
                { "Service", "MemoryHigh", "0", "1: error: MemoryHigh=: nothing runs in no memory" },
                { "Service", "MemorySwapMax", "0", "0" },
                { "Service", "MemoryMax", "1G1M", "1074790400" },
                { "Service", "MemoryMax", "1k",
                  "1: error: MemoryMax=: \"1k\" is not of the form BYTES, with K, M, G or T | PERCENT% | "
                  "infinity" },
                { "Service", "TasksMax", "10", "10" },
                { "Service", "TasksMax", "infinity", "infinity" },
                { "Service", "TasksMax", "1K",
                  "1: error: TasksMax=: \"1K\" is not of the form NUMBER | PERCENT% | infinity" },
                { "Service", "CPUQuota", "0%", "1: error: CPUQuota=: \"0%\" is out of range (PERCENT%)" },
                { "Service", "CPUQuota", "0.1%", "0.1%" },
                { "Service", "IODeviceWeight", "/dev/sda 100", "/dev/sda 100" },
                { "Service", "IODeviceWeight", "/dev/sda",
                  "1: error: IODeviceWeight=: \"/dev/sda\" is not of the form /DEVICE 1 ... 10000" },
                { "Service", "IODeviceWeight", "sda 100",
                  "1: error: IODeviceWeight=: \"sda\" is not an absolute path" },
                { "Service", "IODeviceWeight", "/dev/sda 0",
                  "10: error: IODeviceWeight=: \"0\" is out of range (/DEVICE 1 ... 10000)" },
                { "Service", "IOReadBandwidthMax", "/dev/sda 1K", "/dev/sda 1000" },
                { "Service", "IOWriteIOPSMax", "/dev/sda infinity", "/dev/sda infinity" },
                { "Service", "IOReadIOPSMax", "/dev/sda 0",
                  "10: error: IOReadIOPSMax=: \"0\" is out of range (/DEVICE NUMBER, with K, M or G)" },
                { "Service", "IODeviceLatencyTargetSec", "/dev/sda 25ms", "/dev/sda 25000us" },
                { "Service", "Delegate", "", "" },
                { "Service", "Delegate", "no", "no" },
                { "Service", "Delegate", "cpu memory", "cpu memory" },
                { "Service", "Delegate", "memroy",
                  "1: error: Delegate=: \"memroy\" is not one of its values (did you mean \"memory\"?)" },
                { "Service", "ManagedOOMMemoryPressureLimit", "50%", "50%" },
                { "Service", "ManagedOOMMemoryPressureLimit", "101%",
                  "1: error: ManagedOOMMemoryPressureLimit=: \"101%\" is out of range (PERCENT%)" },
        };
        autoptr(UnitSpec) u =
                web("[Service]\nTasksMax=50%\nIODeviceWeight=/dev/sda 1\nIODeviceWeight=/dev/sda 2\n"
                    "Delegate=cpu\nDelegate=io\nAllowedCPUs=1\nAllowedCPUs=\nAllowedCPUs=2\n");
        const ResourceSection *r = u->service.resources;
        const LimitSpec *l = u->service.limits;

        check_values(cases, ELEMENTSOF(cases));
        ck_assert_uint_gt(u->service.tasks_max, 0);
        ck_assert_uint_lt(u->service.tasks_max, 1 << 23);
        ck_assert_uint_eq(l->io_device_weight.n, 1);
        ck_assert_uint_eq(l->io_device_weight.items[0].value, 2);
        ck_assert_uint_eq(r->delegate.controllers, 1 << CONTROLLER_CPU | 1 << CONTROLLER_IO);
        ck_assert_uint_eq(l->cpus.n, 1);
        ck_assert_uint_eq(l->cpus.items[0].first, 2);
        ck_assert_uint_eq(r->startup_memory_low, UINT64_MAX);
}
END_TEST

START_TEST(filters) {
        static const ValueCase cases[] = {
                { "Service", "DeviceAllow", "/dev/null", "/dev/null rwm" },
                { "Service", "DeviceAllow", "char-pts r", "char-pts r" },
                { "Service", "DeviceAllow", "bogus rw",
                  "1: error: DeviceAllow=: \"bogus\" is neither below /dev nor of the form char-NAME or "
                  "block-NAME" },
                { "Service", "DeviceAllow", "/dev/null xyz",
                  "11: error: DeviceAllow=: rights are made of r, w and m" },
                { "Service", "IPAddressAllow", "10.0.0.0/8", "10.0.0.0/8" },
                { "Service", "IPAddressAllow", "10.1.2.3/8 ::1", "10.0.0.0/8 ::1/128" },
                { "Service", "IPAddressAllow", "localhost", "127.0.0.0/8 ::1/128" },
                { "Service", "IPAddressDeny", "any", "0.0.0.0/0 ::/0" },
                { "Service", "IPAddressDeny", "link-local multicast",
                  "169.254.0.0/16 fe80::/64 224.0.0.0/4 ff00::/8" },
                { "Service", "IPAddressAllow", "::1 bogus",
                  "5: error: IPAddressAllow=: \"bogus\" is not of the form ADDRESS[/BITS] | any | localhost "
                  "| "
                  "link-local | multicast ..." },
                { "Service", "SocketBindAllow", "80", "80" },
                { "Service", "SocketBindAllow", "tcp:80-90", "tcp:80-90" },
                { "Service", "SocketBindAllow", "ipv4:udp", "ipv4:udp:" },
                { "Service", "SocketBindDeny", "any", "any" },
                { "Service", "SocketBindDeny", "ipv5:80",
                  "1: error: SocketBindDeny=: \"ipv5:80\" is not of the form "
                  "[ipv4:|ipv6:][tcp:|udp:][PORT[-PORT]] "
                  "| any" },
                { "Service", "SocketBindDeny", "90-80",
                  "1: error: SocketBindDeny=: \"90-80\" is not of the form "
                  "[ipv4:|ipv6:][tcp:|udp:][PORT[-PORT]] "
                  "| any" },
                { "Service", "RestrictNetworkInterfaces", "~eth0 eth1", "~eth0 eth1" },
                { "Service", "RestrictNetworkInterfaces", "a/b",
                  "1: error: RestrictNetworkInterfaces=: \"a/b\" is not the name of a network interface" },
                { "Service", "NFTSet", "cgroup:inet:t:s", "cgroup:inet:t:s" },
                { "Service", "NFTSet", "cgroup:inet:t",
                  "1: error: NFTSet=: \"cgroup:inet:t\" is not of the form "
                  "cgroup|user|group:FAMILY:TABLE:SET ..." },
                { "Service", "BPFProgram", "ingres:/x",
                  "1: error: BPFProgram=: \"ingres\" is not one of its values (did you mean \"ingress\"?)" },
                { "Service", "IPIngressFilterPath", "x",
                  "1: error: IPIngressFilterPath=: \"x\" is not an absolute path" },
                { "Service", "PassEnvironment", "A 1B",
                  "3: error: PassEnvironment=: \"1B\" is not the name of a variable" },
                { "Service", "LogExtraFields", "a=b",
                  "1: error: LogExtraFields=: \"a=b\" is not of the form FIELD=VALUE" },
        };

        check_values(cases, ELEMENTSOF(cases));
        assert_messages(
                "web.container",
                WEB("[Service]\nRestrictNetworkInterfaces=a\nRestrictNetworkInterfaces=~b\n"), -EINVAL,
                "4:1: warning: RestrictNetworkInterfaces= is not supported yet\n"
                "5:1: warning: RestrictNetworkInterfaces= is not supported yet\n"
                "5:27: error: RestrictNetworkInterfaces=: names with and without \"~\" do not go together");
}
END_TEST

START_TEST(conditions) {
        static const ValueCase cases[] = {
                { "Unit", "ConditionPathExists", "/a//b/", "/a/b" },
                { "Unit", "ConditionPathExists", "| ! /x", "|!/x" },
                { "Unit", "ConditionPathExists", "!|/x",
                  "2: error: ConditionPathExists=: \"|/x\" is not an absolute path" },
                { "Unit", "ConditionPathExists", "rel",
                  "1: error: ConditionPathExists=: \"rel\" is not an absolute path" },
                { "Unit", "AssertPathExists", "|",
                  "1: error: AssertPathExists=: there is nothing behind \"|\"" },
                { "Unit", "ConditionArchitecture", "x86-64", "x86-64" },
                { "Unit", "ConditionArchitecture", "amr64",
                  "1: error: ConditionArchitecture=: \"amr64\" is not one of its values (did you mean "
                  "\"arm64\"?)" },
                { "Unit", "ConditionVirtualization", "!container", "!container" },
                { "Unit", "ConditionVirtualization", "dokcer",
                  "1: error: ConditionVirtualization=: \"dokcer\" is not one of its values (did you mean "
                  "\"docker\"?)" },
                { "Unit", "ConditionKernelVersion", ">=5", ">=5" },
                { "Unit", "ConditionKernelVersion", ">= 5.10 < 7", ">= 5.10 < 7" },
                { "Unit", "ConditionKernelVersion", ">=",
                  "1: error: ConditionKernelVersion=: \">=\" is not of the form [OPERATOR]VERSION, as in "
                  ">=6.1" },
                { "Unit", "ConditionVersion", "glib >=2",
                  "1: error: ConditionVersion=: \"glib\" is not one of its values (did you mean "
                  "\"glibc\"?)" },
                { "Unit", "ConditionCapability", "CAP_KILL", "CAP_KILL" },
                { "Unit", "ConditionCapability", "CAP_KIL",
                  "1: error: ConditionCapability=: \"CAP_KIL\" is not a capability" },
                { "Unit", "ConditionCPUs", ">=1", ">=1" },
                { "Unit", "ConditionCPUs", "many",
                  "1: error: ConditionCPUs=: \"many\" is not of the form [OPERATOR]NUMBER, as in >=4" },
                { "Unit", "ConditionMemory", "< 4G", "< 4G" },
                { "Unit", "ConditionMemory", "4x",
                  "1: error: ConditionMemory=: \"4x\" is not of the form [OPERATOR]BYTES, as in >=4G" },
                { "Unit", "ConditionMemoryPressure", "10%/5min", "10%/5min" },
                { "Unit", "ConditionMemoryPressure", "10%/2min",
                  "1: error: ConditionMemoryPressure=: the kernel averages over 10s, 1min and 5min only" },
                { "Unit", "ConditionIOPressure", "x:10%",
                  "1: error: ConditionIOPressure=: \"x:10%\" is not of the form "
                  "[NAME.slice:]PERCENT%[/SPAN], as in "
                  "10%/1min" },
                { "Unit", "ConditionControlGroupController", "cpu memroy",
                  "5: error: ConditionControlGroupController=: \"memroy\" is not one of its values (did you "
                  "mean "
                  "\"memory\"?)" },
                { "Unit", "ConditionEnvironment", "=x",
                  "1: error: ConditionEnvironment=: \"=x\" is not of the form NAME[=VALUE]" },
                { "Unit", "ConditionFraction", "canary 10%", "canary 10%" },
                { "Unit", "ConditionFraction", "10",
                  "1: error: ConditionFraction=: \"10\" is not of the form [WORD ]PERCENT%" },
                { "Unit", "ConditionOSRelease", "ID",
                  "1: error: ConditionOSRelease=: \"ID\" is not of the form FIELD=VALUE, as in ID=debian" },
                { "Unit", "ConditionFirstBoot", "2",
                  "1: error: ConditionFirstBoot=: \"2\" is not of the form yes | no" },
                { "Unit", "ConditionSecurity", "apparmour",
                  "1: error: ConditionSecurity=: \"apparmour\" is not one of its values (did you mean "
                  "\"apparmor\"?)" },
                { "Unit", "ConditionHost", "a b", "2: error: ConditionHost=: takes one word" },
        };
        autoptr(UnitSpec) u =
                web("[Unit]\nConditionPathExists=/a\nConditionPathExists=|!/b\nAssertPathExists=/d\n"
                    "ConditionMemory=\nConditionPathExists=!/c/%p\n");
        const ConditionList *list = &u->unit.conditions->lists[CONDITION_PATH_EXISTS];

        check_values(cases, ELEMENTSOF(cases));

        /* An empty one takes all back, but no Assert. */
        ck_assert(list->first && !list->first->next);
        ck_assert(list->first->negate && !list->first->trigger);
        ck_assert_str_eq(list->first->value, "/c/web");
        ck_assert_ptr_nonnull(u->unit.asserts->lists[CONDITION_PATH_EXISTS].first);
}
END_TEST

START_TEST(hooks) {
        static const ValueCase cases[] = {
                { "Service", "ExecStop", "/bin//a b 'c d'", "/bin/a b \"c d\"" },
                { "Service", "ExecStop", "\"/bin/with blank\" x", "\"/bin/with blank\" x" },
                { "Service", "ExecStop", "/bin/a ; /bin/b \\; \";\" ;", "/bin/a ; /bin/b \";\" \";\"" },
                { "Service", "ExecStop", "-@:/bin/a zero one", "-@:/bin/a zero one" },
                { "Service", "ExecStop", ":@-/bin/a zero one", "-@:/bin/a zero one" },
                { "Service", "ExecStop", "!!-/bin/a", "-!!/bin/a" },
                { "Service", "ExecStop", "|echo $HOME $$", "|echo $HOME $$" },
                { "Service", "ExecStop", "sh -c 'a\\tb'", "sh -c \"a\tb\"" },
                { "Service", "ExecStop", "bin/a",
                  "1: error: ExecStop=: \"bin/a\" is neither an absolute path nor the name of a program" },
                { "Service", "ExecStop", "+!/bin/a",
                  "2: error: ExecStop=: \"!/bin/a\" is neither an absolute path nor the name of a program" },
                { "Service", "ExecStop", "-", "2: error: ExecStop=: the program is missing" },
                { "Service", "ExecStop", "/bin/a ; @/bin/b",
                  "10: error: ExecStop=: \"@\" needs a word behind the program" },
                { "Service", "ExecStop", "/bin/a ; $X y",
                  "10: error: ExecStop=: the program must not be a variable (/usr/bin/env runs a program "
                  "that a "
                  "variable names)" },
                { "Service", "ExecStop", "/bin/", "1: error: ExecStop=: \"/bin/\" is a directory" },
                { "Service", "ExecStop", "/bin/a \"b", "8: error: Quote is not closed" },
                { "Service", "ExecStop", "", "" },
        };
        autoptr(UnitSpec) u =
                web("[Service]\nExecStartPre=/bin/a\nExecStartPre=\nExecStartPre=/bin/b %N ; -/bin/c\n"
                    "ExecStartPre=@/bin/d e f\n");
        const ExecCommandList *list = &u->service.hooks->start_pre;

        check_values(cases, ELEMENTSOF(cases));

        ck_assert_uint_eq(list->n, 3);
        ck_assert_str_eq(list->items[0].argv[0], "/bin/b");
        ck_assert_str_eq(list->items[0].argv[1], "web");
        ck_assert_uint_eq(list->items[1].flags, COMMAND_IGNORE_FAILURE);
        ck_assert_str_eq(list->items[2].path, "/bin/d");
        ck_assert_str_eq(list->items[2].argv[0], "e");
        ck_assert_uint_eq(strv_length(list->items[2].argv), 2);
}
END_TEST

START_TEST(timeouts_in_order) {
        autoptr(UnitSpec) both = web("[Service]\nTimeoutStartSec=1\nTimeoutSec=2\n");
        autoptr(UnitSpec) start = web("[Service]\nTimeoutSec=2\nTimeoutStartSec=1\n");
        autoptr(UnitSpec) oneshot = web("[Service]\nType=oneshot\nTimeoutSec=3\n");

        ck_assert_uint_eq(both->service.timeouts.start, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(both->service.timeouts.stop, 2 * USEC_PER_SEC);
        ck_assert(both->service.timeout_start_set && both->service.timeout_stop_set);
        ck_assert_uint_eq(start->service.timeouts.start, 1 * USEC_PER_SEC);
        ck_assert_uint_eq(start->service.timeouts.stop, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(oneshot->service.timeouts.start, 3 * USEC_PER_SEC);
}
END_TEST

START_TEST(old_names) {
        autoptr(UnitSpec) u = web("[Unit]\nBindTo=db\nOnFailureIsolate=yes\nStartLimitInterval=5\n[Service]\n"
                                  "CPUShares=2048\nBlockIODeviceWeight=/dev/sda 1000\nMemoryLimit=1M\n"
                                  "StartLimitBurst=7\nStartupBlockIOWeight=\n");

        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_BINDS_TO][0], "db.container");
        ck_assert_int_eq(u->unit.on_failure_job_mode, ON_JOB_ISOLATE);
        ck_assert_uint_eq(u->unit.start_limit_interval, 5 * USEC_PER_SEC);
        ck_assert_uint_eq(u->unit.start_limit_burst, 7);
        ck_assert_uint_eq(u->service.limits->cpu_weight, 200);
        ck_assert_uint_eq(u->service.memory_max, 1 << 20);
        ck_assert_uint_eq(u->service.limits->io_device_weight.items[0].value, 200);
        ck_assert(unit_spec_is_set(u, "Unit", "StartLimitBurst"));
        ck_assert(unit_spec_is_set(u, "Service", "MemoryMax"));

        assert_messages(
                "web.container", WEB("[Service]\nMemoryLimit=1M\nStartLimitInterval=5\nCPUShares=1\n"),
                -EINVAL,
                "4:1: warning: MemoryLimit= is the old name of MemoryMax=\n"
                "5:1: warning: StartLimitInterval= is the old name of StartLimitIntervalSec= of section "
                "[Unit]\n"
                "6:1: warning: CPUShares= is the old name of CPUWeight=\n"
                "6:11: error: CPUShares=: \"1\" is not a number from 2 to 262144");
}
END_TEST

START_TEST(keys_that_have_no_effect_say_why) {
        assert_messages(
                "web.container",
                WEB("[Unit]\nAllowIsolate=yes\nConditionACPower=yes\n"
                    "[Service]\nUser=x\nExecStart=/bin/a\nPrivateTmp=yes\nTasksAccounting=yes\n"
                    "NUMAPolicy=bind\n"),
                0,
                "4:1: warning: AllowIsolate= is for services of the host and has no effect on a container\n"
                "5:1: warning: ConditionACPower= is for services of the host and has no effect on a "
                "container\n"
                "7:1: warning: User= would confine the program that starts a container, of which there is "
                "none here\n"
                "8:1: warning: ExecStart= is for services of the host and has no effect on a container\n"
                "9:1: warning: PrivateTmp= would confine the program that starts a container, of which "
                "there is none here\n"
                "10:1: warning: TasksAccounting= does nothing, because this is always counted\n"
                "11:1: warning: NUMAPolicy= is for services of the host and has no effect on a container");
}
END_TEST

/* Rules over several keys; keys that are not supported yet are warned of as well, which is not what counts
 * here. */
START_TEST(keys_that_do_not_go_together) {
        static const struct {
                const char *lines;
                int r;
                const char *message;
        } cases[] = {
                { "KillMode=none", -EINVAL,
                  "4:10: error: KillMode=none would leave processes behind (a container ends as a whole: "
                  "KillMode=mixed or KillMode=control-group)" },
                { "Type=oneshot\nExitType=cgroup", -EINVAL,
                  "5:10: error: ExitType=cgroup does not go together with Type=oneshot" },
                { "Type=oneshot\nRuntimeMaxSec=1", 0,
                  "5:15: warning: RuntimeMaxSec= does nothing with Type=oneshot" },
                { "RestartSec=0\nRestartSteps=2\nRestartMaxDelaySec=1", 0,
                  "5:14: warning: RestartSteps= does nothing with RestartSec=0: no delay cannot grow" },
                { "RuntimeRandomizedExtraSec=5", 0,
                  "4:27: warning: RuntimeRandomizedExtraSec= does nothing without RuntimeMaxSec=" },
                { "RestartResetSec=5", 0,
                  "4:17: warning: RestartResetSec= does nothing without RestartSteps=" },
                { "ReloadSignal=HUP", 0,
                  "4:14: warning: ReloadSignal= does nothing without Type=notify-reload" },
                { "CPUQuotaPeriodSec=10ms", 0,
                  "4:19: warning: CPUQuotaPeriodSec= does nothing without CPUQuota=" },
                { "WatchdogSignal=ABRT", 0,
                  "4:16: warning: WatchdogSignal= does nothing without WatchdogSec=" },
                { "Restart=on-watchdog", 0,
                  "4:9: warning: Restart=on-watchdog does nothing without WatchdogSec=" },
                { "Type=notify-reload\nNotifyAccess=none", 0,
                  "5:14: warning: NotifyAccess=none leaves the program without a voice (NotifyAccess=main is "
                  "used)" },
                { "SendSIGKILL=no\nTimeoutStopSec=infinity", 0,
                  "4:13: warning: without a time limit nor SIGKILL, a stop may never end" },
                { "CPUSchedulingPriority=5", -EINVAL,
                  "4:23: error: CPUSchedulingPriority= needs CPUSchedulingPolicy=fifo or rr" },
                { "CPUSchedulingPolicy=rr\nCPUSchedulingPriority=0", -EINVAL,
                  "5:23: error: CPUSchedulingPriority= is 1 ... 99 with this policy" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autofree char *text = NULL, *said = NULL;

                ck_assert_int_gt(asprintf(&text, WEB("[Service]\n%s\n"), cases[i].lines), 0);
                said = messages_of("web.container", text, cases[i].r);
                ck_assert_msg(strstr(said, cases[i].message), "%s\n%s", cases[i].lines, said);
        }
}
END_TEST

TEST_MAIN("service-keys", scalars, limits_of_processes, resources, filters, conditions, hooks,
          timeouts_in_order, old_names, keys_that_have_no_effect_say_why, keys_that_do_not_go_together)
