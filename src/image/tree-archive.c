/* From a directory to entries of a tar. What a file with holes looks like stands in tree-sparse.c. */
#include "image/tree-archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <uthash.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/strv.h"
#include "image/digest.h"
#include "image/tree-archive-internal.h"

#define WHITEOUT_PREFIX ".wh."
#define OPAQUE_NAME     ".wh..wh..opq"
#define OPAQUE_XATTR    "trusted.overlay.opaque"

/* A file of several names, met under the first of them. */
typedef struct Linked {
        ino_t inode;
        nlink_t left; /* names that are still to come */
        char *name;
        UT_hash_handle hh;
} Linked;

static void linked_drop(TreeWalk *t, Linked *l) {
        HASH_DEL(t->linked, l);
        free(l->name);
        free(l);
}

static void walk_clear(TreeWalk *t) {
        Linked *l, *next;

        HASH_ITER (hh, t->linked, l, next)
                linked_drop(t, l);
        free(t->buffer);
        free(t->value);
}

#define autowalk __attribute__((cleanup(walk_clear)))

bool tree_xattr_allowed(const char *name) {
        if (startswith(name, "user."))
                return !startswith(name, "user.overlay.");
        return streq(name, "security.capability") || streq(name, "system.posix_acl_access") ||
               streq(name, "system.posix_acl_default");
}

static int xattr_record(TreeWalk *t, int fd, const char *name, TreeEntry *e) {
        autofree char *key = NULL;
        ssize_t size;

        if (!t->value)
                t->value = malloc(XATTR_SIZE_MAX);
        if (!t->value || asprintf(&key, "SCHILY.xattr.%s", name) < 0)
                return -ENOMEM;
        size = fgetxattr(fd, name, t->value, XATTR_SIZE_MAX);
        return size < 0 ? -errno
                        : tar_record_add(&e->records, &e->tar.n_records, key, t->value, (size_t) size);
}

static int xattrs_take(TreeWalk *t, int fd, TreeEntry *e) {
        autofree char *list = NULL;
        autostrv char **names = NULL;
        ssize_t size = flistxattr(fd, NULL, 0);
        int r = 0;

        if (size <= 0)
                return size == 0 || errno == ENOTSUP ? 0 : -errno;
        list = malloc((size_t) size);
        if (!list)
                return -ENOMEM;
        size = flistxattr(fd, list, (size_t) size);
        if (size < 0)
                return -errno;

        for (const char *name = list; r == 0 && name < list + size; name += strlen(name) + 1)
                if (tree_xattr_allowed(name))
                        r = strv_add(&names, name);
        if (names)
                strv_sort(names);
        STRV_FOREACH (name, names)
                if (r == 0)
                        r = xattr_record(t, fd, *name, e);
        return r;
}

static void entry_fill(TreeEntry *e, TarType type, const char *name, const struct stat *st) {
        *e = (TreeEntry){ .tar = { .type = type,
                                   .name = name,
                                   .mode = st->st_mode,
                                   .uid = st->st_uid,
                                   .gid = st->st_gid,
                                   .mtime = st->st_mtim.tv_sec,
                                   .mtime_nsec = (uint32_t) st->st_mtim.tv_nsec } };
}

static int entry_write(TreeWalk *t, TreeEntry *e) {
        e->tar.records = e->records;
        return tar_entry_begin(&t->tar, &e->tar);
}

/* Whiteouts have nothing but a name. */
static int mark_write(TreeWalk *t, const char *directory, const char *prefix, const char *name) {
        autofree char *path = NULL;
        TarEntry mark = { .type = TAR_FILE };

        if (asprintf(&path, "%s%s%s%s", directory, *directory ? "/" : "", prefix, name) < 0)
                return -ENOMEM;
        mark.name = path;
        return tar_entry_begin(&t->tar, &mark);
}

/* 1 if the file was written under another name: then this is a link to that. */
static int link_write(TreeWalk *t, const char *path, const struct stat *st) {
        Linked *l = NULL;
        TreeEntry e;
        int r;

        if (st->st_nlink < 2)
                return 0;
        HASH_FIND(hh, t->linked, &st->st_ino, sizeof(st->st_ino), l);
        if (l) {
                entry_fill(&e, TAR_HARD_LINK, path, st);
                e.tar.link = l->name;
                r = entry_write(t, &e);
                if (--l->left == 0)
                        linked_drop(t, l);
                return r < 0 ? r : 1;
        }

        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        l->inode = st->st_ino;
        l->left = st->st_nlink - 1;
        l->name = strdup(path);
        if (!l->name) {
                free(l);
                return -ENOMEM;
        }
        HASH_ADD(hh, t->linked, inode, sizeof(l->inode), l);
        return 0;
}

static int file_write_entry(TreeWalk *t, int dir_fd, const char *name, const char *path,
                            const struct stat *st) {
        autoclose int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
        TreeEntry e;
        int r;

        if (fd < 0)
                return -errno;
        entry_fill(&e, TAR_FILE, path, st);
        e.tar.size = (uint64_t) st->st_size;
        r = xattrs_take(t, fd, &e);
        if (r == 0)
                r = tree_file_write(t, fd, &e);
        free(e.records);
        return r;
}

static int symlink_write(TreeWalk *t, int dir_fd, const char *name, const char *path, const struct stat *st) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(dir_fd, name, target, sizeof(target) - 1);
        TreeEntry e;

        if (n < 0)
                return -errno;
        target[n] = '\0';
        entry_fill(&e, TAR_LINK, path, st);
        e.tar.mode = 0777;
        e.tar.link = target;
        return entry_write(t, &e);
}

static int fifo_write(TreeWalk *t, const char *path, const struct stat *st) {
        TreeEntry e;

        entry_fill(&e, TAR_FIFO, path, st);
        return entry_write(t, &e);
}

static int directory_write(TreeWalk *t, int parent_fd, const char *name, const char *path);

static int other_write(TreeWalk *t, int dir_fd, const char *directory, const char *name, const char *path,
                       const struct stat *st) {
        int r;

        if (S_ISDIR(st->st_mode))
                return directory_write(t, dir_fd, name, path);
        if (S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0))
                return mark_write(t, directory, WHITEOUT_PREFIX, name);

        r = link_write(t, path, st);
        if (r != 0)
                return MIN_OF(r, 0);
        if (S_ISREG(st->st_mode))
                return file_write_entry(t, dir_fd, name, path, st);
        if (S_ISLNK(st->st_mode))
                return symlink_write(t, dir_fd, name, path, st);
        return S_ISFIFO(st->st_mode) ? fifo_write(t, path, st) : -EBADMSG;
}

typedef struct Names {
        char **names;
        size_t n, room;
} Names;

static int name_take(int dir_fd, const char *name, void *data) {
        Names *v = data;
        char *copy;

        if (v->n + 1 >= v->room) {
                char **grown = reallocarray(v->names, v->room * 2 + 16, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                v->names = grown;
                v->room = v->room * 2 + 16;
                v->names[v->n] = NULL;
        }
        copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        v->names[v->n++] = copy;
        v->names[v->n] = NULL;
        return 0;
}

static int children_write(TreeWalk *t, int fd, const char *directory) {
        autostrv char **names = NULL;
        Names found = {};
        int r;

        r = dir_each(fd, ".", name_take, &found);
        names = found.names;
        if (names)
                strv_sort(names);
        STRV_FOREACH (name, names) {
                autofree char *path = NULL;
                struct stat st;

                if (r < 0)
                        break;
                if (asprintf(&path, "%s%s%s", directory, *directory ? "/" : "", *name) < 0)
                        return -ENOMEM;
                if (fstatat(fd, *name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        r = -errno;
                else
                        r = other_write(t, fd, directory, *name, path, &st);
                if (r < 0)
                        return fault_set(t->fault, "read", r, "%.200s", path);
        }
        return r;
}

/* @path is empty for the root, which is "./" in the tar. */
static int directory_write(TreeWalk *t, int parent_fd, const char *name, const char *path) {
        autoclose int fd =
                openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
        struct stat st;
        TreeEntry e;
        char value;
        int r;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        entry_fill(&e, TAR_DIRECTORY, *path ? path : ".", &st);
        r = xattrs_take(t, fd, &e);
        if (r == 0)
                r = entry_write(t, &e);
        free(e.records);
        if (r == 0 && fgetxattr(fd, OPAQUE_XATTR, &value, 1) == 1 && value == 'y')
                r = mark_write(t, path, "", OPAQUE_NAME);
        return r < 0 ? r : children_write(t, fd, path);
}

int tree_archive(int fs_fd, TarSinkFn sink, void *data, Fault *fault) {
        autowalk TreeWalk t = { .tar = { .sink = sink, .data = data }, .fault = fault };
        int r;

        t.buffer = malloc(TREE_BUFFER_BYTES);
        if (!t.buffer)
                return -ENOMEM;
        r = directory_write(&t, fs_fd, ".", "");
        if (r == 0)
                r = tar_finish(&t.tar);
        return r < 0 ? fault_set(fault, "read", r, "tree of the layer") : 0;
}

typedef struct Count {
        Digest *digest;
        uint64_t size;
} Count;

static int count_bytes(const void *bytes, size_t size, void *data) {
        Count *c = data;

        c->size += size;
        return digest_add(c->digest, bytes, size);
}

int tree_digest(int fs_fd, TreeDigest *ret, Fault *fault) {
        autoptr(Digest) digest = digest_new();
        Count count = { .digest = digest };
        int r;

        if (!digest)
                return -ENOMEM;
        r = tree_archive(fs_fd, count_bytes, &count, fault);
        if (r == 0)
                r = digest_end(digest, ret->digest);
        ret->size = count.size;
        return r;
}
