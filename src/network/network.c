/* The handle and its networks. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "basic/clock.h"
#include "basic/file.h"
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
        free(net);
}

uint32_t name_hash(const char *name) {
        uint32_t hash = 2166136261u;

        for (const char *p = name; *p; p++)
                hash = (hash ^ (uint8_t) *p) * 16777619u;
        return hash;
}

/* At most IFNAMSIZ - 1 bytes; two networks of one long prefix differ by the hash. */
static void bridge_name(const char *network, char ret[IFNAMSIZ]) {
        if (streq(network, NETWORK_DEFAULT_NAME))
                (void) snprintf(ret, IFNAMSIZ, "nsunits0");
        else
                (void) snprintf(ret, IFNAMSIZ, "nsu-%08x", name_hash(network));
}

static int net_add_subnet(Net *net, const InetPrefix *p, const InetAddress *gateway) {
        InetPrefix *subnets = reallocarray(net->subnets, net->n_subnets + 1, sizeof(*subnets));
        InetAddress *gateways;

        if (!subnets)
                return -ENOMEM;
        net->subnets = subnets;
        gateways = reallocarray(net->gateways, net->n_subnets + 1, sizeof(*gateways));
        if (!gateways)
                return -ENOMEM;
        net->gateways = gateways;

        net->subnets[net->n_subnets] = inet_prefix_network(p);
        net->gateways[net->n_subnets++] =
                gateway && gateway->family == p->address.family ? *gateway : inet_nth(p, 1);
        return 0;
}

/* What the network @name itself has counts as free: it is about to be replaced. */
static const Net *find_overlap(const Network *n, const char *name, const InetPrefix *p) {
        for (size_t i = 0; i < n->n_nets; i++)
                for (size_t j = 0; j < n->nets[i]->n_subnets; j++)
                        if (!streq(n->nets[i]->name, name) && inet_overlap(&n->nets[i]->subnets[j], p))
                                return n->nets[i];
        return NULL;
}

static bool is_free(Network *n, const char *name, const InetPrefix *p) {
        bool overlaps = false;

        return !find_overlap(n, name, p) && rtnl_overlaps(n->rtnl, p, &overlaps) == 0 && !overlaps;
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
                r = net_add_subnet(net, &p, NULL);
        if (r >= 0 && ipv6 && n->settings.pool6.address.family == AF_INET6) {
                r = pick_subnet(n, net->name, &n->settings.pool6, 64, &p);
                if (r >= 0)
                        r = net_add_subnet(net, &p, NULL);
        }
        return r < 0 ? fault_set(fault, "network pools", r, "%s", net->name) : 0;
}

static int check_subnets(const Network *n, const Net *net, Fault *fault) {
        for (size_t i = 0; i < net->n_subnets; i++) {
                const InetPrefix *p = &net->subnets[i];
                const Net *other = find_overlap(n, net->name, p);
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

static void net_remove(Network *n, Net *net) {
        if (net->idle)
                bridge_drop(n, net);
        for (size_t i = 0; i < n->n_nets; i++)
                if (n->nets[i] == net) {
                        n->nets[i] = n->nets[--n->n_nets];
                        break;
                }
        net_free(net);
}

AUTOPTR_DEFINE(Net, net_free);

int net_replace(Network *n, const char *name, const NetworkSection *section, bool defined, Fault *fault) {
        autoptr(Net) net = calloc(1, sizeof(*net));
        Net *old = net_find(n, name);
        int r = 0;

        if (!net)
                return -ENOMEM;
        net->name = strdup(name);
        if (!net->name)
                return -ENOMEM;
        net->internal = section->internal;
        net->defined = defined;
        bridge_name(name, net->bridge);

        for (size_t i = 0; r >= 0 && i < section->n_subnets; i++)
                r = net_add_subnet(net, &section->subnets[i],
                                   i < section->n_gateways ? &section->gateways[i] : NULL);
        if (r >= 0 && section->n_subnets == 0)
                r = fill_from_pools(n, net, section->ipv6, fault);
        if (r >= 0)
                r = check_subnets(n, net, fault);
        if (r >= 0)
                r = net_add(n, net);
        if (r < 0)
                return r;

        (void) take_ptr(net);
        if (old)
                net_remove(n, old);
        return 0;
}

int network_define(Network *n, const char *name, const NetworkSection *section, Fault *fault) {
        Net *old = net_find(n, name);

        if (old && old->n_links > 0) {
                old->defined = true;
                return 1;
        }
        return net_replace(n, name, section, true, fault);
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

        if (!net || net->n_links == 0)
                return false;
        *ret = (NetworkFace){ .subnets = net->subnets,
                              .gateways = net->gateways,
                              .n = net->n_subnets,
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

        r = rtnl_new(&n->rtnl);
        if (r >= 0)
                r = table_open_sockets(n);
        return r < 0 ? fault_set(fault, "netlink", r, NULL) : 0;
}

int network_new(const NetworkSettings *settings, Fault *fault, Network **ret) {
        autoptr(Network) n = calloc(1, sizeof(*n));
        InetPrefix subnets[2] = { settings->subnet4, settings->subnet6 };
        NetworkSection section = { .subnets = subnets, .n_subnets = 1 };
        int r;

        if (!n)
                return -ENOMEM;
        n->settings = *settings;
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
                r = net_replace(n, NETWORK_DEFAULT_NAME, &section, true, fault);
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
        free(n->attachments);
        free(n->changed);
        free(n->nets);
        if (n->nft)
                (void) mnl_socket_close(n->nft);
        if (n->monitor)
                (void) mnl_socket_close(n->monitor);
        localhost_free(n->localhost);
        rtnl_free(n->rtnl);
        free(n);
}
