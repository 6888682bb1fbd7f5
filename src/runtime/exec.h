/*
 * A further process in a running container: a direct child of the caller, in all namespaces and the
 * cgroup of the container and confined like it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/fault.h"
#include "runtime/identity.h"
#include "runtime/launch.h"

typedef struct ExecRequest {
        int pidfd;           /* the container's PID 1 */
        int cgroup_fd;       /* -1 = stay in the manager's */
        bool user_namespace; /* the container has its own */

        char *const *argv;        /* at least one; looked up in PATH of @environment inside the container */
        char *const *environment; /* the whole of it; HOME= is added when missing */
        const char *working_dir;  /* NULL = / */
        const Identity *identity; /* NULL = root */

        uint64_t capabilities; /* as in ContainerSpec */
        bool no_new_privileges;
        const SeccompSpec *seccomp; /* NULL = no filter */
        LabelSpec labels;           /* borrowed texts */

        bool terminal;          /* open a terminal in the container's own /dev/pts and make it stdio */
        uint16_t rows, columns; /* its first size; 0 = leave */
        int stdin_fd, stdout_fd, stderr_fd; /* without terminal; -1 = /dev/null */
} ExecRequest;

#define EXEC_REQUEST_INIT \
        { .pidfd = -1, .cgroup_fd = -1, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 }

typedef struct ExecResult {
        pid_t pid;
        int pidfd;       /* owned by the caller */
        int terminal_fd; /* master side, owned by the caller; -1 without terminal */
} ExecResult;

/**
 * exec_plan() - decide all steps; no system call. Strings are copied, descriptors borrowed.
 */
int exec_plan(const ExecRequest *request, Fault *f, Plan **ret);

/**
 * container_exec() - exec_plan() and run it; blocks and fails as launch_run() does
 *
 * -ESRCH: the container has ended. -ENOENT, -EACCES at step "exec": no such program.
 */
int container_exec(const ExecRequest *request, Fault *f, ExecResult *ret);

/** exec_resize() - set the window size of a terminal; the kernel sends SIGWINCH. */
int exec_resize(int terminal_fd, uint16_t rows, uint16_t columns);
