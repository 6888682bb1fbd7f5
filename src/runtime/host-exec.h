/*
 * A program of the host, as a child of the manager: the commands beside a container (ExecStartPre= and the
 * like). Confined by nothing; only its cgroup is its own.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "basic/fault.h"

/* Looked through for a program that is named without a path. */
#define HOST_EXEC_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Exit statuses of a child that gave up before it became the program; systemd.exec(5), "Process Exit Codes".
 */
enum {
        HOST_EXEC_STATUS_CHDIR = 200,
        HOST_EXEC_STATUS_EXEC = 203,
};

typedef struct HostExec {
        const char *path; /* absolute, or a name to be looked for in HOST_EXEC_PATH */
        char *const *argv, *const *environment;
        const char *directory; /* NULL = the root directory */
        bool directory_optional;
        int cgroup_fd;            /* -1 = the manager's own */
        int stdout_fd, stderr_fd; /* above 2 */
} HostExec;

/**
 * host_exec() - start it
 * @ret_pidfd: of a child of ours, CLOEXEC
 *
 * A program that cannot be executed is a child that ends with status 203, as a shell would have it.
 * Returns: 0, or a negative errno with @f filled.
 */
int host_exec(const HostExec *x, Fault *f, int *ret_pidfd, pid_t *ret_pid);
