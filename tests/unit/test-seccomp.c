/* The default filter, call by call: a small interpreter of the kernel's machine runs the program. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "runtime/seccomp.h"
#include "tests/unit/unit-test.h"

#define DEFAULT_CAPS UINT64_C(0xa80425fb)
#define CAP(c)       (UINT64_C(1) << (c))
#define DENY         (SECCOMP_RET_ERRNO | EPERM)
#define MISSING      (SECCOMP_RET_ERRNO | ENOSYS)

static uint32_t run(const struct sock_fprog *p, const struct seccomp_data *data) {
        uint32_t a = 0;

        for (size_t pc = 0;; pc++) {
                const struct sock_filter *i = &p->filter[pc];

                ck_assert_uint_lt(pc, p->len);
                switch (i->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        memcpy(&a, (const char *) data + i->k, sizeof(a));
                        break;
                case BPF_JMP | BPF_JA:
                        pc += i->k;
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        pc += a == i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        pc += a >= i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JSET | BPF_K:
                        pc += (a & i->k) != 0 ? i->jt : i->jf;
                        break;
                case BPF_RET | BPF_K:
                        return i->k;
                default:
                        ck_abort_msg("unknown instruction %#x", i->code);
                }
        }
}

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

static uint32_t ask(uint64_t caps, uint32_t arch, int nr, uint64_t argument) {
        struct seccomp_data data = { .nr = nr, .arch = arch, .args = { argument } };
        const struct sock_fprog *p;

        ck_assert_int_eq(seccomp_default(caps, NULL, &p), 0);
        return run(p, &data);
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

        ck_assert_int_eq(seccomp_default(DEFAULT_CAPS, NULL, &a), 0);
        ck_assert_int_eq(seccomp_default(DEFAULT_CAPS, NULL, &b), 0);
        ck_assert_int_eq(seccomp_default(0, NULL, &c), 0);
        ck_assert_ptr_eq(a, b);
        ck_assert_ptr_ne(a, c);
        ck_assert_uint_lt(a->len, 700);
        seccomp_forget();
        seccomp_forget();
}
END_TEST

TEST_MAIN("seccomp", calls_are_judged, capabilities_open_calls, arguments_are_looked_at,
          other_numbers_of_the_same_processor, filters_are_kept)
