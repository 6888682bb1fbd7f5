/*
 * From prepared descriptors to a running container.
 *
 * launch_plan() decides, launch_run() does. The container's PID 1 is a direct child of the caller; no
 * process of ours remains.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "basic/fault.h"
#include "runtime/device.h"
#include "runtime/identity.h"
#include "runtime/plan.h"
#include "spec/container-spec.h"

/* A prepared mount: one per MountSpec, in the same order. */
typedef struct LaunchMount {
        int fd;                  /* detached mount: attached by the launch, so good for one launch only */
        const char *destination; /* absolute path in the container; made when missing */
        bool is_directory;
} LaunchMount;

/* A host file (hosts, resolv.conf, hostname, a notify socket, ...) to be seen in the container. */
typedef struct LaunchFile {
        const char *source;      /* absolute host path; cloned at each launch */
        const char *destination; /* absolute path in the container; made when missing */
        bool read_only;
        bool is_directory;
        bool on_link; /* a symbolic link of the image at the destination is covered, not followed */
} LaunchFile;

typedef struct LaunchRequest {
        const ContainerSpec *spec;
        const Identity *identity; /* NULL = root */

        int template_fd; /* template_create() */
        int root_fd;     /* the root mount */
        bool root_clone; /* root_fd lies in an attached mount, of which each launch takes a clone; else it is
                            a detached mount, which the launch attaches: good for one launch only */
        int base_fd;    /* LaunchResult.base_fd of an earlier launch with the same root, users and network; or
                           -1. The lower its number, the better */
        bool keep_base; /* give one back; not with @base_fd */
        int userns_fd;  /* -1 = the manager's */
        int netns_fd;   /* -1 = the manager's; with a user namespace it must be owned by that one */
        int space_fds[SPACE_N_]; /* namespaces of others to join, as spec->spaces says; of SPACE_USER and
                                    SPACE_NETWORK none */
        int cgroup_fd;           /* directory of the container's cgroup (v2), -1 = stay in the manager's */
        int subgroup_fd;         /* cgroup.procs of one below it, which its processes are put into; or -1 */

        const IdMap *ids; /* of the user namespace; NULL = none */

        int stdin_fd, stdout_fd, stderr_fd; /* -1 = /dev/null */
        bool controlling_terminal;          /* stdin is a terminal, to be that of the program's session */
        const int *passed_fds; /* the program's from 3 on, in this order; LISTEN_PID= is set with them */
        size_t n_passed_fds;

        const LaunchMount *mounts;
        size_t n_mounts;
        const LaunchFile *files;
        size_t n_files;

        const int *scrap_fds; /* detached mounts that are to vanish: cheap to close afterwards */
        size_t n_scraps;

        const DeviceNode *devices; /* nodes of its /dev beside the usual ones */
        size_t n_devices;

        char *const *environment; /* set over spec->environment: NOTIFY_SOCKET=, INVOCATION_ID=, ...; may be
                                     NULL. HOME= and HOSTNAME= are added when nobody sets them */
        const char
                *cgroup_root;  /* mount of the whole hierarchy, for who shares the host's cgroup namespace */
        const char *shm;       /* mounted host directory that becomes /dev/shm; NULL = a new one */
        const char *init_path; /* host path of nsunits-init; needed when spec->run_init is set */

        int standby_fd; /* of a standby, see standby.h: its end of the pair; else -1. Not with an init */
        const char *standby_path; /* host path of nsunits-standby, for that */
} LaunchRequest;

#define LAUNCH_REQUEST_INIT                                                                       \
        {                                                                                         \
                .template_fd = -1, .root_fd = -1, .base_fd = -1, .userns_fd = -1, .netns_fd = -1, \
                .cgroup_fd = -1, .subgroup_fd = -1, .space_fds = { -1, -1, -1, -1, -1, -1, -1 },  \
                .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, .standby_fd = -1                \
        }

typedef struct LaunchResult {
        pid_t pid;   /* in the caller's pid namespace */
        int pidfd;   /* owned by the caller; close-on-exec */
        int base_fd; /* the same: a mount namespace with nothing but the root and /sys, of which a launch
                        takes a copy; -1 = not asked for */
} LaunchResult;

/**
 * launch_plan() - decide all steps; no system call
 *
 * The request's strings are copied, its descriptors borrowed until the plan has run.
 * Returns: 0, or a negative errno with @f filled (a system control that is not the container's own,
 * a missing descriptor, no memory).
 */
int launch_plan(const LaunchRequest *request, Fault *f, Plan **ret);

/**
 * launch_run() - run a plan
 *
 * Returns when the container's program has been exec()ed (a few hundred µs) or when it is certain that
 * it will not be; then @f says which step failed on what, and nothing is left behind. A program on a
 * file system that does not answer is given up after five seconds with -ETIMEDOUT.
 *
 * The caller's signals are blocked meanwhile. The caller must have one thread. On success the mount
 * descriptors of the request are attached in the container; close them either way.
 */
int launch_run(const Plan *plan, Fault *f, LaunchResult *ret);
