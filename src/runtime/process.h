/* What /proc says of a process: where it stands among others. A number may be another process's by the time
 * of the answer; who must know holds a pidfd, and asks again. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/** process_parent() - 0, or a negative errno: -ENOENT when there is no such process. */
int process_parent(pid_t pid, pid_t *ret);

/** process_inner_pid() - its number in its own pid namespace. */
int process_inner_pid(pid_t pid, pid_t *ret);

/** process_same_pid_namespace() - false also when that cannot be told. */
bool process_same_pid_namespace(pid_t a, pid_t b);

/**
 * process_mounts() - a descriptor of the mount namespace of a process
 *
 * A process that ends takes the mounts of its namespace down before anybody is told, and the kernel waits for
 * all processors meanwhile, some 0.1 ms. While somebody holds the namespace it does not; who closes the last
 * descriptor waits instead.
 *
 * Returns: owned by the caller, or a negative errno: -ENOTTY before Linux 6.11.
 */
int process_mounts(int pidfd);
