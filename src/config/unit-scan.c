/* Reads directories of unit files. See unit-scan.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/clock.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "config/unit-scan.h"

/* Deep enough for people, and an end to links that lead back up. */
#define DEPTH_MAX 8

static FileStamp stamp_from(const struct stat *st) {
        return (FileStamp){
                .mtime = (uint64_t) st->st_mtim.tv_sec * USEC_PER_SEC * NSEC_PER_USEC +
                         (uint64_t) st->st_mtim.tv_nsec,
                .size = (uint64_t) st->st_size,
                .inode = st->st_ino,
                .device = st->st_dev,
        };
}

FileStamp file_stamp_path(const char *path) {
        struct stat st;

        return stat(path, &st) < 0 ? (FileStamp){} : stamp_from(&st);
}

FileStamp file_stamp_fd(int fd) {
        struct stat st;

        return fstat(fd, &st) < 0 ? (FileStamp){} : stamp_from(&st);
}

bool file_stamp_equal(const FileStamp *a, const FileStamp *b) {
        return a->mtime == b->mtime && a->size == b->size && a->inode == b->inode && a->device == b->device;
}

static void files_free(ScanFile *files, size_t n) {
        for (size_t i = 0; i < n; i++) {
                free(files[i].name);
                free(files[i].path);
        }
        free(files);
}

void scan_done(Scan *scan) {
        for (size_t i = 0; i < scan->n_dirs; i++)
                free(scan->dirs[i].path);
        free(scan->dirs);
        files_free(scan->units, scan->n_units);
        files_free(scan->drop_ins, scan->n_drop_ins);
        *scan = (Scan){};
}

/* Room for one more element, by doubling. */
static int grow(void **array, size_t n, size_t element) {
        void *p;

        if (n > 0 && (n & (n - 1)) != 0)
                return 0;

        p = reallocarray(*array, n > 0 ? n * 2 : 1, element);
        if (!p)
                return -ENOMEM;
        *array = p;
        return 0;
}

/* Strings as in strv.h, but counted: a directory may hold very many. */
typedef struct Names {
        char **v;
        size_t n;
} Names;

static void names_done(Names *names) {
        for (size_t i = 0; i < names->n; i++)
                free(names->v[i]);
        free(names->v);
}

#define autonames __attribute__((cleanup(names_done)))

static int names_add(Names *names, const char *name) {
        int r;

        r = grow((void **) &names->v, names->n, sizeof(char *));
        if (r < 0)
                return r;
        names->v[names->n] = strdup(name);
        if (!names->v[names->n])
                return -ENOMEM;
        names->n++;
        return 0;
}

static int names_compare(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static void names_sort(Names *names) {
        if (names->n > 0)
                qsort(names->v, names->n, sizeof(char *), names_compare);
}

static int add_file(ScanFile **files, size_t *n, const char *name, const char *dir, const char *file,
                    unsigned rank) {
        ScanFile f = { .rank = rank };
        int r;

        r = grow((void **) files, *n, sizeof(ScanFile));
        if (r < 0)
                return r;

        f.name = strdup(name);
        if (!f.name || asprintf(&f.path, "%s/%s", dir, file) < 0) {
                free(f.name);
                return -ENOMEM;
        }

        (*files)[(*n)++] = f;
        return 0;
}

static int add_dir(Scan *scan, const char *path, bool searched, int fd) {
        char *copy;
        int r;

        r = grow((void **) &scan->dirs, scan->n_dirs, sizeof(ScanDir));
        if (r < 0)
                return r;
        copy = strdup(path);
        if (!copy)
                return -ENOMEM;

        scan->dirs[scan->n_dirs++] = (ScanDir){
                .path = copy,
                .searched = searched,
                .stamp = fd >= 0 ? file_stamp_fd(fd) : (FileStamp){},
        };
        return 0;
}

/* Sorted names of what lies in @path, hidden files left out. The stamp is taken before the names, so that
 * what comes in between makes the scan stale rather than complete. */
static int read_names(Scan *scan, const char *path, bool searched, Names *files, Names *dirs) {
        autoclosedir DIR *d = opendir(path);
        struct dirent *e;
        struct stat st;
        int r;

        if (!d && errno != ENOENT && errno != ENOTDIR)
                return -errno;
        r = add_dir(scan, path, searched, d ? dirfd(d) : -EBADF);
        if (r < 0)
                return r;

        while (d && (errno = 0, e = readdir(d))) {
                bool is_dir = e->d_type == DT_DIR;

                if (e->d_name[0] == '.')
                        continue;
                /* Links to directories are followed; links that carry a unit's name are the unit's affair. */
                if (e->d_type == DT_UNKNOWN || (e->d_type == DT_LNK && !unit_name_valid(e->d_name)))
                        is_dir = fstatat(dirfd(d), e->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
                r = names_add(is_dir ? dirs : files, e->d_name);
                if (r < 0)
                        return r;
        }
        if (d && errno != 0)
                return -errno;

        names_sort(files);
        names_sort(dirs);
        return 0;
}

/* NAME.wants and the like: what lies in there bears the names of units. */
static bool pulls_in(const char *directory) {
        return endswith(directory, ".wants") || endswith(directory, ".requires") ||
               endswith(directory, ".upholds");
}

/* A directory that belongs to one unit. */
static int scan_unit_dir(Scan *scan, const char *path, const char *name, unsigned rank) {
        autonames Names files = {}, dirs = {};
        int r;

        r = read_names(scan, path, false, &files, &dirs);
        if (r < 0)
                return r;

        for (size_t i = 0; i < files.n; i++) {
                if (pulls_in(name) ? !unit_name_valid(files.v[i]) : !endswith(files.v[i], ".conf"))
                        continue;
                r = add_file(&scan->drop_ins, &scan->n_drop_ins, name, path, files.v[i], rank);
                if (r < 0)
                        return r;
        }

        return 0;
}

static int scan_dir(Scan *scan, const char *path, unsigned *rank, unsigned depth) {
        autonames Names files = {}, dirs = {};
        unsigned own = (*rank)++;
        int r;

        r = read_names(scan, path, true, &files, &dirs);
        if (r < 0)
                return r;

        for (size_t i = 0; i < files.n; i++) {
                if (!unit_name_valid(files.v[i]))
                        continue;
                r = add_file(&scan->units, &scan->n_units, files.v[i], path, files.v[i], own);
                if (r < 0)
                        return r;
        }

        for (size_t i = 0; i < dirs.n; i++) {
                const char *name = dirs.v[i];
                autofree char *sub = NULL;

                if (asprintf(&sub, "%s/%s", path, name) < 0) {
                        sub = NULL;
                        return -ENOMEM;
                }

                if (endswith(name, ".d") || pulls_in(name))
                        r = scan_unit_dir(scan, sub, name, own);
                else if (depth < DEPTH_MAX)
                        r = scan_dir(scan, sub, rank, depth + 1);
                if (r < 0)
                        return r;
        }

        return 0;
}

static int file_compare(const void *a, const void *b) {
        const ScanFile *x = a, *y = b;
        int r = strcmp(x->name, y->name);

        if (r != 0)
                return r;
        if (x->rank != y->rank)
                return x->rank < y->rank ? -1 : 1;
        return strcmp(x->path, y->path);
}

int scan_run(Scan *scan, char *const *dirs) {
        unsigned rank = 0;
        int r;

        STRV_FOREACH (d, dirs) {
                autofree char *path = strdup(*d);

                if (!path)
                        return -ENOMEM;
                r = scan_dir(scan, path_normalize(path), &rank, 0);
                if (r < 0)
                        return r;
        }

        if (scan->n_units > 0)
                qsort(scan->units, scan->n_units, sizeof(ScanFile), file_compare);
        if (scan->n_drop_ins > 0)
                qsort(scan->drop_ins, scan->n_drop_ins, sizeof(ScanFile), file_compare);
        return 0;
}

const ScanFile *scan_find(const ScanFile *files, size_t n, const char *name) {
        size_t low = 0, high = n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(files[middle].name, name) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }

        return low < n && streq(files[low].name, name) ? &files[low] : NULL;
}
