/* Connecting a network namespace: lease, link, addresses, routes; and giving all of it back. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "network/internal.h"

/* Bytes of a host link's name that come from the container's; the rest tells links of one name apart. */
#define HINT_MAX 8

#define NAME_TRIES 16

/* From the address, so that neighbours that remember the last owner of the address remember right. */
static void derive_mac(NetworkLink *link) {
        const InetAddress *a = &link->addresses[0].address;
        const uint8_t *tail = a->bytes + inet_size(a->family) - 4;
        const uint8_t mac[6] = { 0x0a, 0x58, tail[0], tail[1], tail[2], tail[3] };

        memcpy(link->mac, mac, sizeof(mac));
}

static void name_link(Network *n, NetworkLink *link, const char *hint, const char *unit) {
        /* Never the same name twice in a row: the link of a dead namespace lives for some 40 ms more. */
        uint32_t number = name_hash(unit) + n->link_serial++ * 2654435761u;

        (void) snprintf(link->host_name, sizeof(link->host_name), "%.*s-%06x", HINT_MAX, hint ? hint : "veth",
                        number & 0xffffff);
        /* The kernel refuses some bytes, and takes "%d" for a number that it is to choose. */
        for (char *p = link->host_name; *p; p++)
                if (!isalnum((unsigned char) *p) && *p != '-')
                        *p = '_';
}

/* The default route of a family leads over the first link that has a gateway for it. */
static bool is_first_way(const Attachment *a, const NetworkLink *link, int family) {
        for (const NetworkLink *l = a->links; l < link; l++)
                for (size_t i = 0; i < l->n_addresses; i++)
                        if (l->gateways[i].family == family)
                                return false;
        return true;
}

static int configure_inside(const AttachRequest *q, const Attachment *a, const NetworkLink *link,
                            Fault *fault) {
        autoptr(Rtnl) inside = NULL;
        unsigned index;
        int r;

        r = rtnl_new_in(q->netns_fd, &inside);
        if (r >= 0)
                r = rtnl_get_index(inside, link->name, &index);
        if (r < 0)
                return fault_set(fault, "network namespace", r, "%s", link->name);

        rtnl_set_up(inside, "lo");
        rtnl_set_up(inside, link->name);
        for (size_t i = 0; i < link->n_addresses; i++)
                rtnl_add_address(inside, index, &link->addresses[i]);
        for (size_t i = 0; i < link->n_addresses; i++)
                if (link->gateways[i].family != AF_UNSPEC && is_first_way(a, link, link->gateways[i].family))
                        rtnl_add_route(inside, index, &link->gateways[i]);
        r = rtnl_commit(inside);
        return r < 0 ? fault_set(fault, "configure link", r, "%s", link->name) : 0;
}

/* A name that is still there belongs to a link that dies, or to an earlier manager's. */
static int add_veth(Network *n, const AttachRequest *q, NetworkLink *link, unsigned bridge) {
        int r = -EEXIST;

        for (unsigned i = 0; r == -EEXIST && i < NAME_TRIES; i++) {
                name_link(n, link, q->link_hint, q->unit);
                const RtnlVeth veth = {
                        .name = link->host_name,
                        .master = bridge,
                        .peer_name = link->name,
                        .peer_mac = link->mac,
                        .peer_netns_fd = q->netns_fd,
                };
                rtnl_add_veth(n->rtnl, &veth);
                r = rtnl_commit(n->rtnl);
        }
        return r;
}

static int make_link(Network *n, const AttachRequest *q, const Attachment *a, NetworkLink *link,
                     Fault *fault) {
        Net *net = net_find(n, link->network);
        unsigned bridge, index;
        int r;

        r = bridge_ensure(n, net, &bridge, fault);
        if (r < 0)
                return r;
        r = add_veth(n, q, link, bridge);
        if (r < 0) {
                if (r == -EXFULL)
                        fault_advise(fault, "a bridge takes 1023 links; use another network");
                return fault_set(fault, "make link", r, "%s on %s", link->name, net->bridge);
        }

        r = configure_inside(q, a, link, fault);
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
        return r < 0 ? fault_set(fault, "link", r, "%s", link->host_name) : 0;
}

static int add_link(Network *n, Attachment *a, const AttachRequest *q, size_t i, Fault *fault) {
        Net *net = net_find(n, q->networks[i]);
        NetworkLink link = {};
        int r;

        if (!net || !net->defined)
                return fault_set(fault, "network", -ENOENT, "%s", q->networks[i]);

        (void) snprintf(link.name, sizeof(link.name), "eth%zu", i);
        r = lease_pick(n, net, q->addresses, i == 0 ? q->n_addresses : 0, &link, fault);
        if (r < 0)
                return r;
        derive_mac(&link);
        link.network = strdup(net->name);
        if (!link.network)
                return -ENOMEM;
        r = attachment_add_link(n, a, &link, fault);
        return r < 0 ? r : make_link(n, q, a, &a->links[a->n_links - 1], fault);
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
        free(a->links);
        free(a->ports);
        free(a->unit);
        free(a);
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
        for (size_t i = 0; i < a->n_links; i++) {
                Net *net = net_find(n, a->links[i].network);

                if (!netns_dies && a->links[i].host_name[0]) {
                        rtnl_del_link(n->rtnl, a->links[i].host_name);
                        (void) rtnl_commit(n->rtnl);
                }
                net->idle = net->n_links == 1;
        }
        attachment_forget(n, a);
}

void network_collect(Network *n) {
        for (size_t i = 0; i < n->n_nets; i++)
                if (n->nets[i]->idle)
                        bridge_drop(n, n->nets[i]);
        if (n->n_attachments == 0)
                table_drop(n);
}
