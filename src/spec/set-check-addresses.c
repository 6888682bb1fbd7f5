/* Static addresses of containers: inside their network, and each only once. */
#include "spec/network-section.h"
#include "spec/set-check-internal.h"

/* One static address, and where it was written. */
typedef struct Static {
        const SetUnit *unit;
        const char *network; /* name of the unit, or "default" */
        const char *key;
        const InetAddress *address;
        Where at;
} Static;

typedef struct Known {
        const UnitSet *set;
        const ManagerConfig *config;
        Claims *by_network; /* "back.network 10.1.0.5" */
        Claims *by_address; /* "10.1.0.5" */
} Known;

static void check_in_subnet(const Static *s, const InetPrefix *subnet, const InetAddress *gateway) {
        const InetAddress first = inet_nth(subnet, 0), second = inet_nth(subnet, 1),
                          last = inet_broadcast(subnet);
        char text[INET_TEXT_MAX];

        inet_format(s->address, text);
        if (inet_equal(s->address, gateway ? gateway : &second))
                (void) diag_error(s->unit->diag, s->at, -EINVAL, "%s=: %s is the host's own address on %s",
                                  s->key, text, s->network);
        else if (inet_equal(s->address, &first) ||
                 (s->address->family == AF_INET && inet_equal(s->address, &last)))
                (void) diag_error(s->unit->diag, s->at, -EINVAL,
                                  "%s=: %s is the %s address of %s, which no container can have", s->key,
                                  text, inet_equal(s->address, &first) ? "first" : "last", s->network);
}

static void check_in_network(const Static *s, const NetworkSection *network) {
        char text[INET_TEXT_MAX];
        bool any = false;

        for (size_t i = 0; i < network->n_subnets; i++) {
                if (inet_contains(&network->subnets[i], s->address)) {
                        check_in_subnet(s, &network->subnets[i],
                                        i < network->n_gateways ? &network->gateways[i] : NULL);
                        return;
                }
                any |= network->subnets[i].address.family == s->address->family;
        }

        inet_format(s->address, text);
        if (any)
                (void) diag_error(s->unit->diag, s->at, -EINVAL, "%s=: %s is in no subnet of %s", s->key,
                                  text, s->network);
        else if (network->n_subnets > 0)
                (void) diag_error(s->unit->diag, s->at, -EINVAL, "%s=: %s has no IPv%c subnet", s->key,
                                  s->network, s->address->family == AF_INET ? '4' : '6');
        else {
                diag_warning(s->unit->diag, s->at,
                             "%s=: %s has no Subnet=, so its addresses are not known before it starts",
                             s->key, s->network);
        }
}

static void check_in_default(const Static *s, const ManagerConfig *config) {
        const InetPrefix *subnet =
                s->address->family == AF_INET ? &config->network.subnet : &config->network.subnet6;
        char text[INET_TEXT_MAX], around[INET_TEXT_MAX];

        if (s->address->family == AF_INET6 && !config->network.ipv6)
                (void) diag_error(s->unit->diag, s->at, -EINVAL, "%s=: the default network has no IPv6",
                                  s->key);
        else if (inet_contains(subnet, s->address))
                check_in_subnet(s, subnet, NULL);
        else {
                (void) diag_error(s->unit->diag, s->at, -EINVAL,
                                  "%s=: %s is not in %s, the default network's subnet", s->key,
                                  inet_format(s->address, text), inet_format_prefix(subnet, around));
                diag_hint(s->unit->diag, "a .network unit with a Subnet= of its own, or nsunitd.conf");
        }
}

static int check_taken(const Static *s, Known *known) {
        char text[INET_TEXT_MAX];
        autofree char *key = NULL;
        const Claim *claim;
        Pair p;

        inet_format(s->address, text);
        if (asprintf(&key, "%s %s", s->network, text) < 0) {
                key = NULL;
                return -ENOMEM;
        }
        claim = claims_add(known->by_network, key, (Claim){ .unit = s->unit, .at = s->at });
        if (!claim || !claims_add(known->by_address, text, *claim))
                return -ENOMEM;

        for (const Claim *c = claim->earlier; c; c = c->earlier) {
                if (c->unit == s->unit || set_exclusive(c->unit->spec, s->unit->spec) ||
                    !set_pair(s->unit, s->at, c->unit, c->at, &p))
                        continue;
                diag_warning(p.diag, p.at, "%s is the address of %s, too", text, p.other->name);
                set_hint_other(&p);
                break;
        }
        return 0;
}

static int check_address(const Static *s, Known *known) {
        const SetUnit *network = unit_set_find_file(known->set, s->network);

        if (s->address->family == AF_UNSPEC)
                return 0;
        if (s->unit->diag && network && network->spec && network->spec->network)
                check_in_network(s, network->spec->network);
        else if (s->unit->diag && streq(s->network, "default") && known->config)
                check_in_default(s, known->config);
        return check_taken(s, known);
}

/* IP= and IP6= are those of the first network. */
static int check_join(const SetUnit *u, const NetworkJoin *join, const NetworkKeys *own, Known *known) {
        const struct {
                const char *key;
                const InetAddress *of_unit, *of_join;
        } families[] = {
                { "IP", own ? &own->more->ip4 : NULL, &join->ip4 },
                { "IP6", own ? &own->more->ip6 : NULL, &join->ip6 },
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(families) && r == 0; i++) {
                bool of_unit = families[i].of_unit && families[i].of_unit->family != AF_UNSPEC;
                const Static s = {
                        .unit = u,
                        .network = join->name,
                        .key = of_unit ? families[i].key : "Network",
                        .address = of_unit ? families[i].of_unit : families[i].of_join,
                        .at = of_unit ? unit_place(u->spec, section_of_kind(u->spec->kind), families[i].key)
                                      : join->at,
                };

                r = check_address(&s, known);
        }
        return r;
}

static int check_unit(const SetUnit *u, const NetworkKeys *k, Known *known) {
        static const NetworkJoin implicit = { .name = (char *) "default" };
        int r = 0;

        if (k->choice.n_joins == 0)
                return check_join(u, &implicit, k, known);
        for (size_t i = 0; i < k->choice.n_joins && r == 0; i++)
                r = check_join(u, &k->choice.joins[i], i == 0 ? k : NULL, known);
        return r;
}

/* An address that ports are published on is the host's, never a container's. */
static void check_host_addresses(const SetUnit *u, const PublishList *list, const Known *known) {
        char text[INET_TEXT_MAX];

        for (size_t i = 0; i < list->n; i++) {
                const InetAddress *a = &list->items[i].host_address;
                const Claim *c =
                        a->family == AF_UNSPEC ? NULL : claims_find(known->by_address, inet_format(a, text));
                autofree char *place = c ? set_place_text(c->at) : NULL;

                if (!place || !u->diag)
                        continue;
                (void) diag_error(u->diag, list->items[i].at, -EINVAL,
                                  "PublishPort=: %s is the address of %s, not one of the host's", text,
                                  c->unit->name);
                diag_hint(u->diag, "in %s", place);
        }
}

int set_check_addresses(const UnitSet *set, const ManagerConfig *config) {
        autoptr(Claims) by_network = claims_new(), by_address = claims_new();
        Known known = { set, config, by_network, by_address };
        int r = by_network && by_address ? 0 : -ENOMEM;

        for (size_t i = 0; i < unit_set_size(set) && r == 0; i++) {
                const NetworkKeys *k = set_network(unit_set_get(set, i));

                r = k ? check_unit(unit_set_get(set, i), k, &known) : 0;
        }
        for (size_t i = 0; i < unit_set_size(set) && r == 0; i++) {
                const NetworkKeys *k = set_network(unit_set_get(set, i));

                if (k)
                        check_host_addresses(unit_set_get(set, i), &k->publish, &known);
        }
        return r;
}
