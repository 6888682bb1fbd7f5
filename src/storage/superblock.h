/* Which file system lies in a file or on a device, by the marks that each puts at its beginning. */
#pragma once

/**
 * superblock_type() - name of the file system, as mount(2) knows it
 * @fd: readable, regular file or block device; its offset is left alone
 *
 * Returns: 0 with a static text, -ENODATA when there is none that we know, -EMEDIUMTYPE for a disk with a
 * partition table, or another negative errno.
 */
int superblock_type(int fd, const char **ret);
