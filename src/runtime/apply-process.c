/* The child side of a launch: streams, identity, confinement, exec. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "basic/syscall.h"
#include "runtime/apply.h"

/* -- terminal and streams -- */

/* Another container's root could have put anything there; only the kernel's own multiplexer will do. */
static long check_ptmx(long fd) {
        struct statfs fs;
        struct stat st;
        long r;

        r = RAW(fstat, fd, &st);
        if (r == 0)
                r = RAW(fstatfs, fd, &fs);
        if (r < 0)
                return r;
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2) || fs.f_type != DEVPTS_SUPER_MAGIC)
                return -ENOTTY;
        return 0;
}

/* The table is still shared here: the master side is the manager's at once. */
long apply_terminal(Apply *a, const Step *s) {
        struct open_how how = {
                .flags = O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK,
                .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        struct winsize size = { .ws_row = a->plan->rows, .ws_col = a->plan->columns };
        int unlock = 0;
        long fd, r;

        fd = RAW(openat2, AT_FDCWD, s->path, &how, sizeof(how));
        if (fd < 0)
                return fd;
        a->report->terminal = (int) fd;
        r = check_ptmx(fd);
        if (r == 0)
                r = RAW(fcntl, fd, F_SETFL, O_RDWR);
        if (r == 0)
                r = RAW(ioctl, fd, TIOCSPTLCK, &unlock);
        if (r == 0 && size.ws_row > 0 && size.ws_col > 0)
                r = RAW(ioctl, fd, TIOCSWINSZ, &size);
        return r;
}

static long terminal_stdio(Apply *a) {
        long fd, r = 0;

        fd = RAW(ioctl, a->report->terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return fd;
        r = RAW(fchown, fd, a->plan->uid, -1);
        for (int i = 0; r >= 0 && i < 3; i++)
                r = RAW(dup3, fd, i, 0);
        if (r >= 0)
                r = RAW(ioctl, 0, TIOCSCTTY, 0);
        return r;
}

long apply_stdio(Apply *a, const Step *s) {
        long from[3], r;

        if (a->report->terminal >= 0)
                return terminal_stdio(a);

        /* First out of the way of 0, 1 and 2: the given ones may be among these. */
        for (int i = 0; i < 3; i++) {
                from[i] = a->fds[a->plan->stdio[i]];
                if (from[i] < 3)
                        from[i] = RAW(fcntl, from[i], F_DUPFD_CLOEXEC, 3);
                if (from[i] < 0)
                        return from[i];
        }
        for (int i = 0; i < 3; i++) {
                r = RAW(dup3, from[i], i, 0);
                if (r < 0)
                        return r;
        }
        return a->plan->controlling_terminal ? RAW(ioctl, 0, TIOCSCTTY, 0) : 0;
}

long apply_chdir(Apply *a, const Step *s) {
        long fd = path_resolve(a->root_fd, s->path, PATH_DIRECTORY), r;

        if (fd < 0)
                return fd;
        r = RAW(fchdir, fd);
        (void) RAW(close, fd);
        return r;
}

/* -- confinement -- */

long apply_limit(Apply *a, const Step *s) {
        const RlimitSpec *l = &a->plan->rlimits[s->number];
        struct rlimit limit = l->limit, now;
        long r;

        r = RAW(prlimit64, 0, l->resource, NULL, &now);
        if (r < 0)
                return r;
        if (limit.rlim_max == RLIM_INFINITY)
                limit.rlim_max = now.rlim_max;
        if (limit.rlim_cur == RLIM_INFINITY)
                limit.rlim_cur = limit.rlim_max;
        return RAW(prlimit64, 0, l->resource, &limit, NULL);
}

long apply_bounding(Apply *a, const Step *s) {
        for (unsigned cap = 0; cap < 64; cap++) {
                long r;

                if (s->number & UINT64_C(1) << cap)
                        continue;
                r = RAW(prctl, PR_CAPBSET_DROP, cap, 0, 0, 0);
                if (r == -EINVAL) /* this and all higher ones are unknown to the kernel */
                        return 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A kernel without the module, or with it turned off, has no such file. */
long apply_label(Apply *a, const Step *s) {
        struct open_how how = { .flags = O_WRONLY | O_CLOEXEC,
                                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
        long fd, r;

        fd = RAW(openat2, a->root_fd, s->path, &how, sizeof(how));
        if (fd == -ENOENT)
                return -EOPNOTSUPP;
        if (fd < 0)
                return fd;
        r = RAW(write, fd, s->text, strlen(s->text));
        (void) RAW(close, fd);
        return r < 0 ? r : 0;
}

long apply_no_new_privs(Apply *a, const Step *s) {
        return RAW(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

long apply_seccomp(Apply *a, const Step *s) {
        return RAW(seccomp, SECCOMP_SET_MODE_FILTER, 0, a->plan->filter);
}

long apply_identity(Apply *a, const Step *s) {
        const Plan *plan = a->plan;
        long r;

        r = RAW(setgroups, plan->n_groups, plan->groups);
        /* Until the exec; the ambient set needs them in the permitted one. */
        if (r == 0 && plan->ambient != 0)
                r = RAW(prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
        if (r == 0)
                r = RAW(setresgid, plan->gid, plan->gid, plan->gid);
        if (r == 0)
                r = RAW(setresuid, plan->uid, plan->uid, plan->uid);
        return r;
}

static long raise_ambient(uint64_t ambient) {
        long r;

        r = RAW(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        for (unsigned cap = 0; r == 0 && cap < 64; cap++)
                if (ambient & UINT64_C(1) << cap)
                        r = RAW(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
        return r;
}

/* Only root holds any, as with Docker, but for the ambient ones. What the manager itself lacks ("all" in a
 * manager that is contained) is left out. */
long apply_capabilities(Apply *a, const Step *s) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {};
        const uint64_t ambient = a->plan->ambient;
        long r;

        r = RAW(capget, &header, data);
        if (r < 0)
                return r;
        for (int i = 0; i < 2; i++) {
                uint32_t wanted = (uint32_t) ((a->plan->uid == 0 ? s->number : ambient) >> (32 * i));

                data[i].permitted &= wanted;
                data[i].effective = data[i].permitted;
                data[i].inheritable = data[i].permitted & (uint32_t) (ambient >> (32 * i));
        }
        r = RAW(capset, &header, data);
        return r < 0 ? r : raise_ambient(ambient);
}

/* -- exec -- */

long apply_signals(Apply *a, const Step *s) {
        /* The kernel's struct sigaction and sigset_t, all zero: default action, empty mask. */
        unsigned long zero[8] = {};

        for (int sig = 1; sig <= 64; sig++)
                (void) RAW(rt_sigaction, sig, zero, NULL, sizeof(unsigned long));
        /* All are blocked since the clone. The init fetches signals and gives its child an empty mask; opened
         * before it is ready, an early one would be lost, as those to any PID 1 without handlers are. A
         * standby is to lose them. */
        if (a->plan->init_slot >= 0 && !a->plan->standby)
                return 0;
        return RAW(rt_sigprocmask, SIG_SETMASK, zero, NULL, sizeof(unsigned long));
}

/* In decimal, with nothing of libc. */
static void print_pid(char *to, long pid) {
        char digits[16];
        size_t n = 0;

        do
                digits[n++] = (char) ('0' + pid % 10);
        while ((pid /= 10) > 0);
        while (n > 0)
                *to++ = digits[--n];
        *to = '\0';
}

/* As with sockets that systemd hands over: from 3 on, and LISTEN_PID= says whom they are meant for. First all
 * go out of the way: one may stand where another belongs. */
long apply_hand_over(Apply *a, const Step *s) {
        const int first = 3, end = first + (int) a->plan->n_passed;
        int *fds = a->fds + a->plan->passed_slot;
        long r;

        for (int i = 0; i < end - first; i++) {
                r = fds[i] <= end ? RAW(fcntl, fds[i], F_DUPFD_CLOEXEC, end + 1) : fds[i];
                if (r < 0)
                        return r;
                fds[i] = (int) r;
        }
        if (a->plan->init_slot >= 0 && a->fds[a->plan->init_slot] < end) {
                r = RAW(fcntl, a->fds[a->plan->init_slot], F_DUPFD_CLOEXEC, end + 1);
                if (r < 0)
                        return r;
                a->init_fd = (int) r;
        }
        for (int i = 0; i < end - first; i++) {
                r = RAW(dup3, fds[i], first + i, 0);
                if (r < 0)
                        return r;
        }
        print_pid(a->listen_pid + strlen(a->listen_pid), RAW(getpid));
        return 0;
}

/* All are close-on-exec, but the search for the program happens before: a program named
 * "/proc/self/fd/7/../..." must find nothing of the host's. */
long apply_close(Apply *a, const Step *s) {
        int first = 3 + (int) a->plan->n_passed;

        if (a->plan->init_slot >= 0) {
                int fd = a->init_fd >= 0 ? a->init_fd : a->fds[a->plan->init_slot];

                if (fd != first) {
                        long r = RAW(dup3, fd, first, O_CLOEXEC);

                        if (r < 0)
                                return r;
                }
                a->init_fd = first++;
        }
        return RAW(close_range, first, ~0U, 0);
}

static long try_program(ProgramSearch *search, void *data) {
        const Apply *a = data;
        struct stat st;
        long found;

        if (a->plan->init_slot < 0)
                return program_run(search, a->argv, a->environment);

        /* The init would fail to run it after we have reported success; so look first. */
        found = RAW(newfstatat, AT_FDCWD, search->program, &st, 0);
        if (found == 0 && !S_ISREG(st.st_mode))
                found = -EACCES;
        if (found == 0)
                found = RAW(faccessat, AT_FDCWD, search->program, X_OK);
        if (found < 0)
                return found;
        return RAW(execveat, a->init_fd, "", a->argv, a->environment, AT_EMPTY_PATH);
}

long apply_exec(Apply *a, const Step *s) {
        long r;

        a->search.name = s->path;
        a->search.directories = a->plan->search_path;
        r = program_search(&a->search, try_program, a);
        a->report->no_interpreter = a->search.no_interpreter;
        return r;
}

/* It goes on when it is told to: see standby.h. */
long apply_stand_by(Apply *a, const Step *s) {
        return RAW(execveat, a->init_fd, "", a->argv, a->environment, AT_EMPTY_PATH);
}
