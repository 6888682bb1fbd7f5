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

#define NSEC_PER_SEC (USEC_PER_SEC * NSEC_PER_USEC)

static uint64_t nanoseconds(const struct timespec *t) {
        return (uint64_t) t->tv_sec * USEC_PER_SEC * NSEC_PER_USEC + (uint64_t) t->tv_nsec;
}

FileStamp file_stamp(const struct stat *st) {
        return (FileStamp){
                .mtime = nanoseconds(&st->st_mtim),
                .ctime = nanoseconds(&st->st_ctim),
                .size = (uint64_t) st->st_size,
                .inode = st->st_ino,
                .device = st->st_dev,
        };
}

FileStamp file_stamp_path(const char *path) {
        struct stat st;

        return stat(path, &st) < 0 ? (FileStamp){} : file_stamp(&st);
}

FileStamp file_stamp_fd(int fd) {
        struct stat st;

        return fstat(fd, &st) < 0 ? (FileStamp){} : file_stamp(&st);
}

bool file_stamp_equal(const FileStamp *a, const FileStamp *b) {
        return a->mtime == b->mtime && a->size == b->size && a->inode == b->inode && a->device == b->device;
}

/* How much later a change surely has another time: that of most file systems is the kernel's clock of ticks,
 * with room for a coarser one; some count in whole seconds, or in two. */
static uint64_t grain(uint64_t time) {
        return time % NSEC_PER_SEC == 0 ? 2 * NSEC_PER_SEC : NSEC_PER_SEC / 10;
}

bool file_stamp_proves(const FileStamp *before, uint64_t read_at, const FileStamp *now) {
        return file_stamp_equal(before, now) && before->ctime == now->ctime &&
               before->ctime + grain(before->ctime) < read_at;
}

static void files_done(ScanFiles *files) {
        for (size_t i = 0; i < files->n; i++) {
                free(files->items[i].name);
                free(files->items[i].path);
                free(files->items[i].alias);
                free(files->items[i].refused);
        }
        free(files->items);
}

static void bundles_free(ScanBundle *bundle) {
        for (ScanBundle *next; bundle; bundle = next) {
                next = bundle->next;
                free(bundle->path);
                free(bundle->text);
                free(bundle);
        }
}

void scan_done(Scan *scan) {
        for (size_t i = 0; i < scan->n_dirs; i++)
                free(scan->dirs[i].path);
        free(scan->dirs);
        files_done(&scan->units);
        files_done(&scan->drop_ins);
        files_done(&scan->dependencies);
        bundles_free(scan->bundles);
        free(scan->links);
        diag_free(scan->diag);
        *scan = (Scan){};
}

int array_grow(void **array, size_t n, size_t element) {
        void *p;

        if (n > 0 && (n & (n - 1)) != 0)
                return 0;

        p = reallocarray(*array, n > 0 ? n * 2 : 1, element);
        if (!p)
                return -ENOMEM;
        *array = p;
        return 0;
}

/* A name in a directory. */
typedef struct Entry {
        char *name;
        bool is_link;
} Entry;

typedef struct Entries {
        Entry *v;
        size_t n;
} Entries;

static void entries_done(Entries *entries) {
        for (size_t i = 0; i < entries->n; i++)
                free(entries->v[i].name);
        free(entries->v);
}

#define autoentries __attribute__((cleanup(entries_done)))

static int entries_add(Entries *entries, const char *name, bool is_link) {
        int r;

        r = array_grow((void **) &entries->v, entries->n, sizeof(Entry));
        if (r < 0)
                return r;
        entries->v[entries->n] = (Entry){ .name = strdup(name), .is_link = is_link };
        if (!entries->v[entries->n].name)
                return -ENOMEM;
        entries->n++;
        return 0;
}

static int entry_compare(const void *a, const void *b) {
        return strcmp(((const Entry *) a)->name, ((const Entry *) b)->name);
}

static void entries_sort(Entries *entries) {
        if (entries->n > 0)
                qsort(entries->v, entries->n, sizeof(Entry), entry_compare);
}

int scan_file_add(ScanFiles *files, const char *name, const char *dir, const char *file, ScanFile more) {
        int r;

        r = array_grow((void **) &files->items, files->n, sizeof(ScanFile));
        if (r < 0)
                return r;

        more.name = strdup(name);
        if (!more.name || asprintf(&more.path, "%s/%s", dir, file) < 0) {
                free(more.name);
                return -ENOMEM;
        }

        files->items[files->n++] = more;
        return 0;
}

static int add_dir(Scan *scan, const char *path, bool searched, int fd) {
        char *copy;
        int r;

        r = array_grow((void **) &scan->dirs, scan->n_dirs, sizeof(ScanDir));
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
static int read_names(Scan *scan, const char *path, bool searched, Entries *files, Entries *dirs) {
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
                bool is_dir = e->d_type == DT_DIR, is_link = e->d_type == DT_LNK || e->d_type == DT_UNKNOWN;

                if (e->d_name[0] == '.')
                        continue;
                /* Links to directories are followed; links that carry a unit's name are the unit's affair. */
                if (e->d_type == DT_UNKNOWN || (e->d_type == DT_LNK && !unit_name_valid(e->d_name)))
                        is_dir = fstatat(dirfd(d), e->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
                r = entries_add(is_dir ? dirs : files, e->d_name, is_link);
                if (r < 0)
                        return r;
        }
        if (d && errno != 0)
                return -errno;

        entries_sort(files);
        entries_sort(dirs);
        return 0;
}

/* A directory that belongs to the unit whose name its own begins with; only what ends in @suffix counts. */
static int scan_unit_dir(Scan *scan, ScanFiles *to, const char *suffix, const char *path, const char *name,
                         unsigned rank) {
        autoentries Entries files = {}, dirs = {};
        int r;

        r = read_names(scan, path, false, &files, &dirs);
        if (r < 0)
                return r;

        for (size_t i = 0; i < files.n; i++) {
                if (!endswith(files.v[i].name, suffix))
                        continue;
                r = scan_file_add(to, name, path, files.v[i].name,
                                  (ScanFile){ .rank = rank, .is_link = files.v[i].is_link });
                if (r < 0)
                        return r;
        }

        return 0;
}

/* Where in the search path the scan is. */
typedef struct Level {
        const char *root; /* directory of the search path */
        unsigned *rank;   /* of the next directory */
        unsigned depth;
} Level;

static int scan_files(Scan *scan, const Level *level, const char *path, unsigned rank, const Entries *files) {
        for (size_t i = 0; i < files->n; i++) {
                const Entry *e = &files->v[i];
                int r = 0;

                if (endswith(e->name, ".quadlets"))
                        r = scan_bundle(scan, level->root, path, e->name, rank);
                else if (unit_name_valid(e->name))
                        r = scan_file_add(&scan->units, e->name, path, e->name,
                                          (ScanFile){ .rank = rank, .is_link = e->is_link });
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool holds_dependencies(const char *name) {
        return endswith(name, ".wants") || endswith(name, ".requires") || endswith(name, ".upholds");
}

static int scan_dir(Scan *scan, Level level, const char *path) {
        autoentries Entries files = {}, dirs = {};
        unsigned own = (*level.rank)++;
        int r;

        r = read_names(scan, path, true, &files, &dirs);
        if (r == 0)
                r = scan_files(scan, &level, path, own, &files);
        if (r < 0)
                return r;

        level.depth++;
        for (size_t i = 0; i < dirs.n; i++) {
                const char *name = dirs.v[i].name;
                autofree char *sub = NULL;

                if (asprintf(&sub, "%s/%s", path, name) < 0) {
                        sub = NULL;
                        return -ENOMEM;
                }

                if (endswith(name, ".d"))
                        r = scan_unit_dir(scan, &scan->drop_ins, ".conf", sub, name, own);
                else if (holds_dependencies(name))
                        r = scan_unit_dir(scan, &scan->dependencies, "", sub, name, own);
                else if (level.depth <= DEPTH_MAX && !scan_is_searched(scan, sub, strlen(sub)))
                        r = scan_dir(scan, level, sub);
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
        if (!x->bundle != !y->bundle)
                return x->bundle ? 1 : -1; /* a file of its own before a part of a bundle */
        return strcmp(x->path, y->path);
}

static void files_sort(ScanFiles *files) {
        if (files->n > 0)
                qsort(files->items, files->n, sizeof(ScanFile), file_compare);
}

int scan_run(Scan *scan, char *const *dirs) {
        unsigned rank = 0;
        int r;

        scan->last_bundle = &scan->bundles;
        scan->diag = diag_new();
        if (!scan->diag)
                return -ENOMEM;

        STRV_FOREACH (d, dirs) {
                autofree char *path = strdup(*d);

                if (!path)
                        return -ENOMEM;
                path_normalize(path);
                r = scan_dir(scan, (Level){ .root = path, .rank = &rank }, path);
                if (r < 0)
                        return r;
        }

        files_sort(&scan->units);
        files_sort(&scan->drop_ins);
        files_sort(&scan->dependencies);
        scan_check_bundles(scan);
        return scan_resolve_links(scan);
}

const ScanFile *scan_find(const ScanFiles *files, const char *name) {
        size_t low = 0, high = files->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(files->items[middle].name, name) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }

        return low < files->n && streq(files->items[low].name, name) ? &files->items[low] : NULL;
}

const ScanFile *scan_next(const ScanFiles *files, const ScanFile *file) {
        const ScanFile *next = file + 1;

        return next < files->items + files->n && streq(next->name, file->name) ? next : NULL;
}
