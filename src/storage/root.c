/* The held root of a container: upper directories, mount, mount points; and how they go again. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "storage/fs-mount.h"
#include "storage/mount-fd.h"
#include "storage/overlay.h"
#include "storage/root-internal.h"
#include "storage/root.h"
#include "storage/trash.h"

/* In the container's directory, while the root is made: where a file of Rootfs= is mounted. */
#define IMAGE "image"

/* Links inside an image that lead from one missing name to the next: as many as the kernel would follow. */
#define LINKS_MAX 40

static const struct {
        const char *path;
        bool file;
} usual_points[] = {
        { "/proc", false },     { "/sys", false },         { "/dev", false },
        { "/etc/hosts", true }, { "/etc/hostname", true }, { "/etc/resolv.conf", true },
};

/* Made anew by the launch, with what has to be in them. */
static const char *const launch_made[] = { "/proc", "/sys", "/dev" };

static int make_point(int root_fd, const char *path, bool file, IdPair owner, unsigned links);

/* @path has a link at @end that leads nowhere: make what it means. */
static int make_link_target(int root_fd, int parent_fd, const char *path, size_t start, size_t end, bool file,
                            IdPair owner, unsigned links) {
        autofree char *name = strndup(path + start, end - start), *joined = NULL;
        char target[PATH_MAX];
        ssize_t n;

        if (!name)
                return -ENOMEM;
        if (links == LINKS_MAX)
                return -ELOOP;

        n = readlinkat(parent_fd, name, target, sizeof(target) - 1);
        if (n < 0)
                return -errno;
        target[n] = '\0';

        if (asprintf(&joined, "%.*s%s%s", target[0] == '/' ? 0 : (int) start, path, target, path + end) < 0)
                return -ENOMEM;
        return make_point(root_fd, joined, file, owner, links + 1);
}

static int make_entry(int parent_fd, const char *name, bool file, IdPair owner) {
        if (file) {
                autoclose int fd =
                        openat(parent_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

                if (fd < 0)
                        return -errno;
        } else if (mkdirat(parent_fd, name, 0755) < 0)
                return -errno;

        return fchownat(parent_fd, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static bool is_link(int dir_fd, const char *name) {
        struct stat st;

        return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

/* Most are in the image. */
static int find_point(int root_fd, const char *path, bool file) {
        autoclose int fd = path_in_root_open(root_fd, path, O_PATH, 0);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (file && S_ISDIR(st.st_mode))
                return -EISDIR;
        return !file && !S_ISDIR(st.st_mode) ? -ENOTDIR : 0;
}

static int make_point(int root_fd, const char *path, bool file, IdPair owner, unsigned links) {
        autoclose int fd = -EBADF;
        int found;

        found = find_point(root_fd, path, file);
        if (found != -ENOENT)
                return found;
        fd = path_in_root_open(root_fd, ".", O_PATH | O_DIRECTORY, 0);
        if (fd < 0)
                return fd;

        for (size_t start = strspn(path, "/"), end; path[start]; start = end + strspn(path + end, "/")) {
                autofree char *prefix = NULL;
                bool last;
                int next, r;

                end = start + strcspn(path + start, "/");
                last = path[end + strspn(path + end, "/")] == '\0';
                prefix = strndup(path, end);
                if (!prefix)
                        return -ENOMEM;

                next = path_in_root_open(root_fd, prefix, O_PATH, 0);
                if (next == -ENOENT && is_link(fd, prefix + start))
                        return make_link_target(root_fd, fd, path, start, end, file, owner, links);
                if (next == -ENOENT) {
                        r = make_entry(fd, prefix + start, file && last, owner);
                        if (r < 0 || last)
                                return r;
                        next = path_in_root_open(root_fd, prefix, O_PATH, 0);
                }
                if (next < 0)
                        return next;
                replace_fd(&fd, next);
        }
        return 0;
}

int root_make_point(int root_fd, const char *path, bool file, IdPair owner) {
        return make_point(root_fd, path, file, owner, 0);
}

static bool is_below(const char *path, const char *parent) {
        const char *rest = startswith(path, parent);

        return rest && (rest[0] == '/' || rest[0] == '\0');
}

/* Another mount will cover the place: the point is made there, not in the root. */
static bool is_covered(const ContainerSpec *spec, size_t i) {
        const char *path = spec->mounts[i].destination;

        for (size_t j = 0; j < ELEMENTSOF(launch_made); j++)
                if (is_below(path, launch_made[j]))
                        return true;
        for (size_t j = 0; j < i; j++)
                if (!spec->mounts[j].optional && is_below(path, spec->mounts[j].destination))
                        return true;
        return false;
}

int root_make_points(const RootRequest *q, int fd, IdPair owner, Fault *fault) {
        int r;

        for (size_t i = 0; i < ELEMENTSOF(usual_points); i++) {
                r = root_make_point(fd, usual_points[i].path, usual_points[i].file, owner);
                if (r < 0)
                        return fault_set(fault, "mount point", r, "%s", usual_points[i].path);
        }

        for (size_t i = 0; i < q->spec->n_mounts; i++) {
                const MountSpec *m = &q->spec->mounts[i];
                struct stat st;
                bool file;

                if (is_covered(q->spec, i))
                        continue;

                /* A source that is missing is found, and named, when it is mounted. */
                file = m->kind == MOUNT_BIND && stat(m->source, &st) == 0 && !S_ISDIR(st.st_mode);
                r = root_make_point(fd, m->destination, file, owner);
                if (r < 0)
                        return fault_set(fault, "mount point", r, "%s", m->destination);
        }
        return 0;
}

int root_list_points(const ContainerSpec *spec, char ***ret) {
        autostrv char **list = NULL;
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(usual_points) && r == 0; i++)
                r = strv_add(&list, usual_points[i].path + 1);
        for (size_t i = 0; i < spec->n_mounts && r == 0; i++)
                r = strv_add(&list, spec->mounts[i].destination + 1);
        if (r < 0)
                return r;
        *ret = take_ptr(list);
        return 0;
}

static int make_owned(int dir_fd, const char *name, mode_t mode, IdPair owner) {
        int fd;

        if (mkdirat(dir_fd, name, 0700) < 0)
                return -errno;
        fd = dir_open(dir_fd, name);
        if (fd < 0)
                return fd;

        if (fchown(fd, owner.uid, owner.gid) < 0 || fchmod(fd, mode) < 0) {
                int r = -errno;

                (void) close(fd);
                return r;
        }
        return fd;
}

static int mount_layers(const RootRequest *q, const int *layers, size_t n, Fault *fault) {
        autoclose int dir_fd = -EBADF, upper_fd = -EBADF, work_fd = -EBADF;
        OverlayRequest o;
        struct stat st;
        int r;

        /* The mounted root shows the owner and mode of the upper directory, not of the layers' roots. */
        if (n == 0)
                return fault_set(fault, "overlay", -ENOENT, "layers");
        if (fstat(layers[0], &st) < 0)
                return fault_set(fault, "overlay", -errno, "topmost layer");

        dir_fd = dir_open(AT_FDCWD, q->container_dir);
        if (dir_fd < 0)
                return fault_set(fault, "container directory", dir_fd, "%s", q->container_dir);
        upper_fd = make_owned(dir_fd, "upper", st.st_mode & 07777,
                              id_map_outside(q->ids, (IdPair){ st.st_uid, st.st_gid }));
        if (upper_fd < 0)
                return fault_set(fault, "container directory", upper_fd, "%s/upper", q->container_dir);
        work_fd = make_owned(dir_fd, "work", 0700, id_map_outside(q->ids, (IdPair){ 0, 0 }));
        if (work_fd < 0)
                return fault_set(fault, "container directory", work_fd, "%s/work", q->container_dir);

        if (q->staging) {
                r = dir_make(AT_FDCWD, q->staging, 0700);
                if (r < 0)
                        return fault_set(fault, "staging directory", r, "%s", q->staging);
        }

        o = (OverlayRequest){
                .layer_fds = layers,
                .n_layers = n,
                .userns_fd = q->userns_fd,
                .upper_fd = upper_fd,
                .work_fd = work_fd,
                /* What the container writes goes with it, so no power cut can matter to it. */
                .volatile_upper = true,
                .staging = q->staging,
                .scraps = q->scraps,
        };
        return overlay_mount(&o, fault);
}

bool root_has_upper(const ContainerSpec *spec) {
        return !spec->memory_root && (!spec->rootfs || spec->rootfs_overlay);
}

char *root_image_path(const char *container_dir) {
        char *path;

        return asprintf(&path, "%s/" IMAGE, container_dir) < 0 ? NULL : path;
}

int root_detach(const char *attach_path) {
        /* EINVAL: a place where nothing is mounted (any more). */
        while (umount2(attach_path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
                ;
        if (errno != EINVAL && errno != ENOENT)
                return -errno;
        return rmdir(attach_path) < 0 && errno != ENOENT ? -errno : 0;
}

int root_detach_image(const char *container_dir) {
        autofree char *path = root_image_path(container_dir);

        return path ? root_detach(path) : -ENOMEM;
}

/* Before Linux 6.15 only what is attached somewhere can be cloned. */
static int mount_image(const RootRequest *q, Fault *fault) {
        autofree char *path = root_image_path(q->container_dir);
        autoclose int mount_fd = -EBADF;
        int r, fd;

        if (!path)
                return -ENOMEM;
        mount_fd = fs_mount(&(FsMount){ .source = q->spec->rootfs, .read_only = true }, fault);
        if (mount_fd < 0)
                return mount_fd;
        r = dir_make(AT_FDCWD, path, 0700);
        if (r == 0)
                r = mount_fd_attach(mount_fd, path);
        if (r < 0)
                return fault_set(fault, "root", r, "%s", path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? fault_set(fault, "root", -errno, "%s", path) : fd;
}

/* A file with a file system in it stays mounted below the container's directory: root_detach_image(). */
int root_open_rootfs(const RootRequest *q, Fault *fault) {
        struct stat st;
        int fd;

        if (stat(q->spec->rootfs, &st) == 0 && S_ISREG(st.st_mode))
                return mount_image(q, fault);
        fd = open(q->spec->rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? fault_set(fault, "root directory", -errno, "%s", q->spec->rootfs) : fd;
}

/* A bind mount of Rootfs=. Mount points are made in the directory itself: through an id-mapped mount the
 * host's root, who has no id there, cannot create anything. */
static int mount_rootfs(const RootRequest *q, Fault *fault) {
        MountAttr attr = { .userns_fd = q->userns_fd };
        autoclose int dir_fd = -EBADF;
        int fd, r;

        dir_fd = root_open_rootfs(q, fault);
        if (dir_fd < 0)
                return dir_fd;

        r = root_make_points(q, dir_fd, (IdPair){ 0, 0 }, fault);
        if (r == -EROFS)
                fault_advise(fault, "it cannot be made there: Rootfs=%s:O makes it beside", q->spec->rootfs);
        if (r < 0)
                return r;

        fd = mount_fd_clone(dir_fd, "", &attr);
        if (fd < 0) {
                fault_set(fault, "root directory", fd, "%s", q->spec->rootfs);
                if (fd == -EINVAL && q->userns_fd >= 0)
                        fault_advise(fault, "its file system may not allow id-mapped mounts");
        }
        return fd;
}

static int mount_root(const RootRequest *q, Fault *fault) {
        autoclose int dir_fd = -EBADF, fd = -EBADF;
        int r;

        if (!root_has_upper(q->spec))
                return mount_rootfs(q, fault);

        if (q->spec->rootfs) {
                dir_fd = root_open_rootfs(q, fault);
                if (dir_fd < 0)
                        return dir_fd;
        }

        fd = mount_layers(q, q->spec->rootfs ? &dir_fd : q->layer_fds, q->spec->rootfs ? 1 : q->n_layers,
                          fault);
        if (fd < 0)
                return fd;

        r = root_make_points(q, fd, id_map_outside(q->ids, (IdPair){ 0, 0 }), fault);
        return r < 0 ? r : take_fd(fd);
}

static int prepare(const RootRequest *q, Fault *fault) {
        autoclose int fd = -EBADF;
        int r;

        r = dir_make(AT_FDCWD, q->container_dir, 0700);
        if (r < 0)
                return fault_set(fault, "container directory", r, "%s", q->container_dir);

        if (q->spec->memory_root)
                return root_attach_memory(q, fault);
        fd = mount_root(q, fault);
        if (fd < 0)
                return fd;

        r = dir_make(AT_FDCWD, q->attach_path, 0700);
        if (r == 0)
                r = mount_fd_attach(fd, q->attach_path);
        return r < 0 ? fault_set(fault, "root", r, "%s", q->attach_path) : 0;
}

int root_prepare(const RootRequest *q, Fault *fault) {
        int r;

        r = root_retire(q->attach_path, q->container_dir);
        if (r < 0)
                return fault_set(fault, "container directory", r, "%s", q->container_dir);

        r = prepare(q, fault);
        (void) root_detach_image(q->container_dir);
        if (r < 0) {
                /* Nothing has run in it: there is little to delete. */
                (void) root_detach(q->attach_path);
                (void) tree_remove(AT_FDCWD, q->container_dir);
        }
        return r;
}

int root_add_points(const RootRequest *q, Fault *fault) {
        const bool own_directory = !q->spec->memory_root && !root_has_upper(q->spec);
        autoclose int fd = -EBADF;
        int r;

        if (own_directory)
                fd = root_open_rootfs(q, fault);
        else {
                fd = open(q->attach_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (fd < 0)
                        fd = fault_set(fault, "root", -errno, "%s", q->attach_path);
        }
        if (fd < 0)
                return fd;
        r = root_make_points(
                q, fd, own_directory ? (IdPair){ 0, 0 } : id_map_outside(q->ids, (IdPair){ 0, 0 }), fault);
        if (own_directory)
                (void) root_detach_image(q->container_dir);
        return r;
}

bool root_is_held(const char *attach_path) {
        struct statx sx;

        return statx(AT_FDCWD, attach_path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, 0,
                     &sx) == 0 &&
               (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

int root_clone(const char *attach_path) {
        static const MountAttr plain = { .userns_fd = -1 };

        if (!root_is_held(attach_path))
                return -EINVAL;
        return mount_fd_clone(AT_FDCWD, attach_path, &plain);
}

int root_retire(const char *attach_path, const char *container_dir) {
        int r;

        r = root_detach(attach_path);
        /* Left by a manager that was killed in between. */
        if (r == 0)
                r = root_detach_image(container_dir);
        return r < 0 ? r : trash_put(container_dir);
}

int root_release(const char *attach_path, const char *container_dir) {
        autofree char *parent = NULL;
        int r;

        r = root_retire(attach_path, container_dir);
        if (r < 0)
                return r;

        parent = strdup(container_dir);
        if (!parent)
                return -ENOMEM;
        *strrchr(parent, '/') = '\0';
        return trash_purge(parent);
}
