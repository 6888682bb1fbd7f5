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
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "network/nft-batch.h"

#define MESSAGE_BYTES (16 * 1024) /* no single request of ours is longer */

/* nftables, include/datatype.h: how nft(8) reads a key that is neither number nor address. */
#define BYTEORDER_HOST 1

struct NftBatch {
        const char *table;
        uint8_t family; /* NFPROTO_* */
        char *buffer;
        size_t size, space;
        uint32_t seq, set_id;
        bool plain; /* elements have no values */
        int error;
};

static void fail(NftBatch *b, int r) {
        if (b->error == 0)
                b->error = r;
}

/* Room for one more message behind the last; NULL when an earlier step has failed. */
static char *reserve(NftBatch *b) {
        if (b->error < 0)
                return NULL;

        if (b->space - b->size < MESSAGE_BYTES) {
                size_t space = b->space * 2 + MESSAGE_BYTES;
                char *grown = realloc(b->buffer, space);

                if (!grown) {
                        fail(b, -ENOMEM);
                        return NULL;
                }
                b->buffer = grown;
                b->space = space;
        }
        return b->buffer + b->size;
}

static void end(NftBatch *b, const struct nlmsghdr *h) {
        b->size += MNL_ALIGN(h->nlmsg_len);
}

NftBatch *nft_batch_new(const char *table) {
        NftBatch *b = calloc(1, sizeof(*b));
        char *at;

        if (!b)
                return NULL;
        b->table = table;
        b->family = NFPROTO_INET;
        at = reserve(b);
        if (!at) {
                nft_batch_free(b);
                return NULL;
        }
        end(b, nftnl_batch_begin(at, b->seq++));
        return b;
}

void nft_batch_set_family(NftBatch *b, uint8_t family) {
        b->family = family;
}

void nft_batch_leave_out_values(NftBatch *b) {
        b->plain = true;
}

void nft_batch_free(NftBatch *b) {
        if (!b)
                return;

        free(b->buffer);
        free(b);
}

/* Without NLM_F_ACK: one answer a message would overflow the socket when many ports are published, and
 * errors are told anyway. */
static struct nlmsghdr *begin(NftBatch *b, uint16_t type, uint16_t flags) {
        char *at = reserve(b);

        return at ? nftnl_nlmsg_build_hdr(at, type, b->family, flags, b->seq++) : NULL;
}

static void table_message(NftBatch *b, uint16_t type, uint16_t flags, uint32_t table_flags) {
        struct nftnl_table *t = nftnl_table_alloc();
        struct nlmsghdr *h = t ? begin(b, type, flags) : NULL;

        if (!t)
                fail(b, -ENOMEM);
        if (h) {
                nftnl_table_set_str(t, NFTNL_TABLE_NAME, b->table);
                nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, b->family);
                if (table_flags > 0)
                        nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, table_flags);
                nftnl_table_nlmsg_build_payload(h, t);
                end(b, h);
        }
        if (t)
                nftnl_table_free(t);
}

void nft_batch_add_table(NftBatch *b, uint32_t flags) {
        table_message(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, flags);
}

void nft_batch_del_table(NftBatch *b) {
        table_message(b, NFT_MSG_DELTABLE, 0, 0);
}

static void chain_message(NftBatch *b, uint16_t type, uint16_t flags, const NftChain *chain) {
        struct nftnl_chain *c = nftnl_chain_alloc();
        struct nlmsghdr *h = c ? begin(b, type, flags) : NULL;

        if (!c)
                fail(b, -ENOMEM);
        if (h) {
                nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, b->table);
                nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, chain->name);
                if (chain->type) {
                        nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, chain->type);
                        nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, chain->hook);
                        nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, chain->priority);
                }
                if (chain->device)
                        nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, chain->device);
                nftnl_chain_nlmsg_build_payload(h, c);
                end(b, h);
        }
        if (c)
                nftnl_chain_free(c);
}

void nft_batch_add_chain(NftBatch *b, const char *chain, uint32_t hook, int32_t priority, const char *type) {
        chain_message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE,
                      &(NftChain){ .name = chain, .type = type, .hook = hook, .priority = priority });
}

void nft_batch_add_device_chain(NftBatch *b, const NftChain *chain) {
        chain_message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, chain);
}

void nft_batch_del_chain(NftBatch *b, const char *chain) {
        chain_message(b, NFT_MSG_DELCHAIN, 0, &(NftChain){ .name = chain });
}

void nft_batch_flush_chain(NftBatch *b, const char *chain) {
        struct nftnl_rule *rule = nftnl_rule_alloc();
        struct nlmsghdr *h = rule ? begin(b, NFT_MSG_DELRULE, 0) : NULL;

        if (!rule)
                fail(b, -ENOMEM);
        if (h) {
                nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, b->table);
                nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain);
                nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, b->family);
                nftnl_rule_nlmsg_build_payload(h, rule);
                end(b, h);
        }
        if (rule)
                nftnl_rule_free(rule);
}

/* The whole set, or all of its elements. */
static void drop_set(NftBatch *b, uint16_t type, const char *set) {
        struct nftnl_set *s = nftnl_set_alloc();
        struct nlmsghdr *h = s ? begin(b, type, 0) : NULL;

        if (!s)
                fail(b, -ENOMEM);
        if (h) {
                nftnl_set_set_str(s, NFTNL_SET_TABLE, b->table);
                nftnl_set_set_str(s, NFTNL_SET_NAME, set);
                if (type == NFT_MSG_DELSET)
                        nftnl_set_nlmsg_build_payload(h, s);
                else
                        nftnl_set_elems_nlmsg_build_payload(h, s);
                end(b, h);
        }
        if (s)
                nftnl_set_free(s);
}

void nft_batch_del_set(NftBatch *b, const char *set) {
        drop_set(b, NFT_MSG_DELSET, set);
}

void nft_batch_flush_set(NftBatch *b, const char *set) {
        drop_set(b, NFT_MSG_DELSETELEM, set);
}

/* For nft(8), which else prints such keys as "". */
static void set_host_order(NftBatch *b, struct nftnl_set *s) {
        struct nftnl_udata_buf *u = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

        if (!u) {
                fail(b, -ENOMEM);
                return;
        }
        (void) nftnl_udata_put_u32(u, NFTNL_UDATA_SET_KEYBYTEORDER, BYTEORDER_HOST);
        (void) nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(u), nftnl_udata_buf_len(u));
        nftnl_udata_buf_free(u);
}

void nft_batch_add_set(NftBatch *b, const NftSet *set) {
        struct nftnl_set *s = nftnl_set_alloc();
        struct nlmsghdr *h = s ? begin(b, NFT_MSG_NEWSET, NLM_F_CREATE) : NULL;
        bool has_data = set->data_size > 0 && !b->plain;
        uint32_t flags = (has_data ? NFT_SET_MAP : 0) | (set->interval ? NFT_SET_INTERVAL : 0) |
                         (set->n_parts > 0 ? NFT_SET_CONCAT : 0) |
                         (set->timed || set->learned_ms > 0 ? NFT_SET_TIMEOUT : 0) |
                         (set->learned_ms > 0 ? NFT_SET_EVAL : 0);

        if (!s)
                fail(b, -ENOMEM);
        if (h) {
                nftnl_set_set_str(s, NFTNL_SET_TABLE, b->table);
                nftnl_set_set_str(s, NFTNL_SET_NAME, set->name);
                nftnl_set_set_u32(s, NFTNL_SET_ID, ++b->set_id);
                nftnl_set_set_u32(s, NFTNL_SET_FAMILY, b->family);
                nftnl_set_set_u32(s, NFTNL_SET_FLAGS, flags);
                nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, set->key_type);
                nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, set->key_size);
                if (set->host_order)
                        set_host_order(b, s);
                if (set->n_parts > 0)
                        (void) nftnl_set_set_data(s, NFTNL_SET_DESC_CONCAT, set->parts,
                                                  (uint32_t) set->n_parts);
                if (set->most > 0)
                        nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, set->most);
                if (set->learned_ms > 0)
                        nftnl_set_set_u64(s, NFTNL_SET_TIMEOUT, set->learned_ms);
                if (has_data) {
                        nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, set->data_type);
                        nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, set->data_size);
                }
                nftnl_set_nlmsg_build_payload(h, s);
                end(b, h);
        }
        if (s)
                nftnl_set_free(s);
}

typedef struct Element {
        const void *key, *last; /* @last: NULL unless it is a range of a key of several parts */
        size_t key_size;
        const void *data; /* NULL = none */
        size_t data_size;
        uint32_t flags;      /* NFT_SET_ELEM_* */
        uint64_t timeout_ms; /* 0 = none */
} Element;

static void fill_element(struct nftnl_set_elem *e, const Element *from, bool plain) {
        nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, from->key, (uint32_t) from->key_size);
        if (from->last)
                nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY_END, from->last, (uint32_t) from->key_size);
        if (from->data && !plain)
                nftnl_set_elem_set(e, NFTNL_SET_ELEM_DATA, from->data, (uint32_t) from->data_size);
        if (from->flags)
                nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_FLAGS, from->flags);
        if (from->timeout_ms)
                nftnl_set_elem_set_u64(e, NFTNL_SET_ELEM_TIMEOUT, from->timeout_ms);
}

/* Into a message of its own. */
static void element(NftBatch *b, bool add, const char *set, const Element *from) {
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
                fill_element(e, from, b->plain);
                nftnl_set_elem_add(s, e);
                e = NULL;
                nftnl_set_elems_nlmsg_build_payload(h, s);
                end(b, h);
        }
        if (e)
                nftnl_set_elem_free(e);
        if (s)
                nftnl_set_free(s);
}

void nft_batch_element(NftBatch *b, bool add, const char *set, const void *key, size_t key_size,
                       const void *data, size_t data_size) {
        element(b, add, set,
                &(Element){ .key = key, .key_size = key_size, .data = data, .data_size = data_size });
}

void nft_batch_timed_element(NftBatch *b, const char *set, const void *key, size_t key_size,
                             uint64_t timeout_ms) {
        const Element plain = { .key = key, .key_size = key_size };
        Element timed = plain;

        timed.timeout_ms = timeout_ms;
        /* One that is there keeps its old time (but since Linux 6.12): it is made anew, whether it was or
         * not. */
        element(b, true, set, &timed);
        element(b, false, set, &plain);
        element(b, true, set, &timed);
}

void nft_batch_range(NftBatch *b, bool add, const char *set, const void *first, const void *last,
                     size_t key_size, const void *data, size_t data_size) {
        element(b, add, set,
                &(Element){ .key = first,
                            .last = last,
                            .key_size = key_size,
                            .data = add ? data : NULL,
                            .data_size = data_size });
}

void nft_batch_prefix(NftBatch *b, bool add, const char *set, const InetPrefix *p, const InetAddress *to) {
        InetPrefix last = { .address = inet_broadcast(p), .bits = p->bits };
        InetAddress first = inet_prefix_network(p).address, behind = last.address;
        size_t n = inet_size(p->address.family);
        Element start = { .key = first.bytes, .key_size = n };

        if (to && add) {
                start.data = to->bytes;
                start.data_size = n;
        }
        /* The kernel's intervals are half open: the second element is the first address behind the prefix. */
        for (size_t i = n; i-- > 0;)
                if (++behind.bytes[i] != 0)
                        break;
        element(b, add, set, &start);
        element(b, add, set,
                &(Element){ .key = behind.bytes, .key_size = n, .flags = NFT_SET_ELEM_INTERVAL_END });
}

struct nftnl_rule *nft_batch_begin_rule(NftBatch *b, const char *chain) {
        struct nftnl_rule *rule = nftnl_rule_alloc();

        if (!rule) {
                fail(b, -ENOMEM);
                return NULL;
        }
        nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, b->table);
        nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain);
        nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, b->family);
        return rule;
}

void nft_batch_end_rule(NftBatch *b, struct nftnl_rule *rule) {
        struct nlmsghdr *h = rule ? begin(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND) : NULL;

        if (h) {
                nftnl_rule_nlmsg_build_payload(h, rule);
                end(b, h);
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

/* The kernel has done its work when sendto() returns: what there is to read is there, and it is errors only.
 */
static int read_errors(struct mnl_socket *socket) {
        char answer[32 * 1024];
        int first = 0;

        for (;;) {
                ssize_t size = recv(mnl_socket_get_fd(socket), answer, sizeof(answer), MSG_DONTWAIT);
                int left = (int) size;

                if (size < 0 && errno == EAGAIN)
                        return first;
                if (size < 0 && errno != EINTR && errno != ENOBUFS)
                        return -errno;
                /* More errors than the socket holds; the first of them is there. */
                if (size < 0)
                        continue;

                for (struct nlmsghdr *h = (struct nlmsghdr *) answer; mnl_nlmsg_ok(h, left);
                     h = mnl_nlmsg_next(h, &left)) {
                        const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

                        if (h->nlmsg_type == NLMSG_ERROR && e->error < 0 && first == 0)
                                first = e->error;
                }
        }
}

int nft_batch_commit(NftBatch *b, struct mnl_socket *socket) {
        char *at = reserve(b);
        int limit;

        if (!at)
                return b->error;
        end(b, nftnl_batch_end(at, b->seq++));

        /* The message must fit into the socket as a whole; the kernel doubles this number itself. */
        limit = (int) b->size;
        if (b->size > 64 * 1024)
                (void) setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_SNDBUFFORCE, &limit,
                                  sizeof(limit));
        if (mnl_socket_sendto(socket, b->buffer, b->size) < 0)
                return -errno;
        return read_errors(socket);
}

const char *nft_batch_table(const NftBatch *b) {
        return b->table;
}

const struct nlmsghdr *nft_batch_messages(const NftBatch *b, size_t *ret_size) {
        *ret_size = b->error < 0 ? 0 : b->size;
        return (const struct nlmsghdr *) b->buffer;
}
