/* From the names that people and units use to the units: aliases, and templates that have a default instance.
 */
#include <errno.h>
#include <string.h>

#include "basic/log.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "manager/internal.h"

/* What is wrong with bundles belongs to no unit, so it is told when they are read. */
static void tell_bundles(const UnitPath *path) {
        const Diag *diag = unit_path_diag(path);

        for (size_t i = 0; i < diag_count(diag); i++) {
                autofree char *text = diag_item_to_string(diag_get(diag, i));

                log_message(LOG_ERR, NULL, "%s", strempty(text));
        }
}

int manager_scan_units(Manager *m) {
        UnitPath *path;
        int r;

        r = unit_path_new(m->unit_dirs, &path);
        if (r < 0)
                return r;

        tell_bundles(path);
        unit_path_free(m->path);
        m->path = path;
        return 0;
}

int manager_real_name(const Manager *m, const char *name, char **ret) {
        autofree char *real = NULL;
        int r;

        r = unit_path_real_name(m->path, name, NULL, &real);
        if (r == 0 && unit_name_is_template(real)) {
                r = unit_path_default_instance(m->path, real, host_specifiers_context(m->specifiers), NULL,
                                               ret);
                return r < 0 ? r : *ret ? 0 : -EINVAL;
        }
        if (r == -ENOENT)
                r = (real = strdup(name)) ? 0 : -ENOMEM;
        if (r < 0)
                return r;

        *ret = take_ptr(real);
        return 0;
}

Unit *manager_get_unit(const Manager *m, const char *name) {
        autofree char *real = NULL;
        Unit *u;

        HASH_FIND_STR(m->units, name, u);
        if (!u && m->path && manager_real_name(m, name, &real) == 0 && !streq(real, name))
                HASH_FIND_STR(m->units, real, u);
        return u;
}

int manager_use_real_names(const Manager *m, char **names) {
        for (; names && *names; names++) {
                char *real;
                int r;

                if (unit_name_kind(*names) < 0)
                        continue;
                r = manager_real_name(m, *names, &real);
                if (r < 0)
                        return r;
                free(*names);
                *names = real;
        }
        return 0;
}

int unit_names(const Unit *u, char ***ret) {
        autostrv char **names = NULL;
        int r;

        r = strv_add(&names, u->name);
        if (r == 0) {
                autostrv char **aliases = NULL;

                r = unit_path_aliases(u->manager->path, u->name, &aliases);
                r = r == -ENOENT ? 0 : r;
                if (r == 0)
                        r = strv_add_all(&names, aliases);
        }
        if (r < 0)
                return r;

        *ret = take_ptr(names);
        return 0;
}
