/* Key types of the network: addresses, prefixes, lines of /etc/hosts. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/key-inet.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

int key_inet_address(const KeyInput *in, const char *text, Where at, int family, InetAddress *ret) {
        InetAddress a;

        if (inet_parse(text, &a) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not an IP address", in->key, text);
        if (family != AF_UNSPEC && a.family != family)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not an IPv%c address", in->key, text,
                                  family == AF_INET ? '4' : '6');
        *ret = a;
        return 0;
}

static int parse_one_address(const KeyInput *in, int family, InetAddress *ret) {
        autofree char *text = NULL;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        return r < 0 ? r : key_inet_address(in, text, at, family, ret);
}

static char *format_address(const InetAddress *a) {
        char buf[INET_TEXT_MAX];

        return strdup(a->family == AF_UNSPEC ? "" : inet_format(a, buf));
}

int key_address4_parse(const KeyInput *in, void *field) {
        return parse_one_address(in, AF_INET, field);
}

char *key_address4_format(const void *field) {
        return format_address(field);
}

void key_address4_clear(void *field) {
        *(InetAddress *) field = (InetAddress){};
}

int key_address6_parse(const KeyInput *in, void *field) {
        return parse_one_address(in, AF_INET6, field);
}

char *key_address6_format(const void *field) {
        return format_address(field);
}

void key_address6_clear(void *field) {
        key_address4_clear(field);
}

int key_addresses_parse(const KeyInput *in, void *field) {
        InetAddress a, *item;
        int r;

        r = parse_one_address(in, AF_UNSPEC, &a);
        if (r < 0)
                return r;

        item = LIST_ADD((InetAddressList *) field);
        if (!item)
                return -ENOMEM;
        *item = a;
        return 0;
}

char *key_addresses_format(const void *field) {
        const InetAddressList *list = field;
        char buf[INET_TEXT_MAX], **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++)
                r = strv_add(&words, inet_format(&list->items[i], buf));
        return key_join_take(words, r);
}

void key_addresses_clear(void *field) {
        InetAddressList *list = field;

        free(list->items);
        *list = (InetAddressList){};
}

int key_prefixes_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        InetPrefix p, *item;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        if (inet_parse_prefix(text, &p) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not of the form ADDRESS/BITS",
                                  in->key, text);
        if (p.bits == 0 || p.bits > (p.address.family == AF_INET ? 30 : 126))
                return diag_error(in->diag, at, -EINVAL, "%s=: a subnet of /%u holds no container", in->key,
                                  p.bits);

        item = LIST_ADD((InetPrefixList *) field);
        if (!item)
                return -ENOMEM;
        *item = inet_prefix_network(&p);
        return 0;
}

char *key_prefixes_format(const void *field) {
        const InetPrefixList *list = field;
        char buf[INET_TEXT_MAX], **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++)
                r = strv_add(&words, inet_format_prefix(&list->items[i], buf));
        return key_join_take(words, r);
}

void key_prefixes_clear(void *field) {
        InetPrefixList *list = field;

        free(list->items);
        *list = (InetPrefixList){};
}

/* "name:address", and Podman's "name;other:address". */
int key_hosts_parse(const KeyInput *in, void *field) {
        autostrv char **names = NULL;
        autofree char *text = NULL;
        InetAddress address = {};
        char *colon;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        colon = strchr(text, ':');
        if (!colon || colon == text)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not of the form NAME:ADDRESS",
                                  in->key, text);
        *colon = '\0';
        if (text[strcspn(text, " \t#\n")])
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not the name of a host", in->key,
                                  text);

        if (!streq(colon + 1, "host-gateway"))
                r = key_inet_address(in, colon + 1, where_advance(at, (size_t) (colon + 1 - text)), AF_UNSPEC,
                                     &address);
        if (r == 0)
                r = strv_split(text, ";", &names);

        STRV_FOREACH (name, names) {
                HostEntry *item = LIST_ADD((HostList *) field);

                if (!item)
                        return -ENOMEM;
                item->address = address;
                item->name = strdup(*name);
                if (!item->name)
                        return -ENOMEM;
        }
        return r;
}

char *key_hosts_format(const void *field) {
        const HostList *list = field;
        char buf[INET_TEXT_MAX], **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++) {
                const InetAddress *a = &list->items[i].address;

                r = strv_addf(&words, "%s:%s", list->items[i].name,
                              a->family == AF_UNSPEC ? "host-gateway" : inet_format(a, buf));
        }
        return key_join_take(words, r);
}

void key_hosts_clear(void *field) {
        HostList *list = field;

        for (size_t i = 0; i < list->n; i++)
                free(list->items[i].name);
        free(list->items);
        *list = (HostList){};
}
