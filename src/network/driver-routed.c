/*
 * Driver=routed: no switch. Every container has a link of its own with the host, which has a route to each
 * of its addresses, and is the next hop for all that the container sends: no broadcasts, and any number of
 * containers. The gateway's address is on each of the host's links; it goes with the link.
 */
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "network/driver.h"

static InetPrefix whole(const InetAddress *a) {
        return (InetPrefix){ .address = *a, .bits = (uint8_t) (inet_size(a->family) * 8) };
}

/* An internal network has no way out, but a gateway all the same: its containers reach each other by it. */
static const InetAddress *gateway_of(const Net *net, const InetAddress *a) {
        for (size_t i = 0; i < net->n_subnets; i++)
                if (inet_contains(&net->subnets[i], a))
                        return &net->gateways[i];
        return NULL;
}

static void describe_link(const Net *net, const NetworkLink *l, HostState *s) {
        StateLink link = { .kind = "veth", .group = net->group, .mtu = net->options.mtu };

        (void) snprintf(link.name, sizeof(link.name), "%s", l->host_name);
        (void) snprintf(link.master, sizeof(link.master), "%s", net->options.vrf);
        host_state_add_link(s, &link);

        for (size_t i = 0; i < l->n_addresses; i++) {
                const InetAddress *a = &l->addresses[i].address, *gateway = gateway_of(net, a);
                bool six = a->family == AF_INET6;
                RtnlRoute route = {
                        .to = whole(a),
                        .protocol = RTNL_PROTOCOL_OURS,
                        .scope = six ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
                };

                if (!gateway)
                        continue;
                host_state_add_address(s, l->host_name, &(InetPrefix){ *gateway, whole(gateway).bits });
                if (six)
                        host_state_add_address(s, l->host_name, &host_link_local);
                route.source = *gateway;
                host_state_add_route(s, l->host_name, &route);
        }
}

static int ensure(Network *n, Net *net, Fault *fault) {
        int r;

        if (net->entered)
                return 0;
        r = forward_allow(net, fault);
        if (r >= 0)
                r = table_enter_network(n, net, true, fault);
        net->entered = r >= 0;
        return r;
}

static unsigned drop(Network *n, Net *net) {
        net->entered = false;
        table_leave_network(n, net);
        return 0;
}

static int add_link(Network *n, Net *net, const AttachRequest *q, NetworkLink *link, Fault *fault) {
        int r = veth_add(n, net, q, 0, link);

        return r < 0 ? fault_set(fault, "make link", r, "%s", link->name) : 0;
}

static int finish_link(Network *n, const Net *net, const AttachRequest *q, NetworkLink *link, Fault *fault) {
        autostate HostState wanted = {};
        unsigned index = 0;
        int r;

        r = rtnl_get_index(n->rtnl, link->host_name, &index);
        link->host_index = index;
        if (r >= 0)
                r = forward_close_ears(net, link->host_name, fault);
        if (r >= 0)
                r = forward_check_source(link->host_name, fault);
        if (r >= 0)
                r = forward_answer_localhost(n, link->host_name, fault);
        if (r >= 0) {
                describe_link(net, link, &wanted);
                rtnl_set_alias(n->rtnl, index, q->unit);
                host_state_apply(&wanted, link->host_name, index, n->rtnl);
                r = rtnl_commit(n->rtnl);
        }
        if (r >= 0 && wanted.failed)
                r = -ENOMEM;
        /* As for a bridge's port: the carrier is looked at now. */
        if (r >= 0)
                r = rtnl_get_index(n->rtnl, link->host_name, &index);
        return r < 0 ? fault_set(fault, "link", r, "%s", link->host_name) : 0;
}

const NetDriver driver_routed = {
        .passes_host = true,
        .host_routes = true,
        .ensure = ensure,
        .drop = drop,
        .add_link = add_link,
        .finish_link = finish_link,
        .describe_link = describe_link,
};
