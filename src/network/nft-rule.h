/* What rules are made of, expression by expression, for the files that make some. */
#pragma once

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "network/nft-batch.h"

/* Type numbers of nft(8)'s own, 6 bits a part of a concatenation (nftables, src/datatype.c). */
#define TYPE_IPADDR  7
#define TYPE_IP6ADDR 8
#define TYPE_SERVICE 13
#define TYPE2(a, b)  ((a) << 6 | (b))

typedef struct nftnl_rule Rule;

static inline void set_u32(struct nftnl_expr *e, uint16_t attribute, uint32_t value) {
        if (e)
                nftnl_expr_set_u32(e, attribute, value);
}

static inline void meta(NftBatch *b, Rule *rule, uint32_t key, uint32_t reg) {
        struct nftnl_expr *e = nft_expr(b, rule, "meta");

        set_u32(e, NFTNL_EXPR_META_KEY, key);
        set_u32(e, NFTNL_EXPR_META_DREG, reg);
}

static inline void payload(NftBatch *b, Rule *rule, uint32_t base, uint32_t offset, uint32_t size,
                           uint32_t reg) {
        struct nftnl_expr *e = nft_expr(b, rule, "payload");

        set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
        set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
        set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, size);
        set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

static inline void compare(NftBatch *b, Rule *rule, uint32_t reg, uint32_t op, const void *data,
                           uint32_t size) {
        struct nftnl_expr *e = nft_expr(b, rule, "cmp");

        set_u32(e, NFTNL_EXPR_CMP_SREG, reg);
        set_u32(e, NFTNL_EXPR_CMP_OP, op);
        if (e)
                nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, size);
}

static inline void compare_byte(NftBatch *b, Rule *rule, uint32_t reg, uint8_t value) {
        compare(b, rule, reg, NFT_CMP_EQ, &value, 1);
}

/* @into: register for the data of a map; 0 = membership only. */
static inline void lookup(NftBatch *b, Rule *rule, const char *set, uint32_t reg, uint32_t into,
                          bool inverted) {
        struct nftnl_expr *e = nft_expr(b, rule, "lookup");

        if (e)
                nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
        set_u32(e, NFTNL_EXPR_LOOKUP_SREG, reg);
        if (into > 0)
                set_u32(e, NFTNL_EXPR_LOOKUP_DREG, into);
        set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, inverted ? NFT_LOOKUP_F_INV : 0);
}

static inline void verdict(NftBatch *b, Rule *rule, uint32_t code) {
        struct nftnl_expr *e = nft_expr(b, rule, "immediate");

        set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
        set_u32(e, NFTNL_EXPR_IMM_VERDICT, code);
}

static inline void source(NftBatch *b, Rule *rule, bool six, uint32_t reg) {
        payload(b, rule, NFT_PAYLOAD_NETWORK_HEADER, six ? 8 : 12, six ? 16 : 4, reg);
}

static inline void destination(NftBatch *b, Rule *rule, bool six, uint32_t reg) {
        payload(b, rule, NFT_PAYLOAD_NETWORK_HEADER, six ? 24 : 16, six ? 16 : 4, reg);
}
