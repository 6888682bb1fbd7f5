/*
 * One netlink socket and its requests: what rtnetlink and nftables have in common.
 *
 * The kernel answers a request that changes something before sendto() returns, so nothing here waits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"

struct nlmsghdr;

typedef struct Netlink Netlink;

/* Told each message of a dump. Returns 0, or a negative errno that ends the dump. */
typedef int (*NetlinkMessageFn)(const struct nlmsghdr *message, void *data);

/**
 * netlink_open() - open a socket
 * @protocol: NETLINK_ROUTE, NETLINK_NETFILTER
 * @groups:   mask of multicast groups to listen to, for a socket of its own; 0 = none
 * @netns_fd: network namespace to work in, borrowed; negative = our own
 *
 * The calling thread is in that namespace for a moment; a process that cannot come back is aborted.
 */
int netlink_open(int protocol, uint32_t groups, int netns_fd, Netlink **ret);

/** netlink_free() - NULL is fine. */
void netlink_free(Netlink *n);

AUTOPTR_DEFINE(Netlink, netlink_free);

int netlink_fd(const Netlink *n);

/** netlink_port() - our address, as it stands in the notifications about our own requests. */
uint32_t netlink_port(const Netlink *n);

/** netlink_next_sequence() - a number for the next message. */
uint32_t netlink_next_sequence(Netlink *n);

/**
 * netlink_transact() - send requests and collect their acknowledgements
 * @buffer:  messages, one after the other
 * @last:    sequence number of the message that bears NLM_F_ACK
 *
 * Returns: 0, the first error among the answers, or -EPROTO when the last one was not answered.
 */
int netlink_transact(Netlink *n, const void *buffer, size_t size, uint32_t last);

/**
 * netlink_query() - send one request and hand each message of the answer to @fn
 *
 * Returns: 0, the error of the answer, what @fn returned, or -EINTR for a dump that was disturbed by a
 *          change (the caller may ask again).
 */
int netlink_query(Netlink *n, const struct nlmsghdr *request, NetlinkMessageFn fn, void *data);

/** netlink_drain() - hand all notifications that are queued to @fn. -ENOBUFS: some were lost. */
int netlink_drain(Netlink *n, NetlinkMessageFn fn, void *data);

/** netlink_answer() - what the kernel added in words to the last error; "" when nothing. Borrowed. */
const char *netlink_answer(const Netlink *n);

/**
 * netlink_parse_answer() - judge one buffer of answers to netlink_transact(); separate for the fuzzer
 * @answered: set when @last is acknowledged
 * @text:     128 bytes, set to the kernel's words about an error
 *
 * Returns: 0, the first error in the buffer, or -EBADMSG for a buffer that is cut.
 */
int netlink_parse_answer(const void *buffer, size_t size, uint32_t last, bool *answered, char *text);

/**
 * netlink_inject_failure() - for tests: let the @nth request from now fail with -EIO, 1 = the next; 0 = off
 *
 * Nothing is sent then. Counts netlink_transact() of all sockets.
 */
void netlink_inject_failure(unsigned nth);

/** netlink_injected() - has the failure happened? Clears it. */
bool netlink_injected(void);
