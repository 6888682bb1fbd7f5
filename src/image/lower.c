/* Owner, mode, attributes and time of a directory, and whole files, from a lower layer. */
#include "image/lower.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <uthash.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"

static int xattrs_copy(int from, int to) {
        autofree char *names = malloc(XATTR_LIST_MAX);
        autofree char *value = malloc(XATTR_SIZE_MAX);
        ssize_t size;

        if (!names || !value)
                return -ENOMEM;
        size = flistxattr(from, names, XATTR_LIST_MAX);
        if (size < 0)
                return errno == ENOTSUP ? 0 : -errno;

        for (const char *name = names; name < names + size; name += strlen(name) + 1) {
                ssize_t n;

                /* overlayfs's own are about that layer. */
                if (startswith(name, "trusted."))
                        continue;
                n = fgetxattr(from, name, value, XATTR_SIZE_MAX);
                if (n >= 0 && fsetxattr(to, name, value, (size_t) n, 0) < 0)
                        return -errno;
        }
        return 0;
}

static int look_copy(int from, int to) {
        struct timespec times[2];
        struct stat st;
        int r;

        if (fstat(from, &st) < 0 || fchown(to, st.st_uid, st.st_gid) < 0 ||
            fchmod(to, st.st_mode & 07777) < 0)
                return -errno;
        r = xattrs_copy(from, to);
        if (r < 0)
                return r;
        times[0] = st.st_atim;
        times[1] = st.st_mtim;
        return futimens(to, times) < 0 ? -errno : 0;
}

/* Of a directory that nobody tells about: the same archive always gives the same tree. */
static int look_plain(int to) {
        static const struct timespec times[2] = {};

        return futimens(to, times) < 0 ? -errno : 0;
}

/* What is below something that was deleted there, or that is no directory, does not show. */
static int inherit_directory(int dir_fd, const char *path, const int *lowers, size_t n) {
        const uint64_t flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK;
        autoclose int to = path_in_root_open(dir_fd, path, flags, 0);

        /* Replaced by a later entry. */
        if (to < 0)
                return to == -ENOENT || to == -ENOTDIR || to == -ELOOP ? 0 : to;
        for (size_t i = 0; i < n; i++) {
                autoclose int from = path_in_root_open(lowers[i], path, flags, 0);

                if (from >= 0)
                        return look_copy(from, to);
                if (from == -ENOTDIR || from == -ELOOP)
                        break;
                if (from != -ENOENT)
                        return from;
        }
        return look_plain(to);
}

/* The directory that @path is in, links followed below the root; what is left of @path in @ret_name. */
static int parent_open(int dir_fd, const char *path, const char **ret_name) {
        const char *slash = strrchr(path, '/');
        autofree char *parent = slash ? strndup(path, (size_t) (slash - path)) : NULL;

        if (slash && !parent)
                return -ENOMEM;
        *ret_name = slash ? slash + 1 : path;
        return path_in_root_open(dir_fd, slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
}

/* A regular file in the first of @lowers that has something there. */
static int file_find(const char *path, const int *lowers, size_t n) {
        for (size_t i = 0; i < n; i++) {
                autoclose int fd = path_in_root_open(lowers[i], path, O_PATH | O_NOFOLLOW, 0);
                struct stat st;

                if (fd == -ENOENT)
                        continue;
                if (fd < 0)
                        return fd;
                if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                        return -EBADMSG;
                return path_in_root_open(lowers[i], path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
        }
        return -ENOENT;
}

/* Holes stay holes: a file may be longer than any disk. */
static int bytes_copy(int from, int to, off_t size) {
        for (off_t at = 0, end; at < size;) {
                ssize_t n;

                at = lseek(from, at, SEEK_DATA);
                if (at < 0 && errno == ENXIO)
                        break;
                end = at < 0 ? at : lseek(from, at, SEEK_HOLE);
                if (end < 0 || lseek(to, at, SEEK_SET) < 0)
                        return -errno;
                n = sendfile(to, from, &at, (size_t) MIN_OF(end - at, (off_t) 1 << 30));
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        return -EIO;
        }
        return ftruncate(to, size) < 0 ? -errno : 0;
}

static int file_copy(int from, int parent_fd, const char *name) {
        autoclose int to =
                openat(parent_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        struct stat st;
        int r;

        if (to < 0 || fstat(from, &st) < 0)
                return -errno;
        r = bytes_copy(from, to, st.st_size);
        return r < 0 ? r : look_copy(from, to);
}

/* What is made in a directory is no change of it. */
static int parent_age(int parent_fd, const struct stat *before) {
        const struct timespec times[2] = { before->st_atim, before->st_mtim };

        return futimens(parent_fd, times) < 0 ? -errno : 0;
}

/* The directories above @path, as they look below. */
static int parents_make(int dir_fd, const char *path, const int *lowers, size_t n) {
        autofree char *prefix = strdup(path);

        if (!prefix)
                return -ENOMEM;
        for (char *p = strchr(prefix, '/'); p; p = strchr(p + 1, '/')) {
                autoclose int parent = -EBADF, there = -EBADF;
                struct stat st;
                const char *name;
                int r;

                *p = '\0';
                there = path_in_root_open(dir_fd, prefix, O_PATH | O_DIRECTORY, 0);
                if (there < 0 && there != -ENOENT)
                        return there;
                if (there == -ENOENT) {
                        parent = parent_open(dir_fd, prefix, &name);
                        if (parent < 0)
                                return parent;
                        if (fstat(parent, &st) < 0 || mkdirat(parent, name, 0755) < 0)
                                return -errno;
                        r = inherit_directory(dir_fd, prefix, lowers, n);
                        if (r == 0)
                                r = parent_age(parent, &st);
                        if (r < 0)
                                return r;
                }
                *p = '/';
        }
        return 0;
}

/* With its own name too, as overlayfs copies up what is changed, so that both are one file; unless the layer
 * has something else there by now. */
static int target_copy(int from, int dir_fd, const char *target, const int *lowers, size_t n) {
        autoclose int parent = -EBADF;
        const char *name;
        struct stat st;
        int r;

        r = parents_make(dir_fd, target, lowers, n);
        if (r < 0)
                return r;
        parent = parent_open(dir_fd, target, &name);
        if (parent < 0 || fstat(parent, &st) < 0)
                return parent < 0 ? parent : -errno;
        r = file_copy(from, parent, name);
        return r < 0 ? r : parent_age(parent, &st);
}

typedef struct FileId {
        uint64_t device, inode;
} FileId;

/* A lower file that the layer has by now, and where. */
typedef struct Copied {
        FileId id;
        char *path;
        UT_hash_handle hh;
} Copied;

typedef struct Apply {
        int dir_fd;
        const int *lowers;
        size_t n;
        Copied *copied;
} Apply;

static void apply_clear(Apply *a) {
        Copied *c, *next;

        HASH_ITER (hh, a->copied, c, next) {
                HASH_DEL(a->copied, c);
                free(c->path);
                free(c);
        }
}

#define autoapply __attribute__((cleanup(apply_clear)))

static int copied_add(Apply *a, FileId id, const char *path) {
        Copied *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->id = id;
        c->path = strdup(path);
        if (!c->path) {
                free(c);
                return -ENOMEM;
        }
        HASH_ADD(hh, a->copied, id, sizeof(c->id), c);
        return 0;
}

static int name_again(const Apply *a, const char *first, int parent_fd, const char *name) {
        autoclose int first_fd = -EBADF;
        const char *first_name;

        first_fd = parent_open(a->dir_fd, first, &first_name);
        if (first_fd < 0)
                return first_fd;
        return linkat(first_fd, first_name, parent_fd, name, 0) < 0 ? -errno : 0;
}

/* @from, as @path; each file is copied once, however many entries are links to it. */
static int link_copy(Apply *a, int from, const char *target, const char *path, int parent_fd,
                     const char *name) {
        autoclose int there = -EBADF;
        struct stat st;
        Copied *c;
        int r;

        if (fstat(from, &st) < 0)
                return -errno;

        const FileId id = { .device = st.st_dev, .inode = st.st_ino };

        HASH_FIND(hh, a->copied, &id, sizeof(id), c);
        if (c)
                return name_again(a, c->path, parent_fd, name);
        there = path_in_root_open(a->dir_fd, target, O_PATH | O_NOFOLLOW, 0);
        if (there >= 0) {
                r = file_copy(from, parent_fd, name);
                return r < 0 ? r : copied_add(a, id, path);
        }
        if (there != -ENOENT)
                return there;
        r = target_copy(from, a->dir_fd, target, a->lowers, a->n);
        if (r == 0)
                r = name_again(a, target, parent_fd, name);
        return r < 0 ? r : copied_add(a, id, target);
}

static int link_make(Apply *a, const char *target, const char *path) {
        autoclose int from = file_find(target, a->lowers, a->n), parent = -EBADF;
        struct stat st, other;
        const char *name;
        int r;

        if (from < 0)
                return from;
        parent = parent_open(a->dir_fd, path, &name);
        if (parent < 0 || fstat(parent, &st) < 0)
                return parent < 0 ? parent : -errno;
        /* A later entry's. */
        if (fstatat(parent, name, &other, AT_SYMLINK_NOFOLLOW) == 0)
                return 0;
        r = link_copy(a, from, target, path, parent, name);
        return r < 0 ? r : parent_age(parent, &st);
}

static int link_apply(Apply *a, const char *target, const char *path, Fault *fault) {
        int r = link_make(a, target, path);

        if (r == -ENOSPC || r == -EDQUOT || r == -EIO || r == -ENOMEM || r == -EMLINK)
                return fault_set(fault, "unpack", r, "%.200s", path);
        return r < 0 ? fault_tell(fault, "unpack", -EBADMSG, "%.100s: no link target %.100s", path, target)
                     : 0;
}

/* The next text of the list; 1, 0 at its end, or a negative errno. */
static int note_read(FILE *f, char **text) {
        size_t room = 0;

        free(take_ptr(*text));
        if (getdelim(text, &room, '\0', f) > 0)
                return 1;
        return ferror(f) ? -EIO : 0;
}

int lower_apply(int dir_fd, int notes_fd, const int *lowers, size_t n, Fault *fault) {
        autoapply Apply a = { .dir_fd = dir_fd, .lowers = lowers, .n = n };
        autofree char *note = NULL, *path = NULL;
        autofclose FILE *f = NULL;
        int fd, r;

        fd = fcntl(notes_fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return -errno;
        f = fdopen(fd, "r");
        if (!f) {
                (void) close(fd);
                return -ENOMEM;
        }
        rewind(f);
        while ((r = note_read(f, &note)) > 0) {
                if (note[0] == LOWER_DIRECTORY)
                        r = inherit_directory(dir_fd, note + 1, lowers, n);
                else if ((r = note_read(f, &path)) > 0)
                        r = link_apply(&a, note + 1, path, fault);
                else
                        r = -EBADMSG;
                if (r < 0)
                        return r;
        }
        return r;
}
