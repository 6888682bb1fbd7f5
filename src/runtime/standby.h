/*
 * A launch ahead of its time. LaunchRequest.standby_fd makes one that does all but execute the program: its
 * process, PID 1 of its own namespaces, waits (runtime/standby/nsunits-standby). What the program is told,
 * and what it writes to, comes with the order to start: so only what was set up is as old as the standby.
 *
 * It ends when the other end of its pair of sockets is closed, hence with the manager.
 */
#pragma once

#include "basic/fault.h"
#include "runtime/launch.h"

/* What is to be found in the container. */
typedef struct StandbyPlace {
        const char *path;
        dev_t device;
        ino_t inode;
} StandbyPlace;

/** standby_sockets() - the pair: [0] is the manager's, [1] is for LaunchRequest.standby_fd, to be closed
 * after the launch. Returns 0, or a negative errno. */
int standby_sockets(int ret[2]);

/**
 * standby_start() - have it execute its program
 * @fd: the manager's end of the pair
 * @q: as for launch_plan(); in use are the spec, the identity, the environment, the standard streams (-1
 * stays the null device) and the descriptors to be passed, all of which stay the caller's
 *
 * @places: where the container is another one if something else is found
 *
 * Returns when the program has been executed, or it is certain that it will not be; then the process ends,
 * which the caller has to see to.
 *
 * Returns: 0; -ESTALE when the standby is of no use, without @f being set: it has ended meanwhile, there is
 * more to tell it than it can take, or it finds another place or working directory; or the negative errno
 * with which a launch would have failed, with @f as from launch_run().
 */
int standby_start(int fd, const LaunchRequest *q, const StandbyPlace *places, size_t n_places, Fault *f);
