/* Do the keys of a .pod unit go together? */
#include "spec/unit-check.h"

int check_pod(UnitSpec *u, Diag *diag) {
        PodSection *p = u->pod;
        int bad, r;

        bad = check_users(u, "Pod", &p->users, diag);
        if (bad == -ENOMEM)
                return bad;
        r = check_network_keys(u, "Pod", &p->network, diag);
        bad = r < 0 ? r : bad;
        r = check_pod_later(u, diag);
        bad = r < 0 ? r : bad;

        r = check_require_network(u, &p->network.choice);
        if (r == 0)
                r = check_require_users(u, &p->users.namespace);
        if (r == 0)
                r = check_require_mounts(u, &p->volumes);
        return r < 0 ? r : bad;
}
