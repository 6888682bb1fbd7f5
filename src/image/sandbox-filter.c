/* What a sandboxed child may still do. */
#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image/sandbox.h"

/* The sanitizers' shadow memory is terabytes of address space. */
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_MAX RLIM_INFINITY
#else
#define MEMORY_MAX ((rlim_t) 1 << 30)
#endif

/* Memory, the descriptors at hand, the end. C libraries ask for a descriptor's state by any of four calls. */
static const int base_calls[] = {
        SCMP_SYS(read),
        SCMP_SYS(readv),
        SCMP_SYS(write),
        SCMP_SYS(writev),
        SCMP_SYS(lseek),
        SCMP_SYS(_llseek),
        SCMP_SYS(close),
        SCMP_SYS(fstat),
        SCMP_SYS(fstat64),
        SCMP_SYS(fcntl),
        SCMP_SYS(fcntl64),
        SCMP_SYS(poll),
        SCMP_SYS(ppoll),
        SCMP_SYS(brk),
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(madvise),
        SCMP_SYS(futex),
        SCMP_SYS(getpid),
        SCMP_SYS(gettid),
        SCMP_SYS(tgkill),
        SCMP_SYS(rt_sigaction),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(gettimeofday),
        SCMP_SYS(time),
        SCMP_SYS(getrandom),
        SCMP_SYS(restart_syscall),
        SCMP_SYS(sched_yield),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
        SCMP_SYS(newfstatat),
        SCMP_SYS(fstatat64),
        SCMP_SYS(statx),
        /* The sanitizers' own. */
        SCMP_SYS(sigaltstack),
};

/* Making files below the root. */
static const int file_calls[] = {
        SCMP_SYS(open),       SCMP_SYS(openat),
        SCMP_SYS(openat2),    SCMP_SYS(pwrite64),
        SCMP_SYS(ftruncate),  SCMP_SYS(ftruncate64),
        SCMP_SYS(stat),       SCMP_SYS(lstat),
        SCMP_SYS(getdents64), SCMP_SYS(mkdir),
        SCMP_SYS(mkdirat),    SCMP_SYS(mknod),
        SCMP_SYS(mknodat),    SCMP_SYS(symlinkat),
        SCMP_SYS(symlink),    SCMP_SYS(link),
        SCMP_SYS(linkat),     SCMP_SYS(unlink),
        SCMP_SYS(unlinkat),   SCMP_SYS(rmdir),
        SCMP_SYS(readlinkat), SCMP_SYS(chdir),
        SCMP_SYS(getcwd),     SCMP_SYS(readlink),
        SCMP_SYS(fchown),     SCMP_SYS(fchownat),
        SCMP_SYS(lchown),     SCMP_SYS(fchmod),
        SCMP_SYS(fchmodat),   SCMP_SYS(chmod),
        SCMP_SYS(utimensat),  SCMP_SYS(fsetxattr),
        SCMP_SYS(lsetxattr),  SCMP_SYS(utimensat_time64),
};

static int calls_allow(scmp_filter_ctx filter, const int *calls, size_t n) {
        for (size_t i = 0; i < n; i++) {
                int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);

                /* -EDOM: a call that this architecture has not. */
                if (r < 0 && r != -EDOM)
                        return r;
        }
        return 0;
}

static int filter_load(bool files) {
        /* An error, not death: another C library may ask for something that it can do without. */
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        int r;

        if (!filter)
                return -ENOMEM;

        r = calls_allow(filter, base_calls, ELEMENTSOF(base_calls));
        if (r == 0 && files)
                r = calls_allow(filter, file_calls, ELEMENTSOF(file_calls));
        /* No new code. */
        if (r == 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                                     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r == 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r == 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        return r;
}

static int capabilities_limit(bool files) {
        const uint32_t keep = files ? 1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE | 1U << CAP_FOWNER |
                                              1U << CAP_FSETID | 1U << CAP_SETFCAP
                                    : 0;
        _Static_assert(CAP_SETFCAP < 32, "one word holds them");
        struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = { { .effective = keep, .permitted = keep } };

        return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

int sandbox_filter(bool files) {
        const struct {
                int what;
                rlim_t max;
        } limits[] = {
                { RLIMIT_CORE, 0 }, { RLIMIT_NPROC, 0 }, { RLIMIT_NOFILE, 256 }, { RLIMIT_AS, MEMORY_MAX }
        };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                struct rlimit limit = { limits[i].max, limits[i].max };

                if (setrlimit((__rlimit_resource_t) limits[i].what, &limit) < 0)
                        return -errno;
        }

        r = capabilities_limit(files);
        if (r < 0)
                return r;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        return filter_load(files);
}
