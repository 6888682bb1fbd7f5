/*
 * Runs a plan: the host steps here, then the first child, then what became of it.
 *
 * While a child shares our memory and stands in the container's namespaces, nothing in there may trace
 * it or read its memory through /proc. The process is therefore made undumpable meanwhile: access then
 * needs privilege over the initial user namespace. It is put back afterwards in any case, since setresuid()
 * in a child that shares memory clears the flag for us, too.
 */
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#include "basic/file.h"
#include "basic/strv.h"
#include "runtime/apply.h"
#include "runtime/clone.h"
#include "runtime/device.h"
#include "runtime/run.h"
#include "runtime/step.h"

typedef struct Run {
        const Plan *plan;
        Fault *fault;
        char *mapping; /* see map_memory() */
        Apply *apply;
        int *fds;
        bool *made; /* fds that a step made, to be closed here */
        int first_status;
        bool first_ended;
} Run;

#define APPLY_OFFSET ((size_t) 4096)
#define STACK_OFFSET ((sizeof(Apply) + APPLY_OFFSET + 4095) / 4096 * 4096)
#define MAPPING_SIZE (STACK_OFFSET + 2 * CLONE_STACK_SIZE)

/* -- host steps -- */

static int clone_tree(int fd, const char *path, uint64_t flags) {
        autoclose int tree = -EBADF;
        struct mount_attr attr = { .propagation = MS_PRIVATE };
        const unsigned how = AT_EMPTY_PATH | (flags & CLONE_BELOW ? AT_RECURSIVE : 0);

        tree = open_tree(fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | how);
        if (tree < 0)
                return -errno;
        if (flags & CLONE_READ_ONLY)
                attr.attr_set |= MOUNT_ATTR_RDONLY;
        if (flags & CLONE_NO_DEVICES)
                attr.attr_set |= MOUNT_ATTR_NODEV;
        if (mount_setattr(tree, "", how, &attr, sizeof(attr)) < 0)
                return -errno;
        return take_fd(tree);
}

/* Before Linux 6.15 what is mounted nowhere cannot be cloned. Our own program may lie there, out of reach
 * already. */
static int clone_program(const char *path, uint64_t flags) {
        autoclose int fd = clone_tree(AT_FDCWD, path, flags);
        struct statvfs fs;

        if (fd != -EINVAL)
                return take_fd(fd);
        fd = open(path, O_PATH | O_CLOEXEC);
        if (fd < 0 || fstatvfs(fd, &fs) < 0)
                return -errno;
        return fs.f_flag & ST_RDONLY ? take_fd(fd) : -EINVAL;
}

static int host_step(Run *run, const Step *s) {
        int r;

        switch ((int) s->op) {
        case STEP_CLONE_MOUNT:
                r = clone_tree(run->fds[s->slot], "", s->flags);
                break;
        case STEP_CLONE_PATH:
                r = s->out == run->plan->init_slot ? clone_program(s->path, s->flags)
                                                   : clone_tree(AT_FDCWD, s->path, s->flags);
                break;
        case STEP_MAKE_DEV:
                r = device_tree_create(run->plan->dev_owner, run->fault);
                break;
        case STEP_MAKE_DEVICE:
                r = device_node_make(run->fds[s->slot], &run->plan->devices[s->number], run->plan->dev_owner,
                                     (gid_t) s->flags);
                break;
        case STEP_OPEN_NULL:
                r = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
                if (r < 0)
                        r = -errno;
                break;
        default:
                r = -ENOSYS;
        }
        if (r < 0)
                return fault_set(run->fault, step_op_to_string(s->op), r, "%s",
                                 s->path        ? s->path
                                 : s->slot >= 0 ? run->plan->slots[s->slot].name
                                                : "");

        if (s->out >= 0) {
                run->fds[s->out] = r;
                run->made[s->out] = true;
        }
        return 0;
}

static int host_steps(Run *run) {
        for (size_t i = 0; i < run->plan->n_steps; i++) {
                int r;

                if (run->plan->steps[i].place != PLACE_HOST)
                        continue;
                r = host_step(run, &run->plan->steps[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* -- the first child -- */

static int spawn_first(Run *run) {
        const Plan *plan = run->plan;
        struct clone_args args = {
                .flags = CLONE_VFORK | CLONE_FILES | CLONE_CLEAR_SIGHAND,
                .stack = (uintptr_t) run->mapping + STACK_OFFSET,
                .stack_size = CLONE_STACK_SIZE,
        };
        sigset_t all, old;
        int dumpable, status;
        long pid;

        if (plan->shared_memory)
                args.flags |= CLONE_VM;
        if (plan->cgroup_slot >= 0) {
                args.flags |= CLONE_INTO_CGROUP;
                args.cgroup = (uint64_t) run->fds[plan->cgroup_slot];
        }

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &old);
        dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
        (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);

        pid = clone_call(&args, apply_join, run->apply);
        if (pid > 0) {
                while (waitpid((pid_t) pid, &status, __WALL) < 0 && errno == EINTR)
                        continue;
                run->first_status = status;
        }

        if (dumpable == 1)
                (void) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        (void) sigprocmask(SIG_SETMASK, &old, NULL);
        return pid < 0 ? (int) pid : 0;
}

/* -- what became of it -- */

/* The wait is short: it is dead already, or about to die of SIGKILL. */
static int reap(ApplyReport *report) {
        siginfo_t si = {};

        if (report->pid <= 0 || report->pidfd < 0)
                return 0;
        (void) kill(report->pid, SIGKILL);
        while (waitid(P_PIDFD, (id_t) report->pidfd, &si, WEXITED | __WALL) < 0 && errno == EINTR)
                continue;
        return si.si_code == CLD_EXITED ? 0 : si.si_status;
}

void exec_advise(int error, bool no_interpreter, Fault *f) {
        if (no_interpreter)
                fault_advise(f, "the program is there, but its interpreter or loader is not");
        else if (error == -ENOENT)
                fault_advise(f, "no such program in the container");
        else if (error == -ENOEXEC)
                fault_advise(f, "not a program for this processor, or a script without #!");
}

static void advise(const ApplyReport *report, const Step *s, Fault *f) {
        switch ((int) s->op) {
        case STEP_EXEC:
                exec_advise(report->error, report->no_interpreter, f);
                break;
        case STEP_ATTACH:
        case STEP_MAKE_DIR:
        case STEP_MASK:
                if (report->error == -EROFS)
                        fault_advise(f, "the root is read-only: make the mount point in the image");
                if (report->error == -ELOOP)
                        fault_advise(f, "a symbolic link of the image stands in the way");
                break;
        case STEP_SPAWN:
                if (report->error == -EAGAIN)
                        fault_advise(f, "a limit of tasks is reached");
                break;
        case STEP_RAISE_LIMITS:
                fault_advise(f, "the manager may not raise this limit");
                break;
        case STEP_IDENTITY:
                if (report->error == -EINVAL)
                        fault_advise(f, "the user or a group of it is not in the map of the user namespace");
                break;
        case STEP_LABEL:
                if (report->error == -EOPNOTSUPP)
                        fault_advise(f, "this kernel has no such security module");
                else if (report->error == -ENOENT || report->error == -EINVAL)
                        fault_advise(f, "the policy of this host has no such profile or context, or is off");
                break;
        case STEP_OOM_SCORE:
                if (report->error == -EACCES)
                        fault_advise(
                                f, "the manager lacks CAP_SYS_RESOURCE, without which no process is spared");
                break;
        case STEP_NICE:
        case STEP_CPU_POLICY:
        case STEP_IO_PRIORITY:
                if (report->error == -EPERM || report->error == -EACCES)
                        fault_advise(f, "the manager lacks CAP_SYS_NICE");
                break;
        case STEP_TIME_OFFSETS:
                if (report->error == -ENOENT)
                        fault_advise(f, "this kernel has no time namespaces");
                else if (report->error == -ERANGE)
                        fault_advise(f, "clocks cannot show a time before 0");
                break;
        case STEP_NEW_MOUNT:
                if (report->error == -EPERM)
                        fault_advise(f, "the namespace belongs to other users: UserNS= has to name the same "
                                        "unit, or host");
                break;
        case STEP_CPUS:
                if (report->error == -EINVAL)
                        fault_advise(f,
                                     "none of these processors is there, or the manager's cpuset lacks them");
                break;
        default:
                break;
        }
}

static int describe(const Run *run, const ApplyReport *report, int error) {
        const Step *s = &run->plan->steps[report->step];
        /* Of a label, its name tells more than the file that it is written to. */
        const char *object = s->op == STEP_LABEL ? s->text
                             : s->path           ? s->path
                             : s->slot >= 0      ? run->plan->slots[s->slot].name
                                                 : strempty(s->text);

        (void) fault_set(run->fault, step_op_to_string(s->op), error, "%s", object);
        advise(report, s, run->fault);
        return error;
}

/* By which the process becomes another program. */
static bool is_last(const Plan *plan, int step) {
        return plan->steps[step].op == STEP_EXEC || plan->steps[step].op == STEP_STAND_BY;
}

/* It waits by now. Not by itself and before, for then it might have to, and we with it. From outside it is
 * also told the slack of its timers, which Linux 6.13 and later takes along with the priority. */
static int calm(const Apply *a) {
        const struct sched_param usual = {};
        char path[48], slack[24];

        if (!a->urgent)
                return 0;
        if (sched_setscheduler(a->report->pid, SCHED_OTHER, &usual) < 0)
                return -errno;
        (void) snprintf(path, sizeof(path), "/proc/%d/timerslack_ns", a->report->pid);
        (void) snprintf(slack, sizeof(slack), "%ld", a->timer_slack);
        return file_write(AT_FDCWD, path, slack);
}

static int judge(Run *run, RunResult *ret) {
        ApplyReport *report = run->apply->report;
        int killed, r;

        /* Only the watchdog kills the first child. */
        if (WIFSIGNALED(run->first_status) && report->error == 0) {
                (void) reap(report);
                r = describe(run, report, -ETIMEDOUT);
                fault_advise(run->fault, "a file system does not answer?");
        } else if (report->error != 0) {
                (void) reap(report);
                r = describe(run, report, report->error);
        } else if (!is_last(run->plan, report->step)) {
                killed = reap(report);
                r = describe(run, report, -ECANCELED);
                fault_advise(run->fault, "killed by signal %d; too little memory?", killed);
        } else {
                r = calm(run->apply);
                if (r >= 0) {
                        *ret = (RunResult){ .pid = report->pid,
                                            .pidfd = report->pidfd,
                                            .terminal = report->terminal,
                                            .base = report->base };
                        return 0;
                }
                (void) reap(report);
                (void) fault_set(run->fault, step_op_to_string(STEP_URGENCY), r, "%s", run->plan->object);
        }

        cleanup_close_(&report->pidfd);
        cleanup_close_(&report->terminal);
        cleanup_close_(&report->base);
        return r;
}

/* -- -- */

/* The report's page, and a stack each for the two children: made once, since of what a launch touches the
 * pages would have to be given and taken each time. */
static char *map_memory(void) {
        static char *mapping;

        if (!mapping) {
                char *p = mmap(NULL, MAPPING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

                mapping = p == MAP_FAILED ? NULL : p;
        }
#if defined(__SANITIZE_ADDRESS__)
        /* The last children have left the stacks in the middle of functions, on whose frames it still keeps
         * an eye. */
        __asan_unpoison_memory_region(mapping, mapping ? MAPPING_SIZE : 0);
#endif
        return mapping;
}

static int prepare_environment(Apply *a) {
        char *const *environment = a->plan->environment;
        size_t n = strv_length(environment);

        a->environment = calloc(n + 2, sizeof(*a->environment));
        if (!a->environment)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                a->environment[i] = environment[i];
        if (a->plan->n_passed > 0) {
                (void) snprintf(a->listen_pid, sizeof(a->listen_pid), "LISTEN_PID=");
                a->environment[n] = a->listen_pid;
        }
        return 0;
}

static int run_prepare(Run *run) {
        const Plan *plan = run->plan;
        size_t n = strv_length(plan->argv), skip = plan->init_slot >= 0 && !plan->standby ? 2 : 0;
        Apply *a;

        run->fds = calloc(plan->n_slots, sizeof(*run->fds));
        run->made = calloc(plan->n_slots, sizeof(*run->made));
        if (!run->fds || !run->made)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_slots; i++)
                run->fds[i] = plan->slots[i].fd;

        run->mapping = map_memory();
        if (!run->mapping)
                return -ENOMEM;

        a = run->apply = (Apply *) (run->mapping + APPLY_OFFSET);
        *a = (Apply){
                .plan = plan, .fds = run->fds, .root_fd = -1, .init_fd = -1, .mask_dir = -1, .mask_file = -1
        };
        a->report = (ApplyReport *) run->mapping;
        *a->report = (ApplyReport){ .pidfd = -1, .terminal = -1, .base = -1 };
        a->stack = run->mapping + STACK_OFFSET + CLONE_STACK_SIZE;
        a->argv = calloc(n + skip + 1, sizeof(*a->argv));
        if (!a->argv)
                return -ENOMEM;
        if (skip > 0) {
                a->argv[0] = plan->init_name;
                a->argv[1] = a->search.program;
        }
        for (size_t i = 0; i < n; i++)
                a->argv[skip + i] = plan->argv[i];
        return prepare_environment(a);
}

static void run_finish(Run *run) {
        for (size_t i = 0; run->made && run->fds && i < run->plan->n_slots; i++)
                if (run->made[i])
                        cleanup_close_(&run->fds[i]);
        free(run->fds);
        free(run->made);
        if (!run->apply)
                return;
        free(run->apply->argv);
        free(run->apply->environment);
}

int plan_run(const Plan *plan, Fault *f, RunResult *ret) {
        Run run = { .plan = plan, .fault = f };
        Fault own = {};
        int r;

        if (!f)
                run.fault = &own;
        r = run_prepare(&run);
        if (r == 0)
                r = host_steps(&run);
        if (r == 0) {
                r = spawn_first(&run);
                if (r < 0)
                        (void) fault_set(run.fault, "clone", r, "%s", plan->object);
                else
                        r = judge(&run, ret);
        }
        if (r < 0)
                (void) fault_set(run.fault, "launch", r, "%s", plan->object);
        run_finish(&run);
        return r;
}

int launch_run(const Plan *plan, Fault *f, LaunchResult *ret) {
        RunResult result;
        int r;

        r = plan_run(plan, f, &result);
        if (r < 0)
                return r;
        *ret = (LaunchResult){ .pid = result.pid, .pidfd = result.pidfd, .base_fd = result.base };
        return 0;
}
