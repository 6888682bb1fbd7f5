#include <errno.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "spec/exit-status.h"

/* libc, LSB, sysexits.h, and what systemd's own set-up of a process ends with. */
#define EXIT_STATUS_LIST(X)             \
        X(SUCCESS, 0)                   \
        X(FAILURE, 1)                   \
        X(INVALIDARGUMENT, 2)           \
        X(NOTIMPLEMENTED, 3)            \
        X(NOPERMISSION, 4)              \
        X(NOTINSTALLED, 5)              \
        X(NOTCONFIGURED, 6)             \
        X(NOTRUNNING, 7)                \
        X(USAGE, 64)                    \
        X(DATAERR, 65)                  \
        X(NOINPUT, 66)                  \
        X(NOUSER, 67)                   \
        X(NOHOST, 68)                   \
        X(UNAVAILABLE, 69)              \
        X(SOFTWARE, 70)                 \
        X(OSERR, 71)                    \
        X(OSFILE, 72)                   \
        X(CANTCREAT, 73)                \
        X(IOERR, 74)                    \
        X(TEMPFAIL, 75)                 \
        X(PROTOCOL, 76)                 \
        X(NOPERM, 77)                   \
        X(CONFIG, 78)                   \
        X(CHDIR, 200)                   \
        X(NICE, 201)                    \
        X(FDS, 202)                     \
        X(EXEC, 203)                    \
        X(MEMORY, 204)                  \
        X(LIMITS, 205)                  \
        X(OOM_ADJUST, 206)              \
        X(SIGNAL_MASK, 207)             \
        X(STDIN, 208)                   \
        X(STDOUT, 209)                  \
        X(CHROOT, 210)                  \
        X(IOPRIO, 211)                  \
        X(TIMERSLACK, 212)              \
        X(SECUREBITS, 213)              \
        X(SETSCHEDULER, 214)            \
        X(CPUAFFINITY, 215)             \
        X(GROUP, 216)                   \
        X(USER, 217)                    \
        X(CAPABILITIES, 218)            \
        X(CGROUP, 219)                  \
        X(SETSID, 220)                  \
        X(CONFIRM, 221)                 \
        X(STDERR, 222)                  \
        X(PAM, 224)                     \
        X(NETWORK, 225)                 \
        X(NAMESPACE, 226)               \
        X(NO_NEW_PRIVILEGES, 227)       \
        X(SECCOMP, 228)                 \
        X(SELINUX_CONTEXT, 229)         \
        X(PERSONALITY, 230)             \
        X(APPARMOR, 231)                \
        X(ADDRESS_FAMILIES, 232)        \
        X(RUNTIME_DIRECTORY, 233)       \
        X(CHOWN, 235)                   \
        X(SMACK_PROCESS_LABEL, 236)     \
        X(KEYRING, 237)                 \
        X(STATE_DIRECTORY, 238)         \
        X(CACHE_DIRECTORY, 239)         \
        X(LOGS_DIRECTORY, 240)          \
        X(CONFIGURATION_DIRECTORY, 241) \
        X(NUMA_POLICY, 242)             \
        X(CREDENTIALS, 243)             \
        X(BPF, 244)                     \
        X(EXCEPTION, 255)

static const char *const names[] = {
#define NAME_(name, status) #name,
        EXIT_STATUS_LIST(NAME_) NULL
#undef NAME_
};

static const int statuses[] = {
#define STATUS_(name, status) status,
        EXIT_STATUS_LIST(STATUS_)
#undef STATUS_
};

int exit_status_from_name(const char *name) {
        uint64_t n;

        if (parse_unsigned(name, 255, &n) == 0)
                return (int) n;
        for (size_t i = 0; names[i]; i++)
                if (streq(names[i], name))
                        return statuses[i];
        return -EINVAL;
}

const char *const *exit_status_names(void) {
        return names;
}
