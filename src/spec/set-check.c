/* All checks across units, and what they have in common. */
#include "spec/pod-section.h"
#include "spec/set-check-internal.h"

bool set_pair(const SetUnit *later, Where at, const SetUnit *earlier, Where earlier_at, Pair *ret) {
        *ret = later->diag ? (Pair){ later->diag, at, later, earlier, earlier_at }
                           : (Pair){ earlier->diag, earlier_at, earlier, later, at };
        return ret->diag != NULL;
}

char *set_place_text(Where at) {
        char *text;
        int r;

        r = at.line > 0 ? asprintf(&text, "%s:%u", strempty(at.file), at.line)
                        : asprintf(&text, "%s", strempty(at.file));
        return r < 0 ? NULL : text;
}

void set_hint_other(const Pair *p) {
        autofree char *place = set_place_text(p->other_at);

        if (place && p->other_at.file)
                diag_hint(p->diag, "in %s", place);
}

bool set_is_container(const SetUnit *u) {
        return u->state == SET_LOADED && u->spec->container && !unit_name_is_template(u->name);
}

const NetworkKeys *set_network(const SetUnit *u) {
        const NetworkKeys *k = NULL;

        if (set_is_container(u) && !u->spec->container->pod)
                k = &u->spec->container->network;
        else if (u->spec && u->spec->pod && !unit_name_is_template(u->name))
                k = &u->spec->pod->network;

        if (k && k->choice.set &&
            (k->choice.mode != NETWORK_MODE_PRIVATE || k->choice.shared.mode != NAMESPACE_DEFAULT))
                return NULL;
        return k;
}

bool set_exclusive(const UnitSpec *a, const UnitSpec *b) {
        return strv_contains(a->unit.dependencies[UNIT_DEP_CONFLICTS], b->name) ||
               strv_contains(b->unit.dependencies[UNIT_DEP_CONFLICTS], a->name);
}

int set_check(const UnitSet *set, const SetFacts *facts) {
        int (*const checks[])(const UnitSet *) = {
                set_check_references, set_check_order, set_check_names, set_check_ports, set_check_volumes,
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(checks) && r == 0; i++)
                r = checks[i](set);
        if (r == 0)
                r = set_check_subnets(set, facts->config);
        if (r == 0)
                r = set_check_addresses(set, facts->config);
        if (r == 0 && facts->controllers)
                r = set_check_limits(set, facts->controllers);
        return r;
}
