/*
 * Other people's firewalls that keep what is forwarded from passing: a chain of theirs that drops wins
 * against one of ours that accepts. Whether one of its rules lets a packet of ours through is not looked
 * into; that it drops what none lets through is told.
 */
/* Before the kernel's headers, which then leave out what they have in common. */
#include <netinet/in.h>
#include <stdio.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "network/internal.h"
#include "network/nft-list.h"

typedef struct Search {
        char **found; /* "table ip filter, chain FORWARD" */
        /* The chain that is looked at, and whether its last rule leaves nothing through. */
        uint32_t family;
        const char *table, *chain;
        bool closes;
        int error;
        /* Chains of a hook, whose policy lets all through: their rules are to be looked at. */
        struct nftnl_chain **open;
        size_t n_open;
} Search;

static const char *family_word(uint32_t family) {
        return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : "inet";
}

static void found(Search *s, const struct nftnl_chain *c) {
        int r = strv_addf(
                &s->found, "table %s %s, chain %s", family_word(nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY)),
                nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE), nftnl_chain_get_str(c, NFTNL_CHAIN_NAME));

        s->error = r < 0 ? r : s->error;
}

/* A base chain of theirs on the way of what is forwarded. */
static bool is_on_the_way(const struct nftnl_chain *c) {
        const char *table = nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE);
        const char *type = nftnl_chain_get_str(c, NFTNL_CHAIN_TYPE);
        uint32_t family = nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY);

        return table && nftnl_chain_get_str(c, NFTNL_CHAIN_NAME) && type && streq(type, "filter") &&
               nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM) &&
               nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM) == NF_INET_FORWARD &&
               (family == NFPROTO_IPV4 || family == NFPROTO_IPV6 || family == NFPROTO_INET) &&
               !streq(table, TABLE_NAME);
}

static int on_chain(const struct nlmsghdr *h, void *data) {
        struct nftnl_chain *c = nftnl_chain_alloc(), **open;
        Search *s = data;

        if (!c || nftnl_chain_nlmsg_parse(h, c) < 0 || !is_on_the_way(c)) {
                if (c)
                        nftnl_chain_free(c);
                return MNL_CB_OK;
        }
        if (nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY) == NF_DROP) {
                found(s, c);
                nftnl_chain_free(c);
                return MNL_CB_OK;
        }
        open = reallocarray(s->open, s->n_open + 1, sizeof(struct nftnl_chain *));
        if (!open) {
                s->error = -ENOMEM;
                nftnl_chain_free(c);
                return MNL_CB_OK;
        }
        s->open = open;
        s->open[s->n_open++] = c;
        return MNL_CB_OK;
}

/* Does nothing but count and write down, or refuses. */
static int judge_expr(struct nftnl_expr *e, void *data) {
        const char *kind = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
        bool *closes = data;

        if (streq(kind, "counter") || streq(kind, "log"))
                return 0;
        *closes = streq(kind, "reject") ||
                  (streq(kind, "immediate") && nftnl_expr_is_set(e, NFTNL_EXPR_IMM_VERDICT) &&
                   nftnl_expr_get_u32(e, NFTNL_EXPR_IMM_VERDICT) == NF_DROP);
        /* The first of another kind decides: behind a condition nothing is without one. */
        return -1;
}

static int on_rule(const struct nlmsghdr *h, void *data) {
        struct nftnl_rule *rule = nftnl_rule_alloc();
        Search *s = data;

        if (!rule)
                return MNL_CB_OK;
        if (nftnl_rule_nlmsg_parse(h, rule) >= 0 &&
            nftnl_rule_get_u32(rule, NFTNL_RULE_FAMILY) == s->family &&
            streq(nftnl_rule_get_str(rule, NFTNL_RULE_TABLE), s->table) &&
            streq(nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN), s->chain)) {
                s->closes = false;
                (void) nftnl_expr_foreach(rule, judge_expr, &s->closes);
        }
        nftnl_rule_free(rule);
        return MNL_CB_OK;
}

static int look_at_rules(struct mnl_socket *socket, Search *s) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < s->n_open; i++) {
                const struct nftnl_chain *c = s->open[i];

                s->family = nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY);
                s->table = nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE);
                s->chain = nftnl_chain_get_str(c, NFTNL_CHAIN_NAME);
                s->closes = false;
                r = nft_dump(socket, NFT_MSG_GETRULE, (uint8_t) s->family, s->table, s->chain, on_rule, s);
                if (r >= 0 && s->closes)
                        found(s, c);
        }
        return r;
}

static int search(Search *s) {
        struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
        int r;

        if (!socket)
                return -errno;
        r = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
        if (r >= 0)
                r = nft_dump(socket, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, NULL, NULL, on_chain, s);
        if (r >= 0)
                r = look_at_rules(socket, s);
        (void) mnl_socket_close(socket);
        return r < 0 ? r : s->error;
}

int network_firewalls(Network *n, char *const **ret) {
        autostrv char **list = NULL;
        Search s = {};
        int r = 0;

        if (!n->firewalls_known) {
                r = search(&s);
                for (size_t i = 0; i < s.n_open; i++)
                        nftnl_chain_free(s.open[i]);
                free(s.open);
                list = s.found;
                if (r >= 0) {
                        SWAP(n->firewalls, list);
                        n->firewalls_known = true;
                }
        }
        *ret = n->firewalls;
        return r;
}
