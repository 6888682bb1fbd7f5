/* Finds and loads what a unit is made of. See unit-path.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "config/unit-path.h"
#include "config/unit-scan.h"

#define FILE_MAX_BYTES ((size_t) 16 * 1024 * 1024)

/* As many links as systemd follows from a name to a unit file. */
#define LINKS_MAX 64

struct UnitPath {
        Scan scan;
};

int unit_path_dirs(char ***ret) {
        const char *set = getenv("NSUNITS_UNIT_PATH");

        return strv_split(set && *set ? set
                                      : "/etc/nsunits:/run/nsunits:/usr/local/lib/nsunits:/usr/lib/nsunits",
                          ":", ret);
}

int unit_path_new(char *const *dirs, UnitPath **ret) {
        autoptr(UnitPath) p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        r = scan_run(&p->scan, dirs);
        if (r < 0)
                return r;

        *ret = take_ptr(p);
        return 0;
}

void unit_path_free(UnitPath *p) {
        if (!p)
                return;

        scan_done(&p->scan);
        free(p);
}

bool unit_path_is_stale(const UnitPath *p) {
        for (size_t i = 0; i < p->scan.n_dirs; i++) {
                FileStamp now = file_stamp_path(p->scan.dirs[i].path);

                if (!file_stamp_equal(&now, &p->scan.dirs[i].stamp))
                        return true;
        }
        return false;
}

int unit_path_list(const UnitPath *p, char ***ret) {
        autofree char **v = calloc(p->scan.n_units + 1, sizeof(*v));
        size_t n = 0;

        if (!v)
                return -ENOMEM;

        for (size_t i = 0; i < p->scan.n_units; i++) {
                if (n > 0 && streq(v[n - 1], p->scan.units[i].name))
                        continue;
                v[n] = strdup(p->scan.units[i].name);
                if (!v[n]) {
                        strv_free(take_ptr(v));
                        return -ENOMEM;
                }
                n++;
        }

        *ret = take_ptr(v);
        return 0;
}

static bool is_searched(const UnitPath *p, const char *path, size_t n) {
        for (size_t i = 0; i < p->scan.n_dirs; i++)
                if (p->scan.dirs[i].searched && strlen(p->scan.dirs[i].path) == n &&
                    strncmp(p->scan.dirs[i].path, path, n) == 0)
                        return true;
        return false;
}

/* Where the link @path leads, absolute. */
static int link_target(const char *path, char **ret) {
        autofree char *joined = NULL;
        char target[PATH_MAX];
        ssize_t n;

        n = readlink(path, target, sizeof(target) - 1);
        if (n < 0)
                return -errno;
        target[n] = '\0';

        if (target[0] == '/')
                joined = strdup(target);
        else if (asprintf(&joined, "%.*s/%s", (int) (strrchr(path, '/') - path), path, target) < 0)
                joined = NULL;
        if (!joined)
                return -ENOMEM;

        path_normalize(joined);
        *ret = take_ptr(joined);
        return 0;
}

/*
 * Follows a link from one unit file to another (an alias, an instance enabled by a link to its template).
 * A link that leads out of the searched directories is a unit file like any other.
 */
static int follow_links(const UnitPath *p, const char *first, char **ret) {
        autofree char *path = strdup(first);

        if (!path)
                return -ENOMEM;

        for (unsigned i = 0; i < LINKS_MAX; i++) {
                autofree char *target = NULL;
                const char *slash;
                int r;

                r = link_target(path, &target);
                if (r == -ENOMEM)
                        return r;
                slash = r < 0 ? NULL : strrchr(target, '/');
                if (!slash || !is_searched(p, target, (size_t) (slash - target)) ||
                    !unit_name_valid(slash + 1)) {
                        *ret = take_ptr(path);
                        return 0;
                }
                if (unit_name_kind(slash + 1) != unit_name_kind(first))
                        return -ENOENT;

                free(path);
                path = take_ptr(target);
        }

        return -ENOENT;
}

static int find_file(const UnitPath *p, const char *name, const ScanFile **ret) {
        autofree char *template = NULL;
        int r;

        *ret = scan_find(p->scan.units, p->scan.n_units, name);
        if (*ret)
                return 0;

        r = unit_name_template(name, &template);
        if (r < 0)
                return r;
        *ret = template ? scan_find(p->scan.units, p->scan.n_units, template) : NULL;
        return *ret ? 0 : -ENOENT;
}

int unit_path_find(const UnitPath *p, const char *name, char **ret) {
        autofree char *path = NULL;
        const ScanFile *file;
        struct stat st;
        int r;

        r = find_file(p, name, &file);
        if (r < 0)
                return r;
        r = follow_links(p, file->path, &path);
        if (r < 0)
                return r;
        if (stat(path, &st) < 0)
                return errno == ELOOP ? -ENOENT : -errno;

        *ret = take_ptr(path);
        return S_ISREG(st.st_mode)   ? (st.st_size == 0 ? -ERFKILL : 0)
               : S_ISCHR(st.st_mode) ? -ERFKILL
                                     : -EBADFD;
}

/* The names whose drop-ins count for @name, the most specific one first: the whole name, its template, then
 * for every dash in the prefix what stands before it. The kind itself comes last. */
static int drop_in_names(const char *name, char ***ret) {
        autostrv char **names = NULL;
        const char *suffix = strrchr(name, '.'), *at = memchr(name, '@', (size_t) (suffix - name));
        autofree char *prefix = strndup(name, (size_t) ((at ?: suffix) - name));
        int r = 0;

        if (!prefix)
                return -ENOMEM;

        for (size_t n = strlen(prefix); r >= 0;) {
                if (at && at + 1 < suffix)
                        r = strv_addf(&names, "%s%.*s%s.d", prefix, (int) (suffix - at), at, suffix);
                if (r >= 0)
                        r = strv_addf(&names, "%s%s%s.d", prefix, at ? "@" : "", suffix);

                if (n > 0)
                        n--;
                while (n > 0 && prefix[n - 1] != '-')
                        n--;
                if (n == 0)
                        break;
                prefix[n] = '\0';
        }
        if (r >= 0)
                r = strv_addf(&names, "%s.d", suffix + 1);
        if (r < 0)
                return r;

        *ret = take_ptr(names);
        return 0;
}

typedef struct Candidate {
        const char *file; /* without directory */
        const char *path;
        bool general; /* for every unit of the kind: after all others, wherever it lies */
        unsigned rank;
        size_t specificity; /* lower is more specific */
} Candidate;

static int candidate_compare(const void *a, const void *b) {
        const Candidate *x = a, *y = b;
        int r = strcmp(x->file, y->file);

        if (r != 0)
                return r;
        if (x->general != y->general)
                return x->general ? 1 : -1;
        if (x->rank != y->rank)
                return x->rank < y->rank ? -1 : 1;
        return x->specificity < y->specificity ? -1 : x->specificity > y->specificity;
}

/* Fills @found, or only counts when it is NULL. */
static size_t find_candidates(const Scan *scan, char *const *names, Candidate *found) {
        size_t n = 0;

        for (size_t i = 0; names[i]; i++) {
                const ScanFile *f = scan_find(scan->drop_ins, scan->n_drop_ins, names[i]);

                for (; f && f < scan->drop_ins + scan->n_drop_ins && streq(f->name, names[i]); f++, n++)
                        if (found)
                                found[n] = (Candidate){
                                        .file = strrchr(f->path, '/') + 1,
                                        .path = f->path,
                                        .general = !names[i + 1],
                                        .rank = f->rank,
                                        .specificity = i,
                                };
        }

        if (found && n > 0)
                qsort(found, n, sizeof(*found), candidate_compare);
        return n;
}

int unit_path_find_drop_ins(const UnitPath *p, const char *name, char ***ret) {
        autostrv char **names = NULL, **paths = NULL;
        autofree Candidate *found = NULL;
        size_t n;
        int r;

        if (!unit_name_valid(name) || p->scan.n_drop_ins == 0) {
                *ret = NULL;
                return 0;
        }

        r = drop_in_names(name, &names);
        if (r < 0)
                return r;
        n = find_candidates(&p->scan, names, NULL);
        if (n > 0) {
                found = calloc(n, sizeof(*found));
                if (!found)
                        return -ENOMEM;
                (void) find_candidates(&p->scan, names, found);
        }

        for (size_t i = 0; i < n; i++) {
                if (i > 0 && streq(found[i].file, found[i - 1].file))
                        continue;
                r = strv_add(&paths, found[i].path);
                if (r < 0)
                        return r;
        }

        *ret = take_ptr(paths);
        return 0;
}

/* Reads one file; a device (/dev/null masks a drop-in) counts as empty. */
static int read_file(const char *path, FileStamp *ret_stamp, char **ret, size_t *ret_size) {
        /* Without O_NONBLOCK a FIFO would hold up the whole manager. */
        autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        *ret_stamp = file_stamp_fd(fd);
        if (S_ISREG(st.st_mode))
                return file_read_fd(fd, FILE_MAX_BYTES, ret, ret_size);
        if (!S_ISCHR(st.st_mode))
                return -EBADFD;

        *ret = calloc(1, 1);
        *ret_size = 0;
        return *ret ? 0 : -ENOMEM;
}

static int load_file(RawUnit *u, const char *path, FileStamp *stamp, Diag *diag) {
        autofree char *text = NULL;
        size_t size;
        int r;

        r = read_file(path, stamp, &text, &size);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return diag_error(diag, (Where){ .file = path }, r, "Cannot be read: %s",
                                  r == -EBADFD ? "not a regular file" : strerror(-r));
        return raw_unit_parse(u, path, text, size, diag);
}

int unit_path_load(const UnitPath *p, const char *name, Diag *diag, RawUnit **ret) {
        autoptr(RawUnit) u = calloc(1, sizeof(*u));
        size_t i = 1;
        int r, bad;

        if (!u)
                return -ENOMEM;

        r = unit_path_find(p, name, &u->fragment);
        if (r < 0)
                return r;
        r = unit_path_find_drop_ins(p, name, &u->drop_ins);
        if (r < 0)
                return r;
        u->name = strdup(name);
        u->stamps = calloc(1 + strv_length(u->drop_ins), sizeof(FileStamp));
        if (!u->name || !u->stamps)
                return -ENOMEM;

        bad = load_file(u, u->fragment, &u->stamps[0], diag);
        if (bad < 0 && bad != -EINVAL)
                return bad;
        STRV_FOREACH (d, u->drop_ins) {
                r = load_file(u, *d, &u->stamps[i++], diag);
                if (r < 0 && r != -EINVAL)
                        return r;
                bad = bad < 0 ? bad : r;
        }

        *ret = take_ptr(u);
        return bad;
}

bool unit_path_needs_reload(const UnitPath *p, const RawUnit *loaded) {
        autofree char *fragment = NULL;
        autostrv char **drop_ins = NULL;
        size_t i = 0;

        if (!loaded->stamps)
                return false;
        if (unit_path_find(p, loaded->name, &fragment) < 0 || !streq_null(fragment, loaded->fragment) ||
            unit_path_find_drop_ins(p, loaded->name, &drop_ins) < 0 ||
            !strv_equal(drop_ins, loaded->drop_ins))
                return true;

        for (const char *path = fragment; path; path = drop_ins ? drop_ins[i - 1] : NULL) {
                FileStamp now = file_stamp_path(path);

                if (!file_stamp_equal(&now, &loaded->stamps[i++]))
                        return true;
        }
        return false;
}

static int add_pulled(const UnitPath *p, const char *unit, const char *suffix, char ***to) {
        const Scan *scan = &p->scan;
        autofree char *directory = NULL;
        const ScanFile *f;

        if (asprintf(&directory, "%s.%s", unit, suffix) < 0) {
                directory = NULL;
                return -ENOMEM;
        }
        f = scan_find(scan->drop_ins, scan->n_drop_ins, directory);
        for (; f && f < scan->drop_ins + scan->n_drop_ins && streq(f->name, directory); f++) {
                const char *name = strrchr(f->path, '/') + 1;
                int r = strv_contains(*to, name) ? 0 : strv_add(to, name);

                if (r < 0)
                        return r;
        }
        return 0;
}

int unit_path_list_pulled(const UnitPath *p, const char *name, const char *suffix, char ***ret) {
        autofree char *template = NULL;
        autostrv char **names = NULL;
        int r;

        r = add_pulled(p, name, suffix, &names);
        if (r >= 0)
                r = unit_name_template(name, &template);
        if (r >= 0 && template && !streq(template, name))
                r = add_pulled(p, template, suffix, &names);
        if (r >= 0)
                *ret = take_ptr(names);
        return r;
}
