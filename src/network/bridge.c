/* The bridge of a network: made with its first link, gone with its last. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "basic/file.h"
#include "network/internal.h"
#include "network/ruleset.h"

/* Locally administered; "W", beside the "X" of the containers. */
#define BRIDGE_MAC_0 0x0a
#define BRIDGE_MAC_1 0x57

static void bridge_mac(const Net *net, uint8_t mac[6]) {
        uint32_t hash = name_hash(net->name);

        mac[0] = BRIDGE_MAC_0;
        mac[1] = BRIDGE_MAC_1;
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

/* A host that forwards ignores router advertisements unless told otherwise (ip-sysctl, "accept_ra"): links
 * that have their addresses and routes from them would lose both. */
static int keep_advertisements(Fault *fault) {
        autoclosedir DIR *links = opendir("/proc/sys/net/ipv6/conf");
        struct dirent *e;

        while (links && (e = readdir(links))) {
                autofree char *path = NULL, *now = NULL;
                int r;

                /* "default" is what links get that are made later, ours among them. */
                if (e->d_name[0] == '.' || streq(e->d_name, "all") || streq(e->d_name, "default"))
                        continue;
                if (asprintf(&path, "/proc/sys/net/ipv6/conf/%s/accept_ra", e->d_name) < 0)
                        return -ENOMEM;
                if (file_read_line(AT_FDCWD, path, &now) < 0 || !streq(now, "1"))
                        continue;
                r = set_sysctl(path, "2", fault);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int allow_ipv6_forwarding(Fault *fault) {
        static const char path[] = "/proc/sys/net/ipv6/conf/all/forwarding";
        autofree char *now = NULL;
        int r;

        if (file_read_line(AT_FDCWD, path, &now) == 0 && streq(now, "1"))
                return 0;
        r = keep_advertisements(fault);
        return r < 0 ? r : set_sysctl(path, "1", fault);
}

/* Without these no packet passes from one link to another. */
static int allow_forwarding(const Network *n, const Net *net, Fault *fault) {
        char path[128];
        int r;

        r = set_sysctl("/proc/sys/net/ipv4/ip_forward", "1", fault);
        for (size_t i = 0; r >= 0 && i < net->n_subnets; i++)
                if (net->subnets[i].address.family == AF_INET6)
                        r = allow_ipv6_forwarding(fault);
        if (r < 0 || !n->settings.publish_localhost)
                return r;

        /* Packets from 127.0.0.1 may be sent to this bridge: see the localhost rule of the table. */
        (void) snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/route_localnet", net->bridge);
        return set_sysctl(path, "1", fault);
}

static int enter_into_table(Network *n, Net *net, bool add) {
        autoptr(NftBatch) b = nft_batch_new(TABLE_NAME);

        if (!b)
                return -ENOMEM;
        ruleset_network(b, add, net->bridge, net->subnets, net->n_subnets, net->internal);
        return nft_batch_commit(b, n->nft);
}

/* The links of containers that ran on when somebody deleted their bridge. */
static void gather_links(Network *n, const Net *net, unsigned bridge) {
        for (size_t i = 0; i < n->n_attachments; i++)
                for (size_t j = 0; j < n->attachments[i]->n_links; j++) {
                        const NetworkLink *l = &n->attachments[i]->links[j];
                        unsigned index = 0;

                        if (!l->host_name[0] || !streq(l->network, net->name) ||
                            rtnl_get_index(n->rtnl, l->host_name, &index) < 0 || index == 0)
                                continue;
                        rtnl_set_master(n->rtnl, index, bridge);
                        rtnl_set_hairpin(n->rtnl, index);
                        (void) rtnl_commit(n->rtnl);
                }
}

/* What containers announce must not become a route of the host, and a network without IPv6 must not reach the
 * host by link-local addresses. To be done before the first link: nobody is heard until then. */
static int close_ears(const Net *net, Fault *fault) {
        bool six = false;
        char path[128];

        if (!file_exists(AT_FDCWD, "/proc/sys/net/ipv6"))
                return 0;
        for (size_t i = 0; i < net->n_subnets; i++)
                six |= net->subnets[i].address.family == AF_INET6;

        if (!six) {
                (void) snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", net->bridge);
                return set_sysctl(path, "1", fault);
        }
        (void) snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", net->bridge);
        return set_sysctl(path, "0", fault);
}

static int make_bridge(Network *n, Net *net, unsigned *ret_index, Fault *fault) {
        uint8_t mac[6];
        unsigned index = 0;
        int r;

        bridge_mac(net, mac);
        rtnl_add_bridge(n->rtnl, net->bridge, mac);
        r = rtnl_commit(n->rtnl);
        if (r < 0)
                return fault_set(fault, "make bridge", r, "%s", net->bridge);

        r = close_ears(net, fault);
        if (r < 0)
                return r;

        r = rtnl_get_index(n->rtnl, net->bridge, &index);
        if (r >= 0)
                rtnl_set_alias(n->rtnl, index, net->name);
        for (size_t i = 0; r >= 0 && i < net->n_subnets; i++)
                rtnl_add_address(n->rtnl, index,
                                 &(InetPrefix){ .address = net->gateways[i], .bits = net->subnets[i].bits });
        if (r >= 0)
                r = rtnl_commit(n->rtnl);
        if (r < 0)
                (void) fault_set(fault, "address of bridge", r, "%s", net->bridge);
        if (r >= 0)
                r = allow_forwarding(n, net, fault);
        if (r >= 0) {
                r = enter_into_table(n, net, true);
                if (r < 0)
                        (void) fault_set(fault, "nftables", r, "network %s", net->name);
        }
        if (r < 0)
                return r;

        gather_links(n, net, index);
        *ret_index = index;
        return 0;
}

int bridge_ensure(Network *n, Net *net, unsigned *ret_index, Fault *fault) {
        int r;

        net->idle = false;
        r = rtnl_get_index(n->rtnl, net->bridge, ret_index);
        if (r < 0)
                return fault_set(fault, "bridge", r, "%s", net->bridge);
        if (*ret_index > 0)
                return 0;

        r = make_bridge(n, net, ret_index, fault);
        /* -EEXIST: not ours to delete. */
        if (r < 0 && r != -EEXIST) {
                rtnl_del_link(n->rtnl, net->bridge);
                (void) rtnl_commit(n->rtnl);
        }
        return r;
}

void bridge_drop(Network *n, Net *net) {
        net->idle = false;
        if (n->table && enter_into_table(n, net, false) < 0)
                /* Some of it was not there: what remains is better made anew. */
                (void) table_replace(n);
        rtnl_del_link(n->rtnl, net->bridge);
        (void) rtnl_commit(n->rtnl);
}

static bool is_attached(const Network *n, const char *host_name) {
        for (size_t i = 0; i < n->n_attachments; i++)
                for (size_t j = 0; j < n->attachments[i]->n_links; j++)
                        if (streq(n->attachments[i]->links[j].host_name, host_name))
                                return true;
        return false;
}

static bool is_bridge_in_use(const Network *n, const char *name) {
        for (size_t i = 0; i < n->n_nets; i++)
                if (n->nets[i]->n_links > 0 && streq(n->nets[i]->bridge, name))
                        return true;
        return false;
}

/* By the fixed part of bridge_mac(): an administrator's bridge may bear a like name. */
static bool is_our_bridge(const RtnlLink *l) {
        return l->is_bridge && l->mac[0] == BRIDGE_MAC_0 && l->mac[1] == BRIDGE_MAC_1 &&
               (streq(l->name, "nsunits0") || startswith(l->name, "nsu-"));
}

int bridge_sweep(Network *n) {
        autofree RtnlLink *links = NULL;
        size_t n_links;
        int r;

        r = rtnl_list_links(n->rtnl, &links, &n_links);
        if (r < 0)
                return r;

        for (size_t i = 0; i < n_links; i++) {
                if (!is_our_bridge(&links[i]))
                        continue;
                for (size_t j = 0; j < n_links; j++)
                        if (links[j].master == links[i].index && !is_attached(n, links[j].name))
                                rtnl_del_link(n->rtnl, links[j].name);
                if (!is_bridge_in_use(n, links[i].name))
                        rtnl_del_link(n->rtnl, links[i].name);
                r = rtnl_commit(n->rtnl);
                if (r < 0 && r != -ENODEV)
                        return r;
        }
        return 0;
}
