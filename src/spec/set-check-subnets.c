/* Networks whose addresses overlap. */
#include <stdlib.h>

#include "spec/network-section.h"
#include "spec/set-check-internal.h"

typedef struct Subnet {
        const SetUnit *unit;
        size_t i; /* in the unit's list */
        InetPrefix prefix;
} Subnet;

static const NetworkSection *network_of(const SetUnit *u) {
        return u->spec && !unit_name_is_template(u->name) ? u->spec->network : NULL;
}

static size_t subnets_of(const SetUnit *u) {
        const NetworkSection *network = network_of(u);

        return network ? network->n_subnets : 0;
}

/* A prefix before those that lie in it; equal ones in the order of the units. */
static int subnet_compare(const void *a, const void *b) {
        const Subnet *x = a, *y = b;
        int r;

        if (x->prefix.address.family != y->prefix.address.family)
                return x->prefix.address.family < y->prefix.address.family ? -1 : 1;
        r = memcmp(x->prefix.address.bytes, y->prefix.address.bytes, inet_size(x->prefix.address.family));
        if (r != 0)
                return r;
        if (x->prefix.bits != y->prefix.bits)
                return x->prefix.bits < y->prefix.bits ? -1 : 1;
        return x->unit->index < y->unit->index ? -1 : x->unit->index > y->unit->index;
}

static Where place_of(const Subnet *s) {
        return unit_place_nth(s->unit->spec, "Network", "Subnet", s->i);
}

static void report(const Subnet *a, const Subnet *b) {
        const Subnet *later = a->unit->index > b->unit->index ? a : b, *earlier = later == a ? b : a;
        char text[INET_TEXT_MAX], other[INET_TEXT_MAX];
        Pair p;

        if (a->unit == b->unit || set_exclusive(a->unit->spec, b->unit->spec) ||
            !set_pair(later->unit, place_of(later), earlier->unit, place_of(earlier), &p))
                return;
        (void) diag_error(
                p.diag, p.at, -EINVAL, "Subnet=%s overlaps %s of %s",
                inet_format_prefix(p.unit == later->unit ? &later->prefix : &earlier->prefix, text),
                inet_format_prefix(p.unit == later->unit ? &earlier->prefix : &later->prefix, other),
                p.other->name);
        set_hint_other(&p);
}

static void check_config(const Subnet *s, const ManagerConfig *config) {
        const InetPrefix *own[] = { &config->network.subnet,
                                    config->network.ipv6 ? &config->network.subnet6 : NULL };
        const InetPrefix *pools[] = { &config->network.pool, &config->network.pool6 };
        char text[INET_TEXT_MAX], other[INET_TEXT_MAX];

        if (!s->unit->diag)
                return;
        inet_format_prefix(&s->prefix, text);

        for (size_t i = 0; i < ELEMENTSOF(own); i++)
                if (own[i] && inet_overlap(own[i], &s->prefix)) {
                        (void) diag_error(s->unit->diag, place_of(s), -EINVAL,
                                          "Subnet=%s overlaps %s of the default network", text,
                                          inet_format_prefix(own[i], other));
                        diag_hint(s->unit->diag, "nsunitd.conf can give that another one");
                }
        for (size_t i = 0; i < ELEMENTSOF(pools); i++)
                if (inet_overlap(pools[i], &s->prefix)) {
                        diag_warning(
                                s->unit->diag, place_of(s),
                                "Subnet=%s is part of the pool %s, of which other networks are given theirs",
                                text, inet_format_prefix(pools[i], other));
                        diag_hint(s->unit->diag, "nsunitd.conf has the pool");
                }
}

int set_check_subnets(const UnitSet *set, const ManagerConfig *config) {
        autofree Subnet *subnets = NULL;
        size_t n = 0, k = 0;

        for (size_t i = 0; i < unit_set_size(set); i++)
                n += subnets_of(unit_set_get(set, i));
        subnets = calloc(n + 1, sizeof(*subnets));
        if (!subnets)
                return -ENOMEM;

        for (size_t i = 0; i < unit_set_size(set); i++) {
                const SetUnit *u = unit_set_get(set, i);
                const NetworkSection *network = network_of(u);

                for (size_t j = 0; network && j < network->n_subnets; j++)
                        subnets[k++] = (Subnet){ u, j, inet_prefix_network(&network->subnets[j]) };
        }
        if (n > 0)
                qsort(subnets, n, sizeof(*subnets), subnet_compare);

        for (size_t i = 0, around = 0; i < n; i++) {
                if (config)
                        check_config(&subnets[i], config);
                /* Prefixes either lie in one another or have nothing in common. */
                if (i > 0 && inet_overlap(&subnets[around].prefix, &subnets[i].prefix))
                        report(&subnets[i], &subnets[around]);
                else
                        around = i;
        }
        return 0;
}
