/*
 * Values that are read and checked, and that nothing acts on yet, of keys that otherwise work. Where the
 * container can do without, that is a warning; where it would do something else than was meant, the unit is
 * refused.
 */
#include "basic/macro.h"
#include "spec/mount-map.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"

static int mount_later(const char *key, const MountSpec *m, Diag *diag) {
        if (m->kind == MOUNT_IMAGE && m->subpath)
                return diag_error(diag, m->at, -EINVAL,
                                  "%s=: option \"subpath\" of an image is not supported yet", key);
        if (m->kind == MOUNT_ARTIFACT)
                return diag_error(diag, m->at, -EINVAL, "%s=: type=%s is not supported yet", key,
                                  mount_kind_to_string(m->kind));
        if (m->overlay && mount_map_is_set(m))
                return diag_error(diag, m->at, -EINVAL,
                                  "%s=: a map behind idmap= and \"O\" exclude each other", key);
        return 0;
}

static int mounts_later(const ContainerSection *c, Diag *diag) {
        const struct {
                const char *key;
                const MountList *list;
        } lists[] = { { "Volume", &c->volumes },
                      { "Mount", &c->files->mounts },
                      { "Tmpfs", &c->files->tmpfses } };
        int bad = 0;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                for (size_t k = 0; k < lists[i].list->n; k++) {
                        int r = mount_later(lists[i].key, &lists[i].list->items[k], diag);

                        bad = r < 0 ? r : bad;
                }
        return bad;
}

/* To start such a container on a network of its own could let out what a VPN was to carry. */
static void network_later(const NetworkChoice *c, Diag *diag) {
        for (size_t i = 0; i < c->n_joins; i++) {
                const NetworkJoin *j = &c->joins[i];
                const char *option = j->options ? j->options[0] : NULL;

                if (option)
                        diag_warning(diag, j->at, "Network=: option \"%s\" is not supported yet", option);
        }
}

int check_pod_later(const UnitSpec *u, Diag *diag) {
        const PodSection *p = u->pod;
        int bad = 0;

        network_later(&p->network.choice, diag);
        for (size_t i = 0; i < p->volumes.n; i++) {
                int r = mount_later("Volume", &p->volumes.items[i], diag);

                bad = r < 0 ? r : bad;
        }
        return bad;
}

int check_later(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        int bad;

        bad = mounts_later(c, diag);
        network_later(&c->network.choice, diag);
        if (u->service.exec->cpu_affinity.numa)
                diag_warning(diag, unit_place(u, "Service", "CPUAffinity"),
                             "CPUAffinity=numa is not supported yet");
        return bad;
}
