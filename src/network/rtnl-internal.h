/* What the rtnl-*.c files share. Nobody else includes it. */
#pragma once

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "network/rtnl.h"

#define RTNL_MESSAGE_BYTES 1024 /* no single request of ours is longer */

/** rtnl_begin() - a request in the batch; NULL when an earlier one has failed. */
struct nlmsghdr *rtnl_begin(Rtnl *r, uint16_t type, uint16_t flags);
void rtnl_end(Rtnl *r);

/** rtnl_dump() - send the request @h for a list and call @each for every entry. */
int rtnl_dump(Rtnl *r, struct nlmsghdr *h, mnl_cb_t each, void *data);

/** rtnl_list() - a list of items of @size bytes, each filled by @parse, which takes 1 for "leave it out". */
typedef int (*RtnlParseFn)(const struct nlmsghdr *h, void *item);
int rtnl_list(Rtnl *r, struct nlmsghdr *h, RtnlParseFn parse, size_t size, void *ret, size_t *ret_n);
