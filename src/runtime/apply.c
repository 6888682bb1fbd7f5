/* The child side of a launch: the loop over steps, namespaces, and the second clone. */
#include "runtime/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "basic/syscall.h"
#include "runtime/clone.h"

/* How long a launch may take: only a program (or root) on a file system that does not answer needs it. */
#define PATIENCE_SECONDS 5

/* Without time namespaces in the kernel, whoever asks for one along with others gets the others: it says
 * nothing about the host but its uptime. */
static bool without_time(long r, uint64_t flags) {
        return r == -EINVAL && (flags & CLONE_NEWTIME) && flags != CLONE_NEWTIME;
}

static long apply_join_namespace(Apply *a, const Step *s) {
        long r = RAW(setns, a->fds[s->slot], s->flags);

        if (without_time(r, s->flags))
                r = RAW(setns, a->fds[s->slot], s->flags & ~(uint64_t) CLONE_NEWTIME);
        return r;
}

static long apply_enter_cgroup(Apply *a, const Step *s) {
        long r = RAW(write, a->fds[s->slot], "0", 1);

        return r < 0 ? r : 0;
}

static long apply_new_namespaces(Apply *a, const Step *s) {
        long r = RAW(unshare, s->flags);

        if (without_time(r, s->flags))
                r = RAW(unshare, s->flags & ~(uint64_t) CLONE_NEWTIME);
        return r;
}

/* Of the namespace that waits to be entered by the next child. */
static long apply_time_offsets(Apply *a, const Step *s) {
        long fd, r;

        fd = RAW(openat, AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return fd;
        r = RAW(write, fd, s->text, strlen(s->text));
        (void) RAW(close, fd);
        return r < 0 ? r : 0;
}

static long apply_raise_limits(Apply *a, const Step *s) {
        for (size_t i = 0; i < a->plan->n_rlimits; i++) {
                const RlimitSpec *want = &a->plan->rlimits[i];
                struct rlimit now;
                long r;

                r = RAW(prlimit64, 0, want->resource, NULL, &now);
                if (r < 0)
                        return r;
                if (want->limit.rlim_max <= now.rlim_max)
                        continue;
                now.rlim_max = want->limit.rlim_max;
                r = RAW(prlimit64, 0, want->resource, &now, NULL);
                /* "infinity" asks for as much as there may be. */
                if (r == -EPERM && want->limit.rlim_max == RLIM_INFINITY)
                        continue;
                if (r < 0)
                        return r;
        }
        return 0;
}

static int build_child(void *p) {
        Apply *a = p;

        return apply_steps(a, PLACE_BUILD) < 0;
}

/*
 * The container's process becomes the manager's child, not ours (CLONE_PARENT), and its pidfd appears in
 * the manager's table, which we share. It inherits our namespaces and our cgroup: a process inside the
 * user namespace could not be put into a cgroup any more.
 *
 * For want of memory the kernel kills with a process all that share its memory, here the manager. It spares
 * what was made as by vfork(), and its parent then waits: nobody has a hand free meanwhile.
 */
static long apply_spawn(Apply *a, const Step *s) {
        struct clone_args args = {
                .flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PARENT | CLONE_PIDFD |
                         CLONE_CLEAR_SIGHAND | s->flags,
                .pidfd = (uintptr_t) &a->report->pidfd,
                .stack = (uintptr_t) a->stack,
                .stack_size = CLONE_STACK_SIZE,
        };
        long r;

        /* The parent's copy of the pid: without CLONE_VM the child cannot be asked for it. */
        args.flags |= CLONE_PARENT_SETTID;
        args.parent_tid = (uintptr_t) &a->report->pid;
        r = a->plan->own_memory ? -EINVAL : clone_call(&args, build_child, a);
        if (r == -EINVAL) {
                /* Linux < 6.3 refuses a shared memory while a time namespace waits to be entered. */
                args.flags &= ~(uint64_t) CLONE_VM;
                r = clone_call(&args, build_child, a);
        }
        return r < 0 ? r : 0;
}

static int higher(const Apply *a, int top, int slot) {
        return slot >= 0 && a->fds[slot] > top ? a->fds[slot] : top;
}

/* The highest descriptor that is still needed: namespaces that were joined are not. */
static int highest_needed(const Apply *a) {
        const Plan *plan = a->plan;
        int top = a->report->terminal > 2 ? a->report->terminal : 2;

        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].place == PLACE_BUILD)
                        top = higher(a, top, plan->steps[i].slot);
        for (int i = 0; i < 3; i++)
                top = higher(a, top, plan->stdio[i]);
        for (int i = 0; i < (int) plan->n_passed; i++)
                top = higher(a, top, plan->passed_slot + i);
        return higher(a, top, plan->init_slot);
}

/* From here on what is opened and closed is ours alone. Only the low part of the table is copied. */
static long apply_own_files(Apply *a, const Step *s) {
        int top = highest_needed(a);

        return RAW(close_range, (unsigned) top + 1, ~0U, CLOSE_RANGE_UNSHARE);
}

static long apply_become_root(Apply *a, const Step *s) {
        long r;

        r = RAW(setgroups, 0, NULL);
        if (r == 0)
                r = RAW(setresgid, 0, 0, 0);
        if (r == 0)
                r = RAW(setresuid, 0, 0, 0);
        return r;
}

static long apply_session(Apply *a, const Step *s) {
        long r = RAW(setsid);

        if (r < 0)
                return r;
        (void) RAW(umask, 0022);
        /* Not to hold the manager's keys. A kernel without keys, or a full quota, is no reason to fail:
         * then there is nothing to find, or the old ring is the host root's, unreadable to a user namespace.
         */
        (void) RAW(keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
        return 0;
}

static long apply_host_name(Apply *a, const Step *s) {
        return RAW(sethostname, s->path, strlen(s->path));
}

/* The manager's own steps are in launch.c. */
static const ApplyFn functions[STEP_OP_N_] = {
        [STEP_RAISE_LIMITS] = apply_raise_limits,
        [STEP_OOM_SCORE] = apply_oom_score,
        [STEP_NICE] = apply_nice,
        [STEP_CPU_POLICY] = apply_cpu_policy,
        [STEP_CPUS] = apply_cpus,
        [STEP_URGENCY] = apply_urgency,
        [STEP_IO_PRIORITY] = apply_io_priority,
        [STEP_JOIN] = apply_join_namespace,
        [STEP_ENTER_CGROUP] = apply_enter_cgroup,
        [STEP_OPEN_BASE] = apply_open_base,
        [STEP_NEW_NAMESPACES] = apply_new_namespaces,
        [STEP_TIME_OFFSETS] = apply_time_offsets,
        [STEP_SPAWN] = apply_spawn,
        [STEP_TERMINAL] = apply_terminal,
        [STEP_OWN_FILES] = apply_own_files,
        [STEP_BECOME_ROOT] = apply_become_root,
        [STEP_SESSION] = apply_session,
        [STEP_HOST_NAME] = apply_host_name,
        [STEP_NEW_MOUNT] = apply_new_mount,
        [STEP_CLONE_KERNEL_FS] = apply_clone_kernel_fs,
        [STEP_LEAVE_BEHIND] = apply_leave_behind,
        [STEP_ENTER_ROOT] = apply_enter_root,
        [STEP_OPEN_ROOT] = apply_open_root,
        [STEP_COPY_BASE] = apply_copy_base,
        [STEP_ATTACH] = apply_attach,
        [STEP_SYSCTL] = apply_sysctl,
        [STEP_MASK] = apply_mask,
        [STEP_PROTECT] = apply_protect,
        [STEP_MAKE_DIR] = apply_make_dir,
        [STEP_ROOT_READ_ONLY] = apply_root_read_only,
        [STEP_STDIO] = apply_stdio,
        [STEP_CHDIR] = apply_chdir,
        [STEP_LIMIT] = apply_limit,
        [STEP_LABEL] = apply_label,
        [STEP_UMASK] = apply_umask,
        [STEP_PERSONALITY] = apply_personality,
        [STEP_BOUNDING] = apply_bounding,
        [STEP_NO_NEW_PRIVS] = apply_no_new_privs,
        [STEP_SECCOMP] = apply_seccomp,
        [STEP_IDENTITY] = apply_identity,
        [STEP_CAPABILITIES] = apply_capabilities,
        [STEP_SIGNALS] = apply_signals,
        [STEP_HAND_OVER] = apply_hand_over,
        [STEP_CLOSE] = apply_close,
        [STEP_EXEC] = apply_exec,
        [STEP_STAND_BY] = apply_stand_by,
};

int apply_steps(Apply *a, StepPlace place) {
        for (size_t i = 0; i < a->plan->n_steps; i++) {
                const Step *s = &a->plan->steps[i];
                long r;

                if (s->place != place)
                        continue;
                a->report->step = (int) i;
                r = functions[s->op](a, s);
                if (r < 0) {
                        /* A step of the container's process may have failed already, while we spawned it. */
                        if (a->report->error == 0)
                                a->report->error = (int) r;
                        return (int) r;
                }
                if (a->report->error != 0)
                        return a->report->error;
        }
        return 0;
}

/*
 * Ends this process, and with it the manager's wait, should the container's process hang; the manager
 * then kills that one, which a signal from its own namespace could not.
 */
static long start_watchdog(void) {
        struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
        struct itimerspec after = { .it_value.tv_sec = PATIENCE_SECONDS };
        int timer;
        long r;

        r = RAW(timer_create, CLOCK_MONOTONIC, &event, &timer);
        if (r == 0)
                r = RAW(timer_settime, timer, 0, &after, NULL);
        return r;
}

int apply_join(void *p) {
        Apply *a = p;
        long r = start_watchdog();

        if (r < 0) {
                a->report->error = (int) r;
                return 1;
        }
        return apply_steps(a, PLACE_JOIN) < 0;
}
