/* Networks of a container: which, with what addresses and names, and what may pass. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/spec-making.h"

static int make_addresses(const Making *m, ContainerSpec *s) {
        static const NetworkJoin none;
        const NetworkKeys *k = &m->section->network;
        const NetworkJoin *first = k->choice.n_joins > 0 ? k->choice.joins : &none;
        const InetAddress *ip4 = k->more->ip4.family ? &k->more->ip4 : &first->ip4;
        const InetAddress *ip6 = k->more->ip6.family ? &k->more->ip6 : &first->ip6;

        if (ip4->family == AF_UNSPEC && ip6->family == AF_UNSPEC)
                return 0;
        s->addresses = calloc(2, sizeof(*s->addresses));
        if (!s->addresses)
                return -ENOMEM;
        if (ip4->family != AF_UNSPEC)
                s->addresses[s->n_addresses++] = *ip4;
        if (ip6->family != AF_UNSPEC)
                s->addresses[s->n_addresses++] = *ip6;
        return 0;
}

static int make_join(const NetworkJoin *from, JoinSpec *to) {
        int r;

        if (from->ip4.family != AF_UNSPEC)
                to->addresses[to->n_addresses++] = from->ip4;
        if (from->ip6.family != AF_UNSPEC)
                to->addresses[to->n_addresses++] = from->ip6;
        to->mac_set = from->mac_set;
        memcpy(to->mac, from->mac, sizeof(to->mac));
        r = spec_copy_text(from->interface_name, &to->interface_name);
        return r < 0 ? r : spec_copy_text(from->host_interface_name, &to->host_interface_name);
}

static int make_joins(const NetworkChoice *c, ContainerSpec *s) {
        int r = c->n_joins > 0 ? 0 : strv_add(&s->networks, "default");

        for (size_t i = 0; i < c->n_joins && r == 0; i++)
                r = strv_add(&s->networks, c->joins[i].name);
        if (r < 0)
                return r;
        s->joins = calloc(strv_length(s->networks), sizeof(*s->joins));
        if (!s->joins)
                return -ENOMEM;
        for (size_t i = 0; i < c->n_joins && r == 0; i++)
                r = make_join(&c->joins[i], &s->joins[i]);
        return r;
}

/* On a link of the host, one inside has another name unless it is said: systemd.nspawn(5), "MACVLAN=". */
static int add_extra_link(ContainerSpec *s, ExtraLinkKind kind, const LinkSpec *from) {
        const char *prefix = kind == EXTRA_LINK_MACVLAN ? "mv-" : kind == EXTRA_LINK_IPVLAN ? "iv-" : NULL;
        ExtraLink *links = reallocarray(s->links, s->n_links + 1, sizeof(*links)), *l;

        if (!links)
                return -ENOMEM;
        s->links = links;
        l = &links[s->n_links++];
        *l = (ExtraLink){ .kind = kind, .host = strdup(from->host) };
        if (!prefix || !streq(from->host, from->container))
                l->inside = strdup(from->container);
        else if (asprintf(&l->inside, "%s%.*s", prefix, IFNAMSIZ - 4, from->host) < 0)
                l->inside = NULL;
        return l->host && l->inside ? 0 : -ENOMEM;
}

static int make_extra_links(const LinkKeys *k, ContainerSpec *s) {
        const struct {
                ExtraLinkKind kind;
                const LinkList *list;
        } lists[] = {
                { EXTRA_LINK_MOVED, &k->moved },
                { EXTRA_LINK_MACVLAN, &k->macvlans },
                { EXTRA_LINK_IPVLAN, &k->ipvlans },
                { EXTRA_LINK_VETH, &k->extra },
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                for (size_t j = 0; r == 0 && j < lists[i].list->n; j++)
                        r = add_extra_link(s, lists[i].kind, &lists[i].list->items[j]);
        return r;
}

static int copy_hosts(const HostEntry *items, size_t n, ContainerSpec *s) {
        if (n == 0)
                return 0;

        s->hosts = calloc(n, sizeof(*s->hosts));
        if (!s->hosts)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                s->hosts[s->n_hosts++].address = items[i].address;
                s->hosts[i].name = strdup(items[i].name);
                if (!s->hosts[i].name)
                        return -ENOMEM;
        }
        return 0;
}

static int add_alias(ContainerSpec *s, const char *name, const char *network) {
        AliasSpec *grown = reallocarray(s->aliases, s->n_aliases + 1, sizeof(*grown)), *a;

        if (!grown)
                return -ENOMEM;
        s->aliases = grown;
        a = &grown[s->n_aliases++];
        *a = (AliasSpec){ .name = strdup(name) };
        return a->name ? spec_copy_text(network, &a->network) : -ENOMEM;
}

static int make_aliases(const NetworkKeys *k, ContainerSpec *s) {
        int r = 0;

        STRV_FOREACH (name, k->more->aliases)
                if (r == 0)
                        r = add_alias(s, *name, NULL);
        for (size_t i = 0; i < k->choice.n_joins; i++)
                STRV_FOREACH (name, k->choice.joins[i].aliases)
                        if (r == 0)
                                r = add_alias(s, *name, k->choice.joins[i].name);
        return r;
}

static int make_traffic(const NetworkKeys *k, ContainerSpec *s) {
        s->bandwidth_max = k->more->bandwidth_max;
        s->egress_closed = k->more->egress_default == EGRESS_DENY ||
                           (k->more->egress_default != EGRESS_ALLOW && k->more->egress_allow.n > 0);
        if (!s->egress_closed || k->more->egress_allow.n == 0)
                return 0;
        s->egress.items = calloc(k->more->egress_allow.n, sizeof(*s->egress.items));
        if (!s->egress.items)
                return -ENOMEM;
        for (size_t i = 0; i < k->more->egress_allow.n; i++) {
                EgressSpec *to = &s->egress.items[s->egress.n++];

                *to = k->more->egress_allow.items[i];
                if (spec_copy_text(k->more->egress_allow.items[i].host, &to->host) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int make_resolver(const Making *m, ContainerSpec *s) {
        const NetworkKeys *k = &m->section->network;
        int r;

        s->resolv = m->section->resolv_conf < 0 ? RESOLV_CONF_AUTO : m->section->resolv_conf;
        r = spec_copy_items(k->more->dns.items, k->more->dns.n, sizeof(*s->dns), &s->dns, &s->n_dns);
        if (r == 0)
                r = strv_add_all(&s->dns_search, k->more->dns_search);
        return r < 0 ? r : strv_add_all(&s->dns_options, k->more->dns_options);
}

/* Names are found as the pod says, unless the container says it by itself. */
static int make_members_network(const Making *m, ContainerSpec *s) {
        const ContainerSpec *pod = m->sources->pod;
        int r;

        s->network = NETWORK_MODE_SHARED;
        s->bandwidth_max = UINT64_MAX;
        r = make_aliases(&m->section->network, s);
        if (r == 0)
                r = make_resolver(m, s);
        if (r < 0 || !pod)
                return r;
        r = copy_hosts(pod->hosts, pod->n_hosts, s);
        if (r < 0 || s->n_dns > 0 || s->dns_search || s->dns_options)
                return r;
        r = spec_copy_items(pod->dns, pod->n_dns, sizeof(*s->dns), &s->dns, &s->n_dns);
        if (r == 0)
                r = strv_add_all(&s->dns_search, pod->dns_search);
        return r < 0 ? r : strv_add_all(&s->dns_options, pod->dns_options);
}

int spec_make_network(const Making *m, ContainerSpec *s) {
        const NetworkKeys *k = &m->section->network;
        int r;

        if (m->section->pod)
                return make_members_network(m, s);
        s->network = k->choice.shared.mode != NAMESPACE_DEFAULT ? NETWORK_MODE_SHARED
                     : k->choice.set                            ? k->choice.mode
                                                                : NETWORK_MODE_PRIVATE;
        r = copy_hosts(k->more->hosts.items, k->more->hosts.n, s);
        if (r == 0)
                r = make_aliases(k, s);
        if (r == 0)
                r = make_resolver(m, s);
        if (r == 0 && (s->network == NETWORK_MODE_PRIVATE || s->network == NETWORK_MODE_NONE))
                r = make_extra_links(m->section->network_devices, s);
        if (r < 0 || s->network != NETWORK_MODE_PRIVATE)
                return r;

        r = make_joins(&k->choice, s);
        if (r == 0)
                r = make_traffic(k, s);
        if (r == 0)
                r = make_addresses(m, s);
        if (r == 0)
                r = spec_copy_items(k->publish.items, k->publish.n, sizeof(*s->publish), &s->publish,
                                    &s->n_publish);
        return r;
}
