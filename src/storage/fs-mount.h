/*
 * A file system from a device, a file, a directory or the kernel's own imagination, by the words of mount(8),
 * as a detached mount.
 */
#pragma once

#include <stdbool.h>

#include "basic/fault.h"

typedef struct FsMount {
        const char *source;  /* device, file, directory; else any word, as of a tmpfs */
        const char *type;    /* NULL = as the superblock says; a directory is bound */
        const char *options; /* as behind "mount -o"; NULL = none */
        bool read_only;      /* whatever the options say */
} FsMount;

/** fs_mount_helper() - the program that a file system of the type needs, as "/sbin/mount.nfs"; NULL when the
 * kernel does without. free(). */
char *fs_mount_helper(const char *type);

/**
 * fs_mount() - mount it
 *
 * A file comes by a loop device that goes with the mount; an EROFS file without one where the kernel can
 * (6.12). May block for as long as the file system takes. Not for types with a helper.
 *
 * Returns: a descriptor as from fsmount(2), or a negative errno with @fault filled.
 */
int fs_mount(const FsMount *q, Fault *fault);

/** fs_mount_at() - the same at an existing directory, attached; by the helper where there is one. Blocks. */
int fs_mount_at(const FsMount *q, const char *path, Fault *fault);
