/* Detached mounts: the thin layer over the new mount system calls. Knows no units and no paths of ours. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "storage/mount-fd.h"

static uint64_t attr_bits(const MountAttr *a) {
        return (a->read_only ? (uint64_t) MOUNT_ATTR_RDONLY : 0) | (a->no_exec ? MOUNT_ATTR_NOEXEC : 0) |
               (a->no_suid ? MOUNT_ATTR_NOSUID : 0) | (a->no_dev ? MOUNT_ATTR_NODEV : 0);
}

static int apply(int fd, const MountAttr *a, bool idmap) {
        struct mount_attr m = {
                .attr_set = attr_bits(a) | (idmap ? MOUNT_ATTR_IDMAP : 0),
                /* A clone of a shared mount is shared: left so, mounts of the host would appear inside. */
                .propagation = a->propagation ? a->propagation : MS_PRIVATE,
                .userns_fd = idmap ? (uint64_t) a->userns_fd : 0,
        };
        unsigned flags = AT_EMPTY_PATH | (a->recursive ? AT_RECURSIVE : 0);

        return mount_setattr(fd, "", flags, &m, sizeof(m)) < 0 ? -errno : 0;
}

int mount_fd_set(int mount_fd, const MountAttr *attr) {
        return apply(mount_fd, attr, false);
}

int mount_fd_clone(int dir_fd, const char *path, const MountAttr *attr) {
        autoclose int fd = -EBADF;
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
        int r;

        if (path[0] == '\0')
                flags |= AT_EMPTY_PATH;
        if (attr->recursive)
                flags |= AT_RECURSIVE;
        fd = open_tree(dir_fd, path, flags);
        if (fd < 0)
                return -errno;

        r = apply(fd, attr, attr->userns_fd >= 0);
        if (r < 0)
                return r;

        return take_fd(fd);
}

void mount_scraps_clear(MountScraps *scraps) {
        for (size_t i = 0; i < scraps->n; i++)
                (void) close(scraps->fds[i]);
        free(scraps->fds);
        *scraps = (MountScraps){};
}

static int set_option(int fs_fd, const char *key, const char *format, ...) PRINTF_LIKE(3, 4);
static int set_option(int fs_fd, const char *key, const char *format, ...) {
        char text[32];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return fsconfig(fs_fd, FSCONFIG_SET_STRING, key, text, 0) < 0 ? -errno : 0;
}

static int set_options(int fs_fd, const MemoryFs *fs) {
        int r;

        r = set_option(fs_fd, "mode", "%o", fs->mode);
        if (r < 0 || fs->ram)
                return r;
        if (fs->size > 0)
                r = set_option(fs_fd, "size", "%" PRIu64, fs->size);
        if (r == 0)
                r = set_option(fs_fd, "uid", "%u", fs->uid);
        if (r == 0)
                r = set_option(fs_fd, "gid", "%u", fs->gid);
        if (r == 0 && fs->no_swap && fsconfig(fs_fd, FSCONFIG_SET_FLAG, "noswap", NULL, 0) < 0)
                return -errno;
        return r;
}

int mount_fd_memory(const MemoryFs *fs, const MountAttr *attr) {
        const char *type = fs->ram ? "ramfs" : "tmpfs";
        autoclose int fs_fd = -EBADF, fd = -EBADF;
        int r;

        fs_fd = fsopen(type, FSOPEN_CLOEXEC);
        if (fs_fd < 0)
                return -errno;
        if (fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", type, 0) < 0)
                return -errno;
        r = set_options(fs_fd, fs);
        if (r < 0)
                return r;

        if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        /* A ramfs has no options for its owner. */
        if (fs->ram && fchownat(fd, "", fs->uid, fs->gid, AT_EMPTY_PATH) < 0)
                return -errno;

        r = apply(fd, attr, attr->userns_fd >= 0);
        return r < 0 ? r : take_fd(fd);
}

int mount_fd_attach(int mount_fd, const char *path) {
        struct mount_attr private = { .propagation = MS_PRIVATE };

        if (move_mount(mount_fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return -errno;

        /* Attaching below a shared mount makes a mount shared. */
        return mount_setattr(mount_fd, "", AT_EMPTY_PATH, &private, sizeof(private)) < 0 ? -errno : 0;
}
