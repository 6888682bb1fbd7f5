/*
 * rtnetlink: a batch of requests with a sticky error, sent and acknowledged together.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/inet.h"

typedef struct Rtnl Rtnl;

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

/* The following add a request to the batch; errors show at rtnl_commit(). */

/** rtnl_add_bridge() - up, with a fixed address: else it changes with its ports and neighbours go stale. */
void rtnl_add_bridge(Rtnl *r, const char *name, const uint8_t mac[6]);

typedef struct RtnlVeth {
        const char *name;
        unsigned master;
        const char *peer_name;
        const uint8_t *peer_mac;
        int peer_netns_fd; /* the peer is made there: moving it later takes 20 ms */
} RtnlVeth;

void rtnl_add_veth(Rtnl *r, const RtnlVeth *v);
void rtnl_del_link(Rtnl *r, const char *name);
void rtnl_set_up(Rtnl *r, const char *name);
void rtnl_add_address(Rtnl *r, unsigned index, const InetPrefix *p);
/** rtnl_add_route() - default route by @gateway over @index. */
void rtnl_add_route(Rtnl *r, unsigned index, const InetAddress *gateway);

/** rtnl_set_alias() - a link takes no alias while it is made. */
void rtnl_set_alias(Rtnl *r, unsigned index, const char *alias);

void rtnl_set_master(Rtnl *r, unsigned index, unsigned master);

/** rtnl_set_hairpin() - let a bridge port send a packet back where it came from: with br_netfilter, a
 * container that uses its own published port needs it. */
void rtnl_set_hairpin(Rtnl *r, unsigned index);

/**
 * rtnl_commit() - send the batch and read every answer
 *
 * Returns: 0, or the first error: of building, or what the kernel said. The batch is empty afterwards.
 */
int rtnl_commit(Rtnl *r);

/** rtnl_get_index() - of a link by name, 0 = none. Makes the kernel settle the link's state as well. */
int rtnl_get_index(Rtnl *r, const char *name, unsigned *ret);

/** rtnl_overlaps() - is any IPv4 or IPv6 route of the host (but the default ones) inside @p or around it? */
int rtnl_overlaps(Rtnl *r, const InetPrefix *p, bool *ret);

typedef struct RtnlLink {
        char name[IFNAMSIZ];
        unsigned index, master;
        uint8_t mac[6];
        bool is_bridge;
} RtnlLink;

/** rtnl_list_links() - all of them; free() the result. */
int rtnl_list_links(Rtnl *r, RtnlLink **ret, size_t *ret_n);
