/* Where a unit's things lie. Made when they are asked for: a thousand units keep no paths. */
#include "manager/internal.h"

static char *path_of(const Unit *u, const char *base, const char *kind, const char *name) {
        char *path;

        return asprintf(&path, "%s/%s/%s%s%s", base, kind, u->name, name ? "/" : "", strempty(name)) < 0
                       ? NULL
                       : path;
}

char *held_path(const Unit *u, const char *name) {
        return path_of(u, u->manager->config->paths.run, "held", name);
}

char *unit_files_path(const Unit *u, const char *name) {
        return path_of(u, u->manager->config->paths.run, "units", name);
}

char *unit_container_dir(const Unit *u) {
        return path_of(u, u->manager->config->paths.store, "containers", NULL);
}
