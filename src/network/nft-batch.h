/*
 * One nftables transaction: a batch with a sticky error, sent whole, taken by the kernel whole or not at all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/inet.h"

typedef struct NftBatch NftBatch;
struct mnl_socket;
struct nlmsghdr;
struct nftnl_expr;
struct nftnl_rule;

/** nft_batch_new() - a transaction on table inet @table. NULL when out of memory. */
NftBatch *nft_batch_new(const char *table);

/** nft_batch_set_family() - what follows is about the table of that name in another family (NFPROTO_*). */
void nft_batch_set_family(NftBatch *b, uint8_t family);

/** nft_batch_leave_out_values() - of all elements: what is a map elsewhere is a plain set in this table. */
void nft_batch_leave_out_values(NftBatch *b);

/** nft_batch_free() - NULL is fine. */
void nft_batch_free(NftBatch *b);

AUTOPTR_DEFINE(NftBatch, nft_batch_free);

/** nft_batch_add_table() - @flags: NFT_TABLE_F_*. */
void nft_batch_add_table(NftBatch *b, uint32_t flags);
void nft_batch_del_table(NftBatch *b);

/** nft_batch_add_chain() - a base chain. @hook: NF_INET_*; @type: "nat" or "filter". */
void nft_batch_add_chain(NftBatch *b, const char *chain, uint32_t hook, int32_t priority, const char *type);

typedef struct NftChain {
        const char *name, *type, *device; /* @device: of the families that have chains per device */
        uint32_t hook;
        int32_t priority;
} NftChain;

/** nft_batch_add_device_chain() - goes with the device by itself; one that is there stays as it is. */
void nft_batch_add_device_chain(NftBatch *b, const NftChain *chain);
void nft_batch_del_chain(NftBatch *b, const char *chain);
/** nft_batch_flush_chain() - all of its rules go. */
void nft_batch_flush_chain(NftBatch *b, const char *chain);

typedef struct NftSet {
        const char *name;
        uint32_t key_type, key_size;   /* nft's type number; 6 bits a part */
        uint32_t data_type, data_size; /* of a map; 0 = a plain set */
        bool interval;
        bool host_order;  /* the key is no number in network order */
        uint8_t parts[3]; /* bytes of each part of an interval's key, if it has several */
        size_t n_parts;
        bool timed;          /* elements may have a time after which they go */
        uint64_t learned_ms; /* rules add elements, which go after so long; 0 = they do not */
        uint32_t most;       /* elements; 0 = any number */
} NftSet;

void nft_batch_add_set(NftBatch *b, const NftSet *set);
void nft_batch_del_set(NftBatch *b, const char *set);
/** nft_batch_flush_set() - all of its elements go. */
void nft_batch_flush_set(NftBatch *b, const char *set);

/** nft_batch_timed_element() - into a set of timed elements, for so long from now on. */
void nft_batch_timed_element(NftBatch *b, const char *set, const void *key, size_t key_size,
                             uint64_t timeout_ms);

/** nft_batch_element() - add or delete one element; @data NULL for a plain set or a deletion. */
void nft_batch_element(NftBatch *b, bool add, const char *set, const void *key, size_t key_size,
                       const void *data, size_t data_size);

/** nft_batch_prefix() - the same for an interval set of addresses, or a map of them to @to. */
void nft_batch_prefix(NftBatch *b, bool add, const char *set, const InetPrefix *p, const InetAddress *to);

/** nft_batch_range() - the same for a map whose key has several parts: each of them from @first to @last. */
void nft_batch_range(NftBatch *b, bool add, const char *set, const void *first, const void *last,
                     size_t key_size, const void *data, size_t data_size);

/* A rule is built expression by expression between begin and end. */
struct nftnl_rule *nft_batch_begin_rule(NftBatch *b, const char *chain);
void nft_batch_end_rule(NftBatch *b, struct nftnl_rule *rule);
/** nft_expr() - a new expression at the end of @rule; NULL when an earlier step has failed. */
struct nftnl_expr *nft_expr(NftBatch *b, struct nftnl_rule *rule, const char *kind);

/**
 * nft_batch_commit() - send over @socket (NETLINK_NETFILTER) and read what the kernel says
 *
 * Returns: 0 or the first error. The batch is used up.
 */
int nft_batch_commit(NftBatch *b, struct mnl_socket *socket);

/** nft_batch_table() - its name. */
const char *nft_batch_table(const NftBatch *b);

/** nft_batch_messages() - all that was built; borrowed, good until the next change. */
const struct nlmsghdr *nft_batch_messages(const NftBatch *b, size_t *ret_size);
