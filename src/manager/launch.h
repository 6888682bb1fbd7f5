/*
 * What one launch of a container needs beside what its unit holds, and whence it is taken. In two parts: what
 * is set up, which a standby (standby.h) has been given beforehand; and what the program is told, and writes
 * to.
 */
#pragma once

#include "manager/internal.h"
#include "runtime/device.h"
#include "runtime/identity.h"
#include "runtime/launch.h"
#include "storage/mounts.h"

/* What one launch needs beside what is held. */
typedef struct Launch {
        Identity identity;
        int root_fd, base_fd;
        bool keep_base;
        PreparedMounts *mounts;
        LaunchMount *launch_mounts;
        size_t n_mounts;
        int old_root_fd; /* among these */
        int output[2], input;
        bool controlling; /* @input is the terminal of its session */
        char **environment;
        UnitFiles files;
        int *passed_fds;
        size_t n_passed_fds;
        DeviceNodes devices;
        int spaces[SPACE_N_];
        char *shm;
        int subgroup_fd;
} Launch;

#define LAUNCH_INIT                                                                                        \
        {                                                                                                  \
                .root_fd = -EBADF, .base_fd = -EBADF, .old_root_fd = -EBADF, .output = { -EBADF, -EBADF }, \
                .input = -EBADF, .spaces = { -1, -1, -1, -1, -1, -1, -1 }, .subgroup_fd = -EBADF           \
        }

/** launch_clear() - close and free what was taken. */
void launch_clear(Launch *l);

#define autolaunch __attribute__((cleanup(launch_clear)))

/* All return 0, or a negative errno with @fault filled. */

/** launch_take_root() - the root, and who the program is in there: of both parts, and first. */
int launch_take_root(Unit *u, Launch *l, Fault *fault);

/** launch_take_setup() - mounts, files, devices, namespaces of others, the cgroup below its own. @again: it
 * was launched before, and will be so once more; from then on it holds what its launches begin with. */
int launch_take_setup(Unit *u, Launch *l, bool again, Fault *fault);

/** launch_name_setup() - the same without mounts, for those who only look. */
int launch_name_setup(const Unit *u, Launch *l, Fault *fault);

/** launch_take_program() - streams, what it is told of this invocation, and what is handed over. */
int launch_take_program(Unit *u, Launch *l, Fault *fault);

/** launch_request() - borrows from both. */
LaunchRequest launch_request(const Unit *u, const Launch *l);
