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
