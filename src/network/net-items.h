/*
 * A state of the network as a list of plain texts, to be printed and compared: links, addresses, routes of
 * the host, and what is in a table of nftables.
 */
#pragma once

#include <jansson.h>

#include "basic/cleanup.h"
#include "network/host-state.h"

typedef struct NetItem {
        const char *what; /* "link", "address", "route", "chain", "rule", "set", "element"; a constant */
        char *name;
        char *value; /* "" = there is no more to say than that it is there */
} NetItem;

typedef struct NetItems {
        NetItem *items;
        size_t n;
        bool failed; /* no memory: it is not complete */
} NetItems;

void net_items_clear(NetItems *list);

#define autoitems __attribute__((cleanup(net_items_clear)))

/** net_items_add() - texts are taken over; one that is NULL is a lack of memory. */
void net_items_add(NetItems *list, const char *what, char *name, char *value);

/** net_items_of_host() - what is wanted, and of what there is that which concerns the same links. */
void net_items_of_host(const HostState *wanted, const HostReality *real, NetItems *ret_wanted,
                       NetItems *ret_real);

/**
 * net_items_compare() - both lists get sorted
 *
 * Returns: an array of objects what, name, desired, actual; the last two are null where there is nothing.
 * Items of one name and several values are paired by their order. NULL when out of memory.
 */
json_t *net_items_compare(NetItems *desired, NetItems *actual);
