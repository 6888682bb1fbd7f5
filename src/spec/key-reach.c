/* Key types of what a cgroup may reach: devices, addresses, ports, interfaces, sets of nftables, BPF
 * programs. */
#include <ctype.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

ENUM_DEFINE(NftSource, nft_source, NFT_SOURCE, NFT_SOURCE_LIST)
ENUM_DEFINE(NftFamily, nft_family, NFT_FAMILY, NFT_FAMILY_LIST)

static bool is_device(const char *text) {
        const char *group = startswith(text, "char-");

        if (!group)
                group = startswith(text, "block-");
        return group ? *group != '\0'
                     : startswith(text, "/dev/") || startswith(text, "/run/systemd/inaccessible/");
}

int key_device_rules_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        DeviceAllow *rule;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        if (n < 0)
                return n;
        if (n == 0 || n > 2)
                return key_bad_form(in, in->text, in->at, -EINVAL, key_type_device_rules.syntax);
        if (!is_device(words[0].text))
                return diag_error(in->diag, words[0].at, -EINVAL,
                                  "%s=: \"%s\" is neither below /dev nor of the form char-NAME or block-NAME",
                                  in->key, words[0].text);
        if (n == 2 && words[1].text[strspn(words[1].text, "rwm")])
                return diag_error(in->diag, words[1].at, -EINVAL, "%s=: rights are made of r, w and m",
                                  in->key);

        rule = LIST_ADD((DeviceAllowList *) field);
        if (!rule)
                return -ENOMEM;
        rule->read = n == 1 || strchr(words[1].text, 'r');
        rule->write = n == 1 || strchr(words[1].text, 'w');
        rule->make = n == 1 || strchr(words[1].text, 'm');
        rule->device = strdup(words[0].text);
        return rule->device ? 0 : -ENOMEM;
}

char *key_device_rules_format(const void *field) {
        const DeviceAllowList *list = field;
        autostrv char **words = NULL;

        for (size_t i = 0; i < list->n; i++) {
                const DeviceAllow *rule = &list->items[i];
                char *device[] = { rule->device, NULL };

                if (strv_take(&words, words_join(device)) < 0 ||
                    strv_addf(&words, "%s%s%s", rule->read ? "r" : "", rule->write ? "w" : "",
                              rule->make ? "m" : "") < 0)
                        return NULL;
        }
        return strv_join(words, " ");
}

void key_device_rules_clear(void *field) {
        DeviceAllowList *list = field;

        for (size_t i = 0; i < list->n; i++)
                free(list->items[i].device);
        free(list->items);
        *list = (DeviceAllowList){};
}

/* What the words stand for, in IPv4 and in IPv6. */
static const struct {
        const char *word, *prefixes[2];
} address_words[] = {
        { "any", { "0.0.0.0/0", "::/0" } },
        { "localhost", { "127.0.0.0/8", "::1/128" } },
        { "link-local", { "169.254.0.0/16", "fe80::/64" } },
        { "multicast", { "224.0.0.0/4", "ff00::/8" } },
};

static int add_prefix(InetPrefixList *list, const char *text) {
        InetPrefix p, *item;

        if (strchr(text, '/')) {
                if (inet_parse_prefix(text, &p) < 0)
                        return -EINVAL;
        } else {
                if (inet_parse(text, &p.address) < 0)
                        return -EINVAL;
                p.bits = (uint8_t) (inet_size(p.address.family) * 8);
        }
        p = inet_prefix_network(&p);

        for (size_t i = 0; i < list->n; i++)
                if (list->items[i].bits == p.bits && inet_equal(&list->items[i].address, &p.address))
                        return 0;
        item = LIST_ADD(list);
        if (!item)
                return -ENOMEM;
        *item = p;
        return 0;
}

int key_ip_filter_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                size_t w = 0;
                int r;

                while (w < ELEMENTSOF(address_words) && !streq(address_words[w].word, words[i].text))
                        w++;
                if (w == ELEMENTSOF(address_words))
                        r = add_prefix(field, words[i].text);
                else {
                        r = add_prefix(field, address_words[w].prefixes[0]);
                        if (r == 0)
                                r = add_prefix(field, address_words[w].prefixes[1]);
                }
                if (r == -EINVAL)
                        return key_bad_form(in, words[i].text, words[i].at, r, key_type_ip_filter.syntax);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

char *key_ip_filter_format(const void *field) {
        return key_prefixes_format(field);
}

void key_ip_filter_clear(void *field) {
        key_prefixes_clear(field);
}

static int parse_ports(const char *text, SocketBind *b) {
        autofree char *first = strndup(text, strcspn(text, "-"));
        const char *dash = strchr(text, '-');
        uint32_t from, to;

        if (!first)
                return -ENOMEM;
        if (parse_u32_range(first, 1, UINT16_MAX, &from) < 0 ||
            (dash && parse_u32_range(dash + 1, 1, UINT16_MAX, &to) < 0))
                return -EINVAL;
        if (!dash)
                to = from;
        if (from > to)
                return -EINVAL;

        b->first = (uint16_t) from;
        b->last = (uint16_t) to;
        return 0;
}

/* "ipv4:tcp:80-90", each part optional but the last colon; "any" is no restriction at all. */
static int parse_socket_bind(const char *text, SocketBind *ret) {
        SocketBind b = { .family = AF_UNSPEC };
        const char *p = text, *rest;

        if (streq(text, "any")) {
                *ret = b;
                return 0;
        }

        rest = startswith(p, "ipv");
        if (rest && (*rest == '4' || *rest == '6') && (rest[1] == ':' || !rest[1])) {
                b.family = *rest == '4' ? AF_INET : AF_INET6;
                p = rest + 1 + (rest[1] == ':');
                if (!*p)
                        goto good;
        }
        rest = startswith(p, "tcp");
        if (!rest)
                rest = startswith(p, "udp");
        if (rest && (*rest == ':' || !*rest)) {
                b.protocol = *p == 't' ? IPPROTO_TCP : IPPROTO_UDP;
                p = rest + (*rest == ':');
                if (!*p)
                        goto good;
        }
        if (parse_ports(p, &b) < 0)
                return -EINVAL;
good:
        *ret = b;
        return 0;
}

int key_socket_binds_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        SocketBind b, *item;
        int r;

        r = key_expand(in, in->text, in->at, &text);
        if (r < 0)
                return r;
        if (parse_socket_bind(text, &b) < 0)
                return key_bad_form(in, text, in->at, -EINVAL, key_type_socket_binds.syntax);

        item = LIST_ADD((SocketBindList *) field);
        if (!item)
                return -ENOMEM;
        *item = b;
        return 0;
}

static int add_socket_bind(char ***words, const SocketBind *b) {
        const char *family = b->family == AF_INET ? "ipv4:" : b->family == AF_INET6 ? "ipv6:" : "";
        const char *protocol = b->protocol == IPPROTO_TCP ? "tcp:" : b->protocol == IPPROTO_UDP ? "udp:" : "";

        if (b->first == 0)
                return *family || *protocol ? strv_addf(words, "%s%s", family, protocol)
                                            : strv_add(words, "any");
        if (b->first == b->last)
                return strv_addf(words, "%s%s%u", family, protocol, b->first);
        return strv_addf(words, "%s%s%u-%u", family, protocol, b->first, b->last);
}

char *key_socket_binds_format(const void *field) {
        const SocketBindList *list = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++)
                r = add_socket_bind(&words, &list->items[i]);
        return key_join_take(words, r);
}

void key_socket_binds_clear(void *field) {
        SocketBindList *list = field;

        free(list->items);
        *list = (SocketBindList){};
}

/* Alternative names of links may be long; none has a blank, a slash or a colon in it. */
static bool is_interface(const char *name) {
        size_t n = strlen(name);

        if (n == 0 || n >= 128 || streq(name, ".") || streq(name, "..") || streq(name, "all") ||
            streq(name, "default"))
                return false;
        for (const char *p = name; *p; p++)
                if (!isgraph((unsigned char) *p) || strchr("/:%", *p))
                        return false;
        return true;
}

int key_interfaces_parse(const KeyInput *in, void *field) {
        InterfaceFilter *f = field;
        autowords Word *words = NULL;
        bool deny = in->text[0] == '~';
        KeyInput names = *in;
        int n;

        if (f->names && deny != f->deny)
                return diag_error(in->diag, in->at, -EINVAL,
                                  "%s=: names with and without \"~\" do not go together", in->key);
        names.text += deny;
        names.at = where_advance(in->at, deny);
        n = key_split(&names, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                int r;

                if (!is_interface(words[i].text))
                        return diag_error(in->diag, words[i].at, -EINVAL,
                                          "%s=: \"%s\" is not the name of a network interface", in->key,
                                          words[i].text);
                r = strv_contains(f->names, words[i].text) ? 0 : strv_add(&f->names, words[i].text);
                if (r < 0)
                        return r;
        }
        f->deny = deny;
        return n < 0 ? n : 0;
}

char *key_interfaces_format(const void *field) {
        const InterfaceFilter *f = field;
        autofree char *names = words_join(f->names);

        return names ? key_format_text("%s%s", f->deny ? "~" : "", names) : NULL;
}

void key_interfaces_clear(void *field) {
        InterfaceFilter *f = field;

        f->names = strv_free(f->names);
        f->deny = false;
}

/* As nft(8) takes names of tables and sets. */
static bool is_nft_name(const char *name) {
        if (!isalpha((unsigned char) name[0]) || strlen(name) > 31)
                return false;
        for (const char *p = name; *p; p++)
                if (!isalnum((unsigned char) *p) && !strchr("/\\_.", *p))
                        return false;
        return true;
}

static int add_nft_set(char **parts, NftSetNameList *list) {
        NftSource source = nft_source_from_string(parts[0]);
        NftFamily family = source < 0 ? NFT_FAMILY_INVALID_ : nft_family_from_string(parts[1]);
        NftSetName *item;

        if (family < 0 || !is_nft_name(parts[2]) || !is_nft_name(parts[3]))
                return -EINVAL;

        item = LIST_ADD(list);
        if (!item)
                return -ENOMEM;
        item->source = source;
        item->family = family;
        item->table = strdup(parts[2]);
        item->set = strdup(parts[3]);
        return item->table && item->set ? 0 : -ENOMEM;
}

int key_nft_sets_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                autostrv char **parts = NULL;
                int r;

                r = strv_split(words[i].text, ":", &parts);
                if (r == 0)
                        r = strv_length(parts) == 4 ? add_nft_set(parts, field) : -EINVAL;
                if (r == -EINVAL)
                        return key_bad_form(in, words[i].text, words[i].at, r, key_type_nft_sets.syntax);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

char *key_nft_sets_format(const void *field) {
        const NftSetNameList *list = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++)
                r = strv_addf(&words, "%s:%s:%s:%s", strempty(nft_source_to_string(list->items[i].source)),
                              strempty(nft_family_to_string(list->items[i].family)), list->items[i].table,
                              list->items[i].set);
        return key_join_take(words, r);
}

void key_nft_sets_clear(void *field) {
        NftSetNameList *list = field;

        for (size_t i = 0; i < list->n; i++) {
                free(list->items[i].table);
                free(list->items[i].set);
        }
        free(list->items);
        *list = (NftSetNameList){};
}

int key_bpf_programs_parse(const KeyInput *in, void *field) {
        static const char *const kinds[] = { "egress",     "ingress",    "sock_create", "sock_ops",
                                             "device",     "bind4",      "bind6",       "connect4",
                                             "connect6",   "post_bind4", "post_bind6",  "sendmsg4",
                                             "sendmsg6",   "sysctl",     "recvmsg4",    "recvmsg6",
                                             "getsockopt", "setsockopt", NULL };
        autofree char *text = NULL, *kind = NULL, *path = NULL;
        const char *colon;
        int r;

        r = key_unquote(in, &text, NULL);
        if (r < 0)
                return r;
        colon = strchr(text, ':');
        if (!colon)
                return key_bad_form(in, text, in->at, -EINVAL, key_type_bpf_programs.syntax);

        kind = strndup(text, (size_t) (colon - text));
        if (!kind)
                return -ENOMEM;
        if (!strv_contains((char **) kinds, kind))
                return key_bad_word(in, kind, in->at, "a kind of attachment, as in egress", kinds);
        r = key_absolute_path(in, colon + 1, where_advance(in->at, (size_t) (colon + 1 - text)), &path);
        return r < 0 ? r : strv_addf(field, "%s:%s", kind, path);
}

char *key_bpf_programs_format(const void *field) {
        return strv_join(*(char *const *const *) field, " ");
}

void key_bpf_programs_clear(void *field) {
        key_texts_clear(field);
}
