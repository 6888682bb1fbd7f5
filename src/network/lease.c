/* Who has which address: allocation and a table of all addresses given. No system call. */
#include <string.h>

#include "network/internal.h"

struct Lease {
        InetAddress address;
        const Attachment *owner;
        UT_hash_handle hh;
};

/* As a key: the bytes behind an IPv4 address are not part of it. */
static InetAddress key_of(const InetAddress *a) {
        InetAddress key;

        memset(&key, 0, sizeof(key));
        key.family = a->family;
        memcpy(key.bytes, a->bytes, inet_size(a->family));
        return key;
}

static Lease *find(const Network *n, const InetAddress *a) {
        InetAddress key = key_of(a);
        Lease *l;

        HASH_FIND(hh, n->leases, &key, sizeof(key), l);
        return l;
}

static const char *owner_of(const Network *n, const Net *net, const InetAddress *a) {
        const Lease *l = find(n, a);

        for (size_t i = 0; i < net->n_subnets; i++)
                if (inet_equal(&net->gateways[i], a))
                        return "the gateway";
        return l ? l->owner->unit : NULL;
}

/* Addresses of a subnet that can be given: without its own and, for IPv4, its last. */
static uint64_t n_hosts(const InetPrefix *p) {
        unsigned host_bits = (unsigned) inet_size(p->address.family) * 8 - p->bits;

        if (host_bits > 32)
                return UINT32_MAX;
        return (UINT64_C(1) << host_bits) - (p->address.family == AF_INET ? 2 : 1);
}

/* How far @a is behind the beginning of @p, which it lies in; what is beyond 2^63 counts as that. */
static uint64_t distance(const InetPrefix *p, const InetAddress *a) {
        size_t n = inet_size(a->family);
        uint64_t d = 0;

        for (size_t i = 0; i < n; i++) {
                if (d > INT64_MAX >> 8)
                        return INT64_MAX;
                d = d << 8 | (uint8_t) (a->bytes[i] ^ p->address.bytes[i]);
        }
        return d;
}

/* The addresses of subnet @i that are given out: @ret_first and how many there are from there. */
static uint64_t extent(const Net *net, size_t i, uint64_t *ret_first) {
        const InetPrefix *subnet = &net->subnets[i];
        const InetRange *range = &net->ranges[i];
        uint64_t n = n_hosts(subnet), first, last;

        *ret_first = 1;
        if (range->first.family == AF_UNSPEC)
                return n;
        first = distance(subnet, &range->first);
        last = distance(subnet, &range->last);
        *ret_first = first > 1 ? first : 1;
        if (last > n)
                last = n;
        return last < *ret_first ? 0 : last - *ret_first + 1;
}

/* 1 = all of the subnet's addresses are taken. */
static int pick(const Network *n, const Net *net, size_t subnet, InetAddress *ret) {
        uint64_t first, n_addresses = extent(net, subnet, &first);

        for (uint64_t i = 0; i < n_addresses; i++) {
                InetAddress a = inet_nth(&net->subnets[subnet], (net->next + i) % n_addresses + first);

                if (owner_of(n, net, &a))
                        continue;
                *ret = a;
                return 0;
        }
        return 1;
}

static int exhausted(const Net *net, size_t subnet, Fault *fault) {
        bool whole = net->ranges[subnet].first.family == AF_UNSPEC;
        char text[INET_TEXT_MAX];
        int r;

        r = fault_set(fault, "lease", -EADDRNOTAVAIL, "%s of %s",
                      inet_format_prefix(&net->subnets[subnet], text), net->name);
        fault_advise(fault, "every address of %s is taken", whole ? "the subnet" : "its IPRange=");
        return r;
}

/* Returns the subnet's position. */
static int check_wanted(const Network *n, const Net *net, const InetAddress *wanted, Fault *fault) {
        const char *owner = owner_of(n, net, wanted);
        char text[INET_TEXT_MAX];

        (void) inet_format(wanted, text);
        if (owner)
                return fault_set(fault, "lease", -EADDRINUSE, "%s belongs to %s", text, owner);

        for (size_t i = 0; i < net->n_subnets; i++) {
                const InetPrefix *p = &net->subnets[i];
                InetAddress last = inet_broadcast(p);

                if (!inet_contains(p, wanted))
                        continue;
                if (inet_equal(&p->address, wanted) ||
                    (wanted->family == AF_INET && inet_equal(&last, wanted)))
                        return fault_set(fault, "lease", -EADDRNOTAVAIL,
                                         "%s is the address of a whole subnet", text);
                return (int) i;
        }
        return fault_set(fault, "lease", -EADDRNOTAVAIL, "%s is not in a subnet of %s", text, net->name);
}

static void put(NetworkLink *link, const Net *net, size_t subnet, const InetAddress *address) {
        bool way = !net->internal && !net->options.no_default_route;

        link->gateways[link->n_addresses] = way ? net->gateways[subnet] : (InetAddress){};
        link->addresses[link->n_addresses++] =
                (InetPrefix){ .address = *address, .bits = net->subnets[subnet].bits };
}

static int pick_family(const Network *n, const Net *net, int family, const InetAddress *wanted,
                       size_t n_wanted, NetworkLink *link, Fault *fault) {
        size_t last = net->n_subnets;
        InetAddress a;
        int r;

        for (size_t i = 0; i < n_wanted; i++)
                if (wanted[i].family == family) {
                        r = check_wanted(n, net, &wanted[i], fault);
                        if (r >= 0)
                                put(link, net, (size_t) r, &wanted[i]);
                        return r < 0 ? r : 0;
                }

        for (size_t i = 0; i < net->n_subnets; i++)
                if (net->subnets[i].address.family == family) {
                        last = i;
                        if (pick(n, net, i, &a) > 0)
                                continue;
                        put(link, net, i, &a);
                        return 0;
                }
        return last < net->n_subnets ? exhausted(net, last, fault) : 0;
}

int lease_pick(const Network *n, Net *net, const InetAddress *wanted, size_t n_wanted, NetworkLink *link,
               Fault *fault) {
        int r;

        for (size_t i = 0; i < n_wanted; i++)
                for (size_t j = 0; j < i; j++)
                        if (wanted[i].family == wanted[j].family)
                                return fault_set(fault, "lease", -EINVAL, "two addresses of one family on %s",
                                                 net->name);

        r = pick_family(n, net, AF_INET, wanted, n_wanted, link, fault);
        if (r >= 0)
                r = pick_family(n, net, AF_INET6, wanted, n_wanted, link, fault);
        /* Not the address that was given last: somebody may remember its former owner. */
        net->next++;
        return r;
}

void lease_drop(Network *n, const Attachment *owner, const NetworkLink *link) {
        for (size_t i = 0; i < link->n_addresses; i++) {
                Lease *l = find(n, &link->addresses[i].address);

                if (!l || l->owner != owner)
                        continue;
                HASH_DEL(n->leases, l);
                free(l);
        }
}

int lease_take(Network *n, const Attachment *owner, const NetworkLink *link, Fault *fault) {
        char text[INET_TEXT_MAX];

        for (size_t i = 0; i < link->n_addresses; i++) {
                const InetAddress *a = &link->addresses[i].address;
                Lease *l = find(n, a);

                if (l)
                        return fault_set(fault, "lease", -EADDRINUSE, "%s belongs to %s",
                                         inet_format(a, text), l->owner->unit);
                l = calloc(1, sizeof(*l));
                if (!l)
                        return -ENOMEM;
                l->address = key_of(a);
                l->owner = owner;
                HASH_ADD(hh, n->leases, address, sizeof(l->address), l);
        }
        return 0;
}
