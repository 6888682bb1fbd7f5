/* By libnftnl: it reads the messages of both directions, and writes an expression as text. */
/* Before the kernel's headers, which then leave out what they have in common. */
#include <netinet/in.h>
#include <stdio.h>

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "network/nft-list.h"

static bool is_of(const char *of, const char *table) {
        return of && streq(of, table);
}

/* -- rules -- */

typedef struct RuleText {
        FILE *f;
        bool any;
} RuleText;

static int print_expr(struct nftnl_expr *e, void *data) {
        const char *kind = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);
        char buffer[512] = "";
        RuleText *rule = data;

        /* What it has counted is no part of what a rule is. */
        if (!streq(strempty(kind), "counter"))
                (void) nftnl_expr_snprintf(buffer, sizeof(buffer), e, NFTNL_OUTPUT_DEFAULT, 0);
        fprintf(rule->f, "%s%s%s%s", rule->any ? "; " : "", strempty(kind), buffer[0] ? " " : "", buffer);
        rule->any = true;
        return 0;
}

static char *rule_text(struct nftnl_rule *rule) {
        char *text = NULL;
        size_t size;
        RuleText t = { .f = open_memstream(&text, &size) };

        if (!t.f)
                return NULL;
        (void) nftnl_expr_foreach(rule, print_expr, &t);
        if (fclose(t.f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

static unsigned count_rules(const NetItems *list, const char *chain) {
        unsigned n = 0;

        for (size_t i = 0; i < list->n; i++) {
                const char *rest =
                        streq(list->items[i].what, "rule") ? startswith(list->items[i].name, chain) : NULL;

                n += rest && *rest == ' ';
        }
        return n;
}

static void list_rule(const struct nlmsghdr *h, const char *table, NetItems *list) {
        struct nftnl_rule *rule = nftnl_rule_alloc();
        char *name;

        if (!rule) {
                list->failed = true;
                return;
        }
        if (nftnl_rule_nlmsg_parse(h, rule) >= 0 &&
            is_of(nftnl_rule_get_str(rule, NFTNL_RULE_TABLE), table)) {
                const char *chain = strempty(nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN));

                if (asprintf(&name, "%s %u", chain, count_rules(list, chain) + 1) < 0)
                        name = NULL;
                net_items_add(list, "rule", name, rule_text(rule));
        }
        nftnl_rule_free(rule);
}

static void list_chain(const struct nlmsghdr *h, const char *table, NetItems *list) {
        struct nftnl_chain *c = nftnl_chain_alloc();
        char *value;

        if (!c) {
                list->failed = true;
                return;
        }
        if (nftnl_chain_nlmsg_parse(h, c) >= 0 && is_of(nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE), table)) {
                /* A chain of ours has no other policy than the kernel's own. */
                uint32_t policy = nftnl_chain_is_set(c, NFTNL_CHAIN_POLICY)
                                          ? nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY)
                                          : NF_ACCEPT;

                if (asprintf(&value, "%s hook %u priority %d%s",
                             strempty(nftnl_chain_get_str(c, NFTNL_CHAIN_TYPE)),
                             nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM),
                             nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO),
                             policy == NF_DROP ? " policy drop" : "") < 0)
                        value = NULL;
                net_items_add(list, "chain", strdup(strempty(nftnl_chain_get_str(c, NFTNL_CHAIN_NAME))),
                              value);
        }
        nftnl_chain_free(c);
}

/* -- sets -- */

/* Bytes in the order in which the kernel has them; a part of a concatenation is filled up to four. */
static char *bytes_text(const uint8_t *bytes, size_t n) {
        char *text = NULL, address[INET6_ADDRSTRLEN];
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        /* What begins with sixteen of them is an address. */
        if (n >= 16 && inet_ntop(AF_INET6, bytes, address, sizeof(address))) {
                fprintf(f, "%s%s", address, n > 16 ? " " : "");
                bytes += 16;
                n -= 16;
        }
        for (size_t i = 0; i < n; i++)
                fprintf(f, "%s%02x", i > 0 && i % 4 == 0 ? " " : "", bytes[i]);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

static char *attribute_text(struct nftnl_set_elem *e, uint16_t attribute) {
        uint32_t size = 0;
        const void *bytes =
                nftnl_set_elem_is_set(e, attribute) ? nftnl_set_elem_get(e, attribute, &size) : NULL;

        return bytes_text(bytes, bytes ? size : 0);
}

static void list_element(struct nftnl_set_elem *e, const char *set, NetItems *list) {
        autofree char *key = attribute_text(e, NFTNL_SET_ELEM_KEY);
        autofree char *last = attribute_text(e, NFTNL_SET_ELEM_KEY_END);
        uint32_t flags = nftnl_set_elem_is_set(e, NFTNL_SET_ELEM_FLAGS)
                                 ? nftnl_set_elem_get_u32(e, NFTNL_SET_ELEM_FLAGS)
                                 : 0;
        char *name;

        if (nftnl_set_elem_is_set(e, NFTNL_SET_ELEM_TIMEOUT) ||
            nftnl_set_elem_is_set(e, NFTNL_SET_ELEM_EXPIRATION))
                return;
        if (!key || !last ||
            asprintf(&name, "%s: %s%s%s%s", set, key, *last ? " to " : "", last,
                     flags & NFT_SET_ELEM_INTERVAL_END ? " (end)" : "") < 0)
                name = NULL;
        net_items_add(list, "element", name, attribute_text(e, NFTNL_SET_ELEM_DATA));
}

static void list_elements(const struct nlmsghdr *h, const char *table, NetItems *list) {
        struct nftnl_set *s = nftnl_set_alloc();
        struct nftnl_set_elems_iter *i = NULL;
        struct nftnl_set_elem *e;

        if (!s) {
                list->failed = true;
                return;
        }
        if (nftnl_set_elems_nlmsg_parse(h, s) >= 0 && is_of(nftnl_set_get_str(s, NFTNL_SET_TABLE), table))
                i = nftnl_set_elems_iter_create(s);
        while (i && (e = nftnl_set_elems_iter_next(i)))
                list_element(e, strempty(nftnl_set_get_str(s, NFTNL_SET_NAME)), list);
        if (i)
                nftnl_set_elems_iter_destroy(i);
        nftnl_set_free(s);
}

static void list_set(const struct nlmsghdr *h, const char *table, NetItems *list) {
        struct nftnl_set *s = nftnl_set_alloc();
        char *value;

        if (!s) {
                list->failed = true;
                return;
        }
        if (nftnl_set_nlmsg_parse(h, s) >= 0 && is_of(nftnl_set_get_str(s, NFTNL_SET_TABLE), table)) {
                if (asprintf(&value, "key of %u bytes, flags %#x", nftnl_set_get_u32(s, NFTNL_SET_KEY_LEN),
                             nftnl_set_get_u32(s, NFTNL_SET_FLAGS)) < 0)
                        value = NULL;
                net_items_add(list, "set", strdup(strempty(nftnl_set_get_str(s, NFTNL_SET_NAME))), value);
        }
        nftnl_set_free(s);
}

/* -- messages -- */

void nft_list_message(const struct nlmsghdr *h, const char *table, NetItems *list) {
        if (NFNL_SUBSYS_ID(h->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
            h->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg))
                return;

        switch (NFNL_MSG_TYPE(h->nlmsg_type)) {
        case NFT_MSG_NEWCHAIN:
                list_chain(h, table, list);
                break;
        case NFT_MSG_NEWRULE:
                list_rule(h, table, list);
                break;
        case NFT_MSG_NEWSET:
                list_set(h, table, list);
                break;
        case NFT_MSG_NEWSETELEM:
                list_elements(h, table, list);
                break;
        default:
                break;
        }
}

void nft_list_batch(const NftBatch *b, NetItems *list) {
        const struct nlmsghdr *h;
        size_t left;

        h = nft_batch_messages(b, &left);
        for (int n = (int) left; mnl_nlmsg_ok(h, n); h = mnl_nlmsg_next(h, &n))
                nft_list_message(h, nft_batch_table(b), list);
}

typedef struct Listing {
        const char *table;
        NetItems *list;
} Listing;

static int on_message(const struct nlmsghdr *h, void *data) {
        Listing *l = data;

        nft_list_message(h, l->table, l->list);
        return MNL_CB_OK;
}

int nft_dump(struct mnl_socket *socket, uint16_t type, uint8_t family, const char *table, const char *object,
             mnl_cb_t each, void *data) {
        char buffer[32 * 1024];
        struct nlmsghdr *h = nftnl_nlmsg_build_hdr(buffer, type, family, NLM_F_DUMP, 1);
        int state = MNL_CB_OK;

        /* The attributes for the table, and for what is in it, have the same numbers in all of these
         * requests. */
        if (table)
                mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, table);
        if (object)
                mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, object);
        if (mnl_socket_sendto(socket, h, h->nlmsg_len) < 0)
                return -errno;
        while (state > MNL_CB_STOP) {
                ssize_t size = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

                if (size < 0 && errno == EINTR)
                        continue;
                if (size < 0)
                        return -errno;
                state = mnl_cb_run(buffer, (size_t) size, 1, mnl_socket_get_portid(socket), each, data);
        }
        return state < 0 && errno != ENOENT ? -errno : 0;
}

static int ask(struct mnl_socket *socket, uint16_t type, Listing *l, const char *set) {
        return nft_dump(socket, type, NFPROTO_INET, l->table, set, on_message, l);
}

int nft_list_table(struct mnl_socket *socket, const char *table, NetItems *list) {
        Listing l = { .table = table, .list = list };
        size_t n = list->n, end;
        int r;

        r = ask(socket, NFT_MSG_GETSET, &l, NULL);
        end = list->n;
        for (size_t i = n; r >= 0 && i < end; i++) {
                autofree char *set = strdup(list->items[i].name);

                r = set ? ask(socket, NFT_MSG_GETSETELEM, &l, set) : -ENOMEM;
        }
        if (r >= 0)
                r = ask(socket, NFT_MSG_GETCHAIN, &l, NULL);
        if (r >= 0)
                r = ask(socket, NFT_MSG_GETRULE, &l, NULL);
        return r;
}
