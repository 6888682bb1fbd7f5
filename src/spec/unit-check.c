/* Rules over several keys. Each says at the key that is to be changed what it does not go together with. */
#include "spec/unit-check.h"
#include "basic/macro.h"

bool unit_kind_is_idle(UnitKind kind) {
        return kind == UNIT_KUBE || kind == UNIT_ARTIFACT;
}

static int check_own_section(UnitSpec *u, Diag *diag) {
        static int (*const checks[UNIT_KIND_N_])(UnitSpec *, Diag *) = {
                [UNIT_CONTAINER] = check_container, [UNIT_POD] = check_pod,
                [UNIT_NETWORK] = check_network,     [UNIT_VOLUME] = check_volume,
                [UNIT_IMAGE] = check_image,         [UNIT_BUILD] = check_build,
                [UNIT_KUBE] = check_kube,           [UNIT_ARTIFACT] = check_artifact,
        };

        if (unit_kind_is_idle(u->kind))
                diag_warning(diag, (Where){ .file = u->raw->fragment },
                             ".%s units are read and checked, but nothing runs them yet",
                             unit_kind_to_string(u->kind));
        return checks[u->kind] ? checks[u->kind](u, diag) : 0;
}

int unit_check(UnitSpec *u, Diag *diag) {
        int (*const checks[])(UnitSpec *, Diag *) = { check_own_section, check_unit, check_service };
        int bad = 0;

        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                int r = checks[i](u, diag);

                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        bad = r;
        }
        return bad;
}
