/* The bridge of a network: made with its first link, gone with its last. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "basic/file.h"
#include "network/internal.h"
#include "network/ruleset.h"

static void bridge_mac(const Net *net, uint8_t mac[6]) {
        uint32_t hash = 2166136261u;

        for (const char *p = net->name; *p; p++)
                hash = (hash ^ (uint8_t) *p) * 16777619u;
        mac[0] = 0x0a;
        mac[1] = 0x57;
        memcpy(mac + 2, &hash, sizeof(hash));
}

static int set_sysctl(const char *path, const char *value, Fault *fault) {
        autofree char *now = NULL;
        int r;

        if (file_read_line(AT_FDCWD, path, &now) == 0 && streq(now, value))
                return 0;
        r = file_write(AT_FDCWD, path, value);
        return r < 0 ? fault_set(fault, "system control", r, "%s", path) : 0;
}

/* Without these no packet passes from one link to another. */
static int allow_forwarding(const Network *n, const Net *net, Fault *fault) {
        char path[128];
        int r;

        r = set_sysctl("/proc/sys/net/ipv4/ip_forward", "1", fault);
        for (size_t i = 0; r >= 0 && i < net->n_subnets; i++)
                if (net->subnets[i].address.family == AF_INET6)
                        r = set_sysctl("/proc/sys/net/ipv6/conf/all/forwarding", "1", fault);
        if (r < 0 || !n->settings.publish_localhost)
                return r;

        /* Packets from 127.0.0.1 may be sent to this bridge: see the localhost rule of the table. */
        (void) snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/route_localnet", net->bridge);
        return set_sysctl(path, "1", fault);
}

static int enter_into_table(Net *net, bool add) {
        autoptr(NftBatch) b = nft_batch_new(TABLE_NAME);

        if (!b)
                return -ENOMEM;
        ruleset_network(b, add, net->bridge, net->subnets, net->n_subnets, net->internal);
        return nft_batch_commit(b);
}

int bridge_ensure(Network *n, Net *net, Fault *fault) {
        uint8_t mac[6];
        unsigned index;
        int r;

        r = rtnl_get_index(n->rtnl, net->bridge, &index);
        if (r < 0)
                return fault_set(fault, "bridge", r, "%s", net->bridge);
        if (index > 0)
                return 0;

        bridge_mac(net, mac);
        rtnl_add_bridge(n->rtnl, net->bridge, mac);
        r = rtnl_commit(n->rtnl);
        if (r >= 0)
                r = rtnl_get_index(n->rtnl, net->bridge, &index);
        if (r < 0)
                return fault_set(fault, "make bridge", r, "%s", net->bridge);

        rtnl_set_alias(n->rtnl, index, net->name);
        for (size_t i = 0; i < net->n_subnets; i++)
                rtnl_add_address(n->rtnl, index,
                                 &(InetPrefix){ .address = net->gateways[i], .bits = net->subnets[i].bits });
        r = rtnl_commit(n->rtnl);
        if (r < 0)
                (void) fault_set(fault, "address of bridge", r, "%s", net->bridge);
        if (r >= 0)
                r = allow_forwarding(n, net, fault);
        if (r >= 0) {
                r = enter_into_table(net, true);
                if (r < 0)
                        (void) fault_set(fault, "nftables", r, "network %s", net->name);
        }
        if (r < 0) {
                rtnl_del_link(n->rtnl, net->bridge);
                (void) rtnl_commit(n->rtnl);
        }
        return r;
}

void bridge_drop(Network *n, Net *net) {
        if (n->table)
                (void) enter_into_table(net, false);
        rtnl_del_link(n->rtnl, net->bridge);
        (void) rtnl_commit(n->rtnl);
}
