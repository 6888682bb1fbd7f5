/* One name for two things of a kind. */
#include "spec/network-section.h"
#include "spec/pod-section.h"
#include "spec/set-check-internal.h"
#include "spec/volume-section.h"

/* What a unit names in the world outside: X(what it is, section, key, the name or NULL for the stem) */
typedef struct Name {
        const char *what, *section, *key;
        const char *name;
} Name;

static bool name_of(const UnitSpec *u, Name *ret) {
        if (u->container)
                *ret = (Name){ "container", "Container", "ContainerName", u->container->container_name };
        else if (u->pod)
                *ret = (Name){ "pod", "Pod", "PodName", u->pod->pod_name };
        else if (u->network)
                *ret = (Name){ "network", "Network", "NetworkName", u->network->network_name };
        else if (u->volume)
                *ret = (Name){ "volume", "Volume", "VolumeName", u->volume->volume_name };
        else
                return false;
        return true;
}

/* NULL when nobody has to be told. */
static const Claim *find_other(const Claim *claim) {
        for (const Claim *c = claim->earlier; c; c = c->earlier)
                if (c->unit != claim->unit && !set_exclusive(c->unit->spec, claim->unit->spec))
                        return c;
        return NULL;
}

static int check_name(const SetUnit *u, const Name *n, Claims *claims) {
        autofree char *stem = unit_name_stem(u->name), *key = NULL;
        const char *name = n->name ? n->name : stem;
        const Claim *claim, *other;
        Pair p;

        if (!name || asprintf(&key, "%s %s", n->what, name) < 0) {
                key = NULL;
                return -ENOMEM;
        }
        claim = claims_add(claims, key,
                           (Claim){ .unit = u,
                                    .at = n->name ? unit_place(u->spec, n->section, n->key)
                                                  : (Where){ .file = u->spec->raw->fragment } });
        if (!claim)
                return -ENOMEM;

        other = find_other(claim);
        if (other && set_pair(u, claim->at, other->unit, other->at, &p)) {
                diag_warning(p.diag, p.at, "the %s of %s has the name \"%s\", too", n->what, p.other->name,
                             name);
                set_hint_other(&p);
        }
        return 0;
}

static int check_service(const SetUnit *u, Claims *claims) {
        const char *section = section_of_kind(u->spec->kind);
        Where at = unit_spec_is_set(u->spec, section, "ServiceName")
                           ? unit_place(u->spec, section, "ServiceName")
                           : (Where){ .file = u->spec->raw->fragment };
        autofree char *service = NULL;
        const Claim *claim;
        Pair p;

        if (unit_spec_service(u->spec, &service) < 0)
                return -ENOMEM;
        claim = claims_add(claims, service, (Claim){ .unit = u, .at = at });
        if (!claim)
                return -ENOMEM;

        if (claim->earlier && set_pair(u, at, claim->earlier->unit, claim->earlier->at, &p)) {
                (void) diag_error(p.diag, p.at, -EINVAL, "the service of %s would be called %s, too",
                                  p.other->name, service);
                set_hint_other(&p);
        }
        return 0;
}

int set_check_names(const UnitSet *set) {
        autoptr(Claims) names = claims_new(), services = claims_new();
        int r = names && services ? 0 : -ENOMEM;

        for (size_t i = 0; i < unit_set_size(set) && r == 0; i++) {
                const SetUnit *u = unit_set_get(set, i);
                Name n;

                if (!u->spec)
                        continue;
                r = check_service(u, services);
                if (r == 0 && !unit_name_is_template(u->name) && name_of(u->spec, &n))
                        r = check_name(u, &n, names);
        }
        return r;
}
