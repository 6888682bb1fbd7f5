/* Do the keys of [Unit] go together? And what other sections add to them. */
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/unit-check.h"

int check_add_requirement(UnitSpec *u, const char *name) {
        static const UnitDependency kinds[] = { UNIT_DEP_REQUIRES, UNIT_DEP_AFTER };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(kinds) && r == 0; i++)
                if (!strv_contains(u->unit.dependencies[kinds[i]], name))
                        r = strv_add(&u->unit.dependencies[kinds[i]], name);
        return r;
}

/* systemd drops such a dependency too. */
int check_unit(UnitSpec *u, Diag *diag) {
        for (UnitDependency d = 0; d < UNIT_DEP_N_; d++) {
                const char *key = unit_dependency_to_string(d);

                if (!strv_contains(u->unit.dependencies[d], u->name))
                        continue;
                diag_warning(diag, check_place(u, "Unit", key), "%s= names the unit itself", key);
                strv_remove(u->unit.dependencies[d], u->name);
        }
        return 0;
}
