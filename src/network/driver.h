/*
 * What a kind of network is: one struct of functions per Driver=. Only driver-*.c fill them, only attach.c,
 * state.c and heal.c call them. Nobody outside of this folder includes this.
 */
#pragma once

#include "network/host-state.h"
#include "network/internal.h"
#include "network/net-items.h"

struct NetDriver {
        /* Packets pass the host: its firewall holds, and ports can be published. */
        bool passes_host;

        /* The container has addresses of its own size, and all others are behind the gateway. */
        bool host_routes;

        /* The container's default route needs no gateway (ipvlan in layer 3). May be NULL. */
        bool (*no_gateway)(const Net *net);

        /* Before the first link, and when the kernel has lost it: what all links of the network share. */
        int (*ensure)(Network *n, Net *net, Fault *fault);

        /* After the last link. Returns the number of a link of the host that has become useless, and is to be
         * deleted; 0 = there is none. May be NULL. */
        unsigned (*drop)(Network *n, Net *net);

        /* The container's end, @link->name, and @link->host_name if there is another. */
        int (*add_link)(Network *n, Net *net, const AttachRequest *q, NetworkLink *link, Fault *fault);

        /* The host's end, when the container's is configured. May be NULL. */
        int (*finish_link)(Network *n, const Net *net, const AttachRequest *q, NetworkLink *link,
                           Fault *fault);

        /* Pure: what the host should have, of the network and of one link. May be NULL. */
        void (*describe)(const Net *net, HostState *s);
        void (*describe_link)(const Net *net, const NetworkLink *link, HostState *s);
};

extern const NetDriver driver_bridge, driver_macvlan, driver_ipvlan, driver_routed;

/** net_driver() - of a word of NETWORK_DRIVER_LIST. */
const NetDriver *net_driver(NetworkDriver driver);

/* What the host asks for its neighbours from, where what it passes on has another source (RFC 4861, 7.2.2).
 * The kernel's own is not to be used for the first second or two. */
extern const InetPrefix host_link_local;

/* forward.c: what lets a host pass packets on. */
int forward_allow(const Net *net, Fault *fault);

/** forward_close_ears() - a link that containers speak to teaches the host no routes. */
int forward_close_ears(const Net *net, const char *link, Fault *fault);

/** forward_answer_localhost() - packets from 127.0.0.1 may be sent to this link: see the table's rules. */
int forward_answer_localhost(const Network *n, const char *link, Fault *fault);

/** forward_check_source() - from this link come only packets of addresses that lie behind it. */
int forward_check_source(const char *link, Fault *fault);

/* veth.c */

/** veth_add() - a pair under a name that is free, the container's end in its namespace. */
int veth_add(Network *n, const Net *net, const AttachRequest *q, unsigned master, NetworkLink *link);

/** network_describe() - all that the host should have, by what is attached. Pure. */
void network_describe(const Network *n, HostState *s);

/** heal_list_lost() - links of ours that are there and belong to nobody. */
void heal_list_lost(const Network *n, const HostReality *h, NetItems *list);
