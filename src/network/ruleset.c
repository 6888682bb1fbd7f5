/*
 * The rules as nft would print them:
 *
 *      chain guard       { type filter hook prerouting priority -300;
 *              iifname @bridges ip daddr 127.0.0.0/8 drop
 *      }
 *      chain prerouting  { type nat hook prerouting priority -100; fib daddr type local dnat to ... map; }
 *      chain output      { type nat hook output priority -100; the same }
 *      chain postrouting { type nat hook postrouting priority 100;
 *              ip saddr @nat4 ip daddr != @nat4 masquerade
 *              ct status dnat ip saddr @nat4 ip daddr @nat4 masquerade      hairpin
 *              ip saddr 127.0.0.0/8 oifname @bridges masquerade             published, from localhost
 *      }
 *      chain forward     { type filter hook forward priority 0;
 *              ct state established,related accept; ct status dnat accept
 *              iifname . oifname @same accept
 *              oifname @bridges drop                                        what was not published
 *              iifname @internal drop
 *      }
 */
/* Before the kernel's headers, which then leave out what they have in common. */
#include <netinet/in.h>
#include <stdio.h>

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "network/internal.h"
#include "network/ruleset.h"

/* Type numbers of nft(8)'s own, 6 bits a part of a concatenation (nftables, src/datatype.c). */
#define TYPE_IPADDR    7
#define TYPE_IP6ADDR   8
#define TYPE_PROTO     12
#define TYPE_SERVICE   13
#define TYPE_IFNAME    41
#define TYPE2(a, b)    ((a) << 6 | (b))
#define TYPE3(a, b, c) ((a) << 12 | (b) << 6 | (c))

static const NftSet sets[] = {
        { "dnat4", TYPE2(TYPE_PROTO, TYPE_SERVICE), 8, TYPE2(TYPE_IPADDR, TYPE_SERVICE), 8, false, false },
        { "dnat6", TYPE2(TYPE_PROTO, TYPE_SERVICE), 8, TYPE2(TYPE_IP6ADDR, TYPE_SERVICE), 20, false, false },
        { "dnat4_on", TYPE3(TYPE_IPADDR, TYPE_PROTO, TYPE_SERVICE), 12, TYPE2(TYPE_IPADDR, TYPE_SERVICE), 8,
          false, false },
        { "dnat6_on", TYPE3(TYPE_IP6ADDR, TYPE_PROTO, TYPE_SERVICE), 24, TYPE2(TYPE_IP6ADDR, TYPE_SERVICE),
          20, false, false },
        { "nat4", TYPE_IPADDR, 4, 0, 0, true, false },
        { "nat6", TYPE_IP6ADDR, 16, 0, 0, true, false },
        { "bridges", TYPE_IFNAME, IFNAMSIZ, 0, 0, false, true },
        { "internal", TYPE_IFNAME, IFNAMSIZ, 0, 0, false, true },
        { "same", TYPE2(TYPE_IFNAME, TYPE_IFNAME), 2 * IFNAMSIZ, 0, 0, false, true },
};

typedef struct nftnl_rule Rule;

static void set_u32(struct nftnl_expr *e, uint16_t attribute, uint32_t value) {
        if (e)
                nftnl_expr_set_u32(e, attribute, value);
}

static void meta(NftBatch *b, Rule *rule, uint32_t key, uint32_t reg) {
        struct nftnl_expr *e = nft_expr(b, rule, "meta");

        set_u32(e, NFTNL_EXPR_META_KEY, key);
        set_u32(e, NFTNL_EXPR_META_DREG, reg);
}

static void payload(NftBatch *b, Rule *rule, uint32_t base, uint32_t offset, uint32_t size, uint32_t reg) {
        struct nftnl_expr *e = nft_expr(b, rule, "payload");

        set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
        set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
        set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, size);
        set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

static void compare(NftBatch *b, Rule *rule, uint32_t reg, uint32_t op, const void *data, uint32_t size) {
        struct nftnl_expr *e = nft_expr(b, rule, "cmp");

        set_u32(e, NFTNL_EXPR_CMP_SREG, reg);
        set_u32(e, NFTNL_EXPR_CMP_OP, op);
        if (e)
                nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, size);
}

static void compare_byte(NftBatch *b, Rule *rule, uint32_t reg, uint8_t value) {
        compare(b, rule, reg, NFT_CMP_EQ, &value, 1);
}

/* @into: register for the data of a map; 0 = membership only. */
static void lookup(NftBatch *b, Rule *rule, const char *set, uint32_t reg, uint32_t into, bool inverted) {
        struct nftnl_expr *e = nft_expr(b, rule, "lookup");

        if (e)
                nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
        set_u32(e, NFTNL_EXPR_LOOKUP_SREG, reg);
        if (into > 0)
                set_u32(e, NFTNL_EXPR_LOOKUP_DREG, into);
        if (inverted)
                set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

static void verdict(NftBatch *b, Rule *rule, uint32_t code) {
        struct nftnl_expr *e = nft_expr(b, rule, "immediate");

        set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
        set_u32(e, NFTNL_EXPR_IMM_VERDICT, code);
}

static void family(NftBatch *b, Rule *rule, bool six) {
        meta(b, rule, NFT_META_NFPROTO, NFT_REG_1);
        compare_byte(b, rule, NFT_REG_1, six ? NFPROTO_IPV6 : NFPROTO_IPV4);
}

static void source(NftBatch *b, Rule *rule, bool six, uint32_t reg) {
        payload(b, rule, NFT_PAYLOAD_NETWORK_HEADER, six ? 8 : 12, six ? 16 : 4, reg);
}

static void destination(NftBatch *b, Rule *rule, bool six, uint32_t reg) {
        payload(b, rule, NFT_PAYLOAD_NETWORK_HEADER, six ? 24 : 16, six ? 16 : 4, reg);
}

/* ct KEY & MASK != 0 */
static void ct_mask(NftBatch *b, Rule *rule, uint32_t key, uint32_t mask) {
        const uint32_t zero = 0;
        struct nftnl_expr *e = nft_expr(b, rule, "ct");

        set_u32(e, NFTNL_EXPR_CT_KEY, key);
        set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
        e = nft_expr(b, rule, "bitwise");
        set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
        set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
        set_u32(e, NFTNL_EXPR_BITWISE_LEN, sizeof(mask));
        if (e) {
                nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, &mask, sizeof(mask));
                nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, &zero, sizeof(zero));
        }
        compare(b, rule, NFT_REG_1, NFT_CMP_NEQ, &zero, sizeof(zero));
}

/* Registers of 4 bytes: a concatenation is what lies in consecutive ones. */
static void add_dnat(NftBatch *b, const char *chain, bool six, bool on_address) {
        Rule *rule = nft_batch_begin_rule(b, chain);
        uint32_t address = NFT_REG32_00, proto = on_address ? address + (six ? 4 : 1) : address;
        uint32_t local = RTN_LOCAL;
        const char *map = six ? (on_address ? "dnat6_on" : "dnat6") : (on_address ? "dnat4_on" : "dnat4");
        struct nftnl_expr *e;

        family(b, rule, six);
        e = nft_expr(b, rule, "fib");
        set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
        set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
        set_u32(e, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
        compare(b, rule, NFT_REG_1, NFT_CMP_EQ, &local, sizeof(local));

        if (on_address)
                destination(b, rule, six, address);
        meta(b, rule, NFT_META_L4PROTO, proto);
        payload(b, rule, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, proto + 1);
        lookup(b, rule, map, address, NFT_REG32_00, false);

        e = nft_expr(b, rule, "nat");
        set_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
        set_u32(e, NFTNL_EXPR_NAT_FAMILY, six ? NFPROTO_IPV6 : NFPROTO_IPV4);
        set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG32_00);
        set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, six ? NFT_REG32_04 : NFT_REG32_01);
        nft_batch_end_rule(b, rule);
}

static void add_masquerade(NftBatch *b, bool six) {
        const char *set = six ? "nat6" : "nat4";
        Rule *rule = nft_batch_begin_rule(b, "postrouting");

        family(b, rule, six);
        source(b, rule, six, NFT_REG_1);
        lookup(b, rule, set, NFT_REG_1, 0, false);
        destination(b, rule, six, NFT_REG_1);
        lookup(b, rule, set, NFT_REG_1, 0, true);
        (void) nft_expr(b, rule, "masq");
        nft_batch_end_rule(b, rule);

        rule = nft_batch_begin_rule(b, "postrouting");
        family(b, rule, six);
        ct_mask(b, rule, NFT_CT_STATUS, IPS_DST_NAT);
        source(b, rule, six, NFT_REG_1);
        lookup(b, rule, set, NFT_REG_1, 0, false);
        destination(b, rule, six, NFT_REG_1);
        lookup(b, rule, set, NFT_REG_1, 0, false);
        (void) nft_expr(b, rule, "masq");
        nft_batch_end_rule(b, rule);
}

static void add_localhost_masquerade(NftBatch *b) {
        Rule *rule = nft_batch_begin_rule(b, "postrouting");

        family(b, rule, false);
        payload(b, rule, NFT_PAYLOAD_NETWORK_HEADER, 12, 1, NFT_REG_1);
        compare_byte(b, rule, NFT_REG_1, 127);
        meta(b, rule, NFT_META_OIFNAME, NFT_REG_1);
        lookup(b, rule, "bridges", NFT_REG_1, 0, false);
        (void) nft_expr(b, rule, "masq");
        nft_batch_end_rule(b, rule);
}

/* route_localnet lets answers to 127.0.0.1 leave by our bridges; it must not let a container's packets come
 * in to the host's own loopback services. */
static void add_guard(NftBatch *b) {
        Rule *rule = nft_batch_begin_rule(b, "guard");

        meta(b, rule, NFT_META_IIFNAME, NFT_REG_1);
        lookup(b, rule, "bridges", NFT_REG_1, 0, false);
        family(b, rule, false);
        payload(b, rule, NFT_PAYLOAD_NETWORK_HEADER, 16, 1, NFT_REG_1);
        compare_byte(b, rule, NFT_REG_1, 127);
        verdict(b, rule, NF_DROP);
        nft_batch_end_rule(b, rule);
}

/* Without it nothing is sent from 127.0.0.1 to a bridge: the connection must be refused, not time out. */
static void skip_localhost(NftBatch *b) {
        Rule *rule = nft_batch_begin_rule(b, "output");

        family(b, rule, false);
        payload(b, rule, NFT_PAYLOAD_NETWORK_HEADER, 16, 1, NFT_REG_1);
        compare_byte(b, rule, NFT_REG_1, 127);
        verdict(b, rule, NF_ACCEPT);
        nft_batch_end_rule(b, rule);
}

/* There is no such thing as route_localnet for ::1. */
static void skip_localhost6(NftBatch *b) {
        Rule *rule = nft_batch_begin_rule(b, "output");

        family(b, rule, true);
        destination(b, rule, true, NFT_REG_1);
        compare(b, rule, NFT_REG_1, NFT_CMP_EQ, &in6addr_loopback, sizeof(in6addr_loopback));
        verdict(b, rule, NF_ACCEPT);
        nft_batch_end_rule(b, rule);
}

static void add_forward(NftBatch *b) {
        Rule *rule = nft_batch_begin_rule(b, "forward");

        ct_mask(b, rule, NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED));
        verdict(b, rule, NF_ACCEPT);
        nft_batch_end_rule(b, rule);

        rule = nft_batch_begin_rule(b, "forward");
        ct_mask(b, rule, NFT_CT_STATUS, IPS_DST_NAT);
        verdict(b, rule, NF_ACCEPT);
        nft_batch_end_rule(b, rule);

        rule = nft_batch_begin_rule(b, "forward");
        meta(b, rule, NFT_META_IIFNAME, NFT_REG_1);
        meta(b, rule, NFT_META_OIFNAME, NFT_REG_2);
        lookup(b, rule, "same", NFT_REG_1, 0, false);
        verdict(b, rule, NF_ACCEPT);
        nft_batch_end_rule(b, rule);

        /* What was not published is reached by nobody from outside, nor from another network. */
        rule = nft_batch_begin_rule(b, "forward");
        meta(b, rule, NFT_META_OIFNAME, NFT_REG_1);
        lookup(b, rule, "bridges", NFT_REG_1, 0, false);
        verdict(b, rule, NF_DROP);
        nft_batch_end_rule(b, rule);

        rule = nft_batch_begin_rule(b, "forward");
        meta(b, rule, NFT_META_IIFNAME, NFT_REG_1);
        lookup(b, rule, "internal", NFT_REG_1, 0, false);
        verdict(b, rule, NF_DROP);
        nft_batch_end_rule(b, rule);
}

void ruleset_add(NftBatch *b, bool localhost) {
        nft_batch_add_table(b);
        for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
                nft_batch_add_set(b, &sets[i]);

        nft_batch_add_chain(b, "guard", NF_INET_PRE_ROUTING, -300, "filter");
        nft_batch_add_chain(b, "prerouting", NF_INET_PRE_ROUTING, -100, "nat");
        nft_batch_add_chain(b, "output", NF_INET_LOCAL_OUT, -100, "nat");
        nft_batch_add_chain(b, "postrouting", NF_INET_POST_ROUTING, 100, "nat");
        nft_batch_add_chain(b, "forward", NF_INET_FORWARD, 0, "filter");
        if (!localhost)
                skip_localhost(b);
        skip_localhost6(b);
        for (unsigned i = 0; i < 8; i++)
                add_dnat(b, i & 4 ? "output" : "prerouting", i & 2, !(i & 1));
        add_masquerade(b, false);
        add_masquerade(b, true);
        add_localhost_masquerade(b);
        add_guard(b);
        add_forward(b);
}

void ruleset_network(NftBatch *b, bool add, const char *bridge, const InetPrefix *subnets, size_t n,
                     bool internal) {
        char name[2 * IFNAMSIZ] = "";

        (void) strncpy(name, bridge, IFNAMSIZ - 1);
        (void) strncpy(name + IFNAMSIZ, bridge, IFNAMSIZ - 1);
        nft_batch_element(b, add, "bridges", name, IFNAMSIZ, NULL, 0);
        nft_batch_element(b, add, "same", name, 2 * IFNAMSIZ, NULL, 0);
        if (internal) {
                nft_batch_element(b, add, "internal", name, IFNAMSIZ, NULL, 0);
                return;
        }
        for (size_t i = 0; i < n; i++)
                nft_batch_prefix(b, add, subnets[i].address.family == AF_INET6 ? "nat6" : "nat4",
                                 &subnets[i]);
}

void ruleset_port(NftBatch *b, bool add, const NetworkPort *port, const InetAddress *to) {
        bool six = to->family == AF_INET6, on = port->host_address.family != AF_UNSPEC;
        const char *map = six ? (on ? "dnat6_on" : "dnat6") : (on ? "dnat4_on" : "dnat4");
        size_t address = on ? inet_size(to->family) : 0, size = inet_size(to->family);

        for (uint16_t i = 0; i < port->count; i++) {
                uint16_t host = htons((uint16_t) (port->host_port + i));
                uint16_t container = htons((uint16_t) (port->container_port + i));
                uint8_t key[24] = {}, data[20] = {};

                memcpy(key, port->host_address.bytes, address);
                key[address] = protocol_number(port->protocol);
                memcpy(key + address + 4, &host, sizeof(host));
                memcpy(data, to->bytes, size);
                memcpy(data + size, &container, sizeof(container));
                nft_batch_element(b, add, map, key, address + 8, add ? data : NULL, size + 4);
        }
}
