/*
 * What a container may connect to. One chain per link of such a container, on the host's end of it, where all
 * that the container sends comes by: to other containers, to the host, to the world; whatever source it
 * claims.
 *
 *      table netdev nsunits {
 *              set web-3fa.n0.4  { type ipv4_addr; flags timeout; }             addresses of a name, see
 * gate.c set web-3fa.asked4 { address . port . address . port; 3 min }    UDP that was sent to the container
 *              chain web-3fa { type filter hook ingress device web-3fa;
 *                      ether type arp accept; neighbour discovery, errors and echo replies accept
 *                      tcp flags & (syn | ack) != syn accept                    who opens a connection counts
 *                      ip daddr . udp dport . ip saddr . udp sport @asked4 accept
 *                      one accept per line of EgressAllow=
 *                      drop
 *              }
 *              chain web-3fa.in { type filter hook egress device web-3fa;       learns who has asked
 *                      update @asked4 { ip saddr . udp sport . ip daddr . udp dport }
 *              }
 *      }
 *
 * There is no tracking of connections on this hook, and none is needed: a packet to what is allowed passes by
 * itself, an answer by its TCP flags or by what was learned.
 */
/* Before the kernel's headers, which then leave out what they have in common. */
#include <netinet/in.h>
#include <stdio.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "network/egress.h"
#include "network/internal.h"
#include "network/nft-rule.h"

#define CHAIN_TYPE "filter"

#define ASKED_MS   (180 * 1000) /* as long as conntrack remembers a UDP stream */
#define ASKED_MOST 16384        /* so that nobody fills the kernel's memory from outside */

#define TYPE4(a, b, c, d) ((a) << 18 | (b) << 12 | (c) << 6 | (d))

/* Offsets of fields in headers: RFC 791, 8200, 9293, 792, 4443. */
#define TCP_FLAGS_OFFSET 13
#define TCP_SYN          0x02
#define TCP_SYN_ACK      0x12

struct Egress {
        EgressSpec *items;
        EgressPeers *peers; /* by position */
        size_t n;
};

void egress_free(Egress *e) {
        if (!e)
                return;

        for (size_t i = 0; i < e->n; i++) {
                free(e->items[i].host);
                free(e->peers[i].addresses);
        }
        free(e->items);
        free(e->peers);
        free(e);
}

AUTOPTR_DEFINE(Egress, egress_free);

static int egress_new(const EgressSpec *allow, size_t n, Egress **ret) {
        autoptr(Egress) e = calloc(1, sizeof(*e));

        if (!e)
                return -ENOMEM;
        e->items = calloc(n + 1, sizeof(*e->items));
        e->peers = calloc(n + 1, sizeof(*e->peers));
        if (!e->items || !e->peers)
                return -ENOMEM;
        for (; e->n < n; e->n++) {
                EgressSpec *item = &e->items[e->n];

                *item = allow[e->n];
                item->host = allow[e->n].host ? strdup(allow[e->n].host) : NULL;
                if (allow[e->n].host && !item->host)
                        return -ENOMEM;
        }
        *ret = take_ptr(e);
        return 0;
}

/* -- names of what is in the table -- */

static const char *prefix_of(const Attachment *a) {
        return a->links[0].host_name;
}

static void asked_name(const Attachment *a, bool six, char ret[EGRESS_NAME_MAX]) {
        (void) snprintf(ret, EGRESS_NAME_MAX, "%s.asked%c", prefix_of(a), six ? '6' : '4');
}

static void inward_name(const NetworkLink *l, char ret[EGRESS_NAME_MAX]) {
        (void) snprintf(ret, EGRESS_NAME_MAX, "%s.in", l->host_name);
}

/* -- rules -- */

static void ether_type(NftBatch *b, Rule *rule, uint16_t type) {
        const uint16_t wanted = htons(type);

        meta(b, rule, NFT_META_PROTOCOL, NFT_REG_1);
        compare(b, rule, NFT_REG_1, NFT_CMP_EQ, &wanted, sizeof(wanted));
}

static void ip_family(NftBatch *b, Rule *rule, bool six) {
        ether_type(b, rule, six ? ETH_P_IPV6 : ETH_P_IP);
}

static void transport(NftBatch *b, Rule *rule, uint8_t protocol) {
        meta(b, rule, NFT_META_L4PROTO, NFT_REG_1);
        compare_byte(b, rule, NFT_REG_1, protocol);
}

static void pass(NftBatch *b, Rule *rule) {
        verdict(b, rule, NF_ACCEPT);
        nft_batch_end_rule(b, rule);
}

static void accept_arp(NftBatch *b, const char *chain) {
        Rule *rule = nft_batch_begin_rule(b, chain);

        ether_type(b, rule, ETH_P_ARP);
        pass(b, rule);
}

static void accept_icmp(NftBatch *b, const char *chain, bool six, uint8_t first, uint8_t last) {
        Rule *rule = nft_batch_begin_rule(b, chain);

        ip_family(b, rule, six);
        transport(b, rule, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
        payload(b, rule, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
        compare(b, rule, NFT_REG_1, NFT_CMP_GTE, &first, 1);
        compare(b, rule, NFT_REG_1, NFT_CMP_LTE, &last, 1);
        pass(b, rule);
}

/* What others need to hear of the container, and nothing that opens a conversation. */
static void accept_signals(NftBatch *b, const char *chain) {
        static const struct {
                bool six;
                uint8_t first, last;
        } types[] = {
                { false, 0, 0 },    /* echo reply */
                { false, 3, 3 },    /* unreachable */
                { false, 11, 12 },  /* time exceeded, bad parameter */
                { true, 1, 4 },     /* the same four */
                { true, 129, 129 }, /* echo reply */
                { true, 130, 137 }, /* listeners, routers and neighbours */
                { true, 143, 143 }, /* listeners, version 2 */
        };

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                accept_icmp(b, chain, types[i].six, types[i].first, types[i].last);
}

static void accept_tcp_answers(NftBatch *b, const char *chain) {
        const uint8_t mask = TCP_SYN_ACK, syn = TCP_SYN, zero = 0;
        Rule *rule = nft_batch_begin_rule(b, chain);
        struct nftnl_expr *e;

        transport(b, rule, IPPROTO_TCP);
        payload(b, rule, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS_OFFSET, 1, NFT_REG_1);
        e = nft_expr(b, rule, "bitwise");
        set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
        set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
        set_u32(e, NFTNL_EXPR_BITWISE_LEN, sizeof(mask));
        if (e) {
                nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, &mask, sizeof(mask));
                nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, &zero, sizeof(zero));
        }
        compare(b, rule, NFT_REG_1, NFT_CMP_NEQ, &syn, sizeof(syn));
        pass(b, rule);
}

/* The peer's address and port and the container's, in registers of 4 bytes from the first one on. */
static void load_pair(NftBatch *b, Rule *rule, bool six, bool outward) {
        const uint32_t size = six ? 4 : 1, peer = NFT_REG32_00, own = peer + size + 1;

        if (outward) {
                destination(b, rule, six, peer);
                source(b, rule, six, own);
        } else {
                source(b, rule, six, peer);
                destination(b, rule, six, own);
        }
        payload(b, rule, NFT_PAYLOAD_TRANSPORT_HEADER, outward ? 2 : 0, 2, peer + size);
        payload(b, rule, NFT_PAYLOAD_TRANSPORT_HEADER, outward ? 0 : 2, 2, own + size);
}

static void accept_udp_answers(NftBatch *b, const Attachment *a, const char *chain, bool six) {
        Rule *rule = nft_batch_begin_rule(b, chain);
        char asked[EGRESS_NAME_MAX];

        asked_name(a, six, asked);
        ip_family(b, rule, six);
        transport(b, rule, IPPROTO_UDP);
        load_pair(b, rule, six, true);
        lookup(b, rule, asked, NFT_REG32_00, 0, false);
        pass(b, rule);
}

static void learn_udp(NftBatch *b, const Attachment *a, const char *chain, bool six) {
        Rule *rule = nft_batch_begin_rule(b, chain);
        char asked[EGRESS_NAME_MAX];
        struct nftnl_expr *e;

        asked_name(a, six, asked);
        ip_family(b, rule, six);
        transport(b, rule, IPPROTO_UDP);
        load_pair(b, rule, six, false);
        e = nft_expr(b, rule, "dynset");
        if (e)
                nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, asked);
        set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG32_00);
        set_u32(e, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
        nft_batch_end_rule(b, rule);
}

static void match_prefix(NftBatch *b, Rule *rule, const InetPrefix *p) {
        const size_t size = inet_size(p->address.family);
        const InetPrefix network = inet_prefix_network(p);
        uint8_t mask[16] = {}, zero[16] = {};
        struct nftnl_expr *e;

        for (unsigned i = 0; i < p->bits; i++)
                mask[i / 8] |= (uint8_t) (0x80 >> i % 8);
        destination(b, rule, p->address.family == AF_INET6, NFT_REG_1);
        e = nft_expr(b, rule, "bitwise");
        set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
        set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
        set_u32(e, NFTNL_EXPR_BITWISE_LEN, (uint32_t) size);
        if (e) {
                nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, (uint32_t) size);
                nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, (uint32_t) size);
        }
        compare(b, rule, NFT_REG_1, NFT_CMP_EQ, network.address.bytes, (uint32_t) size);
}

static void match_ports(NftBatch *b, Rule *rule, const EgressSpec *s) {
        const uint16_t first = htons(s->first_port), last = htons(s->last_port);

        if (s->first_port == 0)
                return;
        payload(b, rule, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG_1);
        compare(b, rule, NFT_REG_1, NFT_CMP_GTE, &first, sizeof(first));
        compare(b, rule, NFT_REG_1, NFT_CMP_LTE, &last, sizeof(last));
}

/* @protocol: 0 = any. */
static void accept_entry(NftBatch *b, const Attachment *a, const char *chain, size_t i, bool six,
                         uint8_t protocol) {
        const EgressSpec *s = &a->egress->items[i];
        Rule *rule = nft_batch_begin_rule(b, chain);
        char set[EGRESS_NAME_MAX];

        ip_family(b, rule, six);
        if (s->host) {
                egress_set_name(prefix_of(a), i, six ? AF_INET6 : AF_INET, set);
                destination(b, rule, six, NFT_REG_1);
                lookup(b, rule, set, NFT_REG_1, 0, false);
        } else
                match_prefix(b, rule, &s->prefix);
        if (protocol > 0)
                transport(b, rule, protocol);
        match_ports(b, rule, s);
        pass(b, rule);
}

/* Ports without a protocol are those of all protocols that have ports. */
static void accept_entries(NftBatch *b, const Attachment *a, const char *chain) {
        for (size_t i = 0; i < a->egress->n; i++) {
                const EgressSpec *s = &a->egress->items[i];

                for (unsigned six = 0; six < 2; six++) {
                        if (!s->host && (s->prefix.address.family == AF_INET6) != six)
                                continue;
                        if (s->any_protocol && s->first_port == 0)
                                accept_entry(b, a, chain, i, six, 0);
                        for (Protocol p = 0; p < PROTOCOL_N_ && (!s->any_protocol || s->first_port > 0); p++)
                                if (s->any_protocol || s->protocol == p)
                                        accept_entry(b, a, chain, i, six, protocol_number(p));
                }
        }
}

static void drop_rest(NftBatch *b, const char *chain) {
        Rule *rule = nft_batch_begin_rule(b, chain);

        (void) nft_expr(b, rule, "counter");
        verdict(b, rule, NF_DROP);
        nft_batch_end_rule(b, rule);
}

static void add_link(NftBatch *b, const Attachment *a, const NetworkLink *l) {
        char inward[EGRESS_NAME_MAX];
        NftChain chain = {
                .name = l->host_name, .type = CHAIN_TYPE, .device = l->host_name, .hook = NF_NETDEV_INGRESS
        };

        nft_batch_add_device_chain(b, &chain);
        nft_batch_flush_chain(b, chain.name);
        accept_arp(b, chain.name);
        accept_signals(b, chain.name);
        accept_tcp_answers(b, chain.name);
        accept_udp_answers(b, a, chain.name, false);
        accept_udp_answers(b, a, chain.name, true);
        accept_entries(b, a, chain.name);
        drop_rest(b, chain.name);

        inward_name(l, inward);
        chain.name = inward;
        chain.hook = NF_NETDEV_EGRESS;
        nft_batch_add_device_chain(b, &chain);
        nft_batch_flush_chain(b, chain.name);
        learn_udp(b, a, chain.name, false);
        learn_udp(b, a, chain.name, true);
}

static void add_set(NftBatch *b, const char *name, bool six) {
        const NftSet set = { .name = name,
                             .key_type = six ? TYPE_IP6ADDR : TYPE_IPADDR,
                             .key_size = six ? 16 : 4,
                             .timed = true };

        nft_batch_add_set(b, &set);
}

static void add_sets(NftBatch *b, const Attachment *a, bool anew) {
        char name[EGRESS_NAME_MAX];

        for (unsigned six = 0; six < 2; six++) {
                const uint32_t address = six ? TYPE_IP6ADDR : TYPE_IPADDR;
                const NftSet asked = { .name = name,
                                       .key_type = TYPE4(address, TYPE_SERVICE, address, TYPE_SERVICE),
                                       .key_size = six ? 40 : 16,
                                       .learned_ms = ASKED_MS,
                                       .most = ASKED_MOST };

                asked_name(a, six, name);
                nft_batch_add_set(b, &asked);
                for (size_t i = 0; i < a->egress->n; i++) {
                        if (!a->egress->items[i].host)
                                continue;
                        egress_set_name(prefix_of(a), i, six ? AF_INET6 : AF_INET, name);
                        add_set(b, name, six);
                        if (anew)
                                nft_batch_flush_set(b, name);
                }
        }
}

static void add_peers(NftBatch *b, const Attachment *a, size_t i) {
        const EgressPeers *p = &a->egress->peers[i];
        char name[EGRESS_NAME_MAX];

        for (size_t j = 0; j < p->n; j++) {
                egress_set_name(prefix_of(a), i, p->addresses[j].family, name);
                nft_batch_element(b, true, name, p->addresses[j].bytes, inet_size(p->addresses[j].family),
                                  NULL, 0);
        }
}

static void enter(NftBatch *b, const Attachment *a, bool anew) {
        add_sets(b, a, anew);
        for (size_t i = 0; i < a->egress->n; i++)
                add_peers(b, a, i);
        for (size_t i = 0; i < a->n_links; i++)
                add_link(b, a, &a->links[i]);
}

static NftBatch *begin(void) {
        NftBatch *b = nft_batch_new(TABLE_NAME);

        if (b)
                nft_batch_set_family(b, NFPROTO_NETDEV);
        return b;
}

int egress_replace(Network *n) {
        autoptr(NftBatch) b = begin();

        if (!b)
                return -ENOMEM;
        nft_batch_add_table(b, 0);
        nft_batch_del_table(b);
        nft_batch_add_table(b, 0);
        for (size_t i = 0; i < n->n_attachments; i++)
                if (n->attachments[i]->egress)
                        enter(b, n->attachments[i], false);
        return nft_batch_commit(b, n->nft);
}

bool egress_is_used(const Network *n) {
        for (size_t i = 0; i < n->n_attachments; i++)
                if (n->attachments[i]->egress)
                        return true;
        return false;
}

static int check_links(const Attachment *a, Fault *fault) {
        for (size_t i = 0; i < a->n_links; i++)
                if (!a->links[i].host_name[0]) {
                        (void) fault_set(fault, "EgressAllow", -EOPNOTSUPP, "%s", a->links[i].network);
                        fault_advise(
                                fault,
                                "what is sent there does not pass the host; use Driver=bridge or routed");
                        return -EOPNOTSUPP;
                }
        return a->n_links > 0 ? 0 : fault_set(fault, "EgressAllow", -ENODEV, "%s is on no network", a->unit);
}

static bool same(const Egress *e, const EgressSpec *allow, size_t n) {
        for (size_t i = 0; e && e->n == n && i < n; i++) {
                const EgressSpec *a = &e->items[i], *b = &allow[i];

                if (!streq_null(a->host, b->host) || a->first_port != b->first_port ||
                    a->last_port != b->last_port || a->any_protocol != b->any_protocol ||
                    (!a->any_protocol && a->protocol != b->protocol) ||
                    (!a->host && (a->prefix.bits != b->prefix.bits ||
                                  !inet_equal(&a->prefix.address, &b->prefix.address))))
                        return false;
        }
        return e && e->n == n;
}

int network_close_egress(Network *n, Attachment *a, const EgressSpec *allow, size_t n_allow, bool adopted,
                         Fault *fault) {
        autoptr(Egress) e = NULL, old = NULL;
        autoptr(NftBatch) b = NULL;
        int r;

        if (same(a->egress, allow, n_allow))
                return 0;
        r = check_links(a, fault);
        if (r >= 0)
                r = egress_new(allow, n_allow, &e);
        if (r < 0)
                return r;
        b = begin();
        if (!b)
                return -ENOMEM;

        old = a->egress;
        a->egress = take_ptr(e);
        nft_batch_add_table(b, 0);
        enter(b, a, !adopted);
        r = nft_batch_commit(b, n->nft);
        if (r >= 0)
                return 0;

        e = a->egress;
        a->egress = take_ptr(old);
        if (r == -EOPNOTSUPP || r == -ENOENT)
                fault_advise(fault,
                             "this kernel's nftables may lack the family netdev (CONFIG_NETFILTER_EGRESS)");
        return fault_set(fault, "EgressAllow", r, "%s", a->unit);
}

static void leave(NftBatch *b, const Attachment *a) {
        char name[EGRESS_NAME_MAX];

        for (size_t i = 0; i < a->n_links; i++) {
                nft_batch_flush_chain(b, a->links[i].host_name);
                nft_batch_del_chain(b, a->links[i].host_name);
                inward_name(&a->links[i], name);
                nft_batch_flush_chain(b, name);
                nft_batch_del_chain(b, name);
        }
        for (unsigned six = 0; six < 2; six++) {
                asked_name(a, six, name);
                nft_batch_del_set(b, name);
                for (size_t i = 0; i < a->egress->n; i++)
                        if (a->egress->items[i].host) {
                                egress_set_name(prefix_of(a), i, six ? AF_INET6 : AF_INET, name);
                                nft_batch_del_set(b, name);
                        }
        }
}

void network_open_egress(Network *n, Attachment *a) {
        autoptr(Egress) old = NULL;
        autoptr(NftBatch) b = NULL;
        int r = -ENOMEM;

        if (!a->egress)
                return;
        b = begin();
        if (b) {
                leave(b, a);
                r = nft_batch_commit(b, n->nft);
        }
        old = take_ptr(a->egress);
        /* Some of it was not there: a link that has gone has taken its chains along. */
        if (r < 0 || !egress_is_used(n))
                egress_sweep(n);
}

void egress_sweep(Network *n) {
        autoptr(NftBatch) b = NULL;

        if (egress_is_used(n)) {
                (void) egress_replace(n);
                return;
        }
        b = begin();
        if (!b)
                return;
        nft_batch_add_table(b, 0);
        nft_batch_del_table(b);
        (void) nft_batch_commit(b, n->nft);
}

void network_settle_egress(Network *n) {
        if (!egress_is_used(n))
                egress_sweep(n);
}

static bool same_addresses(const EgressPeers *p, const InetAddress *addresses, size_t n) {
        for (size_t i = 0; p->n == n && i < n; i++)
                if (!inet_equal(&p->addresses[i], &addresses[i]))
                        return false;
        return p->n == n;
}

int network_set_egress_peers(Network *n, Attachment *a, size_t entry, const InetAddress *addresses,
                             size_t n_addresses) {
        EgressPeers *p = &a->egress->peers[entry];
        autofree InetAddress *copy = NULL;
        autoptr(NftBatch) b = NULL;

        if (same_addresses(p, addresses, n_addresses))
                return 0;
        copy = calloc(n_addresses + 1, sizeof(*copy));
        b = begin();
        if (!copy || !b)
                return -ENOMEM;
        memcpy(copy, addresses, n_addresses * sizeof(*copy));
        SWAP(p->addresses, copy);
        p->n = n_addresses;

        for (unsigned six = 0; six < 2; six++) {
                char name[EGRESS_NAME_MAX];

                egress_set_name(prefix_of(a), entry, six ? AF_INET6 : AF_INET, name);
                nft_batch_flush_set(b, name);
        }
        add_peers(b, a, entry);
        return nft_batch_commit(b, n->nft);
}
