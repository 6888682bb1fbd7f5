/* Connecting a network namespace: lease, link, addresses, routes; and giving all of it back. */
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "basic/strv.h"
#include "network/driver.h"
#include "network/egress.h"

/* From the address, so that neighbours that remember the last owner of the address remember right. */
static void derive_mac(NetworkLink *link, const char *unit) {
        const InetAddress *a = &link->addresses[0].address;
        uint32_t hash = name_hash(unit) * 31 + name_hash(link->name);
        const uint8_t *tail = link->n_addresses > 0 ? a->bytes + inet_size(a->family) - 4 : (uint8_t *) &hash;
        const uint8_t mac[6] = { 0x0a, 0x58, tail[0], tail[1], tail[2], tail[3] };

        memcpy(link->mac, mac, sizeof(mac));
}

/* The default route of a family leads over the first link that has a gateway for it. */
static bool is_first_way(const Attachment *a, const NetworkLink *link, int family) {
        for (const NetworkLink *l = a->links; l < link; l++)
                for (size_t i = 0; i < l->n_addresses; i++)
                        if (l->gateways[i].family == family)
                                return false;
        return true;
}

/* All but its own address is behind the gateway, which is on its link. */
static void add_host_routes(Rtnl *inside, unsigned index, const Net *net, const InetAddress *address) {
        for (size_t i = 0; i < net->n_subnets; i++) {
                const InetAddress *gateway = &net->gateways[i];
                uint8_t bits = (uint8_t) (inet_size(gateway->family) * 8);
                RtnlRoute route = { .to = { *gateway, bits }, .index = index, .metric = net->options.metric };

                if (!inet_contains(&net->subnets[i], address))
                        continue;
                route.scope = gateway->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
                rtnl_add_route(inside, &route);
                route.to = net->subnets[i];
                route.via = *gateway;
                route.scope = RT_SCOPE_UNIVERSE;
                rtnl_add_route(inside, &route);
        }
}

static void add_default_route(Rtnl *inside, unsigned index, const Net *net, const InetAddress *gateway) {
        bool direct = net->driver->no_gateway && net->driver->no_gateway(net);
        const RtnlRoute route = {
                .to.address.family = gateway->family,
                .via = direct ? (InetAddress){} : *gateway,
                .scope = direct && gateway->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
                .index = index,
                .metric = net->options.metric,
        };

        rtnl_add_route(inside, &route);
}

static void add_addresses(Rtnl *inside, unsigned index, const Net *net, const Attachment *a,
                          const NetworkLink *link) {
        for (size_t i = 0; i < link->n_addresses; i++) {
                InetPrefix p = link->addresses[i];

                if (net->driver->host_routes)
                        p.bits = (uint8_t) (inet_size(p.address.family) * 8);
                rtnl_add_address(inside, index, &p);
                if (net->driver->host_routes)
                        add_host_routes(inside, index, net, &p.address);
        }
        for (size_t i = 0; i < net->n_routes; i++) {
                const NetworkRoute *from = &net->routes[i];

                rtnl_add_route(inside, &(RtnlRoute){ .to = from->to,
                                                     .via = from->via,
                                                     .index = index,
                                                     .metric = from->metric });
        }
        for (size_t i = 0; i < link->n_addresses; i++)
                if (link->gateways[i].family != AF_UNSPEC && is_first_way(a, link, link->gateways[i].family))
                        add_default_route(inside, index, net, &link->gateways[i]);
}

static int configure_inside(const AttachRequest *q, const Net *net, const Attachment *a,
                            const NetworkLink *link, Fault *fault) {
        autoptr(Rtnl) inside = NULL;
        unsigned index = 0;
        int r;

        r = rtnl_new_in(q->netns_fd, &inside);
        if (r >= 0)
                r = rtnl_get_index(inside, link->name, &index);
        if (r < 0)
                return fault_set(fault, "network namespace", r, "%s", link->name);

        rtnl_set_up(inside, link->name);
        add_addresses(inside, index, net, a, link);
        r = rtnl_commit(inside);
        return r < 0 ? fault_set(fault, "configure link", r, "%s", link->name) : 0;
}

/* Until the link is made there may be one of that name, which is somebody else's. */
static void take_host_name(const JoinSpec *join, const Net *net, NetworkLink *link) {
        if (join && join->host_interface_name && net->driver->passes_host)
                (void) snprintf(link->host_name, sizeof(link->host_name), "%s", join->host_interface_name);
}

static int make_link(Network *n, const AttachRequest *q, const Attachment *a, size_t i, Fault *fault) {
        NetworkLink *link = &a->links[i];
        Net *net = net_find(n, link->network);
        int r;

        net->idle = false;
        r = net->driver->ensure(n, net, fault);
        if (r < 0)
                return r;
        (void) snprintf(link->device, sizeof(link->device), "%s", net->device);
        take_host_name(q->joins ? &q->joins[i] : NULL, net, link);
        r = net->driver->add_link(n, net, q, link, fault);
        if (r >= 0)
                r = configure_inside(q, net, a, link, fault);
        if (r >= 0 && net->driver->finish_link)
                r = net->driver->finish_link(n, net, q, link, fault);
        return r;
}

/* What Network=NAME:... says of one of several. */
static void take_join(const JoinSpec *join, NetworkLink *link) {
        if (!join)
                return;
        if (join->mac_set)
                memcpy(link->mac, join->mac, sizeof(link->mac));
        if (join->interface_name)
                (void) snprintf(link->name, sizeof(link->name), "%s", join->interface_name);
}

static int add_link(Network *n, Attachment *a, const AttachRequest *q, size_t i, Fault *fault) {
        const JoinSpec *join = q->joins ? &q->joins[i] : NULL;
        Net *net = net_find(n, q->networks[i]);
        NetworkLink link = {};
        int r;

        if (!net || !net->defined)
                return fault_set(fault, "network", -ENOENT, "%s", q->networks[i]);
        /* One that was defined after containers had come to be on another may have the subnet of that. */
        r = net->n_links == 0 ? net_check_subnets(n, net, true, fault) : 0;
        if (r < 0)
                return r;

        link.driver = net->kind;
        (void) snprintf(link.name, sizeof(link.name), "eth%zu", i);
        r = lease_pick(n, net,
                       i == 0 ? q->addresses
                       : join ? join->addresses
                              : NULL,
                       i == 0 ? q->n_addresses
                       : join ? join->n_addresses
                              : 0,
                       &link, fault);
        if (r < 0)
                return r;
        derive_mac(&link, q->unit);
        take_join(join, &link);
        link.network = strdup(net->name);
        if (!link.network)
                return -ENOMEM;
        r = attachment_add_link(n, a, &link, fault);
        return r < 0 ? r : make_link(n, q, a, i, fault);
}

Attachment *attachment_new(Network *n, const char *unit) {
        Attachment *a = calloc(1, sizeof(*a));
        Attachment **grown = reallocarray(n->attachments, n->n_attachments + 1, sizeof(*grown));

        if (grown)
                n->attachments = grown;
        if (a)
                a->unit = strdup(unit);
        if (!grown || !a || !a->unit) {
                free(a ? a->unit : NULL);
                free(a);
                return NULL;
        }
        n->attachments[n->n_attachments++] = a;
        return a;
}

int attachment_add_link(Network *n, Attachment *a, const NetworkLink *link, Fault *fault) {
        NetworkLink *links = reallocarray(a->links, a->n_links + 1, sizeof(*links));

        if (!links) {
                free(link->network);
                return -ENOMEM;
        }
        a->links = links;
        a->links[a->n_links++] = *link;
        net_find(n, link->network)->n_links++;
        return lease_take(n, a, link, fault);
}

bool network_link_passes_host(const NetworkLink *link) {
        return net_driver(link->driver)->passes_host;
}

const NetworkLink *attachment_public_link(const Attachment *a) {
        for (size_t i = 0; i < a->n_links; i++)
                if (network_link_passes_host(&a->links[i]) && a->links[i].n_addresses > 0)
                        return &a->links[i];
        return NULL;
}

void attachment_forget(Network *n, Attachment *a) {
        for (size_t i = 0; i < a->n_links; i++) {
                Net *net = net_find(n, a->links[i].network);

                lease_drop(n, a, &a->links[i]);
                if (--net->n_links == 0 && !net->defined)
                        (void) network_undefine(n, net->name);
                free(a->links[i].network);
        }
        for (size_t i = 0; i < n->n_attachments; i++)
                if (n->attachments[i] == a) {
                        n->attachments[i] = n->attachments[--n->n_attachments];
                        break;
                }
        egress_free(a->egress);
        free(a->links);
        free(a->ports);
        free(a->unit);
        free(a);
}

int network_open(Network *n, char *const *networks, Fault *fault) {
        int r = 0;

        STRV_FOREACH (name, networks) {
                Net *net = net_find(n, *name);

                if (r < 0 || !net || !net->defined || net->n_links > 0 || net->idle)
                        continue;
                r = net_check_subnets(n, net, true, fault);
                if (r < 0)
                        continue;
                r = net->driver->ensure(n, net, fault);
                net->idle = r >= 0;
        }
        return r;
}

int network_make_table(Network *n, Fault *fault) {
        return table_ensure(n, fault);
}

int network_attach(Network *n, const AttachRequest *q, Fault *fault, Attachment **ret) {
        Attachment *a = attachment_new(n, q->unit);
        int r;

        if (!a)
                return -ENOMEM;

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

void network_detach(Network *n, Attachment *a, bool netns_dies) {
        if (!a)
                return;

        (void) network_unpublish(n, a);
        network_open_egress(n, a);
        for (size_t i = 0; i < a->n_links; i++) {
                Net *net = net_find(n, a->links[i].network);

                if (netns_dies)
                        heal_expect_going(n, &a->links[i]);
                else if (a->links[i].host_name[0]) {
                        rtnl_del_link(n->rtnl, a->links[i].host_name);
                        (void) rtnl_commit(n->rtnl);
                }
                /* Nothing has come to be of one that could not be made. */
                net->idle = net->n_links == 1 && (net->index > 0 || net->entered);
        }
        attachment_forget(n, a);
}
