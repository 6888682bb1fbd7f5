/* A program of the host as a child that shares the manager's memory until it is executed. */
#include "runtime/host-exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/syscall.h"
#include "runtime/clone.h"

typedef struct Job {
        const HostExec *x;
        const char *program;
        int null_fd;
} Job;

/* In the child: raw system calls only. Standard streams are above 2, so that none is overwritten. */
static int become(void *p) {
        const Job *j = p;
        const char *directory = j->x->directory ? j->x->directory : "/";
        unsigned long none = 0;

        if (RAW(dup3, j->null_fd, STDIN_FILENO, 0) < 0 || RAW(dup3, j->x->stdout_fd, STDOUT_FILENO, 0) < 0 ||
            RAW(dup3, j->x->stderr_fd, STDERR_FILENO, 0) < 0)
                return HOST_EXEC_STATUS_EXEC;
        if (RAW(chdir, directory) < 0 && (!j->x->directory_optional || RAW(chdir, "/") < 0))
                return HOST_EXEC_STATUS_CHDIR;

        (void) RAW(setsid, 0);
        (void) RAW(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
        (void) RAW(execve, j->program, j->x->argv, j->x->environment);
        return HOST_EXEC_STATUS_EXEC;
}

/* The first executable file of that name; the name itself when there is none, for execve() to fail on. */
static int find_program(const char *name, char **ret) {
        const char *dir = HOST_EXEC_PATH;
        char *path = NULL;

        for (size_t n; !strchr(name, '/') && *dir; dir += n + (dir[n] == ':')) {
                n = strcspn(dir, ":");
                if (asprintf(&path, "%.*s/%s", (int) n, dir, name) < 0)
                        return -ENOMEM;
                if (access(path, X_OK) == 0) {
                        *ret = path;
                        return 0;
                }
                free(path);
        }

        *ret = strdup(name);
        return *ret ? 0 : -ENOMEM;
}

static long start(Job *job, int *pidfd) {
        struct clone_args args = {
                .flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
                .pidfd = (uintptr_t) pidfd,
                .exit_signal = SIGCHLD,
                .stack_size = CLONE_STACK_SIZE,
        };
        sigset_t all, old;
        void *stack;
        long pid;

        stack = mmap(NULL, CLONE_STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK,
                     -1, 0);
        if (stack == MAP_FAILED)
                return -errno;
        args.stack = (uintptr_t) stack;
        if (job->x->cgroup_fd >= 0) {
                args.flags |= CLONE_INTO_CGROUP;
                args.cgroup = (uint64_t) job->x->cgroup_fd;
        }

        /* A handler must not run in the child: it would see the caller's memory. */
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &old);
        pid = clone_call(&args, become, job);
        (void) sigprocmask(SIG_SETMASK, &old, NULL);
        (void) munmap(stack, CLONE_STACK_SIZE);
        return pid;
}

int host_exec(const HostExec *x, Fault *f, int *ret_pidfd, pid_t *ret_pid) {
        autofree char *program = NULL;
        autoclose int null_fd = -EBADF;
        Job job = { .x = x };
        int r, pidfd = -EBADF;
        long pid;

        r = find_program(x->path, &program);
        if (r < 0)
                return r;
        null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (null_fd < 0)
                return fault_set(f, "open", -errno, "/dev/null");
        if (null_fd <= STDERR_FILENO) {
                r = fcntl(null_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
                if (r < 0)
                        return fault_set(f, "open", -errno, "/dev/null");
                replace_fd(&null_fd, r);
        }

        job.program = program;
        job.null_fd = null_fd;
        pid = start(&job, &pidfd);
        if (pid < 0)
                return fault_set(f, "clone", (int) pid, "%s", x->path);

        *ret_pidfd = pidfd;
        *ret_pid = (pid_t) pid;
        return 0;
}
