/*
 * A child process that can do next to nothing: for code that reads hostile bytes.
 *
 * It lives in user, mount, network, IPC, UTS, cgroup and pid namespaces of its own; its root is the one
 * directory that it was given, or an empty read-only one; it holds the descriptors that it was given and no
 * others; its capabilities count in its own user namespace only; it cannot gain any; and a seccomp filter
 * leaves it the system calls for memory, its descriptors, and files below its root. It ends with its parent.
 *
 * All ids mean the same inside and outside, so that files get their owners.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "basic/fault.h"

/* Returns the exit status. Must not return through the caller's frames: it is the last thing that runs. */
typedef int (*SandboxFn)(void *data);

#define SANDBOX_FDS_MAX 4

typedef struct SandboxSpec {
        SandboxFn fn;
        void *data; /* seen as it was when the child began */

        /* Becomes the root, writable, with the capabilities that giving files any owner, mode and
         * extended attributes takes; -EBADF = an empty root and no capability at all. */
        int root_fd;

        /* fds[i] becomes descriptor i in the child, SANDBOX_FDS_MAX at most. */
        int fds[SANDBOX_FDS_MAX];
        size_t n_fds;
} SandboxSpec;

/**
 * sandbox_spawn() - start the child
 * @ret:  to be waited for with waitpid(2)
 *
 * For processes with one thread. A child that cannot build its sandbox ends with SANDBOX_FAILED and has run
 * nothing of @fn.
 *
 * Returns: 0 or a negative errno, told in @fault.
 */
int sandbox_spawn(const SandboxSpec *spec, pid_t *ret, Fault *fault);

#define SANDBOX_FAILED 125

/** sandbox_filter() - the last step: no new privileges, capabilities, limits, seccomp. 0 or an errno. */
int sandbox_filter(bool files);
