/* Which disk a path is about. */
#pragma once

#include <sys/types.h>

/**
 * block_device_find() - the disk of a device node, or of the file system that a file lies on
 *
 * The kernel limits whole disks: of a partition it is the disk, of an encrypted or logical volume that lies
 * on one device, that device's.
 *
 * Returns: 0; -ENOTBLK when no single disk is behind @path; the errno of stat(2).
 */
int block_device_find(const char *path, dev_t *ret);
