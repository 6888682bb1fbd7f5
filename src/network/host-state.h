/*
 * Links, addresses and routes of the host as plain data: what the drivers want of them, and what the kernel
 * has. Knows no containers.
 */
#pragma once

#include <net/if.h>

#include "basic/cleanup.h"
#include "network/rtnl.h"

typedef struct StateLink {
        char name[IFNAMSIZ];
        const char *kind;      /* of RtnlLink.kind; a constant */
        char master[IFNAMSIZ]; /* "" = none */
        uint32_t group, mtu;   /* mtu 0 = any */
        uint16_t vlan;         /* that a port of a bridge is on; 0 = the bridge's */
        bool hairpin;
} StateLink;

typedef struct StateAddress {
        char link[IFNAMSIZ];
        InetPrefix prefix;
} StateAddress;

typedef struct StateRoute {
        char link[IFNAMSIZ];
        RtnlRoute route; /* its index does not count */
} StateRoute;

typedef struct HostState {
        StateLink *links;
        StateAddress *addresses;
        StateRoute *routes;
        size_t n_links, n_addresses, n_routes;
        bool failed; /* no memory: it is not complete */
} HostState;

/** host_state_clear() - empty again. */
void host_state_clear(HostState *s);

#define autostate __attribute__((cleanup(host_state_clear)))

void host_state_add_link(HostState *s, const StateLink *link);
void host_state_add_address(HostState *s, const char *link, const InetPrefix *p);
void host_state_add_route(HostState *s, const char *link, const RtnlRoute *route);

/** host_state_apply() - addresses and routes of @s for the link @name, into the batch of @r. */
void host_state_apply(const HostState *s, const char *name, unsigned index, Rtnl *r);

/* What the kernel has. */
typedef struct HostReality {
        RtnlLink *links;
        RtnlAddress *addresses;
        RtnlRoute *routes;
        size_t n_links, n_addresses, n_routes;
} HostReality;

/** host_reality_read() - 0 or a negative errno; to be cleared in either case. */
int host_reality_read(Rtnl *r, HostReality *ret);
void host_reality_clear(HostReality *h);

#define autoreality __attribute__((cleanup(host_reality_clear)))

const RtnlLink *host_reality_link(const HostReality *h, const char *name);
bool host_reality_has_address(const HostReality *h, unsigned index, const InetPrefix *p);
/** host_route_equal() - but for its link, and where it comes from. */
bool host_route_equal(const RtnlRoute *wanted, const RtnlRoute *r);
bool host_reality_has_route(const HostReality *h, unsigned index, const RtnlRoute *route);

/** state_link_differs() - in anything that @wanted says. @master: the one that it should have; NULL = not
 * there. */
bool state_link_differs(const StateLink *wanted, const RtnlLink *link, const RtnlLink *master);
