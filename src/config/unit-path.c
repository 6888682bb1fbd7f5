/* Names to files. See unit-path.h; unit-load.c reads them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "config/unit-path-internal.h"

/* As many links as systemd follows from a name to a unit file. */
#define LINKS_MAX 64

int unit_path_dirs(char ***ret) {
        const char *set = getenv("NSUNITS_UNIT_PATH");

        return strv_split(set && *set ? set
                                      : "/etc/nsunits:/run/nsunits:/usr/local/lib/nsunits:/usr/lib/nsunits",
                          ":", ret);
}

void unit_path_free(UnitPath *p) {
        if (!p)
                return;

        for (size_t i = 0; i < p->n_aliases; i++)
                free(p->aliases[i].target);
        free(p->aliases);
        scan_done(&p->scan);
        free(p);
}

bool unit_path_is_stale(const UnitPath *p) {
        for (size_t i = 0; i < p->scan.n_dirs; i++) {
                FileStamp now = file_stamp_path(p->scan.dirs[i].path);

                if (!file_stamp_equal(&now, &p->scan.dirs[i].stamp))
                        return true;
        }
        for (const ScanBundle *b = p->scan.bundles; b; b = b->next) {
                FileStamp now = file_stamp_path(b->path);

                if (!file_stamp_equal(&now, &b->stamp))
                        return true;
        }
        return false;
}

int unit_path_list(const UnitPath *p, char ***ret) {
        const ScanFiles *units = &p->scan.units;
        autofree char **v = calloc(units->n + 1, sizeof(*v));
        size_t n = 0;

        if (!v)
                return -ENOMEM;

        for (size_t i = 0; i < units->n; i++) {
                if (n > 0 && streq(v[n - 1], units->items[i].name))
                        continue;
                v[n] = strdup(units->items[i].name);
                if (!v[n]) {
                        strv_free(take_ptr(v));
                        return -ENOMEM;
                }
                n++;
        }

        *ret = take_ptr(v);
        return 0;
}

const Diag *unit_path_diag(const UnitPath *p) {
        return p->scan.diag;
}

/* The file of this very name that counts: links that cannot be followed count for nothing. */
static const ScanFile *pick(const UnitPath *p, const char *name, const ScanFile **refused) {
        const ScanFile *f = scan_find(&p->scan.units, name);

        for (; f && f->refused; f = scan_next(&p->scan.units, f))
                *refused = *refused ?: f;
        return f;
}

/* The name that the alias @f stands for when a unit is asked for as @name, whose instance stays. 0 or
 * -ENOMEM. */
static int follow(const ScanFile *f, const char *name, char **ret) {
        autofree char *instance = NULL;
        int r;

        r = unit_name_is_template(f->alias) ? unit_name_instance(name, &instance) : 0;
        if (r < 0)
                return r;
        if (instance)
                return unit_name_replace_instance(f->alias, instance, ret);
        *ret = strdup(f->alias);
        return *ret ? 0 : -ENOMEM;
}

/* The file of @name or of its template. */
static int find_file(const UnitPath *p, const char *name, const ScanFile **refused, const ScanFile **ret) {
        autofree char *template = NULL;
        int r;

        *ret = pick(p, name, refused);
        if (*ret)
                return 0;
        r = unit_name_template(name, &template);
        if (r < 0)
                return r;
        *ret = template ? pick(p, template, refused) : NULL;
        return *ret ? 0 : -ENOENT;
}

/* What was met on the way from a name to a file. */
typedef struct Trail {
        const ScanFile *refused; /* the first link that leads nowhere good */
        const ScanFile *first;   /* the first alias */
} Trail;

/*
 * Does an instance that is led to a template remain a unit of its own, with the template's file? So it does
 * when that is its own template, and when the instance @next that it would be another name for has a file,
 * which is another one: the alias is one of the template, and not of that.
 */
static bool stays_itself(const UnitPath *p, const Found *found, const char *next) {
        const ScanFile *refused = NULL, *other;

        if (!unit_name_is_template(found->file->alias) || unit_name_is_template(found->name))
                return false;
        if (streq(next, found->name))
                return true;
        other = pick(p, next, &refused);
        return other && !streq_null(other->alias, found->file->alias);
}

/* From found->file, an alias, on to the file of a unit. -ELOOP when there is no end. */
static int follow_all(const UnitPath *p, Found *found, Trail *trail) {
        int r = 0;

        for (unsigned i = 0; r == 0 && found->file->alias; i++) {
                autofree char *next = NULL;

                trail->first = trail->first ?: found->file;
                if (i == LINKS_MAX)
                        return -ELOOP;
                r = follow(found->file, found->name, &next);
                if (r < 0)
                        return r;
                if (stays_itself(p, found, next)) {
                        found->file = pick(p, found->file->alias, &trail->refused);
                        r = found->file ? 0 : -ENOENT;
                        continue;
                }
                free(found->name);
                found->name = take_ptr(next);
                r = find_file(p, found->name, &trail->refused, &found->file);
        }
        return r;
}

/* Says what is wrong with the links; @fatal when there is no other file. */
static void explain(Diag *diag, int r, bool fatal, const Found *found, const Trail *trail) {
        const ScanFile *link = trail->refused ?: trail->first;
        const Where at = { .file = link ? link->path : NULL };
        autofree char *what = NULL;
        int n = 0;

        if (!link || (!trail->refused && r == 0))
                return;
        if (trail->refused)
                n = asprintf(&what, "%s", link->refused);
        else if (r == -ELOOP)
                n = asprintf(&what, "The link leads round in a circle");
        else
                n = asprintf(&what, "The link leads to %s, for which there is no unit file", found->name);
        if (n < 0) {
                what = NULL;
                return;
        }

        if (!fatal) {
                diag_warning(diag, at, "%s; ignoring it", what);
                return;
        }
        (void) diag_error(diag, at, r, "%s", what);
        if (trail->refused)
                diag_hint(diag,
                          "a link to a file of the search path is another name for the unit of that file");
}

/* An instance whose own link leads nowhere is one of its template. Returns 0 or -ENOMEM; NULL without one. */
static int find_instead(const UnitPath *p, const char *asked, const Trail *trail, const ScanFile **ret) {
        autofree char *template = NULL;
        const ScanFile *refused = NULL;
        int r;

        *ret = NULL;
        if (!trail->first || !streq(trail->first->name, asked))
                return 0;
        r = unit_name_template(asked, &template);
        if (r == 0 && template)
                *ret = pick(p, template, &refused);
        return r;
}

static int resolve(const UnitPath *p, const char *asked, Diag *diag, Found *found) {
        const ScanFile *instead = NULL;
        Trail trail = {}, second = {};
        int r, k;

        r = find_file(p, asked, &trail.refused, &found->file);
        if (r == 0)
                r = follow_all(p, found, &trail);
        k = r == -ENOENT ? find_instead(p, asked, &trail, &instead) : 0;
        if (k < 0)
                return k;
        explain(diag, r, r < 0 && !instead, found, &trail);
        if (!instead)
                return r;

        free(found->name);
        *found = (Found){ .name = strdup(asked), .file = instead };
        if (!found->name)
                return -ENOMEM;
        r = follow_all(p, found, &second);
        explain(diag, r, r < 0, found, &second);
        return r;
}

int unit_path_resolve(const UnitPath *p, const char *name, Diag *diag, Found *ret) {
        Found found = { .name = unit_name_valid(name) ? strdup(name) : NULL };
        int r;

        if (!found.name)
                return unit_name_valid(name) ? -ENOMEM : -ENOENT;

        r = resolve(p, name, diag, &found);
        if (r < 0) {
                free(found.name);
                return r == -ELOOP ? -ENOENT : r;
        }
        *ret = found;
        return 0;
}

int unit_path_real_name(const UnitPath *p, const char *name, Diag *diag, char **ret) {
        Found found;
        int r;

        r = unit_path_resolve(p, name, diag, &found);
        if (r == 0)
                *ret = found.name;
        return r;
}

static int alias_compare(const void *a, const void *b) {
        const Alias *x = a, *y = b;
        int r = strcmp(x->target, y->target);

        return r != 0 ? r : strcmp(x->link->name, y->link->name);
}

/* By the units that they lead to in the end. */
static int index_aliases(UnitPath *p) {
        p->aliases = p->scan.n_links > 0 ? calloc(p->scan.n_links, sizeof(*p->aliases)) : NULL;
        if (p->scan.n_links > 0 && !p->aliases)
                return -ENOMEM;

        for (size_t i = 0; i < p->scan.n_links; i++) {
                const ScanFile *link = &p->scan.units.items[p->scan.links[i]];
                char *target = NULL;
                int r = unit_path_real_name(p, link->name, NULL, &target);

                if (r == -ENOENT)
                        continue;
                if (r < 0)
                        return r;
                p->aliases[p->n_aliases++] = (Alias){ .target = target, .link = link };
        }

        if (p->n_aliases > 0)
                qsort(p->aliases, p->n_aliases, sizeof(*p->aliases), alias_compare);
        return 0;
}

int unit_path_new(char *const *dirs, UnitPath **ret) {
        autoptr(UnitPath) p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        r = scan_run(&p->scan, dirs);
        if (r == 0)
                r = index_aliases(p);
        if (r < 0)
                return r;

        *ret = take_ptr(p);
        return 0;
}

int unit_path_find(const UnitPath *p, const char *name, char **ret) {
        autofree char *owned = NULL, *path = NULL;
        struct stat st;
        Found found;
        int r;

        r = unit_path_resolve(p, name, NULL, &found);
        if (r < 0)
                return r;
        owned = found.name;
        path = strdup(found.file->path);
        if (!path)
                return -ENOMEM;
        if (stat(path, &st) < 0)
                return errno == ELOOP ? -ENOENT : -errno;

        *ret = take_ptr(path);
        if (found.file->bundle)
                return 0;
        return S_ISREG(st.st_mode)   ? (st.st_size == 0 ? -ERFKILL : 0)
               : S_ISCHR(st.st_mode) ? -ERFKILL
                                     : -EBADFD;
}

/* The name that the alias @f gives the unit @name; NULL when that name leads elsewhere. */
static int alias_for(const UnitPath *p, const ScanFile *f, const char *name, char **ret) {
        autofree char *instance = NULL, *alias = NULL, *real = NULL;
        int r;

        *ret = NULL;
        r = unit_name_is_template(f->name) ? unit_name_instance(name, &instance) : 0;
        if (r < 0)
                return r;
        r = instance                    ? unit_name_replace_instance(f->name, instance, &alias)
            : (alias = strdup(f->name)) ? 0
                                        : -ENOMEM;
        if (r == 0)
                r = unit_path_real_name(p, alias, NULL, &real);
        if (r < 0)
                return r == -ENOENT ? 0 : r;

        if (streq(real, name) && !streq(alias, name))
                *ret = take_ptr(alias);
        return 0;
}

/* Adds the names that aliases of @target give the unit @name. */
static int add_aliases(const UnitPath *p, const char *target, const char *name, char ***aliases) {
        size_t low = 0, high = p->n_aliases;
        int r = 0;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(p->aliases[middle].target, target) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }

        for (; r == 0 && low < p->n_aliases && streq(p->aliases[low].target, target); low++) {
                autofree char *alias = NULL;

                r = alias_for(p, p->aliases[low].link, name, &alias);
                if (r == 0 && alias && !strv_contains(*aliases, alias))
                        r = strv_add(aliases, alias);
        }
        return r;
}

int unit_path_aliases_of(const UnitPath *p, const char *name, char ***ret) {
        autofree char *template = NULL;
        autostrv char **aliases = NULL;
        int r;

        *ret = NULL;
        if (p->n_aliases == 0)
                return 0;
        r = add_aliases(p, name, name, &aliases);
        if (r == 0)
                r = unit_name_template(name, &template);
        if (r == 0 && template)
                r = add_aliases(p, template, name, &aliases);
        if (r < 0)
                return r;

        strv_sort(aliases);
        *ret = take_ptr(aliases);
        return 0;
}

int unit_path_aliases(const UnitPath *p, const char *name, char ***ret) {
        autofree char *real = NULL;
        int r;

        r = unit_path_real_name(p, name, NULL, &real);
        return r < 0 ? r : unit_path_aliases_of(p, real, ret);
}

int unit_path_find_drop_ins(const UnitPath *p, const char *name, char ***ret) {
        autofree const ScanFile **found = NULL;
        autofree char *real = NULL;
        autostrv char **paths = NULL;
        size_t n;
        int r;

        *ret = NULL;
        r = unit_path_real_name(p, name, NULL, &real);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        r = unit_path_find_beside(p, &p->scan.drop_ins, real, ".d", &found, &n);
        for (size_t i = 0; r == 0 && i < n; i++)
                r = strv_add(&paths, found[i]->path);
        if (r < 0)
                return r;

        *ret = take_ptr(paths);
        return 0;
}
