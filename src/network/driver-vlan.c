/*
 * Driver=macvlan and ipvlan: a container's link lies on a device of the host, and its packets go by that one
 * without passing the host. Nothing is left on the host's side, and the link goes with the container.
 */
#include <errno.h>
#include <linux/if_link.h>

#include "network/driver.h"

static int find_device(Network *n, Net *net, Fault *fault) {
        int r = rtnl_default_device(n->rtnl, net->device);

        if (r < 0)
                return fault_set(fault, "network", r, "%s", net->name);
        if (net->device[0])
                return 0;
        (void) fault_set(fault, "network", -ENODEV, "%s: the host has no default route", net->name);
        fault_advise(fault, "name one: InterfaceName=");
        return -ENODEV;
}

/* The device that the network names, or that the host's default route leads over. */
static int ensure(Network *n, Net *net, Fault *fault) {
        int r = net->device[0] ? 0 : find_device(n, net, fault);

        if (r < 0)
                return r;
        r = rtnl_get_index(n->rtnl, net->device, &net->index);
        if (r >= 0 && net->index == 0)
                r = -ENODEV;
        return r < 0 ? fault_set(fault, "device of network", r, "%s", net->device) : 0;
}

static uint32_t macvlan_mode(NetworkSubmode mode) {
        switch (mode) {
        case NETWORK_SUBMODE_PRIVATE:
                return MACVLAN_MODE_PRIVATE;
        case NETWORK_SUBMODE_VEPA:
                return MACVLAN_MODE_VEPA;
        case NETWORK_SUBMODE_PASSTHRU:
                return MACVLAN_MODE_PASSTHRU;
        case NETWORK_SUBMODE_DEFAULT:
        case NETWORK_SUBMODE_MANAGED:
        case NETWORK_SUBMODE_UNMANAGED:
        case NETWORK_SUBMODE_BRIDGE:
        case NETWORK_SUBMODE_L2:
        case NETWORK_SUBMODE_L3:
        case NETWORK_SUBMODE_L3S:
        case NETWORK_SUBMODE_N_:
        case NETWORK_SUBMODE_INVALID_:
                break;
        }
        return MACVLAN_MODE_BRIDGE;
}

static uint32_t ipvlan_mode(NetworkSubmode mode) {
        return mode == NETWORK_SUBMODE_L3    ? IPVLAN_MODE_L3
               : mode == NETWORK_SUBMODE_L3S ? IPVLAN_MODE_L3S
                                             : IPVLAN_MODE_L2;
}

static int add(Network *n, const Net *net, const RtnlUpper *u, Fault *fault) {
        int r;

        rtnl_add_upper(n->rtnl, u);
        r = rtnl_commit(n->rtnl);
        if (r < 0)
                (void) fault_set(fault, "make link", r, "%s on %s", u->name, net->device);
        if (r == -EOPNOTSUPP)
                fault_advise(fault, "this kernel has no links of the kind %s", u->kind);
        return r;
}

static int add_macvlan(Network *n, Net *net, const AttachRequest *q, NetworkLink *link, Fault *fault) {
        const RtnlUpper u = {
                .kind = "macvlan",
                .name = link->name,
                .lower = net->index,
                .mode = macvlan_mode(net->options.mode),
                .mac = link->mac,
                .mtu = net->options.mtu,
                .cutoff_set = net->options.cutoff_set,
                .cutoff = net->options.cutoff,
                .netns_fd = q->netns_fd,
        };

        return add(n, net, &u, fault);
}

static int add_ipvlan(Network *n, Net *net, const AttachRequest *q, NetworkLink *link, Fault *fault) {
        const RtnlUpper u = {
                .kind = "ipvlan",
                .name = link->name,
                .lower = net->index,
                .mode = ipvlan_mode(net->options.mode),
                .mtu = net->options.mtu,
                .netns_fd = q->netns_fd,
        };

        return add(n, net, &u, fault);
}

/* In layer 3 the host's routes decide, and there is nobody to ask for an address. */
static bool no_gateway(const Net *net) {
        return net->options.mode == NETWORK_SUBMODE_L3 || net->options.mode == NETWORK_SUBMODE_L3S;
}

const NetDriver driver_macvlan = { .ensure = ensure, .add_link = add_macvlan };
const NetDriver driver_ipvlan = { .ensure = ensure, .add_link = add_ipvlan, .no_gateway = no_gateway };
