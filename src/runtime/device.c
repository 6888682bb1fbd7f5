/* A container's /dev. */
#include "runtime/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"

/* Numbers: admin-guide/devices.txt of the kernel. */
static const struct {
        const char *name;
        unsigned major, minor;
} nodes[] = {
        { "null", 1, 3 },   { "zero", 1, 5 },    { "full", 1, 7 },
        { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

static const struct {
        const char *name, *target;
} links[] = {
        { "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" }, { "stdout", "/proc/self/fd/1" },
        { "stderr", "/proc/self/fd/2" }, { "ptmx", "pts/ptmx" },
};

static const char *const directories[] = { "pts", "shm", "mqueue" };

static int own(int fd, const char *name, uid_t uid, gid_t gid) {
        return fchownat(fd, name, uid, gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0 ? -errno : 0;
}

static int fill(int fd, uid_t uid, gid_t gid, const char **ret_object) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(nodes); i++) {
                *ret_object = nodes[i].name;
                if (mknodat(fd, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) < 0)
                        return -errno;
                r = own(fd, nodes[i].name, uid, gid);
        }
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(links); i++) {
                *ret_object = links[i].name;
                if (symlinkat(links[i].target, fd, links[i].name) < 0)
                        return -errno;
                r = own(fd, links[i].name, uid, gid);
        }
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(directories); i++) {
                *ret_object = directories[i];
                if (mkdirat(fd, directories[i], 0755) < 0)
                        return -errno;
                r = own(fd, directories[i], uid, gid);
        }
        return r < 0 ? r : own(fd, "", uid, gid);
}

static int new_tmpfs(void) {
        autoclose int fs = -EBADF;
        int fd;

        fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
        if (fs < 0)
                return -errno;
        /* Some programs put sockets or links there; nobody needs space. */
        if (fsconfig(fs, FSCONFIG_SET_STRING, "mode", "755", 0) < 0 ||
            fsconfig(fs, FSCONFIG_SET_STRING, "size", "64m", 0) < 0 ||
            fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;

        /* Not noexec: a private mapping of /dev/zero may be executable. */
        fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID);
        return fd < 0 ? -errno : fd;
}

int device_tree_create(uid_t uid, gid_t gid, Fault *f) {
        autoclose int fd = -EBADF;
        const char *object = "";
        mode_t mask;
        int r;

        fd = new_tmpfs();
        if (fd < 0)
                return fault_set(f, "make /dev", fd, "tmpfs");

        mask = umask(0);
        r = fill(fd, uid, gid, &object);
        (void) umask(mask);
        if (r < 0)
                return fault_set(f, "make /dev", r, "%s", object);
        return take_fd(fd);
}
