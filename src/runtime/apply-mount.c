/* The child side of a launch: mounts. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "basic/macro.h"
#include "basic/syscall.h"
#include "runtime/apply.h"
#include "runtime/template.h"

#define MOVE_BY_FD (MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)

/* "a=b,c": each option on its own to the file system. */
static long set_options(long fs, const char *options) {
        char buffer[256];
        size_t n = strlen(options);
        long r;

        if (n >= sizeof(buffer))
                return -E2BIG;
        memcpy(buffer, options, n + 1);

        for (char *key = buffer; *key != '\0';) {
                size_t length = strcspn(key, ",");
                char *next = key + length + (key[length] == ','), *value;

                key[length] = '\0';
                value = strchr(key, '=');
                if (value)
                        *value++ = '\0';
                r = RAW(fsconfig, fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0);
                if (r < 0)
                        return r;
                key = next;
        }
        return 0;
}

static long new_mount(const char *type, const char *options, uint64_t attr) {
        long fs, r;

        fs = RAW(fsopen, type, FSOPEN_CLOEXEC);
        if (fs < 0)
                return fs;
        /* What df(1) and findmnt(8) show; "none" otherwise. */
        r = RAW(fsconfig, fs, FSCONFIG_SET_STRING, "source", type, 0);
        if (r == 0 && options)
                r = set_options(fs, options);
        if (r == 0)
                r = RAW(fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
        if (r == 0)
                r = RAW(fsmount, fs, FSMOUNT_CLOEXEC, attr);
        (void) RAW(close, fs);
        return r;
}

long apply_new_mount(Apply *a, const Step *s) {
        long r = new_mount(s->path, s->text, s->flags);

        if (r < 0)
                return r;
        a->fds[s->out] = (int) r;
        return 0;
}

static long clone_tree(int fd, const char *path, uint64_t attr) {
        struct mount_attr set = { .attr_set = attr };
        const long recursive = AT_EMPTY_PATH | AT_RECURSIVE;
        long tree, r;

        tree = RAW(open_tree, fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);
        if (tree < 0 || attr == 0)
                return tree;
        r = RAW(mount_setattr, tree, "", recursive, &set, sizeof(set));
        if (r == 0)
                return tree;
        (void) RAW(close, tree);
        return r;
}

long apply_clone_kernel_fs(Apply *a, const Step *s) {
        long r = clone_tree(AT_FDCWD, s->path, s->flags);

        if (r < 0)
                return r;
        a->fds[s->out] = (int) r;
        return 0;
}

long apply_open_root(Apply *a, const Step *s) {
        long r = RAW(openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (r < 0)
                return r;
        a->root_fd = (int) r;
        return 0;
}

/* Attached to what the next step drops: one wait of the kernel for all of it. */
long apply_leave_behind(Apply *a, const Step *s) {
        return RAW(move_mount, a->fds[s->slot], "", AT_FDCWD, TEMPLATE_SCRAPS, MOVE_MOUNT_F_EMPTY_PATH);
}

long apply_enter_root(Apply *a, const Step *s) {
        int fd = a->fds[s->slot];
        long r;

        r = RAW(move_mount, fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
        if (r == 0)
                r = RAW(fchdir, fd);
        /* Both arguments the same: the old root comes to lie on the new one, whence it is dropped. */
        if (r == 0)
                r = RAW(pivot_root, ".", ".");
        if (r == 0)
                r = RAW(umount2, ".", MNT_DETACH);
        if (r == 0)
                r = RAW(chdir, "/");
        return r < 0 ? r : apply_open_root(a, s);
}

/* Before the root is entered: the template's proc is still in sight, and the table is the manager's. */
long apply_open_base(Apply *a, const Step *s) {
        long r = RAW(openat, AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

        if (r < 0)
                return r;
        a->report->base = (int) r;
        return 0;
}

/* What was kept by an earlier launch, or what this one keeps: either way others begin with it again, so it is
 * a copy in which all else is done. */
long apply_copy_base(Apply *a, const Step *s) {
        long r = 0;

        if (s->slot >= 0)
                r = RAW(setns, a->fds[s->slot], CLONE_NEWNS);
        if (r == 0)
                r = RAW(unshare, CLONE_NEWNS);
        if (r < 0)
                return r;
        if (a->root_fd >= 0)
                (void) RAW(close, a->root_fd);
        return apply_open_root(a, s);
}

/* A link of the image must not lead a mount into /proc, where it could hide what masks and the payload's
 * own security rely on. Whoever names a path below /proc in the unit means it. */
static long check_place(long fd, const Step *s) {
        struct statfs fs;
        long r;

        if ((s->flags & ATTACH_STRICT) || startswith(s->path, "/proc/"))
                return 0;
        r = RAW(fstatfs, fd, &fs);
        if (r < 0)
                return r;
        return fs.f_type == PROC_SUPER_MAGIC ? -ELOOP : 0;
}

long apply_attach(Apply *a, const Step *s) {
        unsigned flags = (s->flags & ATTACH_DIRECTORY ? PATH_DIRECTORY : 0) |
                         (s->flags & ATTACH_STRICT ? PATH_STRICT : 0) |
                         (s->flags & ATTACH_ON_LINK ? PATH_ON_LINK : 0);
        long fd, r;

        fd = s->flags & ATTACH_CREATE ? path_make(a->root_fd, s->path, flags)
                                      : path_resolve(a->root_fd, s->path, flags);
        if (fd < 0)
                return fd;
        r = check_place(fd, s);
        if (r == 0)
                r = RAW(move_mount, a->fds[s->slot], "", fd, "", MOVE_BY_FD);
        (void) RAW(close, fd);
        return r;
}

long apply_sysctl(Apply *a, const Step *s) {
        size_t n = strlen(s->text);
        long proc, fd, r;

        proc = path_resolve(a->root_fd, "/proc/sys", PATH_DIRECTORY | PATH_STRICT);
        if (proc < 0)
                return proc;
        /* The proc file system is the kernel's own and nothing lies on it yet: an ordinary open will do. */
        fd = RAW(openat, proc, s->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        (void) RAW(close, proc);
        if (fd < 0)
                return fd;
        r = RAW(write, fd, s->text, n);
        (void) RAW(close, fd);
        if (r < 0)
                return r;
        return (size_t) r == n ? 0 : -EINVAL;
}

/* A mount of ours to clone for further masks of the same kind: the first is made, the others are copies. */
static long mask_source(Apply *a, bool directory) {
        long r;

        if (directory) {
                if (a->mask_dir >= 0)
                        return clone_tree(a->mask_dir, "", 0);
                return new_mount("tmpfs", "mode=755,size=4k,nr_inodes=1",
                                 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                         MOUNT_ATTR_NOEXEC);
        }

        if (a->mask_file < 0) {
                r = path_resolve(a->root_fd, "/dev/null", PATH_STRICT);
                if (r < 0)
                        return r;
                a->mask_file = (int) r;
        }
        return clone_tree(a->mask_file, "", 0);
}

long apply_mask(Apply *a, const Step *s) {
        struct stat st;
        bool directory;
        long fd, from, r;

        fd = path_resolve(a->root_fd, s->path, s->flags & ATTACH_STRICT ? PATH_STRICT : 0);
        if (fd == -ENOENT || fd == -ENOTDIR)
                return 0;
        if (fd < 0)
                return fd;

        r = check_place(fd, s);
        if (r == 0)
                r = RAW(fstat, fd, &st);
        directory = r == 0 && S_ISDIR(st.st_mode);
        from = r < 0 ? r : mask_source(a, directory);
        r = from < 0 ? from : RAW(move_mount, from, "", fd, "", MOVE_BY_FD);
        (void) RAW(close, fd);
        if (r < 0)
                return r;
        if (directory && a->mask_dir < 0)
                a->mask_dir = (int) from;
        else
                (void) RAW(close, from);
        return 0;
}

long apply_protect(Apply *a, const Step *s) {
        long fd, tree, r;

        fd = path_resolve(a->root_fd, s->path, PATH_STRICT);
        if (fd == -ENOENT || fd == -ENOTDIR)
                return 0;
        if (fd < 0)
                return fd;

        tree = clone_tree((int) fd, "", MOUNT_ATTR_RDONLY | s->flags);
        r = tree < 0 ? tree : RAW(move_mount, tree, "", fd, "", MOVE_BY_FD);
        (void) RAW(close, fd);
        if (tree >= 0)
                (void) RAW(close, tree);
        return r;
}

long apply_make_dir(Apply *a, const Step *s) {
        long fd = path_make(a->root_fd, s->path, PATH_DIRECTORY);

        if (fd < 0)
                return fd;
        (void) RAW(close, fd);
        return 0;
}

long apply_root_read_only(Apply *a, const Step *s) {
        struct mount_attr set = { .attr_set = MOUNT_ATTR_RDONLY };

        return RAW(mount_setattr, a->root_fd, "", AT_EMPTY_PATH, &set, sizeof(set));
}
