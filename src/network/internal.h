/* What the files of this folder share. Nobody else includes it. */
#pragma once

#include <libmnl/libmnl.h>

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
        size_t n_links;
        uint64_t next; /* where the search for a free address begins */
} Net;

struct Network {
        NetworkSettings settings;
        Rtnl *rtnl; /* on the host */
        Net **nets;
        size_t n_nets;
        Attachment **attachments;
        size_t n_attachments;
        bool table; /* table inet nsunits is ours and there */
        struct mnl_socket *monitor;
        uint32_t link_serial;
};

Net *net_find(const Network *n, const char *name);
void net_free(Net *net);

/* ports.c */
int ports_resolve(Network *n, const Attachment *self, const PublishSpec *publish, size_t n_publish,
                  NetworkPort **ret, Fault *fault);
void ports_enter(NftBatch *b, bool add, const Attachment *a);

/* table.c */
int table_ensure(Network *n, Fault *fault);
void table_drop(Network *n);
int monitor_open(Network *n);

/* bridge.c */
int bridge_ensure(Network *n, Net *net, Fault *fault);
void bridge_drop(Network *n, Net *net);
