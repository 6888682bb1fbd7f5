/* A container's /dev. */
#include "runtime/device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
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

static int own(int fd, const char *name, IdPair owner) {
        return fchownat(fd, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0 ? -errno : 0;
}

static int fill(int fd, IdPair owner, const char **ret_object) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(nodes); i++) {
                *ret_object = nodes[i].name;
                if (mknodat(fd, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) < 0)
                        return -errno;
                r = own(fd, nodes[i].name, owner);
        }
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(links); i++) {
                *ret_object = links[i].name;
                if (symlinkat(links[i].target, fd, links[i].name) < 0)
                        return -errno;
                r = own(fd, links[i].name, owner);
        }
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(directories); i++) {
                *ret_object = directories[i];
                if (mkdirat(fd, directories[i], 0755) < 0)
                        return -errno;
                r = own(fd, directories[i], owner);
        }
        return r < 0 ? r : own(fd, "", owner);
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

int device_tree_create(IdPair owner, Fault *f) {
        autoclose int fd = -EBADF;
        const char *object = "";
        mode_t mask;
        int r;

        fd = new_tmpfs();
        if (fd < 0)
                return fault_set(f, "make /dev", fd, "tmpfs");

        mask = umask(0);
        r = fill(fd, owner, &object);
        (void) umask(mask);
        if (r < 0)
                return fault_set(f, "make /dev", r, "%s", object);
        return take_fd(fd);
}

/* -- devices of the host -- */

/* /dev/dri/by-path and the like. */
#define DEPTH_MAX 8

void device_nodes_clear(DeviceNodes *found) {
        for (size_t i = 0; i < found->n; i++)
                free(found->items[i].path);
        free(found->items);
        *found = (DeviceNodes){};
}

static int add_node(const DeviceSpec *spec, const char *path, const struct stat *st, DeviceNodes *to) {
        const mode_t refused = (spec->read ? 0 : 0444) | (spec->write ? 0 : 0222);
        DeviceNode *grown = reallocarray(to->items, to->n + 1, sizeof(*grown));
        char *copy = strdup(path);

        if (grown)
                to->items = grown;
        if (!grown || !copy) {
                free(copy);
                return -ENOMEM;
        }
        to->items[to->n++] = (DeviceNode){
                .path = copy,
                .mode = (st->st_mode & (S_IFMT | 0777)) & ~refused,
                .number = st->st_rdev,
                .gid = st->st_gid,
                .spec = spec,
        };
        return 0;
}

static int find_below(const DeviceSpec *spec, int parent, const char *name, const char *path, unsigned depth,
                      DeviceNodes *to);

static int find_in_directory(const DeviceSpec *spec, int fd, const char *path, unsigned depth,
                             DeviceNodes *to) {
        DIR *dir = fdopendir(fd);
        int r = 0;

        if (!dir) {
                r = -errno;
                (void) close(fd);
                return r;
        }
        for (struct dirent *e; r == 0 && (e = readdir(dir)) != NULL;) {
                autofree char *inside = NULL;

                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                if (asprintf(&inside, "%s/%s", path, e->d_name) < 0) {
                        inside = NULL;
                        r = -ENOMEM;
                        break;
                }
                r = find_below(spec, dirfd(dir), e->d_name, inside, depth + 1, to);
                /* Links, sockets, and what has gone meanwhile. */
                if (r == -ENOTBLK || r == -ENOENT || r == -ELOOP)
                        r = 0;
        }
        (void) closedir(dir);
        return r;
}

/* What the unit names may be a link; what lies in a directory may not. */
static int find_below(const DeviceSpec *spec, int parent, const char *name, const char *path, unsigned depth,
                      DeviceNodes *to) {
        struct stat st;
        int fd;

        if (fstatat(parent, name, &st, depth > 0 ? AT_SYMLINK_NOFOLLOW : 0) < 0)
                return -errno;
        if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
                return add_node(spec, path, &st, to);
        if (!S_ISDIR(st.st_mode) || depth > DEPTH_MAX)
                return -ENOTBLK;

        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : find_in_directory(spec, fd, path, depth, to);
}

static int device_fault(Fault *f, const DeviceSpec *spec, int r) {
        if (spec->at.file)
                (void) fault_set(f, "device", r, "%s (%s:%u)", spec->host, spec->at.file, spec->at.line);
        else
                (void) fault_set(f, "device", r, "%s", spec->host);
        if (r == -ENOENT)
                fault_advise(f, "AddDevice=-%s lets the host be without it", spec->host);
        return r;
}

int device_nodes_find(const DeviceSpec *specs, size_t n, Fault *f, DeviceNodes *ret) {
        autodevices DeviceNodes found = {};

        for (size_t i = 0; i < n; i++) {
                int r = find_below(&specs[i], AT_FDCWD, specs[i].host, specs[i].container, 0, &found);

                if (r == -ENOENT && specs[i].optional)
                        continue;
                if (r < 0)
                        return device_fault(f, &specs[i], r);
        }
        *ret = found;
        found = (DeviceNodes){};
        return 0;
}

/* A directory of the tree's own: no link in it is followed. */
static int open_parent(int tree_fd, const char *path, IdPair owner, const char **ret_name) {
        int fd = fcntl(tree_fd, F_DUPFD_CLOEXEC, 3);

        while (fd >= 0) {
                char name[NAME_MAX + 1];
                size_t n = strcspn(path, "/");
                int next;

                if (path[n] == '\0') {
                        *ret_name = path;
                        return fd;
                }
                if (n > NAME_MAX) {
                        (void) close(fd);
                        return -ENAMETOOLONG;
                }
                memcpy(name, path, n);
                name[n] = '\0';
                path += n + strspn(path + n, "/");

                if (mkdirat(fd, name, 0755) == 0)
                        (void) own(fd, name, owner);
                next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (next < 0)
                        next = -errno;
                (void) close(fd);
                if (next < 0)
                        return next;
                fd = next;
        }
        return -errno;
}

int device_node_make(int tree_fd, const DeviceNode *node, IdPair owner, gid_t gid) {
        const char *below = startswith(node->path, "/dev/"), *name = "";
        autoclose int parent = -EBADF;
        mode_t mask;
        int r;

        if (!below || !path_is_absolute_clean(node->path))
                return -EINVAL;
        parent = open_parent(tree_fd, below, owner, &name);
        if (parent < 0)
                return parent;

        /* Later lines win, and the unit's beat the usual nodes. */
        if (unlinkat(parent, name, 0) < 0 && errno != ENOENT)
                return -errno;
        mask = umask(0);
        r = mknodat(parent, name, node->mode, node->number) < 0 ? -errno : 0;
        (void) umask(mask);
        return r < 0 ? r : own(parent, name, (IdPair){ owner.uid, gid });
}
