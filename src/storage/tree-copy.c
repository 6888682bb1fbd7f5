/* Copies a tree by descriptors, so that nothing in it can lead the copy out of it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "storage/tree-copy.h"
#include "storage/tree-links.h"

/* Two descriptors a level, well below the usual limit of 1024. */
#define DEPTH_MAX 200

#define XATTR_BYTES_MAX 65536 /* linux/limits.h: of a list, and of a value */

typedef struct Copy {
        const IdMap *ids;
        int root_fd; /* of the destination */
        TreeLink *links;
        char *names, *value; /* XATTR_BYTES_MAX each */
} Copy;

static void copy_done(Copy *c) {
        tree_links_free(c->links);
        free(c->names);
        free(c->value);
}

static int copy_xattrs(Copy *c, int from_fd, int to_fd) {
        ssize_t n = flistxattr(from_fd, c->names, XATTR_BYTES_MAX);

        if (n < 0)
                return errno == EOPNOTSUPP ? 0 : -errno;

        for (const char *name = c->names; name < c->names + n; name += strlen(name) + 1) {
                ssize_t k;

                if (!id_shift_wants_xattr(name))
                        continue;
                k = fgetxattr(from_fd, name, c->value, XATTR_BYTES_MAX);
                if (k < 0)
                        return -errno;
                k = (ssize_t) id_shift_xattr(c->ids, name, c->value, (size_t) k);
                if (fsetxattr(to_fd, name, c->value, (size_t) k, 0) < 0)
                        return -errno;
        }
        return 0;
}

/* chown(2) drops file capabilities and the set-id bits, so it comes first, and the times last. */
static int copy_attributes(Copy *c, int from_fd, int to_fd, const struct stat *st) {
        struct timespec times[2] = { st->st_atim, st->st_mtim };
        const IdPair owner = id_map_inside(c->ids, (IdPair){ st->st_uid, st->st_gid });
        int r;

        if (fchown(to_fd, owner.uid, owner.gid) < 0)
                return -errno;
        r = copy_xattrs(c, from_fd, to_fd);
        if (r < 0)
                return r;
        if (fchmod(to_fd, st->st_mode & 07777) < 0)
                return -errno;
        return futimens(to_fd, times) < 0 ? -errno : 0;
}

/* Only the data; what lies between stays a hole. */
static int copy_bytes(int from_fd, int to_fd, off_t size) {
        off_t start, end = 0;

        while ((start = lseek(from_fd, end, SEEK_DATA)) >= 0) {
                end = lseek(from_fd, start, SEEK_HOLE);
                if (end < 0 || lseek(to_fd, start, SEEK_SET) < 0)
                        return -errno;

                while (start < end) {
                        ssize_t n = sendfile(to_fd, from_fd, &start, (size_t) (end - start));

                        if (n < 0)
                                return -errno;
                        if (n == 0) /* made shorter meanwhile */
                                break;
                }
        }
        if (errno != ENXIO) /* lseek(2): no data any more */
                return -errno;

        return ftruncate(to_fd, size) < 0 ? -errno : 0;
}

/* The destination may be a volume that a container writes to at this moment: no component of the path may
 * lead out of it, were it a directory of ours a moment ago. */
static int link_again(const Copy *c, const char *first, int to_dir, const char *name) {
        autoclose int fd = -EBADF;

        fd = path_beneath_open(c->root_fd, first, O_PATH | O_NOFOLLOW, 0);
        if (fd < 0)
                return fd;
        return linkat(fd, "", to_dir, name, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

static int copy_file(Copy *c, int from_dir, int to_dir, const char *name, const char *path,
                     const struct stat *st) {
        autoclose int from_fd = -EBADF, to_fd = -EBADF;
        const char *first = NULL;
        int r;

        if (st->st_nlink > 1)
                first = tree_links_find(c->links, st);
        if (first)
                return link_again(c, first, to_dir, name);

        from_fd = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (from_fd < 0)
                return -errno;
        to_fd = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (to_fd < 0)
                return -errno;

        r = copy_bytes(from_fd, to_fd, st->st_size);
        if (r == 0)
                r = copy_attributes(c, from_fd, to_fd, st);
        if (r == 0 && st->st_nlink > 1)
                r = tree_links_add(&c->links, st, path);
        return r;
}

static int copy_link(int from_dir, int to_dir, const char *name) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(from_dir, name, target, sizeof(target) - 1);

        if (n < 0)
                return -errno;
        target[n] = '\0';
        return symlinkat(target, to_dir, name) < 0 ? -errno : 0;
}

/* What cannot be opened: links and fifos. */
static int copy_unopened(Copy *c, int from_dir, int to_dir, const char *name, const struct stat *st) {
        struct timespec times[2] = { st->st_atim, st->st_mtim };
        autoclose int fd = -EBADF;
        struct stat made;
        IdPair owner;
        char path[32];
        int r = 0;

        if (S_ISLNK(st->st_mode))
                r = copy_link(from_dir, to_dir, name);
        else if (mknodat(to_dir, name, S_IFIFO | 0600, 0) < 0)
                r = -errno;
        if (r < 0)
                return r;

        /* By descriptor, for the name may mean something else already: see link_again(). */
        fd = openat(to_dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &made) < 0)
                return -errno;
        if ((made.st_mode & S_IFMT) != (st->st_mode & S_IFMT))
                return -EAGAIN;
        owner = id_map_inside(c->ids, (IdPair){ st->st_uid, st->st_gid });
        if (fchownat(fd, "", owner.uid, owner.gid, AT_EMPTY_PATH) < 0)
                return -errno;
        if (!S_ISLNK(st->st_mode) && chmod(fd_path(fd, path), st->st_mode & 07777) < 0)
                return -errno;
        return utimensat(fd, "", times, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

static int copy_directory(Copy *c, int from_fd, int to_fd, const char *path, unsigned depth);

static int copy_entry(Copy *c, int from_dir, int to_dir, const char *name, const char *parent,
                      unsigned depth) {
        autoclose int from_fd = -EBADF, to_fd = -EBADF;
        autofree char *path = NULL;
        struct stat st;

        if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (asprintf(&path, "%s%s%s", parent, parent[0] ? "/" : "", name) < 0)
                return -ENOMEM;

        if (S_ISREG(st.st_mode))
                return copy_file(c, from_dir, to_dir, name, path, &st);
        if (S_ISLNK(st.st_mode) || S_ISFIFO(st.st_mode))
                return copy_unopened(c, from_dir, to_dir, name, &st);
        if (!S_ISDIR(st.st_mode))
                return 0;

        if (depth == DEPTH_MAX)
                return -ELOOP;
        if (mkdirat(to_dir, name, 0700) < 0)
                return -errno;
        from_fd = dir_open(from_dir, name);
        if (from_fd < 0)
                return from_fd;
        to_fd = dir_open(to_dir, name);
        if (to_fd < 0)
                return to_fd;
        return copy_directory(c, from_fd, to_fd, path, depth + 1);
}

static int copy_directory(Copy *c, int from_fd, int to_fd, const char *path, unsigned depth) {
        autoclosedir DIR *d = NULL;
        struct dirent *e;
        struct stat st;
        int r;

        r = dir_entries(from_fd, &d);
        if (r < 0)
                return r;

        while (errno = 0, (e = readdir(d))) {
                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                r = copy_entry(c, from_fd, to_fd, e->d_name, path, depth);
                if (r < 0)
                        return r;
        }
        if (errno != 0)
                return -errno;

        if (fstat(from_fd, &st) < 0)
                return -errno;
        return copy_attributes(c, from_fd, to_fd, &st);
}

int tree_copy(int from_fd, int to_fd, const IdMap *ids) {
        Copy c = { .ids = ids, .root_fd = to_fd };
        int r = -ENOMEM;

        c.names = malloc(XATTR_BYTES_MAX);
        c.value = malloc(XATTR_BYTES_MAX);
        if (c.names && c.value)
                r = copy_directory(&c, from_fd, to_fd, "", 0);
        copy_done(&c);
        return r;
}

static int chown_directory(int fd, uint32_t uid, uint32_t gid, dev_t device, unsigned depth) {
        autoclosedir DIR *d = NULL;
        struct dirent *e;
        int r;

        if (depth == DEPTH_MAX)
                return -ELOOP;
        r = dir_entries(fd, &d);
        if (r < 0)
                return r;

        while (errno = 0, (e = readdir(d))) {
                autoclose int child_fd = -EBADF;
                struct stat st;

                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                child_fd = openat(fd, e->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
                if (child_fd < 0)
                        return -errno;
                if (fstat(child_fd, &st) < 0)
                        return -errno;
                if (st.st_dev != device)
                        continue;

                if ((st.st_uid != uid || st.st_gid != gid) &&
                    fchownat(child_fd, "", uid, gid, AT_EMPTY_PATH) < 0)
                        return -errno;
                r = S_ISDIR(st.st_mode) ? chown_directory(child_fd, uid, gid, device, depth + 1) : 0;
                if (r < 0)
                        return r;
        }
        return -errno;
}

int tree_chown(int fd, uint32_t uid, uint32_t gid) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if ((st.st_uid != uid || st.st_gid != gid) && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
                return -errno;
        return S_ISDIR(st.st_mode) ? chown_directory(fd, uid, gid, st.st_dev, 0) : 0;
}
