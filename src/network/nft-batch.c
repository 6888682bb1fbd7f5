/* libnftnl builds the messages, libmnl carries them. */
/* Before the kernel's headers, which then leave out what they have in common. */
#include <netinet/in.h>
#include <stdio.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "network/nft-batch.h"

#define BATCH_BYTES   (256 * 1024)
#define MESSAGE_BYTES (16 * 1024)

struct NftBatch {
        const char *table;
        struct mnl_nlmsg_batch *mnl;
        char *buffer;
        uint32_t seq, n_requests, set_id;
        int error;
};

static void fail(NftBatch *b, int r) {
        if (b->error == 0)
                b->error = r;
}

NftBatch *nft_batch_new(const char *table) {
        NftBatch *b = calloc(1, sizeof(*b));

        if (!b)
                return NULL;
        b->table = table;
        b->buffer = malloc(BATCH_BYTES);
        b->mnl = b->buffer ? mnl_nlmsg_batch_start(b->buffer, BATCH_BYTES - MESSAGE_BYTES) : NULL;
        if (!b->mnl) {
                nft_batch_free(b);
                return NULL;
        }

        b->seq = (uint32_t) time(NULL);
        nftnl_batch_begin(mnl_nlmsg_batch_current(b->mnl), b->seq++);
        mnl_nlmsg_batch_next(b->mnl);
        return b;
}

void nft_batch_free(NftBatch *b) {
        if (!b)
                return;

        if (b->mnl)
                mnl_nlmsg_batch_stop(b->mnl);
        free(b->buffer);
        free(b);
}

/* Opens one message at the end of the batch; NULL when an earlier step has failed. */
static struct nlmsghdr *begin(NftBatch *b, uint16_t type, uint16_t flags) {
        if (b->error < 0)
                return NULL;

        b->n_requests++;
        return nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(b->mnl), type, NFPROTO_INET,
                                     (uint16_t) (flags | NLM_F_ACK), b->seq++);
}

static void end(NftBatch *b) {
        if (!mnl_nlmsg_batch_next(b->mnl))
                fail(b, -EMSGSIZE);
}

static void table_message(NftBatch *b, uint16_t type, uint16_t flags) {
        struct nftnl_table *t = nftnl_table_alloc();
        struct nlmsghdr *h = t ? begin(b, type, flags) : NULL;

        if (!t)
                fail(b, -ENOMEM);
        if (h) {
                nftnl_table_set_str(t, NFTNL_TABLE_NAME, b->table);
                nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, NFPROTO_INET);
                nftnl_table_nlmsg_build_payload(h, t);
                end(b);
        }
        if (t)
                nftnl_table_free(t);
}

void nft_batch_add_table(NftBatch *b) {
        table_message(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
}

void nft_batch_del_table(NftBatch *b) {
        table_message(b, NFT_MSG_DELTABLE, 0);
}

void nft_batch_add_chain(NftBatch *b, const char *chain, uint32_t hook, int32_t priority, const char *type) {
        struct nftnl_chain *c = nftnl_chain_alloc();
        struct nlmsghdr *h = c ? begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE) : NULL;

        if (!c)
                fail(b, -ENOMEM);
        if (h) {
                nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, b->table);
                nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, chain);
                nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, type);
                nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook);
                nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, priority);
                nftnl_chain_nlmsg_build_payload(h, c);
                end(b);
        }
        if (c)
                nftnl_chain_free(c);
}

void nft_batch_add_set(NftBatch *b, const NftSet *set) {
        struct nftnl_set *s = nftnl_set_alloc();
        struct nlmsghdr *h = s ? begin(b, NFT_MSG_NEWSET, NLM_F_CREATE) : NULL;
        uint32_t flags = (set->data_size > 0 ? NFT_SET_MAP : 0) | (set->interval ? NFT_SET_INTERVAL : 0);

        if (!s)
                fail(b, -ENOMEM);
        if (h) {
                nftnl_set_set_str(s, NFTNL_SET_TABLE, b->table);
                nftnl_set_set_str(s, NFTNL_SET_NAME, set->name);
                nftnl_set_set_u32(s, NFTNL_SET_ID, ++b->set_id);
                nftnl_set_set_u32(s, NFTNL_SET_FAMILY, NFPROTO_INET);
                nftnl_set_set_u32(s, NFTNL_SET_FLAGS, flags);
                nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, set->key_type);
                nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, set->key_size);
                if (set->data_size > 0) {
                        nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, set->data_type);
                        nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, set->data_size);
                }
                nftnl_set_nlmsg_build_payload(h, s);
                end(b);
        }
        if (s)
                nftnl_set_free(s);
}

/* One element into a message of its own; @flags: NFT_SET_ELEM_*. */
static void element(NftBatch *b, bool add, const char *set, const void *key, size_t key_size,
                    const void *data, size_t data_size, uint32_t flags) {
        struct nftnl_set *s = nftnl_set_alloc();
        struct nftnl_set_elem *e = nftnl_set_elem_alloc();
        struct nlmsghdr *h =
                s && e ? begin(b, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0)
                       : NULL;

        if (!s || !e)
                fail(b, -ENOMEM);
        if (h) {
                nftnl_set_set_str(s, NFTNL_SET_TABLE, b->table);
                nftnl_set_set_str(s, NFTNL_SET_NAME, set);
                nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, key, (uint32_t) key_size);
                if (data)
                        nftnl_set_elem_set(e, NFTNL_SET_ELEM_DATA, data, (uint32_t) data_size);
                if (flags)
                        nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_FLAGS, flags);
                nftnl_set_elem_add(s, e);
                e = NULL;
                nftnl_set_elems_nlmsg_build_payload(h, s);
                end(b);
        }
        if (e)
                nftnl_set_elem_free(e);
        if (s)
                nftnl_set_free(s);
}

void nft_batch_element(NftBatch *b, bool add, const char *set, const void *key, size_t key_size,
                       const void *data, size_t data_size) {
        element(b, add, set, key, key_size, data, data_size, 0);
}

void nft_batch_prefix(NftBatch *b, bool add, const char *set, const InetPrefix *p) {
        InetPrefix last = { .address = inet_broadcast(p), .bits = p->bits };
        InetAddress first = inet_prefix_network(p).address, behind = last.address;
        size_t n = inet_size(p->address.family);

        /* The kernel's intervals are half open: the second element is the first address behind the prefix. */
        for (size_t i = n; i-- > 0;)
                if (++behind.bytes[i] != 0)
                        break;
        element(b, add, set, first.bytes, n, NULL, 0, 0);
        element(b, add, set, behind.bytes, n, NULL, 0, NFT_SET_ELEM_INTERVAL_END);
}

struct nftnl_rule *nft_batch_begin_rule(NftBatch *b, const char *chain) {
        struct nftnl_rule *rule = nftnl_rule_alloc();

        if (!rule) {
                fail(b, -ENOMEM);
                return NULL;
        }
        nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, b->table);
        nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain);
        nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
        return rule;
}

void nft_batch_end_rule(NftBatch *b, struct nftnl_rule *rule) {
        struct nlmsghdr *h = rule ? begin(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND) : NULL;

        if (h) {
                nftnl_rule_nlmsg_build_payload(h, rule);
                end(b);
        }
        if (rule)
                nftnl_rule_free(rule);
}

struct nftnl_expr *nft_expr(NftBatch *b, struct nftnl_rule *rule, const char *kind) {
        struct nftnl_expr *e = rule ? nftnl_expr_alloc(kind) : NULL;

        if (!e)
                fail(b, -ENOMEM);
        else
                nftnl_rule_add_expr(rule, e);
        return e;
}

/* Answers come one per request; the first error is the cause, the others follow from it. */
static int read_answers(struct mnl_socket *socket, uint32_t n) {
        char answer[32 * 1024];
        int first = 0;

        while (n > 0) {
                ssize_t size = mnl_socket_recvfrom(socket, answer, sizeof(answer));
                int left = (int) size;

                if (size < 0 && errno == EINTR)
                        continue;
                if (size < 0)
                        return -errno;
                for (struct nlmsghdr *h = (struct nlmsghdr *) answer; mnl_nlmsg_ok(h, left);
                     h = mnl_nlmsg_next(h, &left)) {
                        const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

                        if (h->nlmsg_type != NLMSG_ERROR)
                                continue;
                        n--;
                        if (e->error < 0 && first == 0)
                                first = e->error;
                        /* A batch that is refused as a whole is answered once. */
                        if (e->error < 0 && e->msg.nlmsg_type == NFNL_MSG_BATCH_BEGIN)
                                return first;
                }
        }
        return first;
}

int nft_batch_commit(NftBatch *b) {
        struct mnl_socket *socket;
        int r = b->error, enable = 1;

        if (r < 0)
                return r;

        nftnl_batch_end(mnl_nlmsg_batch_current(b->mnl), b->seq++);
        mnl_nlmsg_batch_next(b->mnl);

        socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
        if (!socket)
                return -errno;
        (void) mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &enable, sizeof(enable));
        if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
            mnl_socket_sendto(socket, mnl_nlmsg_batch_head(b->mnl), mnl_nlmsg_batch_size(b->mnl)) < 0)
                r = -errno;
        else
                r = read_answers(socket, b->n_requests);
        (void) mnl_socket_close(socket);
        return r;
}
