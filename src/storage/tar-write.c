/* A tree becomes an archive. What is opened is looked at again: its name may mean something else by now. */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
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

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "storage/id-shift.h"
#include "storage/tree-links.h"
#include "storage/tree-tar.h"

#define DEPTH_MAX       200
#define XATTR_BYTES_MAX 65536
#define BUFFER_SIZE     ((size_t) 256 * 1024)

/* Holes cost nothing to make, and time to pass. */
#define FILE_MAX ((off_t) 16 << 40)

/* Of a file; what is left after so many is written whole. */
#define PIECES_MAX ((size_t) 1 << 20)

typedef struct Writer {
        const TarOut *q;
        Fault *fault;
        struct archive *archive;
        TreeLink *links;
        dev_t device;
        char *names, *value; /* XATTR_BYTES_MAX each */
        char *buffer;        /* BUFFER_SIZE */
        char *zeros;         /* the same */
} Writer;

static void cleanup_entry(struct archive_entry **e) {
        archive_entry_free(*e);
}

#define autoentry __attribute__((cleanup(cleanup_entry)))

static int archive_fault(const Writer *w, const char *path) {
        int r = archive_errno(w->archive);

        return fault_set(w->fault, "archive", r > 0 ? -r : -EIO, "%s", path);
}

static int add_xattrs(Writer *w, int fd, struct archive_entry *entry) {
        ssize_t n = flistxattr(fd, w->names, XATTR_BYTES_MAX);

        if (n < 0)
                return errno == EOPNOTSUPP ? 0 : -errno;
        for (const char *name = w->names; name < w->names + n; name += strlen(name) + 1) {
                ssize_t k;

                if (!id_shift_wants_xattr(name))
                        continue;
                k = fgetxattr(fd, name, w->value, XATTR_BYTES_MAX);
                if (k < 0)
                        continue; /* gone meanwhile */
                archive_entry_xattr_add_entry(entry, name, w->value,
                                              id_shift_xattr(w->q->ids, name, w->value, (size_t) k));
        }
        return 0;
}

static struct archive_entry *entry_new(const Writer *w, const char *path, const struct stat *st) {
        const IdPair owner = id_map_inside(w->q->ids, (IdPair){ st->st_uid, st->st_gid });
        struct archive_entry *entry = archive_entry_new2(w->archive);

        if (!entry)
                return NULL;
        archive_entry_set_pathname(entry, path);
        archive_entry_set_mode(entry, st->st_mode);
        archive_entry_set_uid(entry, owner.uid);
        archive_entry_set_gid(entry, owner.gid);
        archive_entry_set_mtime(entry, st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
        archive_entry_set_size(entry, S_ISREG(st->st_mode) ? st->st_size : 0);
        return entry;
}

static int header(const Writer *w, struct archive_entry *entry) {
        return archive_write_header(w->archive, entry) < ARCHIVE_WARN
                       ? archive_fault(w, archive_entry_pathname(entry))
                       : 0;
}

static int put(const Writer *w, const char *data, size_t size, const char *path) {
        while (size > 0) {
                la_ssize_t n = archive_write_data(w->archive, data, size);

                if (n < 0)
                        return archive_fault(w, path);
                if (n == 0) /* the entry is full: the file has grown meanwhile */
                        return 0;
                data += n;
                size -= (size_t) n;
        }
        return 0;
}

/* As long as the header says, whatever becomes of the file meanwhile. */
static int put_bytes(Writer *w, int fd, off_t at, off_t end, bool hole, const char *path) {
        while (at < end) {
                size_t want = MIN_OF((size_t) (end - at), BUFFER_SIZE);
                ssize_t n = hole ? (ssize_t) want : pread(fd, w->buffer, want, at);
                int r;

                if (n < 0)
                        return fault_set(w->fault, "read", -errno, "%s", path);
                if (n == 0)
                        hole = true; /* made shorter */
                r = put(w, hole ? w->zeros : w->buffer, (size_t) n, path);
                if (r < 0)
                        return r;
                at += n;
        }
        return 0;
}

typedef struct Piece {
        off_t start, end;
} Piece;

/* Where the data of a file lies; *ret_n 0 for one without holes. */
static int find_pieces(int fd, off_t size, Piece **ret, size_t *ret_n) {
        autofree Piece *pieces = NULL;
        size_t n = 0;
        off_t start, end = 0;

        while (end < size && (start = lseek(fd, end, SEEK_DATA)) >= 0 && start < size) {
                Piece *grown = reallocarray(pieces, n + 1, sizeof(*pieces));

                if (!grown)
                        return -ENOMEM;
                pieces = grown;
                start = MAX_OF(start, end);
                end = lseek(fd, start, SEEK_HOLE);
                if (end < 0)
                        return -errno;
                /* A file system may be a container's own, and say anything. */
                if (end <= start || n + 1 == PIECES_MAX)
                        end = size;
                pieces[n++] = (Piece){ start, MIN_OF(end, size) };
        }
        if (n == 1 && pieces[0].start == 0 && pieces[0].end == size)
                n = 0;
        else if (n == 0 && size > 0) {
                /* Nothing but a hole; the format wants a piece all the same. */
                pieces = realloc(pieces, sizeof(*pieces));
                if (!pieces)
                        return -ENOMEM;
                pieces[n++] = (Piece){ size, size };
        }
        *ret = take_ptr(pieces);
        *ret_n = n;
        return 0;
}

static int put_file(Writer *w, int fd, const char *path, const struct stat *st) {
        autoentry struct archive_entry *entry = entry_new(w, path, st);
        autofree Piece *pieces = NULL;
        size_t n = 0;
        off_t at = 0;
        int r;

        if (!entry)
                return -ENOMEM;
        r = st->st_size > FILE_MAX ? -EFBIG : find_pieces(fd, st->st_size, &pieces, &n);
        if (r == 0)
                r = add_xattrs(w, fd, entry);
        if (r < 0)
                return fault_set(w->fault, "read", r, "%s", path);
        for (size_t i = 0; i < n; i++)
                archive_entry_sparse_add_entry(entry, pieces[i].start, pieces[i].end - pieces[i].start);

        r = header(w, entry);
        for (size_t i = 0; i < n && r == 0; i++) {
                r = put_bytes(w, fd, at, pieces[i].start, true, path);
                if (r == 0)
                        r = put_bytes(w, fd, pieces[i].start, pieces[i].end, false, path);
                at = pieces[i].end;
        }
        return r == 0 ? put_bytes(w, fd, at, st->st_size, n > 0, path) : r;
}

/* The second name of a file: 1 when it was written as such. */
static int put_hard_link(Writer *w, const char *path, const struct stat *st) {
        autoentry struct archive_entry *entry = NULL;
        const char *first;
        int r;

        if (st->st_nlink < 2)
                return 0;
        first = tree_links_find(w->links, st);
        if (!first)
                return tree_links_add(&w->links, st, path);
        entry = entry_new(w, path, st);
        if (!entry)
                return -ENOMEM;
        archive_entry_set_hardlink(entry, first);
        archive_entry_set_size(entry, 0);
        r = header(w, entry);
        return r < 0 ? r : 1;
}

static int put_link(Writer *w, int fd, const char *path, const struct stat *st) {
        autoentry struct archive_entry *entry = entry_new(w, path, st);
        char target[PATH_MAX];
        ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);

        if (!entry)
                return -ENOMEM;
        if (n < 0)
                return fault_set(w->fault, "read", -errno, "%s", path);
        target[n] = '\0';
        archive_entry_set_symlink(entry, target);
        return header(w, entry);
}

/* "a/NAME" becomes the empty file "a/.wh.NAME"; @name NULL: everything below @path that lower layers have. */
static int put_whiteout(Writer *w, const char *parent, const char *name) {
        const struct stat st = { .st_mode = S_IFREG | 0600 };
        autoentry struct archive_entry *entry = NULL;
        autofree char *path = NULL;

        if (asprintf(&path, "%s%s.wh.%s", parent, parent[0] ? "/" : "", name ? name : ".wh..opq") < 0)
                return -ENOMEM;
        entry = entry_new(w, path, &st);
        if (!entry)
                return -ENOMEM;
        archive_entry_set_uid(entry, 0);
        archive_entry_set_gid(entry, 0);
        return header(w, entry);
}

static bool is_opaque(int fd) {
        char value;

        return fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

static int put_entry(Writer *w, int dir_fd, const char *name, const char *path, unsigned depth);

static int put_entries(Writer *w, int fd, const char *path, unsigned depth) {
        autoclosedir DIR *d = NULL;
        struct dirent *e;
        int r;

        r = dir_entries(fd, &d);
        if (r < 0)
                return fault_set(w->fault, "read", r, "%s", path);
        while (errno = 0, (e = readdir(d))) {
                autofree char *child = NULL;

                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                if (asprintf(&child, "%s%s%s", path, path[0] ? "/" : "", e->d_name) < 0)
                        return -ENOMEM;
                r = put_entry(w, fd, e->d_name, child, depth + 1);
                if (r < 0)
                        return r;
        }
        return errno != 0 ? fault_set(w->fault, "read", -errno, "%s", path) : 0;
}

static int put_directory(Writer *w, int fd, const char *path, const struct stat *st, unsigned depth) {
        autoentry struct archive_entry *entry = entry_new(w, path[0] ? path : ".", st);
        int r;

        if (!entry)
                return -ENOMEM;
        if (depth == DEPTH_MAX)
                return fault_set(w->fault, "archive", -ELOOP, "%s", path);
        r = add_xattrs(w, fd, entry);
        if (r < 0)
                return fault_set(w->fault, "read", r, "%s", path);
        r = header(w, entry);
        if (r == 0 && w->q->layer && is_opaque(fd))
                r = put_whiteout(w, path, NULL);
        return r < 0 ? r : put_entries(w, fd, path, depth);
}

/* Mount points that we have made, as they were made. */
static bool is_omitted(const Writer *w, int fd, const char *path, const struct stat *st) {
        return w->q->omit && strv_contains(w->q->omit, path) &&
               ((S_ISREG(st->st_mode) && st->st_size == 0) || (S_ISDIR(st->st_mode) && dir_is_empty(fd) > 0));
}

static int put_opened(Writer *w, int fd, const char *path, const struct stat *st, unsigned depth) {
        int r;

        if (is_omitted(w, fd, path, st))
                return 0;
        if (S_ISDIR(st->st_mode))
                return put_directory(w, fd, path, st, depth);
        r = put_hard_link(w, path, st);
        return r != 0 ? MIN_OF(r, 0) : put_file(w, fd, path, st);
}

static int put_fifo(Writer *w, const char *path, const struct stat *st) {
        autoentry struct archive_entry *entry = entry_new(w, path, st);

        return entry ? header(w, entry) : -ENOMEM;
}

static int put_entry(Writer *w, int dir_fd, const char *name, const char *path, unsigned depth) {
        autoclose int fd = -EBADF, data_fd = -EBADF;
        const char *slash = strrchr(path, '/');
        struct stat st;

        fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return errno == ENOENT ? 0 : fault_set(w->fault, "read", -errno, "%s", path);
        if (w->q->layer && S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0)) {
                autofree char *parent = strndup(path, slash ? (size_t) (slash - path) : 0);

                return parent ? put_whiteout(w, parent, name) : -ENOMEM;
        }
        if (S_ISLNK(st.st_mode))
                return put_link(w, fd, path, &st);
        if (S_ISFIFO(st.st_mode))
                return put_fifo(w, path, &st);
        if ((!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) || (w->q->layer && st.st_dev != w->device))
                return 0;

        /* The very file that was looked at, whatever the name means by now. */
        data_fd = fd_reopen(fd, O_RDONLY | O_NONBLOCK | O_CLOEXEC | (S_ISDIR(st.st_mode) ? O_DIRECTORY : 0));
        if (data_fd < 0)
                return fault_set(w->fault, "read", data_fd, "%s", path);
        return put_opened(w, data_fd, path, &st, depth);
}

static int open_archive(Writer *w) {
        w->archive = archive_write_new();
        if (!w->archive)
                return -ENOMEM;
        /* Whole blocks are for tapes. */
        if (archive_write_set_format_pax_restricted(w->archive) != ARCHIVE_OK ||
            archive_write_set_bytes_in_last_block(w->archive, 1) != ARCHIVE_OK ||
            archive_write_open_fd(w->archive, w->q->out_fd) != ARCHIVE_OK)
                return archive_fault(w, "output");
        return 0;
}

static int write_all(Writer *w) {
        const char *name = w->q->name;
        struct stat st;
        int r;

        w->names = malloc(XATTR_BYTES_MAX);
        w->value = malloc(XATTR_BYTES_MAX);
        w->buffer = malloc(BUFFER_SIZE);
        w->zeros = calloc(1, BUFFER_SIZE);
        if (!w->names || !w->value || !w->buffer || !w->zeros)
                return -ENOMEM;
        if (fstatat(w->q->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return fault_set(w->fault, "read", -errno, "%s", name);
        w->device = st.st_dev;

        r = open_archive(w);
        if (r == 0)
                r = put_entry(w, w->q->dir_fd, name, streq(name, ".") ? "" : name, 0);
        if (r == 0 && archive_write_close(w->archive) != ARCHIVE_OK)
                r = archive_fault(w, "output");
        return r;
}

int tar_write(const TarOut *q, Fault *fault) {
        Writer w = { .q = q, .fault = fault };
        int r = write_all(&w);

        if (r < 0 && w.archive)
                (void) archive_write_fail(w.archive); /* no end mark: it is cut off */
        if (w.archive)
                (void) archive_write_free(w.archive);
        tree_links_free(w.links);
        free(w.names);
        free(w.value);
        free(w.buffer);
        free(w.zeros);
        return r;
}
