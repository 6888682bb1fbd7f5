/*
 * Who is called what, on which network: the records that /etc/hosts, the name servers and `nsctl resolve` are
 * made from. Pure data; a table is made anew when it is needed, from what runs.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"
#include "basic/inet.h"

/* One container on one network. */
typedef struct NameRecord {
        const char *unit, *network; /* borrowed */
        char **names;               /* the container's own first; each is a valid name of a host */
        InetAddress addresses[2];
        size_t n_addresses;
} NameRecord;

typedef struct NameTable NameTable;

/** name_table_new() - an empty table; NULL when out of memory. */
NameTable *name_table_new(void);

/** name_table_free() - NULL is fine. */
void name_table_free(NameTable *t);

AUTOPTR_DEFINE(NameTable, name_table_free);

/**
 * name_table_add() - one more
 * @record: names that are not valid are left out, also those that are there twice; all is copied but unit and
 *          network
 *
 * Returns: 0 or -ENOMEM.
 */
int name_table_add(NameTable *t, const NameRecord *record);

/**
 * name_table_hosts() - lines of a hosts file, one per address
 * @networks: of these networks, each container once
 * @unit:     but not of this unit; NULL = of all
 *
 * Returns: a string to free(); NULL when out of memory.
 */
char *name_table_hosts(const NameTable *t, char *const *networks, const char *unit);

/**
 * name_table_addresses() - what a name has on these networks
 * @pattern: a name, or "*.NAME" (dns_name_matches())
 *
 * Returns: how many, at most @max.
 */
size_t name_table_addresses(const NameTable *t, char *const *networks, const char *pattern, InetAddress *ret,
                            size_t max);

/**
 * name_table_find() - JSON array of name, network, unit and address
 * @what:    a name, in any case of its letters, or the text of an address
 * @network: only there; NULL = anywhere
 *
 * Returns: a new reference; NULL when out of memory.
 */
json_t *name_table_find(const NameTable *t, const char *what, const char *network);
