/* Directories that belong to units: NAME.d with drop-ins, NAME.wants and its like with dependencies. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "config/unit-path-internal.h"

/* Which directories count for a unit, the most specific one first. */
typedef struct Names {
        char **v;
        size_t n_own; /* those behind belong to other names of the unit; the last one to all units of the kind
                       */
} Names;

/*
 * For "a-b@x.container" the whole name, its template, and for every dash in the prefix what stands before it:
 * with the instance, and of the template without an "@", as systemd does it.
 */
static int add_names(char ***v, const char *prefix, size_t n, const char *at, const char *suffix) {
        size_t size = n + strlen(at) + strlen(suffix) + 1;
        autofree char *name = malloc(size);
        size_t dash = n;
        int r;

        if (!name)
                return -ENOMEM;
        (void) snprintf(name, size, "%.*s%s%s", (int) n, prefix, at, suffix);
        if (strv_contains(*v, name))
                return 0;
        r = strv_take(v, take_ptr(name));
        if (r == 0 && at[0] && at[1])
                r = add_names(v, prefix, n, "@", suffix);
        if (r < 0)
                return r;

        for (dash--; dash > 0 && prefix[dash - 1] != '-'; dash--)
                ;
        /* A dash of its own is no prefix. */
        return dash > 1 ? add_names(v, prefix, dash, at[0] && at[1] ? at : "", suffix) : 0;
}

/* @kind: ".container"; @suffix: ".d". */
static int add_names_of(char ***v, const char *name, const char *suffix) {
        const char *kind = strrchr(name, '.'), *at = memchr(name, '@', (size_t) (kind - name));
        autofree char *instance = at ? strndup(at, (size_t) (kind - at)) : strdup(""), *end = NULL;

        if (!instance || asprintf(&end, "%s%s", kind, suffix) < 0) {
                end = NULL;
                return -ENOMEM;
        }
        return add_names(v, name, (size_t) ((at ?: kind) - name), instance, end);
}

static int directory_names(const UnitPath *p, const char *name, const char *suffix, Names *ret) {
        autostrv char **v = NULL, **aliases = NULL;
        size_t n_own;
        int r;

        r = add_names_of(&v, name, suffix);
        n_own = strv_length(v);
        if (r == 0)
                r = unit_path_aliases_of(p, name, &aliases);
        STRV_FOREACH (alias, aliases)
                if (r == 0)
                        r = add_names_of(&v, *alias, suffix);
        if (r == 0)
                r = strv_addf(&v, "%s%s", strrchr(name, '.') + 1, suffix);
        if (r < 0)
                return r;

        *ret = (Names){ .v = take_ptr(v), .n_own = n_own };
        return 0;
}

typedef struct Candidate {
        const ScanFile *scan;
        const char *file;   /* without directory */
        unsigned group;     /* 0: by its own name, 1: by others, 2: for every unit of the kind */
        size_t specificity; /* lower is more specific */
} Candidate;

static int candidate_compare(const void *a, const void *b) {
        const Candidate *x = a, *y = b;
        int r = strcmp(x->file, y->file);

        if (r != 0)
                return r;
        if (x->group != y->group)
                return x->group < y->group ? -1 : 1;
        if (x->scan->rank != y->scan->rank)
                return x->scan->rank < y->scan->rank ? -1 : 1;
        return x->specificity < y->specificity ? -1 : x->specificity > y->specificity;
}

/* Fills @found, or only counts when it is NULL. */
static size_t find_candidates(const ScanFiles *files, const Names *names, Candidate *found) {
        size_t n = 0;

        for (size_t i = 0; names->v[i]; i++)
                for (const ScanFile *f = scan_find(files, names->v[i]); f; f = scan_next(files, f), n++)
                        if (found)
                                found[n] = (Candidate){
                                        .scan = f,
                                        .file = strrchr(f->path, '/') + 1,
                                        .group = i < names->n_own  ? 0
                                                 : names->v[i + 1] ? 1
                                                                   : 2,
                                        .specificity = i,
                                };

        if (found && n > 0)
                qsort(found, n, sizeof(*found), candidate_compare);
        return n;
}

int unit_path_find_beside(const UnitPath *p, const ScanFiles *files, const char *name, const char *suffix,
                          const ScanFile ***ret, size_t *ret_n) {
        autostrv char **owned = NULL;
        autofree Candidate *found = NULL;
        autofree const ScanFile **picked = NULL;
        size_t n, n_picked = 0;
        Names names;
        int r;

        *ret = NULL;
        *ret_n = 0;
        if (files->n == 0)
                return 0;

        r = directory_names(p, name, suffix, &names);
        if (r < 0)
                return r;
        owned = names.v;
        n = find_candidates(files, &names, NULL);
        if (n == 0)
                return 0;
        found = calloc(n, sizeof(*found));
        picked = calloc(n, sizeof(*picked));
        if (!found || !picked)
                return -ENOMEM;

        (void) find_candidates(files, &names, found);
        for (size_t i = 0; i < n; i++)
                if (i == 0 || !streq(found[i].file, found[i - 1].file))
                        picked[n_picked++] = found[i].scan;

        *ret = take_ptr(picked);
        *ret_n = n_picked;
        return 0;
}
