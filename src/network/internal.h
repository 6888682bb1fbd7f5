/* What the files of this folder share. Nobody else includes it. */
#pragma once

#include <libmnl/libmnl.h>
#include <uthash.h>

#include "network/conntrack.h"
#include "network/localhost.h"
#include "network/network.h"
#include "network/nft-batch.h"
#include "network/rtnl.h"
#include "spec/network-options.h"

#define TABLE_NAME "nsunits"

/* Of the groups that links can be in (ip-link(8)), ours begin with this byte. */
#define NET_GROUP_FIRST 0x6e000000u
#define NET_GROUP_MASK  0xff000000u

typedef struct NetDriver NetDriver; /* driver.h */

/* One network: the default one, or a .network unit. */
typedef struct Net {
        char *name;
        const NetDriver *driver;
        NetworkDriver kind;    /* the word of the driver */
        char device[IFNAMSIZ]; /* its bridge, or the device of the host that it lies on; "" = none (yet) */
        unsigned index;        /* of the device, when it is there */
        uint32_t group; /* of all of its links on the host, for the table's rules; no two have the same */
        NetworkOptions options;
        InetPrefix *subnets;
        InetAddress *gateways; /* by position */
        InetRange *ranges;     /* by position: what is given out; both AF_UNSPEC = all of the subnet */
        size_t n_subnets;
        NetworkRoute *routes; /* of its containers */
        size_t n_routes;
        bool internal;
        bool no_addresses; /* nobody gives any out */
        bool defined;      /* by its unit; else only kept for the links that it has */
        bool idle;         /* it has no links, and what they had in common is there: see network_collect() */
        bool entered;      /* in the table, as a routed one, which has no device to tell that by */
        size_t n_links;
        uint64_t next; /* where the search for a free address begins */
} Net;

typedef struct Lease Lease;

/* A link of the host that goes with its namespace, if nobody keeps that. */
typedef struct GoingLink {
        char name[IFNAMSIZ];
        bool due; /* it should have gone by now */
} GoingLink;

struct Network {
        NetworkSettings settings;
        Rtnl *rtnl; /* on the host */
        Net **nets;
        size_t n_nets;
        Attachment **attachments;
        size_t n_attachments;
        Lease *leases;
        bool table;             /* table inet nsunits is ours and there */
        bool guard;             /* so is that which guards it */
        char **firewalls;       /* of others, in the way of what is forwarded */
        bool firewalls_known;   /* they have not changed since */
        struct mnl_socket *nft; /* all our changes come from here: so the monitor knows them */
        struct mnl_socket *monitor;
        struct mnl_socket *link_monitor; /* links, addresses and routes */
        int monitor_fd;                  /* epoll over both */
        Localhost *localhost;            /* NULL: not on this kernel, or not wanted */
        FlowRule *changed;               /* published ports that lead elsewhere now: see network_purge() */
        size_t n_changed, n_fresh;       /* all of them, and those of them that are not gone */
        GoingLink *going;                /* of namespaces that were given up */
        size_t n_going;
        uint32_t link_serial;
        uint16_t next_port; /* where the search for a free host port begins */
};

/** name_hash() - 32 bits of FNV-1a. */
uint32_t name_hash(const char *name);

/* network.c */
Net *net_find(const Network *n, const char *name);

/**
 * net_replace() - a network made of what is given, in place of one of that name that has no links
 * @runs: containers are on it, whatever was defined since: others may have its subnets if they have no links
 */
int net_replace(Network *n, const char *name, const NetworkSection *section, bool defined, bool runs,
                Fault *fault);

/** net_check_subnets() - are they of use, and those of no other network? @used: of none that has links. */
int net_check_subnets(const Network *n, const Net *net, bool used, Fault *fault);

/* lease.c */

/** lease_pick() - fill the link's addresses and gateways; nothing is taken yet. */
int lease_pick(const Network *n, Net *net, const InetAddress *wanted, size_t n_wanted, NetworkLink *link,
               Fault *fault);

/** lease_take() - mark the link's addresses as taken; after an error lease_drop() undoes what was done. */
int lease_take(Network *n, const Attachment *owner, const NetworkLink *link, Fault *fault);
void lease_drop(Network *n, const Attachment *owner, const NetworkLink *link);

/* attach.c */

/** attachment_public_link() - the one that published ports lead to; NULL = none. */
const NetworkLink *attachment_public_link(const Attachment *a);

/** attachment_new() - an empty one, known to @n. NULL when out of memory. */
Attachment *attachment_new(Network *n, const char *unit);

/** attachment_add_link() - takes its addresses; the attachment owns link->network whatever is returned. */
int attachment_add_link(Network *n, Attachment *a, const NetworkLink *link, Fault *fault);

/** attachment_forget() - give back and free all that is in memory, leaving the kernel alone. */
void attachment_forget(Network *n, Attachment *a);

/* ports.c */
uint8_t protocol_number(Protocol p);
int ports_resolve(Network *n, const Attachment *self, const PublishSpec *publish, size_t n_publish,
                  NetworkPort **ret, Fault *fault);
/** ports_owner() - unit that has a port of @p, other than @self; NULL = none. */
const char *ports_owner(const Network *n, const Attachment *self, const NetworkPort *p);
/** ports_note() - those of @a are published now, or no more: connections are to be looked at. */
void ports_note(Network *n, const Attachment *a, bool gone);
void ports_enter(NftBatch *b, bool add, const Attachment *a);

/* table.c */
int table_ensure(Network *n, Fault *fault);
/** table_replace() - make the table anew from what is in memory. */
int table_replace(Network *n);
void table_drop(Network *n);
int table_open_socket(Network *n);
/** table_enter_network() - or take it out. */
int table_enter_network(Network *n, const Net *net, bool add, Fault *fault);
/** table_leave_network() - the table is made anew when something of it was not there. */
void table_leave_network(Network *n, const Net *net);
/** table_fill() - the whole desired state as one transaction, pure. */
void table_fill(const Network *n, NftBatch *b);
/** table_fill_elements() - the same without chains, sets and rules. */
void table_fill_elements(const Network *n, NftBatch *b);
void table_add_network(NftBatch *b, bool add, const Net *net);
/** table_process() - read the monitor. True when something of ours has gone. */
bool table_process(Network *n);

/* guard.c */
void guard_ensure(Network *n);
void guard_drop(Network *n);
void guard_enter_network(Network *n, const Net *net, bool add);
/** guard_exchange() - ports; either may be NULL. */
void guard_exchange(Network *n, const Attachment *from, const Attachment *to);

/* driver-bridge.c */
/** bridge_is_ours() - whatever its name is. */
bool bridge_is_ours(const RtnlLink *l);

/* heal.c */
int heal_open_socket(Network *n);
/** heal_process() - read the monitor. True when links, addresses or routes are not as they should be. */
bool heal_process(Network *n);
/** heal_repair() - make links, addresses and routes of the host as they should be. */
int heal_repair(Network *n, Fault *fault);
/** heal_sweep() - delete bridges and links of ours that nobody has adopted. */
int heal_sweep(Network *n);
/** heal_expect_going() - of a link whose namespace is given up. */
void heal_expect_going(Network *n, const NetworkLink *link);
