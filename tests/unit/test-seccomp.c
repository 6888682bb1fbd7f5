/* Filters, call by call. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "runtime/seccomp.h"
#include "tests/unit/bpf-run.h"
#include "tests/unit/unit-test.h"

#define DEFAULT_CAPS UINT64_C(0xa80425fb)
#define CAP(c)       (UINT64_C(1) << (c))
#define DENY         (SECCOMP_RET_ERRNO | EPERM)
#define MISSING      (SECCOMP_RET_ERRNO | ENOSYS)

static const SeccompSpec default_filter = { .enabled = true };

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

static uint32_t ask(uint64_t caps, uint32_t arch, int nr, uint64_t argument) {
        struct seccomp_data data = { .nr = nr, .arch = arch, .args = { argument } };
        const struct sock_fprog *p;

        ck_assert_int_eq(seccomp_filter(&default_filter, caps, NULL, &p), 0);
        return bpf_run(p, &data);
}

START_TEST(calls_are_judged) {
        static const int allowed[] = { SYS_read,  SYS_openat, SYS_execve,    SYS_exit_group,
                                       SYS_prctl, SYS_capset, SYS_setresuid, SYS_clock_nanosleep,
                                       SYS_statx, 434,        439,           449,
                                       452,       462 };
        static const int denied[] = { SYS_mount,
                                      SYS_unshare,
                                      SYS_setns,
                                      SYS_bpf,
                                      SYS_keyctl,
                                      SYS_kexec_load,
                                      SYS_userfaultfd,
                                      SYS_reboot,
                                      SYS_init_module,
                                      SYS_acct,
                                      425,
                                      428,
                                      442 };

        for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
                ck_assert_msg(ask(DEFAULT_CAPS, NATIVE, allowed[i], 0) == SECCOMP_RET_ALLOW, "%d",
                              allowed[i]);
        for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
                ck_assert_msg(ask(DEFAULT_CAPS, NATIVE, denied[i], 0) == DENY, "%d", denied[i]);
        ck_assert_uint_eq(ask(DEFAULT_CAPS, NATIVE, 435, 0), MISSING);
        ck_assert_uint_eq(ask(DEFAULT_CAPS, NATIVE, 468, 0), MISSING);
        ck_assert_uint_eq(ask(DEFAULT_CAPS, NATIVE, -1, 0), MISSING);
        ck_assert_uint_eq(ask(DEFAULT_CAPS, AUDIT_ARCH_S390X, 1, 0), SECCOMP_RET_KILL_PROCESS);
}
END_TEST

/* The kernel remembers them when the filter is installed, and runs it no more for them. */
START_TEST(allowed_calls_are_not_filtered) {
        static const int allowed[] = { SYS_read, SYS_openat, SYS_futex, SYS_exit_group, SYS_statx, 462 };
        const struct sock_fprog *p;

        ck_assert_int_eq(seccomp_filter(&default_filter, DEFAULT_CAPS, NULL, &p), 0);
        for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
                const struct seccomp_data data = { .nr = allowed[i], .arch = NATIVE };
                bool followed;

                ck_assert_uint_eq(bpf_follow(p, &data, &followed), SECCOMP_RET_ALLOW);
                ck_assert_msg(followed, "%d", allowed[i]);
        }
}
END_TEST

START_TEST(capabilities_open_calls) {
        ck_assert_uint_eq(ask(CAP(CAP_SYS_ADMIN), NATIVE, SYS_mount, 0), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask(CAP(CAP_SYS_ADMIN), NATIVE, 435, 0), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask(CAP(CAP_SYS_ADMIN), NATIVE, SYS_clone, CLONE_NEWUSER), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask(CAP(CAP_SYS_BOOT), NATIVE, SYS_reboot, 0), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask(CAP(CAP_SYS_BOOT), NATIVE, SYS_mount, 0), DENY);
        ck_assert_uint_eq(ask(CAP(CAP_BPF), NATIVE, SYS_bpf, 0), SECCOMP_RET_ALLOW);
}
END_TEST

START_TEST(arguments_are_looked_at) {
        ck_assert_uint_eq(ask(0, NATIVE, SYS_socket, AF_INET), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask(0, NATIVE, SYS_socket, AF_VSOCK), DENY);
        /* The kernel takes an int: the upper half does not make it another family. */
        ck_assert_uint_eq(ask(0, NATIVE, SYS_socket, AF_VSOCK | UINT64_C(1) << 32), DENY);
        ck_assert_uint_eq(ask(0, NATIVE, SYS_clone, CLONE_VM | CLONE_FS | CLONE_FILES), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask(0, NATIVE, SYS_clone, CLONE_NEWNET), DENY);
        ck_assert_uint_eq(ask(0, NATIVE, SYS_personality, 0), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask(0, NATIVE, SYS_personality, 0x20008), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask(0, NATIVE, SYS_personality, UINT32_MAX), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask(0, NATIVE, SYS_personality, 0x40000), DENY);
}
END_TEST

#if defined(__x86_64__)
START_TEST(other_numbers_of_the_same_processor) {
        ck_assert_uint_eq(ask(DEFAULT_CAPS, AUDIT_ARCH_I386, 3, 0), SECCOMP_RET_ALLOW); /* read */
        ck_assert_uint_eq(ask(DEFAULT_CAPS, AUDIT_ARCH_I386, 21, 0), DENY);             /* mount */
        ck_assert_uint_eq(ask(DEFAULT_CAPS, AUDIT_ARCH_I386, 359, AF_VSOCK), DENY);     /* socket */
        ck_assert_uint_eq(ask(DEFAULT_CAPS, AUDIT_ARCH_I386, 359, AF_INET), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask(DEFAULT_CAPS, AUDIT_ARCH_I386, 120, CLONE_NEWUSER), DENY);  /* clone */
        ck_assert_uint_eq(ask(DEFAULT_CAPS, NATIVE, 0x40000000 | SYS_mount, 0), MISSING); /* x32 */
}
END_TEST
#else
START_TEST(other_numbers_of_the_same_processor) {
        ck_assert_uint_eq(ask(DEFAULT_CAPS, AUDIT_ARCH_ARM, 3, 0), SECCOMP_RET_ALLOW); /* read */
        ck_assert_uint_eq(ask(DEFAULT_CAPS, AUDIT_ARCH_ARM, 21, 0), DENY);             /* mount */
}
END_TEST
#endif

START_TEST(filters_are_kept) {
        const struct sock_fprog *a, *b, *c;

        SeccompSpec other = default_filter;

        other.suppress_sync = true;
        ck_assert_int_eq(seccomp_filter(&default_filter, DEFAULT_CAPS, NULL, &a), 0);
        ck_assert_int_eq(seccomp_filter(&default_filter, DEFAULT_CAPS, NULL, &b), 0);
        ck_assert_int_eq(seccomp_filter(&default_filter, 0, NULL, &c), 0);
        ck_assert_ptr_eq(a, b);
        ck_assert_ptr_ne(a, c);
        ck_assert_int_eq(seccomp_filter(&other, DEFAULT_CAPS, NULL, &c), 0);
        ck_assert_ptr_ne(a, c);
        ck_assert_uint_lt(a->len, 200);
        seccomp_forget();
        seccomp_forget();
}
END_TEST

static uint32_t ask_spec(const SeccompSpec *spec, uint32_t arch, int nr, uint64_t one, uint64_t two) {
        struct seccomp_data data = { .nr = nr, .arch = arch, .args = { one, two } };
        const struct sock_fprog *p;

        ck_assert_int_eq(seccomp_filter(spec, DEFAULT_CAPS, NULL, &p), 0);
        ck_assert_ptr_nonnull(p);
        return bpf_run(p, &data);
}

START_TEST(a_unit_changes_calls) {
        char *allow[] = { (char *) "mount", (char *) "nonsense", (char *) "clone3", NULL };
        char *deny[] = { (char *) "mkdir", (char *) "mkdirat", NULL };
        SeccompSpec spec = { .enabled = true, .allow = allow, .deny = deny };

        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_mount, 0, 0), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, 435, 0, 0), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_mkdirat, 0, 0), DENY);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_umount2, 0, 0), DENY);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_read, 0, 0), SECCOMP_RET_ALLOW);

        /* Without the default filter only what the unit refuses is refused. */
        spec.enabled = false;
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_mkdirat, 0, 0), DENY);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_umount2, 0, 0), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, 900, 0, 0), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, 0x40000000 | SYS_mkdirat, 0, 0), MISSING);
}
END_TEST

START_TEST(families_are_restricted) {
        const uint32_t refused = SECCOMP_RET_ERRNO | EAFNOSUPPORT;
        SeccompSpec spec = { .enabled = true,
                             .families = { .set = true, .families = 1U << AF_UNIX | 1U << AF_INET6 } };

        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_socket, AF_UNIX, 0), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_socket, AF_INET6, 0), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_socket, AF_UNSPEC, 0), refused);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_socket, AF_INET, 0), refused);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_socket, AF_NETLINK, 0), refused);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_socket, UINT32_MAX, 0), refused);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_socket, AF_INET | UINT64_C(1) << 32, 0), refused);

        spec.families.deny = true;
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_socket, AF_UNIX, 0), refused);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_socket, AF_INET, 0), SECCOMP_RET_ALLOW);
        /* The default filter's own opinion stays. */
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_socket, AF_VSOCK, 0), DENY);
#if defined(__x86_64__)
        ck_assert_uint_eq(ask_spec(&spec, AUDIT_ARCH_I386, 359, AF_UNIX, 0), refused);
        ck_assert_uint_eq(ask_spec(&spec, AUDIT_ARCH_I386, 102, 1, 0), refused); /* socketcall */
        ck_assert_uint_eq(ask_spec(&spec, AUDIT_ARCH_I386, 102, 2, 0), SECCOMP_RET_ALLOW);
#endif

        /* "none" */
        spec.families = (FamilyChoice){ .set = true };
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_socket, AF_UNIX, 0), refused);
}
END_TEST

START_TEST(writing_to_disk_is_suppressed) {
        SeccompSpec spec = { .enabled = true, .suppress_sync = true };

        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_fsync, 0, 0), SECCOMP_RET_ERRNO);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_sync, 0, 0), SECCOMP_RET_ERRNO);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_write, 0, 0), SECCOMP_RET_ALLOW);
}
END_TEST

static const char profile_text[] =
        "{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 13, \"syscalls\": [\n"
        "{ \"names\": [\"read\", \"statx\", \"oldcall\"], \"action\": \"SCMP_ACT_ALLOW\" },\n"
        "{ \"names\": [\"write\"], \"action\": \"SCMP_ACT_KILL\" },\n"
        "{ \"names\": [\"mount\"], \"action\": \"SCMP_ACT_ALLOW\", \"includes\": { \"caps\": "
        "[\"CAP_SYS_ADMIN\"] } },\n"
        "{ \"names\": [\"umount2\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 7,\n"
        "  \"excludes\": { \"caps\": [\"CAP_SYS_ADMIN\"] } },\n"
        "{ \"names\": [\"dup2\", \"dup3\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [\n"
        "  { \"index\": 0, \"value\": 4294967297, \"op\": \"SCMP_CMP_%s\" }, { \"index\": 1, \"value\": 5, "
        "\"op\": "
        "\"SCMP_CMP_EQ\" } ] },\n"
        "{ \"names\": [\"fcntl\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [ { \"index\": 0, \"value\": "
        "12, "
        "\"valueTwo\": 4, \"op\": \"SCMP_CMP_MASKED_EQ\" } ] },\n"
        "{ \"names\": [\"fcntl\"], \"action\": \"SCMP_ACT_TRAP\" },\n"
        "{ \"names\": [\"kill\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [ { \"index\": 1, \"value\": 9, "
        "\"op\": "
        "\"SCMP_CMP_EQ\" }, { \"index\": 1, \"value\": 15, \"op\": \"SCMP_CMP_EQ\" } ] },\n"
        "{ \"names\": [\"statx\"], \"action\": \"SCMP_ACT_KILL\", \"includes\": { \"minKernel\": \"99.0\" } "
        "},\n"
        "{ \"names\": [\"statx\"], \"action\": \"SCMP_ACT_KILL\", \"includes\": { \"arches\": [\"mips\"] } } "
        "] }\n";

static SeccompProfile *profile(const char *op) {
        SeccompProfile *ret = NULL;
        autofree char *text = NULL;
        autoptr(Diag) diag = diag_new();

        ck_assert_int_gt(asprintf(&text, profile_text, op), 0);
        if (seccomp_profile_parse(text, "p.json", DEFAULT_CAPS, diag, &ret) < 0)
                ck_abort_msg("%s", diag_to_string(diag));
        return ret;
}

START_TEST(profiles_of_files) {
        autoptr(SeccompProfile) p = profile("EQ");
        SeccompSpec spec = { .enabled = true, .profile = p };
        const uint32_t acces = SECCOMP_RET_ERRNO | EACCES;

        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_read, 0, 0), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_openat, 0, 0), acces);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_write, 0, 0), SECCOMP_RET_KILL_THREAD);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_mount, 0, 0), acces);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_umount2, 0, 0), SECCOMP_RET_ERRNO | E2BIG);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_statx, 0, 0), SECCOMP_RET_ALLOW);
        /* Younger than all that it names. */
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, 435, 0, 0), MISSING);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, 900, 0, 0), MISSING);

        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_dup3, 4294967297, 5), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_dup3, 1, 5), acces);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_dup3, 4294967297, 6), acces);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_fcntl, 0xf7, 0), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_fcntl, 0xff, 0), SECCOMP_RET_TRAP);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_kill, 1, 15), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_kill, 1, 9), SECCOMP_RET_ALLOW);
        ck_assert_uint_eq(ask_spec(&spec, NATIVE, SYS_kill, 1, 10), acces);
}
END_TEST

/* Each comparison, around the value in both halves. */
START_TEST(comparisons_see_both_halves) {
        static const uint64_t at = UINT64_C(4294967297);
        static const uint64_t values[] = { 0,      1,         2, at - 1, at, at + 1, at - (UINT64_C(1) << 32),
                                           2 * at, UINT64_MAX };
        static const char *const ops[] = { "NE", "LT", "LE", "EQ", "GE", "GT" };

        for (size_t i = 0; i < ELEMENTSOF(ops); i++) {
                autoptr(SeccompProfile) p = profile(ops[i]);
                SeccompSpec spec = { .enabled = true, .profile = p };

                for (size_t j = 0; j < ELEMENTSOF(values); j++) {
                        const uint64_t v = values[j];
                        const bool expected[] = { v != at, v<at, v <= at, v == at, v >= at, v> at };

                        ck_assert_msg((ask_spec(&spec, NATIVE, SYS_dup3, v, 5) == SECCOMP_RET_ALLOW) ==
                                              expected[i],
                                      "%s %llx", ops[i], (unsigned long long) v);
                }
        }
}
END_TEST

START_TEST(bad_profiles_are_explained) {
        static const struct {
                const char *text, *said;
        } cases[] = {
                { "{", "p.json:1:1: error: not JSON: string or '}' expected near end of file\n" },
                { "{\n \"defaultAction\": oops }",
                  "p.json:2:22: error: not JSON: invalid token near 'oops'\n" },
                { "[]", "p.json: error: not a JSON object\n" },
                { "{}", "p.json: error: an action is missing\n" },
                { "{ \"defaultAction\": \"SCMP_ACT_PERMIT\" }",
                  "p.json: error: unknown action: SCMP_ACT_PERMIT\n" },
                { "{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": 1 }",
                  "p.json: error: \"syscalls\" is no list\n" },
                { "{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [ { \"action\": \"SCMP_ACT_ALLOW\" "
                  "} ] }",
                  "p.json: error: rule 1 of \"syscalls\": \"names\" is missing\n" },
                { "{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [ { \"names\": [\"x\"], "
                  "\"action\": "
                  "\"SCMP_ACT_NOTIFY\" } ] }",
                  "p.json: error: rule 1 of \"syscalls\": SCMP_ACT_NOTIFY needs a program that decides, of "
                  "which "
                  "there is none here\n" },
                { "{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [ { \"names\": [\"x\"], "
                  "\"action\": "
                  "\"SCMP_ACT_LOG\", \"args\": [ { \"index\": 6, \"value\": 0 } ] } ] }",
                  "p.json: error: rule 1 of \"syscalls\": an argument's index is none of 0 to 5\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autoptr(SeccompProfile) p = NULL;
                autoptr(Diag) diag = diag_new();
                autofree char *said = NULL;

                ck_assert_int_eq(seccomp_profile_parse(cases[i].text, "p.json", 0, diag, &p), -EINVAL);
                said = diag_to_string(diag);
                ck_assert_str_eq(said, cases[i].said);
        }
}
END_TEST

TEST_MAIN("seccomp", calls_are_judged, allowed_calls_are_not_filtered, capabilities_open_calls,
          arguments_are_looked_at, other_numbers_of_the_same_processor, filters_are_kept,
          a_unit_changes_calls, families_are_restricted, writing_to_disk_is_suppressed, profiles_of_files,
          comparisons_see_both_halves, bad_profiles_are_explained)
