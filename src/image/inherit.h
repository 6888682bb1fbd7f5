/*
 * Directories that a layer's archive implies but does not list. overlayfs takes a directory's owner, mode and
 * time from the topmost layer that has it, so they are copied from the layers below.
 *
 * A layer that several images share looks as the first one of them made it.
 */
#pragma once

#include <stddef.h>

/**
 * inherit_directory() - make the directory @path below @dir_fd look as in the first of @lowers that has it
 * @lowers:  roots of layers, topmost first; O_PATH will do
 *
 * Returns: 0, also when there is nothing to copy from or to, or a negative errno.
 */
int inherit_directory(int dir_fd, const char *path, const int *lowers, size_t n);
