/* Block devices whose data lies in a file: loop(4). */
#pragma once

#include <stdbool.h>

/**
 * loop_attach() - a loop device over a file, which goes by itself with its last user
 * @file_fd: opened for reading, and for writing unless @read_only
 * @ret_path: "/dev/loopN"
 *
 * Returns: a descriptor of the device, to be held until it is mounted, or a negative errno; -ENODEV when the
 * kernel has no loop devices.
 */
int loop_attach(int file_fd, bool read_only, char ret_path[32]);
