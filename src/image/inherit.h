/*
 * Directories that a layer's archive implies but does not list. overlayfs takes a directory's owner, mode and
 * time from the topmost layer that has it, so they are copied from the layers below.
 *
 * A layer that several images share looks as the first one of them made it.
 */
#pragma once

#include <stddef.h>

/**
 * inherit_directories() - make directories below @dir_fd look as in the first of @lowers that has them
 * @paths_fd:  their paths, each ended by a NUL, read from its beginning
 * @lowers:    roots of layers, topmost first; O_PATH will do
 *
 * A root without a layer below it gets the time 0, so that the same archive always gives the same tree.
 *
 * Returns: 0, also when there is nothing to copy from or to, or a negative errno.
 */
int inherit_directories(int dir_fd, int paths_fd, const int *lowers, size_t n);
