#include "storage/root-diff.h"

#include <errno.h>
#include <fcntl.h>
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

#define DEPTH_MAX 200

typedef struct Diff {
        const RootDiff *q;
        FILE *out;
        size_t told; /* number of lines */
} Diff;

static bool is_whiteout(const struct stat *st) {
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static bool is_opaque(int fd) {
        char value;

        return fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

static bool is_omitted(const Diff *d, int dir_fd, const char *name, const char *path, const struct stat *st) {
        autoclose int fd = -EBADF;

        if (!d->q->omit || !strv_contains(d->q->omit, path))
                return false;
        if (S_ISREG(st->st_mode))
                return st->st_size == 0;
        fd = dir_open(dir_fd, name);
        return fd >= 0 && dir_is_empty(fd) > 0;
}

static void tell(Diff *d, char kind, const char *path) {
        fprintf(d->out, "%c/%s", kind, path);
        fputc('\0', d->out);
        d->told++;
}

static int diff_entry(Diff *d, int upper_fd, int lower_fd, const char *name, const char *path,
                      unsigned depth);

static int diff_entries(Diff *d, int upper_fd, int lower_fd, const char *path, unsigned depth) {
        autoclosedir DIR *dir = NULL;
        struct dirent *e;
        int r;

        if (depth == DEPTH_MAX)
                return -ELOOP;
        r = dir_entries(upper_fd, &dir);
        if (r < 0)
                return r;
        while (errno = 0, (e = readdir(dir))) {
                autofree char *child = NULL;

                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                if (asprintf(&child, "%s%s%s", path, path[0] ? "/" : "", e->d_name) < 0)
                        return -ENOMEM;
                r = diff_entry(d, upper_fd, lower_fd, e->d_name, child, depth + 1);
                if (r < 0)
                        return r;
        }
        return -errno;
}

/* An opaque directory hides all of the lower one. */
static int tell_hidden(Diff *d, int upper_fd, int lower_fd, const char *path) {
        autoclosedir DIR *dir = NULL;
        struct dirent *e;
        int r;

        r = dir_entries(lower_fd, &dir);
        if (r < 0)
                return r;
        while (errno = 0, (e = readdir(dir))) {
                autofree char *child = NULL;

                if (streq(e->d_name, ".") || streq(e->d_name, "..") ||
                    faccessat(upper_fd, e->d_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                        continue;
                if (asprintf(&child, "%s/%s", path, e->d_name) < 0)
                        return -ENOMEM;
                tell(d, 'D', child);
        }
        return -errno;
}

static bool has_other_attributes(const struct stat *a, const struct stat *b) {
        return a->st_mode != b->st_mode || a->st_uid != b->st_uid || a->st_gid != b->st_gid;
}

/* @below: what the lower one looks like; NULL = there is none, or it is no directory. */
static int diff_directory(Diff *d, int upper_fd, int lower_fd, const char *name, const char *path,
                          const struct stat *st, const struct stat *below, unsigned depth) {
        autoclose int upper = dir_open(upper_fd, name), lower = -EBADF;
        autofree char *before = NULL, *text = NULL;
        FILE *outer = d->out;
        size_t told = d->told, size = 0;
        int r = 0;

        if (upper < 0)
                return upper == -ENOENT ? 0 : upper;
        if (!below)
                return diff_entries(d, upper, -EBADF, path, depth);
        lower = dir_open(lower_fd, name);
        if (lower < 0)
                return lower;

        /* Whether it is told of depends on what is in it, and it comes first. */
        d->out = open_memstream(&text, &size);
        if (d->out) {
                if (is_opaque(upper))
                        r = tell_hidden(d, upper, lower, path);
                if (r == 0)
                        r = diff_entries(d, upper, lower, path, depth);
                if (fclose(d->out) != 0)
                        r = -ENOMEM;
        } else
                r = -ENOMEM;
        d->out = outer;
        if (r == 0 && (d->told > told || has_other_attributes(st, below))) {
                tell(d, 'C', path);
                (void) fwrite(text, 1, size, d->out);
        }
        return r;
}

static int diff_entry(Diff *d, int upper_fd, int lower_fd, const char *name, const char *path,
                      unsigned depth) {
        struct stat st, below;
        bool has_below, both;

        if (fstatat(upper_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        has_below = lower_fd >= 0 && fstatat(lower_fd, name, &below, AT_SYMLINK_NOFOLLOW) == 0;
        if (is_whiteout(&st)) {
                if (has_below)
                        tell(d, 'D', path);
                return 0;
        }
        if (is_omitted(d, upper_fd, name, path, &st))
                return 0;

        both = has_below && S_ISDIR(below.st_mode) && S_ISDIR(st.st_mode);
        if (!both)
                tell(d, has_below ? 'C' : 'A', path);
        return S_ISDIR(st.st_mode)
                       ? diff_directory(d, upper_fd, lower_fd, name, path, &st, both ? &below : NULL, depth)
                       : 0;
}

int root_diff(const RootDiff *q, Fault *fault) {
        Diff d = { .q = q };
        int fd = dup(q->out_fd), r;

        d.out = fd < 0 ? NULL : fdopen(fd, "w");
        if (!d.out) {
                r = -errno;
                if (fd >= 0)
                        (void) close(fd);
                return fault_set(fault, "compare", r, NULL);
        }
        r = diff_entries(&d, q->upper_fd, q->lower_fd, "", 0);
        if (fclose(d.out) != 0 && r == 0)
                r = -errno;
        return r < 0 ? fault_set(fault, "compare", r, NULL) : 0;
}
