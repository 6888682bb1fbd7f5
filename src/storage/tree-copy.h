/*
 * A directory tree copied faithfully: owners, modes, times, extended attributes, ACLs, links, holes.
 */
#pragma once

#include <stdint.h>

#include "storage/id-shift.h"

/**
 * tree_copy() - copy the contents and the attributes of one directory to another, empty one
 * @from_fd: directory, opened O_RDONLY
 * @to_fd:   empty directory, opened O_RDONLY
 *
 * Sockets and device nodes are left out. Blocks for the size of the tree.
 *
 * Returns: 0, -ELOOP for a tree deeper than 200 directories, or another negative errno; then a part may
 * have been copied.
 */
int tree_copy(int from_fd, int to_fd, const IdMap *ids);

/**
 * tree_chown() - give a file, or a directory with all below it on the same file system, to @uid and @gid
 * @fd: anything that fstat(2) takes, O_PATH too
 *
 * What belongs to them already is not touched. Blocks for the size of the tree.
 */
int tree_chown(int fd, uint32_t uid, uint32_t gid);
