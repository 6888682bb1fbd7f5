/*
 * The default filter beside one that libseccomp makes of the same lists: every call that either knows, on
 * every processor that programs of this host may be for.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/filter.h"
#include "runtime/seccomp.h"
#include "tests/unit/bpf-run.h"
#include "tests/unit/unit-test.h"

#define CAP(c)   (UINT64_C(1) << (c))
#define ERROR(e) (SECCOMP_RET_ERRNO | (e))
#define NAMESPACES                                                                                 \
        (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
         CLONE_NEWCGROUP)

static const struct {
        uint32_t name, number;
} processors[] = {
#if defined(__x86_64__)
        { SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64 },
        { SCMP_ARCH_X86, AUDIT_ARCH_I386 },
#else
        { SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64 },
        { SCMP_ARCH_ARM, AUDIT_ARCH_ARM },
#endif
};

static const struct {
        const char *name;
        int capability; /* -1 = for everybody */
} calls[] = {
#define CALL(name)                 { #name, -1 },
#define CALL_CAP(cap, name)        { #name, cap },
#define NEW(name, number)          { #name, -1 },
#define NEW_CAP(cap, name, number) { #name, cap },
#include "spec/seccomp-calls.def"
};

/* What the checks look for, and what lies beside it. */
static const uint64_t arguments[] = {
        0,
        1,
        AF_INET,
        AF_VSOCK - 1,
        AF_VSOCK,
        AF_VSOCK + 1,
        PER_LINUX32,
        UNAME26,
        PER_LINUX32 | UNAME26,
        PER_SVR4,
        CLONE_VM,
        CLONE_NEWNS,
        CLONE_NEWUSER | CLONE_VM,
        NAMESPACES,
        CLONE_NEWTIME,
        UINT32_MAX,
};

static void add(scmp_filter_ctx peer, uint32_t action, const char *name, unsigned n,
                struct scmp_arg_cmp arg) {
        const int nr = seccomp_syscall_resolve_name(name);

        if (nr != __NR_SCMP_ERROR)
                ck_assert_int_eq(n > 0 ? seccomp_rule_add(peer, action, nr, 1, arg)
                                       : seccomp_rule_add(peer, action, nr, 0),
                                 0);
}

static void add_all(scmp_filter_ctx peer, uint64_t capabilities) {
        static const uint32_t personalities[] = { PER_LINUX, PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26,
                                                  UINT32_MAX };
        const struct scmp_arg_cmp none = {};

        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
                if (calls[i].capability < 0 || capabilities & CAP(calls[i].capability))
                        add(peer, SCMP_ACT_ALLOW, calls[i].name, 0, none);
        if (!(capabilities & CAP(CAP_SYS_ADMIN))) {
                add(peer, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, none);
                add(peer, SCMP_ACT_ALLOW, "clone", 1, SCMP_CMP32(0, SCMP_CMP_MASKED_EQ, NAMESPACES, 0));
        }
        add(peer, SCMP_ACT_ALLOW, "socket", 1, SCMP_CMP32(0, SCMP_CMP_NE, AF_VSOCK));
        for (size_t i = 0; i < sizeof(personalities) / sizeof(personalities[0]); i++)
                add(peer, SCMP_ACT_ALLOW, "personality", 1, SCMP_CMP32(0, SCMP_CMP_EQ, personalities[i]));
}

/* libseccomp writes into files only. */
static struct sock_fprog program_of(scmp_filter_ctx peer) {
        int fd = memfd_create("filter", MFD_CLOEXEC);
        struct sock_fprog p = {};
        struct stat st;

        ck_assert_int_eq(seccomp_export_bpf(peer, fd), 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        p.filter = malloc((size_t) st.st_size);
        ck_assert_int_eq(pread(fd, p.filter, (size_t) st.st_size, 0), st.st_size);
        p.len = (unsigned short) ((size_t) st.st_size / sizeof(*p.filter));
        (void) close(fd);
        return p;
}

static struct sock_fprog peer_program(uint32_t processor, uint64_t capabilities) {
        scmp_filter_ctx peer = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        struct sock_fprog p;

        ck_assert_ptr_nonnull(peer);
        ck_assert_int_eq(seccomp_attr_set(peer, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), 0);
        if (processor != seccomp_arch_native()) {
                ck_assert_int_eq(seccomp_arch_add(peer, processor), 0);
                ck_assert_int_eq(seccomp_arch_remove(peer, SCMP_ARCH_NATIVE), 0);
        }
        add_all(peer, capabilities);
        p = program_of(peer);
        seccomp_release(peer);
        return p;
}

static void compare(const struct sock_fprog *ours, const struct sock_fprog *peer, uint32_t processor,
                    int nr) {
        for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
                const struct seccomp_data data = { .nr = nr, .arch = processor, .args = { arguments[i] } };
                const uint32_t is = bpf_run(ours, &data), should = bpf_run(peer, &data);

                if (is != should)
                        ck_abort_msg("call %d of %x, argument %#llx: %x, libseccomp's has %x", nr, processor,
                                     (unsigned long long) arguments[i], is, should);
        }
}

/* Has libseccomp heard of it? Of the others nothing can be said to it. */
static bool is_known(uint32_t processor, int nr) {
        char *name = seccomp_syscall_resolve_num_arch(processor, nr);
        const bool known = name != NULL;

        free(name);
        return known;
}

START_TEST(peer_has_the_same_effect) {
        static const uint64_t capabilities[] = { 0, UINT64_C(0xa80425fb), CAP(CAP_SYS_ADMIN),
                                                 UINT64_C(0x1ffffffffff) };
        static const SeccompSpec spec = { .enabled = true };
        const size_t n_processors = sizeof(processors) / sizeof(processors[0]);
        const struct sock_fprog *ours;
        size_t compared = 0;

        for (size_t i = 0; i < n_processors * 4; i++) {
                const uint32_t name = processors[i % n_processors].name,
                               number = processors[i % n_processors].number;
                struct sock_fprog peer = peer_program(name, capabilities[i / n_processors]);

                ck_assert_int_eq(seccomp_filter(&spec, capabilities[i / n_processors], NULL, &ours), 0);
                for (int nr = 0; nr < FILTER_CALLS; nr++)
                        if (is_known(name, nr)) {
                                compare(ours, &peer, number, nr);
                                compared++;
                        }
                compare(ours, &peer, AUDIT_ARCH_PPC64, 1);
                free(peer.filter);
        }
        ck_assert_uint_gt(compared, 4 * n_processors * 300);
}
END_TEST

TEST_MAIN("seccomp-peer", peer_has_the_same_effect)
