/* Roots seen from below and from outside: what is under the upper directory, a root in memory, a view for
 * people. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "storage/mount-fd.h"
#include "storage/overlay.h"
#include "storage/root-internal.h"

/* Everything below an upper directory, or the base of what is in memory. */
static int mount_lower(const RootRequest *q, Fault *fault) {
        autoclose int dir_fd = -EBADF;
        OverlayRequest o = {
                .layer_fds = q->layer_fds,
                .n_layers = q->n_layers,
                .userns_fd = q->userns_fd,
                .upper_fd = -1,
                .work_fd = -1,
                .staging = q->staging,
        };

        if (q->spec->rootfs) {
                dir_fd = root_open_rootfs(q, fault);
                if (dir_fd < 0)
                        return dir_fd;
                o.layer_fds = &dir_fd;
                o.n_layers = 1;
        }
        return overlay_mount(&o, fault);
}

int root_open_lower(const RootRequest *q, Fault *fault) {
        int r;

        if (!root_has_upper(q->spec)) {
                (void) fault_set(fault, "upper directory", -EOPNOTSUPP, "%s", q->spec->unit);
                fault_advise(
                        fault, "%s",
                        q->spec->memory_root
                                ? "all that is written is in memory"
                                : "what is written to Rootfs= is written there: Rootfs=DIR:O keeps it apart");
                return -EOPNOTSUPP;
        }
        r = mount_lower(q, fault);
        (void) root_detach_image(q->container_dir);
        return r;
}

int root_open_upper(const RootRequest *q) {
        autoclose int fd = dir_open(AT_FDCWD, q->container_dir);

        return fd < 0 ? fd : dir_open(fd, "upper");
}

int root_show(const char *attach_path, const char *path, Fault *fault) {
        const MountAttr attr = {
                .userns_fd = -1, .read_only = true, .no_exec = true, .no_suid = true, .no_dev = true
        };
        autoclose int fd = -EBADF;
        int r;

        if (root_is_held(path))
                return 0;
        fd = root_is_held(attach_path) ? mount_fd_clone(AT_FDCWD, attach_path, &attr) : -ENOENT;
        if (fd < 0)
                return fault_set(fault, "root", fd, "%s", attach_path);
        r = dir_make(AT_FDCWD, path, 0700);
        if (r == 0)
                r = mount_fd_attach(fd, path);
        return r < 0 ? fault_set(fault, "root", r, "%s", path) : 0;
}

int root_hide(const char *path) {
        return root_is_held(path) ? root_detach(path) : -ENOENT;
}

/* Where the usual directories are links into /usr, they are so here. */
static int copy_links(int base_fd, int root_fd, Fault *fault) {
        static const char *const names[] = { "bin", "sbin", "lib", "lib32", "lib64", "libx32" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char target[PATH_MAX];
                ssize_t n = readlinkat(base_fd, names[i], target, sizeof(target) - 1);

                if (n < 0 && errno == ENOENT)
                        continue;
                if (n < 0) {
                        int r = fault_set(fault, "root", -errno, "/%s", names[i]);

                        fault_advise(fault,
                                     "Volatile=yes needs all programs below /usr, and /%s to be a link",
                                     names[i]);
                        return r;
                }
                target[n] = '\0';
                if (symlinkat(target, root_fd, names[i]) < 0)
                        return fault_set(fault, "root", -errno, "/%s", names[i]);
        }
        return 0;
}

/* /usr of the base, read-only, on the empty root that is attached already. */
static int attach_usr(const RootRequest *q, int base_fd, Fault *fault) {
        const MountAttr attr = { .userns_fd = -1, .read_only = true };
        autofree char *path = NULL;
        autoclose int from = -EBADF, fd = -EBADF;
        int r;

        from = path_in_root_open(base_fd, "usr", O_PATH | O_DIRECTORY, 0);
        if (from < 0)
                return fault_set(fault, "root", from, "/usr");
        if (asprintf(&path, "%s/usr", q->attach_path) < 0)
                return -ENOMEM;
        fd = mount_fd_clone(from, "", &attr);
        if (fd < 0)
                return fault_set(fault, "root", fd, "/usr");
        r = mount_fd_attach(fd, path);
        return r < 0 ? fault_set(fault, "root", r, "%s", path) : 0;
}

/* Volatile=yes: the base is attached while it is looked at, for what is cloned has to be. */
static int attach_memory(const RootRequest *q, int base_mount, Fault *fault) {
        const IdPair owner = id_map_outside(q->ids, (IdPair){ 0, 0 });
        const MemoryFs fs = { .mode = 0755, .uid = owner.uid, .gid = owner.gid };
        const MountAttr plain = { .userns_fd = -1 };
        autofree char *path = root_image_path(q->container_dir);
        autoclose int root = -EBADF, base = -EBADF, dir = -EBADF;
        int r;

        if (!path)
                return -ENOMEM;
        r = dir_make(AT_FDCWD, path, 0700);
        if (r == 0)
                r = mount_fd_attach(base_mount, path);
        if (r == 0)
                r = base = dir_open(AT_FDCWD, path);
        if (r >= 0)
                r = root = mount_fd_memory(&fs, &plain);
        if (r >= 0)
                r = dir_make(AT_FDCWD, q->attach_path, 0700);
        if (r >= 0)
                r = mount_fd_attach(root, q->attach_path);
        if (r >= 0)
                r = dir = dir_open(AT_FDCWD, q->attach_path);
        if (r < 0)
                return fault_set(fault, "root", r, "%s", q->attach_path);

        r = copy_links(base, dir, fault);
        if (r == 0)
                r = root_make_point(dir, "/usr", false, owner);
        if (r == 0)
                r = root_make_points(q, dir, owner, fault);
        return r < 0 ? fault_set(fault, "root", r, "/usr") : attach_usr(q, base, fault);
}

int root_attach_memory(const RootRequest *q, Fault *fault) {
        autoclose int base = -EBADF;
        int r;

        /* The kernels that take layers by path need a directory for that. */
        r = q->staging ? dir_make(AT_FDCWD, q->staging, 0700) : 0;
        if (r < 0)
                return fault_set(fault, "staging directory", r, "%s", q->staging);
        base = mount_lower(q, fault);
        return base < 0 ? base : attach_memory(q, base, fault);
}
