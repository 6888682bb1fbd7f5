/* Do the keys of [Unit] go together? And what other sections add to them. */
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"

int check_add_dependency(UnitSpec *u, UnitDependency dependency, const char *name) {
        char ***list = &u->unit.dependencies[dependency];

        return strv_contains(*list, name) ? 0 : strv_add(list, name);
}

int check_add_requirement(UnitSpec *u, const char *name) {
        int r = check_add_dependency(u, UNIT_DEP_REQUIRES, name);

        return r < 0 ? r : check_add_dependency(u, UNIT_DEP_AFTER, name);
}

int check_add_mounts_for(UnitSpec *u, const char *path) {
        char ***list = &u->unit.requires_mounts_for;

        return strv_contains(*list, path) ? 0 : strv_add(list, path);
}

/* systemd drops such a dependency too. */
int check_unit(UnitSpec *u, Diag *diag) {
        for (UnitDependency d = 0; d < UNIT_DEP_N_; d++) {
                const char *key = unit_dependency_to_string(d);

                if (!strv_contains(u->unit.dependencies[d], u->name))
                        continue;
                diag_warning(diag, unit_place(u, "Unit", key), "%s= names the unit itself", key);
                strv_remove(u->unit.dependencies[d], u->name);
        }
        return 0;
}
