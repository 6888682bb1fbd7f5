/*
 * A directory tree copied faithfully: owners, modes, times, extended attributes, ACLs, links, holes.
 */
#pragma once

#include <stdint.h>

/* Ids on their way: an id of the source from @base on, below @base + @count, becomes id - base; any other
 * becomes 65534. */
typedef struct IdShift {
        uint32_t base, count; /* count 0 = keep ids as they are */
} IdShift;

/**
 * tree_copy() - copy the contents and the attributes of one directory to another, empty one
 * @from_fd: directory, opened O_RDONLY
 * @to_fd:   empty directory, opened O_RDONLY
 *
 * Stays within the mount of @from_fd; sockets are left out. Blocks for the size of the tree.
 */
int tree_copy(int from_fd, int to_fd, const IdShift *shift);

/** tree_chown() - give a file, or a directory with all below it on the same file system, to @uid and @gid. */
int tree_chown(int fd, uint32_t uid, uint32_t gid);
