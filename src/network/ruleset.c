/*
 * The rules as nft would print them:
 *
 *      chain guard       { type filter hook prerouting priority -300;
 *              iifgroup @networks ip daddr 127.0.0.0/8 drop
 *      }
 *      chain prerouting  { type nat hook prerouting priority -100; fib daddr type local dnat to ... map; }
 *      chain output      { type nat hook output priority -100; the same }
 *      chain postrouting { type nat hook postrouting priority 100;
 *              ip saddr @nat4 ip daddr != @nat4 snat to ip saddr map @outbound4
 *              ip saddr @nat4 ip daddr != @nat4 masquerade
 *              ct status dnat ip saddr @nat4 ip daddr @nat4 masquerade      hairpin
 *              ip saddr 127.0.0.0/8 oifgroup @networks masquerade           published, from localhost
 *      }
 *      chain forward     { type filter hook forward priority 0;
 *              ct state established,related accept
 *              iifgroup . oifgroup @same accept
 *              iifgroup @strict oifgroup @networks drop
 *              iifgroup @networks oifgroup @strict drop
 *              ct status dnat accept
 *              iifgroup @open oifgroup @open accept
 *              oifgroup @networks drop                                      what was not published
 *              iifgroup @internal drop
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

#include "basic/macro.h"
#include "network/internal.h"
#include "network/nft-rule.h"
#include "network/ruleset.h"

/* Type numbers of nft(8)'s own, 6 bits a part of a concatenation (nftables, src/datatype.c). */
#define TYPE_PROTO     12
#define TYPE_DEVGROUP  35
#define TYPE3(a, b, c) ((a) << 12 | (b) << 6 | (c))

#define KEY_ANY TYPE2(TYPE_PROTO, TYPE_SERVICE), 8
#define KEY_ON4 TYPE3(TYPE_IPADDR, TYPE_PROTO, TYPE_SERVICE), 12
#define KEY_ON6 TYPE3(TYPE_IP6ADDR, TYPE_PROTO, TYPE_SERVICE), 24

static const NftSet sets[] = {
        { "dnat4", KEY_ANY, TYPE2(TYPE_IPADDR, TYPE_SERVICE), 8 },
        { "dnat6", KEY_ANY, TYPE2(TYPE_IP6ADDR, TYPE_SERVICE), 20 },
        { "dnat4_on", KEY_ON4, TYPE2(TYPE_IPADDR, TYPE_SERVICE), 8 },
        { "dnat6_on", KEY_ON6, TYPE2(TYPE_IP6ADDR, TYPE_SERVICE), 20 },
        { "range4", KEY_ANY, TYPE_IPADDR, 4, .interval = true, .parts = { 1, 2 }, .n_parts = 2 },
        { "range6", KEY_ANY, TYPE_IP6ADDR, 16, .interval = true, .parts = { 1, 2 }, .n_parts = 2 },
        { "range4_on", KEY_ON4, TYPE_IPADDR, 4, .interval = true, .parts = { 4, 1, 2 }, .n_parts = 3 },
        { "range6_on", KEY_ON6, TYPE_IP6ADDR, 16, .interval = true, .parts = { 16, 1, 2 }, .n_parts = 3 },
        { "nat4", TYPE_IPADDR, 4, .interval = true },
        { "nat6", TYPE_IP6ADDR, 16, .interval = true },
        { "outbound4", TYPE_IPADDR, 4, TYPE_IPADDR, 4, .interval = true },
        { "outbound6", TYPE_IP6ADDR, 16, TYPE_IP6ADDR, 16, .interval = true },
        { "networks", TYPE_DEVGROUP, 4, .host_order = true },
        { "same", TYPE2(TYPE_DEVGROUP, TYPE_DEVGROUP), 8, .host_order = true },
        { "internal", TYPE_DEVGROUP, 4, .host_order = true },
        { "open", TYPE_DEVGROUP, 4, .host_order = true },
        { "strict", TYPE_DEVGROUP, 4, .host_order = true },
};

static void family(NftBatch *b, Rule *rule, bool six) {
        meta(b, rule, NFT_META_NFPROTO, NFT_REG_1);
        compare_byte(b, rule, NFT_REG_1, six ? NFPROTO_IPV6 : NFPROTO_IPV4);
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

/* One register has two names; the kernel tells it by the longer one's. */
static uint32_t register_of(unsigned words) {
        return words % 4 == 0 ? NFT_REG_1 + words / 4 : NFT_REG32_00 + words;
}

/* All that the kernel would fill in itself, so that it tells the same as it was told. @port: 0 = none. */
static void set_nat(struct nftnl_expr *e, uint32_t address, uint32_t port) {
        set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, address);
        set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MAX, address);
        set_u32(e, NFTNL_EXPR_NAT_FLAGS, NF_NAT_RANGE_MAP_IPS | (port ? NF_NAT_RANGE_PROTO_SPECIFIED : 0));
        if (port == 0)
                return;
        set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, port);
        set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MAX, port);
}

typedef struct DnatMap {
        const char *name;
        bool six, on_address, range;
} DnatMap;

/* A port of its own goes before a range that it lies in, one host address before all. */
static const DnatMap dnat_maps[] = {
        { "dnat4_on", false, true, false }, { "dnat4", false, false, false },
        { "range4_on", false, true, true }, { "range4", false, false, true },
        { "dnat6_on", true, true, false },  { "dnat6", true, false, false },
        { "range6_on", true, true, true },  { "range6", true, false, true },
};

/* Registers of 4 bytes: a concatenation is what lies in consecutive ones. */
static void load_port(NftBatch *b, Rule *rule, const DnatMap *map) {
        unsigned proto = map->on_address ? (map->six ? 4 : 1) : 0;

        if (map->on_address)
                destination(b, rule, map->six, register_of(0));
        meta(b, rule, NFT_META_L4PROTO, register_of(proto));
        payload(b, rule, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, register_of(proto + 1));
}

static void add_dnat(NftBatch *b, const char *chain, const DnatMap *map) {
        Rule *rule = nft_batch_begin_rule(b, chain);
        uint32_t local = RTN_LOCAL;
        struct nftnl_expr *e;

        family(b, rule, map->six);
        e = nft_expr(b, rule, "fib");
        set_u32(e, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
        set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
        set_u32(e, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
        compare(b, rule, NFT_REG_1, NFT_CMP_EQ, &local, sizeof(local));

        load_port(b, rule, map);
        lookup(b, rule, map->name, register_of(0), register_of(0), false);
        e = nft_expr(b, rule, "nat");
        set_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
        set_u32(e, NFTNL_EXPR_NAT_FAMILY, map->six ? NFPROTO_IPV6 : NFPROTO_IPV4);
        set_nat(e, register_of(0), map->range ? 0 : register_of(map->six ? 4 : 1));
        nft_batch_end_rule(b, rule);
}

/* From inside our networks to elsewhere. */
static Rule *begin_outward(NftBatch *b, bool six) {
        const char *set = six ? "nat6" : "nat4";
        Rule *rule = nft_batch_begin_rule(b, "postrouting");

        family(b, rule, six);
        source(b, rule, six, NFT_REG_1);
        lookup(b, rule, set, NFT_REG_1, 0, false);
        destination(b, rule, six, NFT_REG_1);
        lookup(b, rule, set, NFT_REG_1, 0, true);
        return rule;
}

static void add_outbound(NftBatch *b, bool six) {
        Rule *rule = begin_outward(b, six);
        struct nftnl_expr *e;

        source(b, rule, six, NFT_REG_1);
        lookup(b, rule, six ? "outbound6" : "outbound4", NFT_REG_1, NFT_REG_1, false);
        e = nft_expr(b, rule, "nat");
        set_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_SNAT);
        set_u32(e, NFTNL_EXPR_NAT_FAMILY, six ? NFPROTO_IPV6 : NFPROTO_IPV4);
        set_nat(e, NFT_REG_1, 0);
        nft_batch_end_rule(b, rule);
}

static void add_masquerade(NftBatch *b, bool six) {
        const char *set = six ? "nat6" : "nat4";
        Rule *rule = begin_outward(b, six);

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

static void in_group(NftBatch *b, Rule *rule, uint32_t key, const char *set) {
        meta(b, rule, key, NFT_REG_1);
        lookup(b, rule, set, NFT_REG_1, 0, false);
}

static void add_localhost_masquerade(NftBatch *b) {
        Rule *rule = nft_batch_begin_rule(b, "postrouting");

        family(b, rule, false);
        payload(b, rule, NFT_PAYLOAD_NETWORK_HEADER, 12, 1, NFT_REG_1);
        compare_byte(b, rule, NFT_REG_1, 127);
        in_group(b, rule, NFT_META_OIFGROUP, "networks");
        (void) nft_expr(b, rule, "masq");
        nft_batch_end_rule(b, rule);
}

/* route_localnet lets answers to 127.0.0.1 leave by our bridges; it must not let a container's packets come
 * in to the host's own loopback services. */
static void add_guard(NftBatch *b) {
        Rule *rule = nft_batch_begin_rule(b, "guard");

        in_group(b, rule, NFT_META_IIFGROUP, "networks");
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

/* @in, @out: sets of groups; NULL = any. */
static void add_passage(NftBatch *b, const char *in, const char *out, uint32_t code) {
        Rule *rule = nft_batch_begin_rule(b, "forward");

        if (in)
                in_group(b, rule, NFT_META_IIFGROUP, in);
        if (out)
                in_group(b, rule, NFT_META_OIFGROUP, out);
        verdict(b, rule, code);
        nft_batch_end_rule(b, rule);
}

static void accept_state(NftBatch *b, uint32_t key, uint32_t mask) {
        Rule *rule = nft_batch_begin_rule(b, "forward");

        ct_mask(b, rule, key, mask);
        verdict(b, rule, NF_ACCEPT);
        nft_batch_end_rule(b, rule);
}

static void add_forward(NftBatch *b) {
        Rule *rule;

        accept_state(b, NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED));

        rule = nft_batch_begin_rule(b, "forward");
        meta(b, rule, NFT_META_IIFGROUP, register_of(0));
        meta(b, rule, NFT_META_OIFGROUP, register_of(1));
        lookup(b, rule, "same", register_of(0), 0, false);
        verdict(b, rule, NF_ACCEPT);
        nft_batch_end_rule(b, rule);

        add_passage(b, "strict", "networks", NF_DROP);
        add_passage(b, "networks", "strict", NF_DROP);
        accept_state(b, NFT_CT_STATUS, IPS_DST_NAT);
        add_passage(b, "open", "open", NF_ACCEPT);
        /* What was not published is reached by nobody from outside, nor from another network. */
        add_passage(b, NULL, "networks", NF_DROP);
        add_passage(b, "internal", NULL, NF_DROP);
}

void ruleset_add(NftBatch *b, bool localhost) {
        for (size_t i = 0; i < ELEMENTSOF(sets); i++)
                nft_batch_add_set(b, &sets[i]);

        nft_batch_add_chain(b, "guard", NF_INET_PRE_ROUTING, -300, "filter");
        nft_batch_add_chain(b, "prerouting", NF_INET_PRE_ROUTING, -100, "nat");
        nft_batch_add_chain(b, "output", NF_INET_LOCAL_OUT, -100, "nat");
        nft_batch_add_chain(b, "postrouting", NF_INET_POST_ROUTING, 100, "nat");
        nft_batch_add_chain(b, "forward", NF_INET_FORWARD, 0, "filter");
        if (!localhost)
                skip_localhost(b);
        skip_localhost6(b);
        for (size_t i = 0; i < ELEMENTSOF(dnat_maps); i++) {
                add_dnat(b, "prerouting", &dnat_maps[i]);
                add_dnat(b, "output", &dnat_maps[i]);
        }
        for (unsigned six = 0; six < 2; six++) {
                add_outbound(b, six);
                add_masquerade(b, six);
        }
        add_localhost_masquerade(b);
        add_guard(b);
        add_forward(b);
}

/* What was sent to the host's own loopback was never to be published, or goes its own way. */
static void spare_loopback(NftBatch *b) {
        static const char lo[IFNAMSIZ] = "lo";
        Rule *rule = nft_batch_begin_rule(b, "input");

        meta(b, rule, NFT_META_IIFNAME, NFT_REG_1);
        compare(b, rule, NFT_REG_1, NFT_CMP_EQ, lo, sizeof(lo));
        verdict(b, rule, NF_ACCEPT);
        nft_batch_end_rule(b, rule);
}

static void drop_published(NftBatch *b, const DnatMap *map) {
        Rule *rule = nft_batch_begin_rule(b, "input");

        family(b, rule, map->six);
        load_port(b, rule, map);
        lookup(b, rule, map->name, register_of(0), 0, false);
        verdict(b, rule, NF_DROP);
        nft_batch_end_rule(b, rule);
}

static void drop_untranslated(NftBatch *b, bool six) {
        Rule *rule = begin_outward(b, six);

        meta(b, rule, NFT_META_OIFGROUP, NFT_REG_1);
        lookup(b, rule, "networks", NFT_REG_1, 0, true);
        verdict(b, rule, NF_DROP);
        nft_batch_end_rule(b, rule);
}

void ruleset_add_guard(NftBatch *b) {
        for (size_t i = 0; i < ELEMENTSOF(sets); i++)
                nft_batch_add_set(b, &sets[i]);
        /* Behind those that decide, and empty: as long as there are such, known connections are translated.
         */
        nft_batch_add_chain(b, "nat-prerouting", NF_INET_PRE_ROUTING, -99, "nat");
        nft_batch_add_chain(b, "nat-input", NF_INET_LOCAL_IN, 101, "nat");
        nft_batch_add_chain(b, "nat-output", NF_INET_LOCAL_OUT, -99, "nat");
        nft_batch_add_chain(b, "nat-postrouting", NF_INET_POST_ROUTING, 101, "nat");
        nft_batch_add_chain(b, "input", NF_INET_LOCAL_IN, 0, "filter");
        /* When all translation is done (nf_conntrack itself is last). */
        nft_batch_add_chain(b, "postrouting", NF_INET_POST_ROUTING, 300, "filter");
        spare_loopback(b);
        for (size_t i = 0; i < ELEMENTSOF(dnat_maps); i++)
                drop_published(b, &dnat_maps[i]);
        for (unsigned six = 0; six < 2; six++)
                drop_untranslated(b, six);
}

void ruleset_network(NftBatch *b, bool add, const RulesetNetwork *n) {
        const uint32_t groups[2] = { n->group, n->group };

        nft_batch_element(b, add, "networks", groups, sizeof(groups[0]), NULL, 0);
        nft_batch_element(b, add, "same", groups, sizeof(groups), NULL, 0);
        if (n->isolation == NETWORK_ISOLATION_NO)
                nft_batch_element(b, add, "open", groups, sizeof(groups[0]), NULL, 0);
        if (n->isolation == NETWORK_ISOLATION_STRICT)
                nft_batch_element(b, add, "strict", groups, sizeof(groups[0]), NULL, 0);
        if (n->internal) {
                nft_batch_element(b, add, "internal", groups, sizeof(groups[0]), NULL, 0);
                return;
        }
        for (size_t i = 0; i < n->n_subnets; i++) {
                bool six = n->subnets[i].address.family == AF_INET6;

                nft_batch_prefix(b, add, six ? "nat6" : "nat4", &n->subnets[i], NULL);
                if (n->outbound && n->outbound[six].family != AF_UNSPEC)
                        nft_batch_prefix(b, add, six ? "outbound6" : "outbound4", &n->subnets[i],
                                         &n->outbound[six]);
        }
}

/* The key of one port, behind the host address of it if it has one. */
static size_t make_key(const NetworkPort *port, unsigned i, uint8_t key[24]) {
        size_t address = port->host_address.family != AF_UNSPEC ? inet_size(port->host_address.family) : 0;
        uint16_t host = htons((uint16_t) (port->host_port + i));

        memset(key, 0, 24);
        memcpy(key, port->host_address.bytes, address);
        key[address] = protocol_number(port->protocol);
        memcpy(key + address + 4, &host, sizeof(host));
        return address + 8;
}

void ruleset_port(NftBatch *b, bool add, const NetworkPort *port, const InetAddress *to) {
        bool six = to->family == AF_INET6, on = port->host_address.family != AF_UNSPEC;
        const char *map = six ? (on ? "dnat6_on" : "dnat6") : (on ? "dnat4_on" : "dnat4");
        const char *ranges = six ? (on ? "range6_on" : "range6") : (on ? "range4_on" : "range4");
        size_t size = inet_size(to->family);
        uint8_t key[24], last[24], data[20] = {};

        memcpy(data, to->bytes, size);
        /* A map gives one value to all of a range: only the address, then. */
        if (port->count > 1 && port->host_port == port->container_port) {
                size_t n = make_key(port, 0, key);

                (void) make_key(port, port->count - 1u, last);
                nft_batch_range(b, add, ranges, key, last, n, data, size);
                return;
        }
        for (uint16_t i = 0; i < port->count; i++) {
                uint16_t container = htons((uint16_t) (port->container_port + i));
                size_t n = make_key(port, i, key);

                memcpy(data + size, &container, sizeof(container));
                nft_batch_element(b, add, map, key, n, add ? data : NULL, size + 4);
        }
}
