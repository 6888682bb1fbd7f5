/* Driver=bridge: a switch of the host's own, made with its first link, gone with its last. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "network/driver.h"
#include "network/ruleset.h"

/* Locally administered; "W", beside the "X" of the containers. */
#define BRIDGE_MAC_0 0x0a
#define BRIDGE_MAC_1 0x57

static void bridge_mac(const char *network, uint8_t mac[6]) {
        uint32_t hash = name_hash(network);

        mac[0] = BRIDGE_MAC_0;
        mac[1] = BRIDGE_MAC_1;
        memcpy(mac + 2, &hash, sizeof(hash));
}

bool bridge_is_ours(const RtnlLink *l) {
        uint8_t mac[6];

        if (!streq(l->kind, "bridge"))
                return false;
        /* By its address, which is made of the name that it bears as alias: an administrator's bridge may
         * have a like name. */
        bridge_mac(l->alias, mac);
        if (l->alias[0])
                return memcmp(l->mac, mac, sizeof(mac)) == 0;
        /* It gets the alias a moment after it was made. One of 16384 addresses that the kernel makes up
         * begins so, too. */
        return memcmp(l->mac, mac, 2) == 0 && (l->group & NET_GROUP_MASK) == NET_GROUP_FIRST;
}

/* Somebody else's bridge: nothing of it is changed, and nothing is let through or translated. */
static bool is_unmanaged(const Net *net) {
        return net->options.mode == NETWORK_SUBMODE_UNMANAGED;
}

static void describe(const Net *net, HostState *s) {
        StateLink link = { .kind = "bridge", .group = net->group, .mtu = net->options.mtu };

        if (is_unmanaged(net))
                return;
        (void) snprintf(link.name, sizeof(link.name), "%s", net->device);
        (void) snprintf(link.master, sizeof(link.master), "%s", net->options.vrf);
        host_state_add_link(s, &link);

        for (size_t i = 0; i < net->n_subnets; i++) {
                bool six = net->subnets[i].address.family == AF_INET6;
                const RtnlRoute route = {
                        .to = net->subnets[i],
                        .protocol = RTPROT_KERNEL,
                        .scope = six ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
                        .metric = six ? 256 : 0,
                        .source = six ? (InetAddress){} : net->gateways[i],
                };

                host_state_add_address(
                        s, net->device,
                        &(InetPrefix){ .address = net->gateways[i], .bits = net->subnets[i].bits });
                if (six)
                        host_state_add_address(s, net->device, &host_link_local);
                /* In a routing domain it is in that one's table. */
                if (!net->options.vrf[0])
                        host_state_add_route(s, net->device, &route);
        }
}

static void describe_link(const Net *net, const NetworkLink *l, HostState *s) {
        StateLink link = { .kind = "veth",
                           .group = net->group,
                           .mtu = net->options.mtu,
                           .vlan = net->options.vlan,
                           .hairpin = true };

        (void) snprintf(link.name, sizeof(link.name), "%s", l->host_name);
        (void) snprintf(link.master, sizeof(link.master), "%s", net->device);
        host_state_add_link(s, &link);
}

static int join_vrf(Network *n, const Net *net, unsigned index, Fault *fault) {
        unsigned vrf = 0;
        int r;

        if (!net->options.vrf[0])
                return 0;
        r = rtnl_get_index(n->rtnl, net->options.vrf, &vrf);
        if (r >= 0 && vrf == 0)
                r = -ENODEV;
        if (r >= 0) {
                rtnl_set_master(n->rtnl, index, vrf);
                r = rtnl_commit(n->rtnl);
        }
        return r < 0 ? fault_set(fault, "routing domain", r, "%s", net->options.vrf) : 0;
}

static int configure(Network *n, const Net *net, unsigned index, Fault *fault) {
        autostate HostState wanted = {};
        int r;

        /* Addresses come after the routing domain, which takes their routes. */
        r = join_vrf(n, net, index, fault);
        if (r < 0)
                return r;
        describe(net, &wanted);
        rtnl_set_alias(n->rtnl, index, net->name);
        host_state_apply(&wanted, net->device, index, n->rtnl);
        r = rtnl_commit(n->rtnl);
        if (wanted.failed)
                r = -ENOMEM;
        return r < 0 ? fault_set(fault, "address of bridge", r, "%s", net->device) : 0;
}

static int make_bridge(Network *n, Net *net, Fault *fault) {
        uint8_t mac[6];
        unsigned index = 0;
        int r;

        bridge_mac(net->name, mac);
        rtnl_add_bridge(n->rtnl, &(RtnlBridge){
                                         .name = net->device,
                                         .mac = mac,
                                         .mtu = net->options.mtu,
                                         .group = net->group,
                                         .vlans = net->options.vlan > 0,
                                 });
        r = rtnl_commit(n->rtnl);
        if (r < 0)
                return fault_set(fault, "make bridge", r, "%s", net->device);

        r = rtnl_get_index(n->rtnl, net->device, &index);
        if (r < 0)
                return fault_set(fault, "make bridge", r, "%s", net->device);
        r = forward_close_ears(net, net->device, fault);
        if (r >= 0)
                r = configure(n, net, index, fault);
        if (r >= 0)
                r = forward_allow(net, fault);
        if (r >= 0)
                r = forward_answer_localhost(n, net->device, fault);
        if (r >= 0)
                r = table_enter_network(n, net, true, fault);
        if (r >= 0)
                net->index = index;
        return r;
}

/* Ours, and not whole: its maker was killed, or somebody is about to delete it, whom we may come before. One
 * that is in use is not: who takes its alias away shall not take it away. */
static bool is_useless(const Net *net, const RtnlLink *link) {
        return net->index == 0 && !is_unmanaged(net) && !link->alias[0] && bridge_is_ours(link);
}

/* One that is there. */
static int take_bridge(Net *net, const RtnlLink *link, Fault *fault) {
        if (!is_unmanaged(net) && !bridge_is_ours(link)) {
                (void) fault_set(fault, "make bridge", -EEXIST, "%s", net->device);
                fault_advise(fault, "%s is somebody else's; Options=mode=unmanaged uses it as it is",
                             net->device);
                return -EEXIST;
        }
        if (!streq(link->kind, "bridge"))
                return fault_set(fault, "bridge", -ENOTTY, "%s", net->device);
        net->index = link->index;
        return 0;
}

static int ensure(Network *n, Net *net, Fault *fault) {
        RtnlLink link;
        int r;

        r = rtnl_get_link(n->rtnl, net->device, &link);
        if (r == 0 && is_unmanaged(net))
                r = -ENODEV;
        if (r < 0)
                return fault_set(fault, "bridge", r, "%s", net->device);
        if (r > 0 && is_useless(net, &link)) {
                rtnl_del_link(n->rtnl, net->device);
                r = rtnl_commit(n->rtnl);
                if (r < 0 && r != -ENODEV)
                        return fault_set(fault, "bridge", r, "%s", net->device);
        } else if (r > 0)
                return take_bridge(net, &link, fault);

        r = make_bridge(n, net, fault);
        /* -EEXIST: not ours to delete. */
        if (r < 0 && r != -EEXIST) {
                rtnl_del_link(n->rtnl, net->device);
                (void) rtnl_commit(n->rtnl);
        }
        return r;
}

static unsigned drop(Network *n, Net *net) {
        unsigned index = net->index;

        net->index = 0;
        /* It never came to be ours. */
        if (index == 0 || is_unmanaged(net))
                return 0;
        table_leave_network(n, net);
        return index;
}

static int add_link(Network *n, Net *net, const AttachRequest *q, NetworkLink *link, Fault *fault) {
        int r = veth_add(n, net, q, net->index, link);

        if (r < 0)
                (void) fault_set(fault, "make link", r, "%s on %s", link->name, net->device);
        if (r == -EXFULL)
                fault_advise(fault, "a bridge takes 1023 links; use another network, or Driver=routed");
        return r;
}

static int finish_link(Network *n, const Net *net, const AttachRequest *q, NetworkLink *link, Fault *fault) {
        unsigned index = 0;
        int r;

        r = rtnl_get_index(n->rtnl, link->host_name, &index);
        link->host_index = index;
        if (r >= 0) {
                rtnl_set_alias(n->rtnl, index, q->unit);
                rtnl_set_hairpin(n->rtnl, index);
                if (net->options.vlan > 0)
                        rtnl_set_vlan(n->rtnl, index, net->options.vlan);
                r = rtnl_commit(n->rtnl);
        }
        /* Asking for the link makes the kernel look at its carrier now: else one of ten first connections
         * waits a second for its link watch. The bridge has its own of its first link. */
        if (r >= 0)
                r = rtnl_get_index(n->rtnl, link->host_name, &index);
        if (r >= 0 && net->n_links == 1)
                r = rtnl_get_index(n->rtnl, net->device, &index);
        return r < 0 ? fault_set(fault, "link", r, "%s", link->host_name) : 0;
}

const NetDriver driver_bridge = {
        .passes_host = true,
        .ensure = ensure,
        .drop = drop,
        .add_link = add_link,
        .finish_link = finish_link,
        .describe = describe,
        .describe_link = describe_link,
};
