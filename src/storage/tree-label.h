/* Labels of SELinux for whole trees. */
#pragma once

#include "basic/fault.h"

/**
 * tree_label() - give a context to a file, or to a directory with all below it on the same file system
 * @fd:   anything that fstat(2) takes, O_PATH too
 * @path: of it, for faults; directories that belong to the whole system are refused
 *
 * What has the context already is not touched. Blocks for the size of the tree. Needs /proc.
 *
 * Returns: 0; or a negative errno with @fault filled.
 */
int tree_label(int fd, const char *path, const char *context, Fault *fault);
