/* What is in a table of nftables, as texts: of a transaction that is not sent yet, or of the kernel. */
#pragma once

#include <libmnl/libmnl.h>

#include "network/net-items.h"
#include "network/nft-batch.h"

/** nft_list_message() - what one message tells of table inet @table. Pure, and takes any bytes.
 *
 * Elements that end by themselves are left out: nobody can want them to be there at a certain time. Rules are
 * numbered within their chain, in the order in which they come. */
void nft_list_message(const struct nlmsghdr *h, const char *table, NetItems *list);

/** nft_list_batch() - what the transaction makes. */
void nft_list_batch(const NftBatch *b, NetItems *list);

/** nft_list_table() - what the kernel has, by @socket. 0 or a negative errno. */
int nft_list_table(struct mnl_socket *socket, const char *table, NetItems *list);

/**
 * nft_dump() - every object of a kind
 * @type: NFT_MSG_GET...
 * @table: NULL = all tables; the kernel does not heed it for every kind
 * @object: the chain, or set, that rules or elements are asked of; may be NULL
 *
 * Returns: 0, also when there is no such table; or a negative errno.
 */
int nft_dump(struct mnl_socket *socket, uint16_t type, uint8_t family, const char *table, const char *object,
             mnl_cb_t each, void *data);
