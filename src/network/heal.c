/*
 * What others do to our links, addresses and routes: seen by the kernel's messages, and undone. What the host
 * should have is what the drivers describe; it is compared with what there is only when a message says that
 * something of it may have gone.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "basic/macro.h"
#include "network/driver.h"

/* -- what should be -- */

static void describe_link(const Network *n, const NetworkLink *l, HostState *s) {
        const Net *net = net_find(n, l->network);

        if (net->driver->describe_link && l->host_name[0])
                net->driver->describe_link(net, l, s);
}

/* @name: NULL = all; else of this link alone. It is nearly always of who came last. */
static void describe(const Network *n, const char *name, HostState *s) {
        for (size_t i = 0; i < n->n_nets; i++) {
                const Net *net = n->nets[i];

                if (net->n_links > 0 && net->driver->describe && (!name || streq(net->device, name)))
                        net->driver->describe(net, s);
        }
        for (size_t i = n->n_attachments; i-- > 0 && !(name && s->n_links > 0);)
                for (size_t j = 0; j < n->attachments[i]->n_links; j++) {
                        const NetworkLink *l = &n->attachments[i]->links[j];

                        if (!name || streq(l->host_name, name))
                                describe_link(n, l, s);
                }
}

void network_describe(const Network *n, HostState *s) {
        describe(n, NULL, s);
}

/* -- making it so -- */

static bool repair_link(Network *n, const StateLink *wanted, const RtnlLink *link, const HostReality *h) {
        const RtnlLink *master = wanted->master[0] ? host_reality_link(h, wanted->master) : NULL;

        if (!state_link_differs(wanted, link, master))
                return false;
        if (master && link->master != master->index)
                rtnl_set_master(n->rtnl, link->index, master->index);
        if (link->group != wanted->group)
                rtnl_set_group(n->rtnl, link->index, wanted->group);
        if (wanted->mtu > 0 && link->mtu != wanted->mtu)
                rtnl_set_mtu(n->rtnl, link->index, wanted->mtu);
        if (!link->up)
                rtnl_set_flags(n->rtnl, link->index, true);
        if (wanted->hairpin && master)
                rtnl_set_hairpin(n->rtnl, link->index);
        if (wanted->vlan > 0 && master && link->master != master->index)
                rtnl_set_vlan(n->rtnl, link->index, wanted->vlan);
        return true;
}

static bool repair_addresses(Network *n, const HostState *wanted, const RtnlLink *link,
                             const HostReality *h) {
        bool changed = false;

        for (size_t i = 0; i < wanted->n_addresses; i++) {
                const StateAddress *a = &wanted->addresses[i];

                if (!streq(a->link, link->name) || host_reality_has_address(h, link->index, &a->prefix))
                        continue;
                rtnl_add_address(n->rtnl, link->index, &a->prefix);
                changed = true;
        }
        for (size_t i = 0; i < wanted->n_routes; i++) {
                RtnlRoute route = wanted->routes[i].route;

                if (!streq(wanted->routes[i].link, link->name) ||
                    host_reality_has_route(h, link->index, &route))
                        continue;
                route.index = link->index;
                rtnl_add_route(n->rtnl, &route);
                changed = true;
        }
        return changed;
}

/* One commit a link: what fails of one leaves the others alone. */
static int repair_all(Network *n, const HostState *wanted, const HostReality *h) {
        bool changed = false;
        int first = 0;

        for (size_t i = 0; i < wanted->n_links; i++) {
                const RtnlLink *link = host_reality_link(h, wanted->links[i].name);
                int r;

                if (!link)
                        continue;
                changed |= repair_link(n, &wanted->links[i], link, h);
                changed |= repair_addresses(n, wanted, link, h);
                r = rtnl_commit(n->rtnl);
                if (r < 0 && first == 0)
                        first = r;
        }
        return first < 0 ? first : changed;
}

/* Whoever asks for a link has the kernel look at its carrier: until it has, nothing is sent by it. A bridge
 * has its own of its ports, which come behind it. */
static void settle_carriers(Network *n, const HostState *wanted) {
        RtnlLink link;

        for (size_t i = wanted->n_links; i-- > 0;)
                (void) rtnl_get_link(n->rtnl, wanted->links[i].name, &link);
}

/* By which messages are told to be about our links. */
static void note_indexes(Network *n, const HostReality *h) {
        for (size_t i = 0; i < n->n_attachments; i++)
                for (size_t j = 0; j < n->attachments[i]->n_links; j++) {
                        NetworkLink *l = &n->attachments[i]->links[j];
                        const RtnlLink *link = l->host_name[0] ? host_reality_link(h, l->host_name) : NULL;

                        l->host_index = link ? link->index : 0;
                }
}

static int ensure_all(Network *n, Fault *fault) {
        bool changed = false;
        int first = 0;

        for (size_t i = 0; i < n->n_nets; i++) {
                Net *net = n->nets[i];
                unsigned before = net->index;
                int r;

                if (net->n_links == 0)
                        continue;
                r = net->driver->ensure(n, net, fault);
                if (r < 0 && first == 0)
                        first = r;
                changed |= net->index != before;
        }
        return first < 0 ? first : changed;
}

int heal_repair(Network *n, Fault *fault) {
        autoreality HostReality h = {};
        autostate HostState wanted = {};
        int first, r;

        first = ensure_all(n, fault);
        network_describe(n, &wanted);
        r = wanted.failed ? -ENOMEM : host_reality_read(n->rtnl, &h);
        if (r >= 0) {
                note_indexes(n, &h);
                r = repair_all(n, &wanted, &h);
                if (r != 0 || first > 0)
                        settle_carriers(n, &wanted);
        }
        if (r < 0)
                (void) fault_set(fault, "links", r, NULL);
        return first < 0 ? first : r < 0 ? r : first > 0 || r > 0;
}

/* -- what an earlier manager has left -- */

static bool is_attached(const Network *n, const char *host_name) {
        for (size_t i = 0; i < n->n_attachments; i++)
                for (size_t j = 0; j < n->attachments[i]->n_links; j++)
                        if (streq(n->attachments[i]->links[j].host_name, host_name))
                                return true;
        return false;
}

static bool is_device_in_use(const Network *n, const char *name) {
        for (size_t i = 0; i < n->n_nets; i++)
                if (n->nets[i]->n_links > 0 && streq(n->nets[i]->device, name))
                        return true;
        return false;
}

static bool is_port_of_ours(const RtnlLink *l, const RtnlLink *links, size_t n) {
        if (!streq(l->kind, "veth"))
                return false;
        if ((l->group & NET_GROUP_MASK) == NET_GROUP_FIRST)
                return true;
        for (size_t i = 0; i < n; i++)
                if (links[i].index == l->master)
                        return bridge_is_ours(&links[i]);
        return false;
}

/* Made by us, or an earlier manager, and nobody's any more. */
static bool is_left(const Network *n, const RtnlLink *l, const RtnlLink *links, size_t n_links) {
        return bridge_is_ours(l) ? !is_device_in_use(n, l->name)
                                 : is_port_of_ours(l, links, n_links) && !is_attached(n, l->name);
}

/* A bridge that is to go with the next network_collect() is no surprise. */
static bool is_idle(const Network *n, const char *name) {
        for (size_t i = 0; i < n->n_nets; i++)
                if (n->nets[i]->idle && streq(n->nets[i]->device, name))
                        return true;
        return false;
}

void heal_list_lost(const Network *n, const HostReality *h, NetItems *list) {
        for (size_t i = 0; i < h->n_links; i++)
                if (is_left(n, &h->links[i], h->links, h->n_links) && !is_idle(n, h->links[i].name))
                        net_items_add(list, "link", strdup(h->links[i].name), strdup(h->links[i].kind));
}

int heal_sweep(Network *n) {
        autofree RtnlLink *links = NULL;
        size_t n_links;
        int r;

        r = rtnl_list_links(n->rtnl, &links, &n_links);
        for (size_t i = 0; r >= 0 && i < n_links; i++) {
                if (!is_left(n, &links[i], links, n_links))
                        continue;
                rtnl_del_link(n->rtnl, links[i].name);
                r = rtnl_commit(n->rtnl);
                if (r == -ENODEV)
                        r = 0;
        }
        return r < 0 ? r : 0;
}

/* -- what goes with a namespace, or does not -- */

/* How many are asked for at a time: the kernel may be late with thousands. */
#define LOOKS_MAX 256

void heal_expect_going(Network *n, const NetworkLink *link) {
        GoingLink *grown;

        if (!link->host_name[0])
                return;
        grown = reallocarray(n->going, n->n_going + 1, sizeof(*grown));
        if (!grown)
                return;
        n->going = grown;
        grown[n->n_going] = (GoingLink){};
        (void) snprintf(grown[n->n_going++].name, sizeof(grown->name), "%s", link->host_name);
}

/* The name may be another link's by now. */
static bool is_kept(Network *n, const char *name) {
        RtnlLink link;

        return !is_attached(n, name) && rtnl_get_link(n->rtnl, name, &link) > 0 && streq(link.kind, "veth") &&
               (link.group & NET_GROUP_MASK) == NET_GROUP_FIRST;
}

bool network_delete_kept(Network *n) {
        size_t looked = 0, left = 0;
        bool deleted = false;

        for (size_t i = 0; i < n->n_going; i++) {
                GoingLink *l = &n->going[i];
                bool look = l->due && !deleted && looked++ < LOOKS_MAX;

                if (look && is_kept(n, l->name)) {
                        rtnl_del_link(n->rtnl, l->name);
                        (void) rtnl_commit(n->rtnl);
                        deleted = true;
                }
                if (look)
                        continue;
                l->due = true;
                n->going[left++] = *l;
        }
        n->n_going = left;
        return left > 0;
}

/* -- what the kernel tells -- */

int heal_open_socket(Network *n) {
        static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                      RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE };
        struct epoll_event event = { .events = EPOLLIN };

        n->link_monitor = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (!n->link_monitor || mnl_socket_bind(n->link_monitor, 0, MNL_SOCKET_AUTOPID) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(groups); i++)
                if (mnl_socket_setsockopt(n->link_monitor, NETLINK_ADD_MEMBERSHIP, (void *) &groups[i],
                                          sizeof(groups[i])) < 0)
                        return -errno;
        return epoll_ctl(n->monitor_fd, EPOLL_CTL_ADD, mnl_socket_get_fd(n->link_monitor), &event) < 0
                       ? -errno
                       : 0;
}

static bool is_our_index(const Network *n, unsigned index) {
        for (size_t i = 0; i < n->n_nets; i++)
                if (n->nets[i]->n_links > 0 && n->nets[i]->index == index)
                        return true;
        for (size_t i = 0; i < n->n_attachments; i++)
                for (size_t j = 0; j < n->attachments[i]->n_links; j++)
                        if (n->attachments[i]->links[j].host_index == index)
                                return true;
        return false;
}

/* A message about the making of a link looks like one about its loss, and may be old: the link itself
 * decides, if it is one of ours. */
static bool is_damaged(Network *n, const char *name) {
        autostate HostState wanted = {};
        bool damaged = false;

        describe(n, name, &wanted);
        for (size_t i = 0; i < wanted.n_links && !damaged; i++) {
                const StateLink *w = &wanted.links[i];
                RtnlLink link, master;
                bool there;

                if (!streq(w->name, name))
                        continue;
                there = w->master[0] && rtnl_get_link(n->rtnl, w->master, &master) > 0;
                damaged = rtnl_get_link(n->rtnl, w->name, &link) <= 0 ||
                          state_link_differs(w, &link, there ? &master : NULL);
        }
        return damaged;
}

/* By the message alone: nearly all are about links that are as they should be. */
static bool may_be_damaged(const RtnlLink *l) {
        return !l->up || (l->group & NET_GROUP_MASK) != NET_GROUP_FIRST || l->master == 0;
}

/* Links whose last message may tell of damage. */
typedef struct Doubts {
        char (*names)[IFNAMSIZ];
        size_t n;
} Doubts;

/* Without memory for it all is looked at, as after a loss. */
static bool doubt(Doubts *d, const char *name) {
        char(*grown)[IFNAMSIZ];

        for (size_t i = 0; i < d->n; i++)
                if (streq(d->names[i], name))
                        return false;
        grown = reallocarray(d->names, d->n + 1, sizeof(*grown));
        if (!grown)
                return true;
        d->names = grown;
        memcpy(grown[d->n++], name, IFNAMSIZ);
        return false;
}

/* A link that has just been made is told of before it has come to its bridge, and after that. */
static void trust(const Network *n, Doubts *d, const RtnlLink *link) {
        bool in_place = false;

        for (size_t i = 0; i < n->n_nets && !in_place; i++)
                in_place = n->nets[i]->group == link->group && n->nets[i]->index == link->master;
        for (size_t i = 0; i < d->n && in_place; i++)
                if (streq(d->names[i], link->name)) {
                        memmove(d->names[i], d->names[--d->n], IFNAMSIZ);
                        return;
                }
}

static bool is_loss_of_link(const Network *n, const RtnlLink *link, Doubts *doubts) {
        if (may_be_damaged(link))
                return doubt(doubts, link->name);
        trust(n, doubts, link);
        return false;
}

static bool is_loss(const Network *n, const struct nlmsghdr *h, Doubts *doubts) {
        RtnlAddress address;
        RtnlRoute route;
        RtnlLink link;

        switch (h->nlmsg_type) {
        case RTM_DELLINK:
                return rtnl_parse_link(h, &link) == 0 && is_device_in_use(n, link.name);
        case RTM_NEWLINK:
                return rtnl_parse_link(h, &link) == 0 && is_loss_of_link(n, &link, doubts);
        case RTM_DELADDR:
                return rtnl_parse_address(h, &address) == 0 && is_our_index(n, address.index);
        case RTM_DELROUTE:
                return rtnl_parse_route(h, &route) == 0 && route.index > 0 && is_our_index(n, route.index);
        default:
                return false;
        }
}

/* Until there is none left. */
static bool read_messages(Network *n, Doubts *doubts) {
        char buffer[32 * 1024];
        bool lost = false;

        for (;;) {
                ssize_t size = mnl_socket_recvfrom(n->link_monitor, buffer, sizeof(buffer));
                int left = (int) size;

                if (size < 0 && errno == EINTR)
                        continue;
                if (size < 0 && errno != ENOBUFS && errno != ENOSPC)
                        return lost;
                /* Messages were lost: any of them may have told of a loss. */
                if (size < 0)
                        lost = true;
                for (struct nlmsghdr *h = (struct nlmsghdr *) buffer; size > 0 && mnl_nlmsg_ok(h, left);
                     h = mnl_nlmsg_next(h, &left))
                        lost = lost || is_loss(n, h, doubts);
        }
}

bool heal_process(Network *n) {
        Doubts doubts = {};
        bool lost = read_messages(n, &doubts);

        /* Asked after the last message: what comes of later changes is read the next time. */
        for (size_t i = 0; i < doubts.n && !lost; i++)
                lost = is_damaged(n, doubts.names[i]);
        free(doubts.names);
        return lost;
}
