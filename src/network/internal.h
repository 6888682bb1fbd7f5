/* What the files of this folder share. Nobody else includes it. */
#pragma once

#include <libmnl/libmnl.h>
#include <uthash.h>

#include "network/conntrack.h"
#include "network/localhost.h"
#include "network/network.h"
#include "network/nft-batch.h"
#include "network/rtnl.h"

#define TABLE_NAME "nsunits"

/* One network: the default one, or a .network unit. */
typedef struct Net {
        char *name;
        char bridge[IFNAMSIZ];
        InetPrefix *subnets;
        InetAddress *gateways; /* by position */
        size_t n_subnets;
        bool internal;
        bool defined; /* by its unit; else only kept for the links that it has */
        bool idle;    /* its bridge is there and has no links: see network_collect() */
        size_t n_links;
        uint64_t next; /* where the search for a free address begins */
} Net;

typedef struct Lease Lease;

struct Network {
        NetworkSettings settings;
        Rtnl *rtnl; /* on the host */
        Net **nets;
        size_t n_nets;
        Attachment **attachments;
        size_t n_attachments;
        Lease *leases;
        bool table;             /* table inet nsunits is ours and there */
        struct mnl_socket *nft; /* all our changes come from here: so the monitor knows them */
        struct mnl_socket *monitor;
        Localhost *localhost; /* NULL: not on this kernel, or not wanted */
        FlowRule *changed;    /* published ports that lead elsewhere now: see network_purge() */
        size_t n_changed;
        uint32_t link_serial;
        uint16_t next_port; /* where the search for a free host port begins */
};

/** name_hash() - 32 bits of FNV-1a. */
uint32_t name_hash(const char *name);

/* network.c */
Net *net_find(const Network *n, const char *name);

/** net_replace() - a network made of what is given, in place of one of that name that has no links. */
int net_replace(Network *n, const char *name, const NetworkSection *section, bool defined, Fault *fault);

/* lease.c */

/** lease_pick() - fill the link's addresses and gateways; nothing is taken yet. */
int lease_pick(const Network *n, Net *net, const InetAddress *wanted, size_t n_wanted, NetworkLink *link,
               Fault *fault);

/** lease_take() - mark the link's addresses as taken; after an error lease_drop() undoes what was done. */
int lease_take(Network *n, const Attachment *owner, const NetworkLink *link, Fault *fault);
void lease_drop(Network *n, const Attachment *owner, const NetworkLink *link);

/* attach.c */

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
int table_open_sockets(Network *n);

/* bridge.c */
int bridge_ensure(Network *n, Net *net, unsigned *ret_index, Fault *fault);
void bridge_drop(Network *n, Net *net);
/** bridge_sweep() - delete bridges and links of ours that nobody has adopted. */
int bridge_sweep(Network *n);
