/* The unit that was meant by a name that is none. */
#include <errno.h>
#include <string.h>

#include "basic/strv.h"
#include "ctl/suggest.h"
#include "ctl/unit-files.h"
#include "spec/unit-set.h"

/* "web.contaner" was completed to "web.contaner.container": the slip is in the suffix. */
static char *correct_suffix(const char *name) {
        static const char *const kinds[] = {
#define X(id, text) text,
                UNIT_KIND_LIST(X)
#undef X
                        NULL
        };
        autofree char *stem = unit_name_stem(name);
        char *dot = stem ? strrchr(stem, '.') : NULL, *corrected;
        const char *near = dot ? diag_nearest(dot + 1, kinds) : NULL;

        if (!near)
                return NULL;
        *dot = '\0';
        return asprintf(&corrected, "%s.%s", stem, near) < 0 ? NULL : corrected;
}

char *suggest_unit(const char *name) {
        autofree char *corrected = correct_suffix(name);
        autoptr(UnitSet) set = unit_set_new();
        autostrv char **names = NULL;
        const char *near;

        if (!set || unit_files_list(true, &names) < 0)
                return NULL;
        STRV_FOREACH (n, names)
                if (unit_set_add(set, *n, SET_BAD, NULL, NULL) == -ENOMEM)
                        return NULL;

        if (corrected && unit_set_find_file(set, corrected))
                return take_ptr(corrected);
        near = unit_set_nearest(set, name);
        return near ? strdup(near) : NULL;
}
