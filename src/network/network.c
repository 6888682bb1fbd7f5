/* The handle and its networks. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "basic/clock.h"
#include "basic/file.h"
#include "basic/strv.h"
#include "network/driver.h"
#include "network/egress.h"
#include "network/internal.h"

Net *net_find(const Network *n, const char *name) {
        for (size_t i = 0; i < n->n_nets; i++)
                if (streq(n->nets[i]->name, name))
                        return n->nets[i];
        return NULL;
}

static void net_free(Net *net) {
        if (!net)
                return;

        free(net->name);
        free(net->subnets);
        free(net->gateways);
        free(net->ranges);
        free(net->routes);
        free(net);
}

uint32_t name_hash(const char *name) {
        uint32_t hash = 2166136261u;

        for (const char *p = name; *p; p++)
                hash = (hash ^ (uint8_t) *p) * 16777619u;
        return hash;
}

/* At most IFNAMSIZ - 1 bytes; two networks of one long prefix differ by the hash. */
static void name_device(const Network *n, Net *net, const NetworkSection *section) {
        const char *chosen = section->interface_name ? section->interface_name : net->options.device;

        if (net->kind != NETWORK_DRIVER_ROUTED && *chosen)
                (void) snprintf(net->device, IFNAMSIZ, "%s", chosen);
        else if (net->kind == NETWORK_DRIVER_BRIDGE && streq(net->name, NETWORK_DEFAULT_NAME))
                (void) snprintf(net->device, IFNAMSIZ, "%s", n->settings.bridge);
        else if (net->kind == NETWORK_DRIVER_BRIDGE)
                (void) snprintf(net->device, IFNAMSIZ, "nsu-%08x", name_hash(net->name));
}

/* The first byte tells our links from others. By the name, so that links of an earlier manager are in it. */
static uint32_t pick_group(const Network *n, const char *name) {
        uint32_t hash = name_hash(name);

        for (;; hash++) {
                uint32_t group = NET_GROUP_FIRST | (hash & 0xffffff);
                bool taken = false;

                for (size_t i = 0; i < n->n_nets; i++)
                        taken |= n->nets[i]->group == group && !streq(n->nets[i]->name, name);
                if (!taken)
                        return group;
        }
}

static int net_add_subnet(Net *net, const InetPrefix *p, const InetAddress *gateway, const InetRange *range) {
        size_t n = net->n_subnets;
        InetPrefix *subnets = reallocarray(net->subnets, n + 1, sizeof(*subnets));
        InetAddress *gateways;
        InetRange *ranges;

        if (!subnets)
                return -ENOMEM;
        net->subnets = subnets;
        gateways = reallocarray(net->gateways, n + 1, sizeof(*gateways));
        if (!gateways)
                return -ENOMEM;
        net->gateways = gateways;
        ranges = reallocarray(net->ranges, n + 1, sizeof(*ranges));
        if (!ranges)
                return -ENOMEM;
        net->ranges = ranges;

        subnets[n] = inet_prefix_network(p);
        gateways[n] = gateway && gateway->family == p->address.family ? *gateway : inet_nth(p, 1);
        ranges[n] = range ? *range : (InetRange){};
        net->n_subnets++;
        return 0;
}

/* What the network @name itself has counts as free: it is about to be replaced. @used: only of those with
 * links. */
static const Net *find_overlap(const Network *n, const char *name, const InetPrefix *p, bool used) {
        for (size_t i = 0; i < n->n_nets; i++) {
                const Net *net = n->nets[i];

                if (streq(net->name, name) || (used && net->n_links == 0))
                        continue;
                for (size_t j = 0; j < net->n_subnets; j++)
                        if (inet_overlap(&net->subnets[j], p))
                                return net;
        }
        return NULL;
}

static bool is_free(Network *n, const char *name, const InetPrefix *p) {
        bool overlaps = false;

        return !find_overlap(n, name, p, false) && rtnl_overlaps(n->rtnl, p, &overlaps) == 0 && !overlaps;
}

/* The first part of @bits bits of a pool that overlaps nothing. */
static int pick_subnet(Network *n, const char *name, const InetPrefix *pool, uint8_t bits, InetPrefix *ret) {
        uint64_t parts = bits - pool->bits >= 16 ? 65536 : UINT64_C(1) << (bits - pool->bits);
        unsigned shift = (unsigned) (inet_size(pool->address.family) * 8 - bits);

        for (uint64_t i = 0; i < parts; i++) {
                InetPrefix p = { .bits = bits };

                if (shift < 64)
                        p.address = inet_nth(pool, i << shift);
                else {
                        /* Behind the 64th bit of an IPv6 address: count in its upper half. */
                        p.address = pool->address;
                        p.address.bytes[6] |= (uint8_t) (i >> 8);
                        p.address.bytes[7] |= (uint8_t) i;
                }
                if (is_free(n, name, &p)) {
                        *ret = p;
                        return 0;
                }
        }
        return -EADDRNOTAVAIL;
}

static int fill_from_pools(Network *n, Net *net, bool ipv6, Fault *fault) {
        InetPrefix p;
        int r;

        r = pick_subnet(n, net->name, &n->settings.pool4, 24, &p);
        if (r >= 0)
                r = net_add_subnet(net, &p, NULL, NULL);
        if (r >= 0 && ipv6 && n->settings.pool6.address.family == AF_INET6) {
                r = pick_subnet(n, net->name, &n->settings.pool6, 64, &p);
                if (r >= 0)
                        r = net_add_subnet(net, &p, NULL, NULL);
        }
        return r < 0 ? fault_set(fault, "network pools", r, "%s", net->name) : 0;
}

int net_check_subnets(const Network *n, const Net *net, bool used, Fault *fault) {
        for (size_t i = 0; i < net->n_subnets; i++) {
                const InetPrefix *p = &net->subnets[i];
                const Net *other = find_overlap(n, net->name, p, used);
                char text[INET_TEXT_MAX];

                (void) inet_format_prefix(p, text);
                /* Room for the gateway and one container at least. */
                if (inet_size(p->address.family) * 8 - p->bits < 2)
                        return fault_set(fault, "network", -EINVAL, "%s: subnet %s is too small", net->name,
                                         text);
                if (!inet_contains(p, &net->gateways[i]))
                        return fault_set(fault, "network", -EINVAL, "%s: the gateway is not in subnet %s",
                                         net->name, text);
                if (other)
                        return fault_set(fault, "network", -EADDRINUSE, "%s: subnet %s belongs to %s",
                                         net->name, text, other->name);
        }
        return 0;
}

static int net_add(Network *n, Net *net) {
        Net **grown = reallocarray(n->nets, n->n_nets + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        n->nets = grown;
        n->nets[n->n_nets++] = net;
        return 0;
}

/* Returns the number of its device, if that is to be deleted. */
static unsigned net_drop(Network *n, Net *net) {
        net->idle = false;
        return net->driver->drop ? net->driver->drop(n, net) : 0;
}

static void delete_device(Network *n, const Net *net) {
        rtnl_del_link(n->rtnl, net->device);
        (void) rtnl_commit(n->rtnl);
}

static void net_remove(Network *n, Net *net) {
        if (net->idle && net_drop(n, net) > 0)
                delete_device(n, net);
        for (size_t i = 0; i < n->n_nets; i++)
                if (n->nets[i] == net) {
                        n->nets[i] = n->nets[--n->n_nets];
                        break;
                }
        net_free(net);
}

AUTOPTR_DEFINE(Net, net_free);

static int net_new(const Network *n, const char *name, const NetworkSection *section, Net **ret) {
        autoptr(Net) net = calloc(1, sizeof(*net));

        if (!net)
                return -ENOMEM;
        net->name = strdup(name);
        if (!net->name)
                return -ENOMEM;
        net->kind = section->driver;
        net->driver = net_driver(section->driver);
        net->internal = section->internal;
        net->no_addresses = section->ipam_driver == IPAM_DRIVER_NONE;
        net->group = pick_group(n, name);
        network_options_read(section->options, &net->options);
        name_device(n, net, section);
        *ret = take_ptr(net);
        return 0;
}

static int add_subnets(Net *net, const NetworkSection *s) {
        int r = 0;

        if (s->routes.n > 0) {
                net->routes = reallocarray(NULL, s->routes.n, sizeof(*net->routes));
                if (!net->routes)
                        return -ENOMEM;
                memcpy(net->routes, s->routes.items, s->routes.n * sizeof(*net->routes));
                net->n_routes = s->routes.n;
        }

        for (size_t i = 0; r >= 0 && i < s->n_subnets; i++)
                r = net_add_subnet(net, &s->subnets[i], i < s->n_gateways ? &s->gateways[i] : NULL,
                                   i < s->ranges.n ? &s->ranges.items[i] : NULL);
        return r;
}

int net_replace(Network *n, const char *name, const NetworkSection *section, bool defined, bool runs,
                Fault *fault) {
        autoptr(Net) net = NULL;
        Net *old = net_find(n, name);
        int r;

        r = net_new(n, name, section, &net);
        if (r >= 0)
                r = add_subnets(net, section);
        if (r >= 0 && section->n_subnets == 0 && !net->no_addresses)
                r = fill_from_pools(n, net, section->ipv6, fault);
        if (r >= 0)
                r = net_check_subnets(n, net, runs, fault);
        if (r >= 0)
                r = net_add(n, net);
        if (r < 0)
                return r;

        net->defined = defined;
        (void) take_ptr(net);
        if (old)
                net_remove(n, old);
        return 0;
}

/* What counts for the next container only. */
static void take_ranges(Net *net, const NetworkSection *s) {
        for (size_t i = 0; i < net->n_subnets; i++) {
                const InetRange *range = i < s->ranges.n && i < s->n_subnets ? &s->ranges.items[i] : NULL;

                net->ranges[i] =
                        range && inet_contains(&net->subnets[i], &range->first) ? *range : (InetRange){};
        }
}

/* Without its alias it is for nobody any more, this manager or the next: see ensure() of driver-bridge.c. Its
 * addresses and their routes are for the next network that wants them, now. */
static bool leave_link(Network *n, const Net *net, unsigned index, LinkNumbers *to) {
        unsigned *grown = reallocarray(to->items, to->n + 1, sizeof(*grown));

        if (!grown)
                return false;
        to->items = grown;
        rtnl_set_alias(n->rtnl, index, "");
        for (size_t i = 0; i < net->n_subnets; i++)
                rtnl_del_address(n->rtnl, index,
                                 &(InetPrefix){ .address = net->gateways[i], .bits = net->subnets[i].bits });
        if (rtnl_commit(n->rtnl) < 0)
                return false;
        grown[to->n++] = index;
        return true;
}

void network_collect(Network *n, LinkNumbers *ret_left) {
        for (size_t i = 0; i < n->n_nets; i++) {
                Net *net = n->nets[i];
                unsigned index = net->idle ? net_drop(n, net) : 0;

                if (index > 0 && !(ret_left && leave_link(n, net, index, ret_left)))
                        delete_device(n, net);
        }
        if (n->n_attachments == 0)
                table_drop(n);
        (void) localhost_settle(n->localhost);
}

int network_define(Network *n, const char *name, const NetworkSection *section, Fault *fault) {
        Net *old = net_find(n, name);

        if (old && old->n_links > 0) {
                old->defined = true;
                take_ranges(old, section);
                return 1;
        }
        return net_replace(n, name, section, true, false, fault);
}

int network_undefine(Network *n, const char *name) {
        Net *net = net_find(n, name);

        if (!net)
                return -ENOENT;
        if (net->n_links > 0) {
                net->defined = false;
                return -EBUSY;
        }
        net_remove(n, net);
        return 0;
}

bool network_face(const Network *n, const char *name, NetworkFace *ret) {
        const Net *net = net_find(n, name);

        /* Of a link into a network of somebody else's the gateway is not this host. */
        if (!net || (net->n_links == 0 && !net->idle) || !net->driver->passes_host)
                return false;
        *ret = (NetworkFace){ .subnets = net->subnets,
                              .gateways = net->gateways,
                              .n = net->n_subnets,
                              .n_links = net->n_links,
                              .internal = net->internal };
        return true;
}

/* Without IPv6 in the host's kernel, or with it switched off, its addresses are refused. */
static bool have_ipv6(void) {
        autofree char *off = NULL;

        return file_read_line(AT_FDCWD, "/proc/sys/net/ipv6/conf/all/disable_ipv6", &off) >= 0 &&
               streq(off, "0");
}

static int open_kernel(Network *n, Fault *fault) {
        int r;

        n->monitor_fd = epoll_create1(EPOLL_CLOEXEC);
        if (n->monitor_fd < 0)
                return fault_set(fault, "netlink", -errno, NULL);
        r = rtnl_new(&n->rtnl);
        if (r >= 0)
                r = table_open_socket(n);
        if (r >= 0)
                r = heal_open_socket(n);
        return r < 0 ? fault_set(fault, "netlink", r, NULL) : 0;
}

int network_new(const NetworkSettings *settings, Fault *fault, Network **ret) {
        autoptr(Network) n = calloc(1, sizeof(*n));
        InetPrefix subnets[2] = { settings->subnet4, settings->subnet6 };
        NetworkSection section = { .subnets = subnets, .n_subnets = 1 };
        int r;

        if (!n)
                return -ENOMEM;
        n->monitor_fd = -EBADF;
        n->settings = *settings;
        if (!n->settings.bridge[0])
                (void) snprintf(n->settings.bridge, IFNAMSIZ, "nsunits0");
        if (!have_ipv6())
                n->settings.subnet6 = n->settings.pool6 = (InetPrefix){};
        if (n->settings.subnet6.address.family == AF_INET6)
                section.n_subnets = 2;
        /* Not the series of names of the last manager, whose links may be dying still. */
        n->link_serial = (uint32_t) clock_now(CLOCK_BOOTTIME);
        r = open_kernel(n, fault);
        /* Without it there is translation for 127.0.0.1, and nothing for ::1. */
        if (r >= 0 && settings->publish_localhost && settings->cgroup)
                (void) localhost_new(settings->cgroup, &n->localhost);
        n->settings.cgroup = NULL;
        if (r >= 0)
                r = net_replace(n, NETWORK_DEFAULT_NAME, &section, true, false, fault);
        if (r < 0)
                return r;

        *ret = take_ptr(n);
        return 0;
}

void network_free(Network *n) {
        if (!n)
                return;

        while (n->n_attachments > 0)
                attachment_forget(n, n->attachments[n->n_attachments - 1]);
        for (size_t i = 0; i < n->n_nets; i++)
                net_free(n->nets[i]);
        strv_free(n->firewalls);
        free(n->attachments);
        free(n->changed);
        free(n->going);
        free(n->nets);
        if (n->nft)
                (void) mnl_socket_close(n->nft);
        if (n->monitor)
                (void) mnl_socket_close(n->monitor);
        if (n->link_monitor)
                (void) mnl_socket_close(n->link_monitor);
        cleanup_close_(&n->monitor_fd);
        localhost_free(n->localhost);
        rtnl_free(n->rtnl);
        free(n);
}

int network_monitor_fd(const Network *n) {
        return n->monitor_fd;
}

int network_process_monitor(Network *n) {
        bool table = table_process(n), links = heal_process(n);
        int done = 0, first = 0, r;

        /* The table before the links: a bridge is entered into it. */
        if (table && n->table) {
                first = table_replace(n);
                done |= first < 0 ? 0 : NETWORK_TABLE_RESTORED;
        }
        if (links) {
                r = heal_repair(n, NULL);
                done |= r > 0 ? NETWORK_LINKS_RESTORED : 0;
                first = first < 0 ? first : r;
        }
        /* What egress lists have is a table of its own. */
        if (table && egress_is_used(n)) {
                r = egress_replace(n);
                done |= r < 0 ? 0 : NETWORK_TABLE_RESTORED;
                first = first < 0 ? first : r;
        }
        return first < 0 ? first : done;
}
