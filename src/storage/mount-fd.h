/*
 * Detached mounts held by a file descriptor: cloned from a place in the file system, or new. They are
 * visible nowhere until somebody attaches them, and are gone when the last descriptor is closed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct MountAttr {
        int userns_fd;  /* id-map with this user namespace; -1 = not */
        bool recursive; /* with the mounts below, and the attributes for all of them */
        bool read_only, no_exec, no_suid, no_dev;
        unsigned long propagation; /* MS_PRIVATE, MS_SLAVE, MS_SHARED; 0 = private */
} MountAttr;

/**
 * mount_fd_clone() - a bind mount of @path as a detached mount
 * @dir_fd: AT_FDCWD, a directory, or with path "" the file or directory itself (O_PATH is fine)
 *
 * A file gives a mount of that file.
 *
 * Returns: a descriptor (O_PATH), -EINVAL when the file system cannot be id-mapped or @dir_fd lives in
 * another mount namespace, -EPERM when it is id-mapped already, or another negative errno.
 */
int mount_fd_clone(int dir_fd, const char *path, const MountAttr *attr);

typedef struct MemoryFs {
        bool ram;      /* a ramfs: no limit, never on disk */
        bool no_swap;  /* a tmpfs that is never on disk; Linux >= 6.4 */
        uint64_t size; /* bytes; 0 = half of the memory */
        mode_t mode;   /* of its root directory */
        uid_t uid;     /* owner of its root directory, as seen by the caller */
        gid_t gid;
} MemoryFs;

/** mount_fd_memory() - a new, empty tmpfs or ramfs */
int mount_fd_memory(const MemoryFs *fs, const MountAttr *attr);

/*
 * Detached mounts that have done their work. To close one makes the kernel wait for all processors, some 0.1
 * ms each, so they are kept until they can be attached to something that is about to be dropped as a whole.
 */
typedef struct MountScraps {
        int *fds;
        size_t n;
} MountScraps;

/** mount_scraps_clear() - close them. */
void mount_scraps_clear(MountScraps *scraps);

/** mount_fd_set() - change the attributes (not the id mapping) of a mount. Returns 0 or negative errno. */
int mount_fd_set(int mount_fd, const MountAttr *attr);

/**
 * mount_fd_attach() - put a detached mount on an existing directory or file @path and make it private
 *
 * The descriptor stays open and then means the attached mount.
 */
int mount_fd_attach(int mount_fd, const char *path);
