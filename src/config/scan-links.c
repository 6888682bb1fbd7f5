/*
 * Links among unit files (systemd.unit(5), "Unit file load path"). One that stays in the search path is
 * another name for the unit that its target is named after, wherever that unit's file lies; one that leaves
 * it is a unit file like any other.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/unit-name.h"
#include "config/unit-scan.h"

bool scan_is_searched(const Scan *scan, const char *path, size_t n) {
        autofree char *dir = NULL;
        FileStamp stamp;

        for (size_t i = 0; i < scan->n_dirs; i++)
                if (scan->dirs[i].searched && strlen(scan->dirs[i].path) == n &&
                    strncmp(scan->dirs[i].path, path, n) == 0)
                        return true;

        dir = strndup(path, n);
        stamp = dir ? file_stamp_path(dir) : (FileStamp){};
        for (size_t i = 0; stamp.inode != 0 && i < scan->n_dirs; i++)
                if (scan->dirs[i].searched && scan->dirs[i].stamp.inode == stamp.inode &&
                    scan->dirs[i].stamp.device == stamp.device)
                        return true;
        return false;
}

/* "/etc/../lib/x" to "/lib/x", or wherever that is; the last part is kept as it is. */
static int drop_parents(char **path) {
        char *slash = strrchr(*path, '/'), *real, *made;

        if (!strstr(*path, "/../"))
                return 0;
        *slash = '\0';
        real = realpath(*path, NULL);
        *slash = '/';
        if (!real)
                return errno == ENOMEM ? -ENOMEM : 0;

        if (asprintf(&made, "%s%s", real, slash) < 0)
                made = NULL;
        free(real);
        if (!made)
                return -ENOMEM;
        free(*path);
        *path = made;
        return 0;
}

/* Where the link @path leads, absolute. NULL for what is no link. */
static int link_target(const char *path, char **ret) {
        autofree char *joined = NULL;
        char target[PATH_MAX];
        ssize_t n;

        *ret = NULL;
        n = readlink(path, target, sizeof(target) - 1);
        if (n < 0)
                return 0;
        target[n] = '\0';

        if (target[0] == '/')
                joined = strdup(target);
        else if (asprintf(&joined, "%.*s/%s", (int) (strrchr(path, '/') - path), path, target) < 0)
                joined = NULL;
        if (!joined)
                return -ENOMEM;

        path_normalize(joined);
        if (drop_parents(&joined) < 0)
                return -ENOMEM;
        *ret = take_ptr(joined);
        return 0;
}

typedef enum NameType {
        NAME_PLAIN,
        NAME_TEMPLATE,
        NAME_INSTANCE,
} NameType;

static NameType name_type(const char *name) {
        return !strchr(name, '@') ? NAME_PLAIN : unit_name_is_template(name) ? NAME_TEMPLATE : NAME_INSTANCE;
}

static bool same_instance(const char *a, const char *b) {
        const char *x = strchr(a, '@'), *y = strchr(b, '@');

        return x && y && streq(x, y);
}

/* Why @name can be no other name for @target; NULL when it can. */
static const char *why_refused(const char *name, const char *target) {
        NameType from = name_type(name), to;

        if (!unit_name_valid(target))
                return "which is not the name of a unit";
        if (unit_name_kind(name) != unit_name_kind(target))
                return "a unit of another kind";

        to = name_type(target);
        if (from == NAME_INSTANCE && to == NAME_TEMPLATE)
                return NULL;
        if (from == NAME_INSTANCE && to == NAME_INSTANCE)
                return same_instance(name, target) ? NULL : "another instance";
        if (from != to)
                return to == NAME_TEMPLATE   ? "a template"
                       : to == NAME_INSTANCE ? "an instance of a template"
                                             : "which is no template";
        return NULL;
}

static int resolve(Scan *scan, ScanFile *f) {
        autofree char *target = NULL;
        const char *name, *why;
        int r;

        r = link_target(f->path, &target);
        if (r < 0 || !target)
                return r;
        name = strrchr(target, '/') + 1;
        if (!scan_is_searched(scan, target, (size_t) (name - 1 - target)))
                return 0;

        /* A link to the file of the same name: that file, under its own path. */
        if (streq(name, f->name)) {
                if (streq(target, f->path)) {
                        f->refused = strdup("The link leads to itself");
                        return f->refused ? 0 : -ENOMEM;
                }
                free(f->path);
                f->path = take_ptr(target);
                return 0;
        }

        why = why_refused(f->name, name);
        if (why && asprintf(&f->refused, "The link leads to %s, %s", name, why) < 0)
                f->refused = NULL;
        else if (!why)
                f->alias = strdup(name);
        return f->refused || f->alias ? 0 : -ENOMEM;
}

int scan_resolve_links(Scan *scan) {
        for (size_t i = 0; i < scan->units.n; i++) {
                ScanFile *f = &scan->units.items[i];
                int r = f->is_link ? resolve(scan, f) : 0;

                if (r == 0 && f->alias) {
                        r = array_grow((void **) &scan->links, scan->n_links, sizeof(size_t));
                        if (r == 0)
                                scan->links[scan->n_links++] = i;
                }
                if (r < 0)
                        return r;
        }
        return 0;
}
