/*
 * rtnetlink: a batch of requests with a sticky error, sent and acknowledged together; and lists of what the
 * kernel has.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/inet.h"

typedef struct Rtnl Rtnl;
struct nlmsghdr;

/* Who has made a route of the host (rtnetlink(7), rtm_protocol): a number that no routing daemon uses. */
#define RTNL_PROTOCOL_OURS 0x6e

/** rtnl_new() - a socket in the calling thread's network namespace. */
int rtnl_new(Rtnl **ret);

/**
 * rtnl_new_in() - a socket in another network namespace
 *
 * The calling thread enters @netns_fd and comes back; if it cannot come back the process aborts, because
 * nothing it would do from there on is meant for that namespace.
 */
int rtnl_new_in(int netns_fd, Rtnl **ret);

/** rtnl_free() - NULL is fine. */
void rtnl_free(Rtnl *r);

AUTOPTR_DEFINE(Rtnl, rtnl_free);

/**
 * rtnl_commit() - send the batch and read every answer
 *
 * Returns: 0, or the first error: of building, or what the kernel said. The batch is empty afterwards.
 */
int rtnl_commit(Rtnl *r);

/* -- links: these add a request to the batch; errors show at rtnl_commit() -- */

typedef struct RtnlBridge {
        const char *name;
        const uint8_t *mac; /* a fixed one: else it changes with its ports and neighbours go stale */
        uint32_t mtu;       /* 0 = the kernel's */
        uint32_t group;
        bool vlans; /* frames of different VLANs are kept apart */
} RtnlBridge;

/** rtnl_add_bridge() - up. */
void rtnl_add_bridge(Rtnl *r, const RtnlBridge *b);

typedef struct RtnlVeth {
        const char *name;
        unsigned master; /* 0 = none */
        uint32_t mtu;    /* of both ends; 0 = the kernel's */
        uint32_t group;
        const char *peer_name;
        const uint8_t *peer_mac; /* NULL = any */
        int peer_netns_fd;       /* the peer is made there: moving it later takes 20 ms */
        bool down;               /* else the host's end is up at once */
} RtnlVeth;

void rtnl_add_veth(Rtnl *r, const RtnlVeth *v);

/* A link that lies on another one: macvlan and ipvlan. */
typedef struct RtnlUpper {
        const char *kind; /* "macvlan" or "ipvlan" */
        const char *name;
        unsigned lower;
        uint32_t mode;      /* MACVLAN_MODE_*, or IPVLAN_MODE_* */
        const uint8_t *mac; /* of a macvlan; NULL = any */
        uint32_t mtu;       /* 0 = that of the lower link */
        bool cutoff_set;
        int32_t cutoff; /* of a macvlan: broadcasts with more receivers than that are queued */
        int netns_fd;   /* where it is made */
} RtnlUpper;

void rtnl_add_upper(Rtnl *r, const RtnlUpper *u);

void rtnl_del_link(Rtnl *r, const char *name);
void rtnl_set_up(Rtnl *r, const char *name);
/** rtnl_set_no_link_local() - it gives itself no IPv6 address. -EAFNOSUPPORT when it has no IPv6 at all. */
void rtnl_set_no_link_local(Rtnl *r, const char *name);
void rtnl_set_flags(Rtnl *r, unsigned index, bool up);
void rtnl_set_mtu(Rtnl *r, unsigned index, uint32_t mtu);
void rtnl_set_group(Rtnl *r, unsigned index, uint32_t group);
void rtnl_set_mac(Rtnl *r, unsigned index, const uint8_t mac[6]);

/** rtnl_limit() - what the link sends, in bits per second, by a token bucket (tc-tbf(8)); in place of the
 * limit that it had. */
void rtnl_limit(Rtnl *r, unsigned index, uint64_t bits);
/** rtnl_unlimit() - -ENOENT when there is no limit. */
void rtnl_unlimit(Rtnl *r, unsigned index);

/** rtnl_set_alias() - a link takes no alias while it is made. */
void rtnl_set_alias(Rtnl *r, unsigned index, const char *alias);

/** rtnl_set_master() - 0 = none. */
void rtnl_set_master(Rtnl *r, unsigned index, unsigned master);

/** rtnl_set_hairpin() - let a bridge port send a packet back where it came from: with br_netfilter, a
 * container that uses its own published port needs it. */
void rtnl_set_hairpin(Rtnl *r, unsigned index);

/** rtnl_set_vlan() - a port of a bridge is on this VLAN alone, and its frames bear no tag. */
void rtnl_set_vlan(Rtnl *r, unsigned index, uint16_t vlan);

/** rtnl_rename() - a link that is down. */
void rtnl_rename(Rtnl *r, unsigned index, const char *name);

/** rtnl_move() - to another namespace, under a name there. */
void rtnl_move(Rtnl *r, unsigned index, int netns_fd, const char *name);

/* -- addresses and routes: the same -- */

typedef struct RtnlAddress {
        unsigned index;
        InetPrefix prefix;
        InetAddress broadcast; /* AF_UNSPEC = none */
        uint8_t scope;
        bool lasting; /* it has no end, and is not the kernel's own making */
} RtnlAddress;

void rtnl_add_address(Rtnl *r, unsigned index, const InetPrefix *p);
/** rtnl_restore_address() - as it was listed, but on the link @index. */
void rtnl_restore_address(Rtnl *r, unsigned index, const RtnlAddress *address);
void rtnl_del_address(Rtnl *r, unsigned index, const InetPrefix *p);

typedef struct RtnlRoute {
        InetPrefix to;      /* of 0 bits: the default route of the family of its address */
        InetAddress via;    /* AF_UNSPEC = none */
        InetAddress source; /* AF_UNSPEC = any */
        unsigned index;     /* of the link; 0 = none */
        uint32_t table;     /* 0 = the main one */
        uint32_t metric;    /* 0 = the kernel's */
        uint8_t protocol;   /* 0 = RTPROT_STATIC */
        uint8_t type;       /* RTN_*; 0 = RTN_UNICAST */
        uint8_t scope;
        bool on_link; /* the gateway is a neighbour, whatever other routes say */
} RtnlRoute;

void rtnl_add_route(Rtnl *r, const RtnlRoute *route);
void rtnl_del_route(Rtnl *r, const RtnlRoute *route);

/* -- what there is -- */

/** rtnl_get_index() - of a link by name, 0 = none. Makes the kernel settle the link's state as well. */
int rtnl_get_index(Rtnl *r, const char *name, unsigned *ret);

/** rtnl_overlaps() - is any IPv4 or IPv6 route of the host (but the default ones) inside @p or around it? */
int rtnl_overlaps(Rtnl *r, const InetPrefix *p, bool *ret);

typedef struct RtnlLink {
        char name[IFNAMSIZ];
        char kind[16]; /* "" = a physical one, or lo */
        char alias[128];
        unsigned index, master, lower; /* 0 = none */
        uint32_t mtu, group;
        uint8_t mac[6], permanent_mac[6];
        bool up, hairpin;
} RtnlLink;

/** rtnl_get_link() - one by its name. Returns 1, 0 when there is none, or a negative errno. */
int rtnl_get_link(Rtnl *r, const char *name, RtnlLink *ret);

typedef struct RtnlTraffic {
        uint64_t received_bytes, received_packets, sent_bytes, sent_packets;
} RtnlTraffic;

/** rtnl_get_traffic() - what a link has counted. Same result. */
int rtnl_get_traffic(Rtnl *r, const char *name, RtnlTraffic *ret);

/** rtnl_default_device() - the link that the host's default route leads over; "" = there is none. */
int rtnl_default_device(Rtnl *r, char ret[IFNAMSIZ]);

/** rtnl_list_links() - all of them; free() the result. */
int rtnl_list_links(Rtnl *r, RtnlLink **ret, size_t *ret_n);

/** rtnl_list_addresses() - all of both families; free() the result. */
int rtnl_list_addresses(Rtnl *r, RtnlAddress **ret, size_t *ret_n);

/** rtnl_list_routes() - of both families and all tables but the local one; free() the result. Of a route over
 * several links nothing is told but where it leads to. */
int rtnl_list_routes(Rtnl *r, RtnlRoute **ret, size_t *ret_n);

/* Pure: messages of the kernel as these structs. 0; 1 = of another kind, or none that is listed; -EBADMSG. */
int rtnl_parse_link(const struct nlmsghdr *h, RtnlLink *ret);
int rtnl_parse_address(const struct nlmsghdr *h, RtnlAddress *ret);
int rtnl_parse_route(const struct nlmsghdr *h, RtnlRoute *ret);
