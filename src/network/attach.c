/* Connecting a network namespace: lease, link, addresses, routes; and giving all of it back. */
#include <stdio.h>
#include <string.h>

#include "network/internal.h"

/* Bytes of a host link's name that come from the container's; the rest tells links of one name apart. */
#define HINT_MAX 8

static bool is_leased(const Network *n, const Net *net, const InetAddress *a, const char **ret_owner) {
        for (size_t i = 0; i < net->n_subnets; i++)
                if (inet_equal(&net->gateways[i], a)) {
                        *ret_owner = "the gateway";
                        return true;
                }
        for (size_t i = 0; i < n->n_attachments; i++)
                for (size_t j = 0; j < n->attachments[i]->n_links; j++) {
                        const NetworkLink *l = &n->attachments[i]->links[j];

                        for (size_t k = 0; k < l->n_addresses; k++)
                                if (inet_equal(&l->addresses[k].address, a)) {
                                        *ret_owner = n->attachments[i]->unit;
                                        return true;
                                }
                }
        return false;
}

/* Addresses of a subnet that can be given: without its own and, for IPv4, its last. */
static uint64_t n_hosts(const InetPrefix *p) {
        unsigned host_bits = (unsigned) inet_size(p->address.family) * 8 - p->bits;

        if (host_bits > 32)
                return UINT32_MAX;
        return (UINT64_C(1) << host_bits) - (p->address.family == AF_INET ? 2 : 1);
}

static int lease(const Network *n, Net *net, const InetPrefix *subnet, InetAddress *ret, Fault *fault) {
        uint64_t n_addresses = n_hosts(subnet);
        const char *owner;
        char text[INET_TEXT_MAX];

        for (uint64_t i = 0; i < n_addresses; i++) {
                uint64_t number = (net->next + i) % n_addresses + 1;
                InetAddress a = inet_nth(subnet, number);

                if (is_leased(n, net, &a, &owner))
                        continue;
                *ret = a;
                return 0;
        }

        (void) fault_set(fault, "lease", -EADDRNOTAVAIL, "%s of %s", inet_format_prefix(subnet, text),
                         net->name);
        fault_advise(fault, "every address of the subnet is taken");
        return -EADDRNOTAVAIL;
}

static int lease_wanted(const Network *n, const Net *net, const InetAddress *wanted, Fault *fault) {
        const char *owner;
        char text[INET_TEXT_MAX];

        (void) inet_format(wanted, text);
        if (is_leased(n, net, wanted, &owner))
                return fault_set(fault, "lease", -EADDRINUSE, "%s belongs to %s", text, owner);
        for (size_t i = 0; i < net->n_subnets; i++)
                if (inet_contains(&net->subnets[i], wanted))
                        return (int) i;
        return fault_set(fault, "lease", -EADDRNOTAVAIL, "%s is not in a subnet of %s", text, net->name);
}

/* Addresses of one link: the wanted ones, and automatic ones for the families that nobody asked for. */
static int lease_all(Network *n, Net *net, const AttachRequest *q, bool first, NetworkLink *link,
                     Fault *fault) {
        bool done[2] = {};

        for (size_t i = 0; first && i < q->n_addresses && link->n_addresses < 2; i++) {
                int r = lease_wanted(n, net, &q->addresses[i], fault);

                if (r < 0)
                        return r;
                link->gateways[link->n_addresses] = net->gateways[r];
                link->addresses[link->n_addresses++] =
                        (InetPrefix){ .address = q->addresses[i], .bits = net->subnets[r].bits };
                done[q->addresses[i].family == AF_INET6] = true;
        }

        for (size_t i = 0; i < net->n_subnets && link->n_addresses < 2; i++) {
                bool six = net->subnets[i].address.family == AF_INET6;
                InetPrefix p = { .bits = net->subnets[i].bits };
                int r;

                if (done[six])
                        continue;
                r = lease(n, net, &net->subnets[i], &p.address, fault);
                if (r < 0)
                        return r;
                link->gateways[link->n_addresses] = net->gateways[i];
                link->addresses[link->n_addresses++] = p;
                done[six] = true;
        }
        net->next++;
        return 0;
}

/* From the address, so that neighbours that remember the last owner of the address remember right. */
static void derive_mac(NetworkLink *link) {
        const InetAddress *a = &link->addresses[0].address;
        const uint8_t *tail = a->bytes + inet_size(a->family) - 4;
        const uint8_t mac[6] = { 0x0a, 0x58, tail[0], tail[1], tail[2], tail[3] };

        memcpy(link->mac, mac, sizeof(mac));
}

static void name_link(Network *n, NetworkLink *link, const char *hint, const char *unit) {
        uint32_t hash = 2166136261u;

        /* Never the same name twice in a row: the link of a dead namespace lives for some 40 ms more. */
        for (const char *p = unit; *p; p++)
                hash = (hash ^ (uint8_t) *p) * 16777619u;
        hash += n->link_serial++ * 2654435761u;
        (void) snprintf(link->host_name, sizeof(link->host_name), "%.*s-%06x", HINT_MAX, hint ? hint : "veth",
                        hash & 0xffffff);
        for (char *p = link->host_name; *p; p++)
                if (*p == '.' || *p == '@' || *p == ':' || *p == '\\')
                        *p = '_';
}

static int configure_inside(const AttachRequest *q, const NetworkLink *link, bool first, Fault *fault) {
        autoptr(Rtnl) inside = NULL;
        unsigned index;
        int r;

        r = rtnl_new_in(q->netns_fd, &inside);
        if (r >= 0)
                r = rtnl_get_index(inside, link->name, &index);
        if (r < 0)
                return fault_set(fault, "network namespace", r, "%s", link->name);

        if (first)
                rtnl_set_up(inside, "lo");
        rtnl_set_up(inside, link->name);
        for (size_t i = 0; i < link->n_addresses; i++)
                rtnl_add_address(inside, index, &link->addresses[i]);
        for (size_t i = 0; first && i < link->n_addresses; i++)
                if (link->gateways[i].family != AF_UNSPEC)
                        rtnl_add_route(inside, index, &link->gateways[i]);
        r = rtnl_commit(inside);
        return r < 0 ? fault_set(fault, "configure link", r, "%s", link->name) : 0;
}

static int make_link(Network *n, Net *net, const AttachRequest *q, NetworkLink *link, bool first,
                     Fault *fault) {
        unsigned bridge, index;
        int r;

        r = bridge_ensure(n, net, fault);
        if (r >= 0)
                r = rtnl_get_index(n->rtnl, net->bridge, &bridge);
        if (r < 0)
                return fault_set(fault, "bridge", r, "%s", net->bridge);

        const RtnlVeth veth = {
                .name = link->host_name,
                .master = bridge,
                .peer_name = link->name,
                .peer_mac = link->mac,
                .peer_netns_fd = q->netns_fd,
        };
        rtnl_add_veth(n->rtnl, &veth);
        r = rtnl_commit(n->rtnl);
        if (r < 0) {
                if (r == -EXFULL)
                        fault_advise(fault, "a bridge takes 1023 links; use another network");
                return fault_set(fault, "make link", r, "%s on %s", link->host_name, net->bridge);
        }

        r = configure_inside(q, link, first, fault);
        if (r >= 0)
                r = rtnl_get_index(n->rtnl, link->host_name, &index);
        if (r >= 0) {
                rtnl_set_alias(n->rtnl, index, q->unit);
                rtnl_set_hairpin(n->rtnl, index);
                r = rtnl_commit(n->rtnl);
        }
        /* Asking for the link makes the kernel look at its carrier now: else one of ten first connections
         * waits a second for its link watch. */
        if (r >= 0)
                r = rtnl_get_index(n->rtnl, link->host_name, &index);
        if (r < 0) {
                rtnl_del_link(n->rtnl, link->host_name);
                (void) rtnl_commit(n->rtnl);
        }
        return r;
}

static int add_link(Network *n, Attachment *a, const AttachRequest *q, size_t i, Fault *fault) {
        NetworkLink link = {}, *links;
        Net *net = net_find(n, q->networks[i]);
        int r;

        if (!net || !net->defined)
                return fault_set(fault, "network", -ENOENT, "%s", q->networks[i]);

        (void) snprintf(link.name, sizeof(link.name), "eth%zu", i);
        r = lease_all(n, net, q, i == 0, &link, fault);
        if (r < 0)
                return r;
        if (net->internal)
                link.gateways[0] = link.gateways[1] = (InetAddress){};
        derive_mac(&link);
        name_link(n, &link, q->link_hint, q->unit);

        links = reallocarray(a->links, a->n_links + 1, sizeof(*links));
        if (!links)
                return -ENOMEM;
        a->links = links;
        link.network = strdup(net->name);
        if (!link.network)
                return -ENOMEM;
        net->n_links++;
        a->links[a->n_links++] = link;

        return make_link(n, net, q, &a->links[a->n_links - 1], i == 0, fault);
}

int network_loopback_up(int netns_fd, Fault *fault) {
        autoptr(Rtnl) inside = NULL;
        int r;

        r = rtnl_new_in(netns_fd, &inside);
        if (r < 0)
                return fault_set(fault, "network namespace", r, NULL);
        rtnl_set_up(inside, "lo");
        r = rtnl_commit(inside);
        return r < 0 ? fault_set(fault, "loopback", r, NULL) : 0;
}

int network_attach(Network *n, const AttachRequest *q, Fault *fault, Attachment **ret) {
        Attachment *a = calloc(1, sizeof(*a));
        Attachment **grown;
        int r;

        if (!a)
                return -ENOMEM;
        grown = reallocarray(n->attachments, n->n_attachments + 1, sizeof(*grown));
        a->unit = strdup(q->unit);
        if (!grown || !a->unit) {
                free(a->unit);
                free(a);
                return -ENOMEM;
        }
        n->attachments = grown;
        n->attachments[n->n_attachments++] = a;

        r = ports_resolve(n, a, q->publish, q->n_publish, &a->ports, fault);
        if (r >= 0) {
                a->n_ports = q->n_publish;
                r = table_ensure(n, fault);
        }
        for (size_t i = 0; r >= 0 && q->networks && q->networks[i]; i++)
                r = add_link(n, a, q, i, fault);
        if (r < 0) {
                network_detach(n, a, false);
                return r;
        }

        *ret = a;
        return 0;
}

static void drop_links(Network *n, Attachment *a, bool netns_dies) {
        for (size_t i = 0; i < a->n_links; i++) {
                Net *net = net_find(n, a->links[i].network);

                if (!netns_dies) {
                        rtnl_del_link(n->rtnl, a->links[i].host_name);
                        (void) rtnl_commit(n->rtnl);
                }
                if (!net || --net->n_links > 0)
                        continue;
                bridge_drop(n, net);
                if (!net->defined)
                        (void) network_undefine(n, net->name);
        }
}

void network_detach(Network *n, Attachment *a, bool netns_dies) {
        if (!a)
                return;

        (void) network_unpublish(n, a);
        for (size_t i = 0; i < n->n_attachments; i++)
                if (n->attachments[i] == a) {
                        n->attachments[i] = n->attachments[--n->n_attachments];
                        break;
                }
        drop_links(n, a, netns_dies);
        if (n->n_attachments == 0)
                table_drop(n);

        for (size_t i = 0; i < a->n_links; i++)
                free(a->links[i].network);
        free(a->links);
        free(a->ports);
        free(a->unit);
        free(a);
}
