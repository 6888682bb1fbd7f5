/* Key types of ports: published ones, and those that an image only names. */
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-inet.h"
#include "spec/key-input.h"

/* "80" or "8000-8010". */
static int parse_ports(const KeyInput *in, char *text, Where at, uint32_t min, uint16_t *ret_first,
                       uint32_t *ret_count) {
        char *dash = strchr(text, '-');
        uint32_t first, last;

        if (dash)
                *dash = '\0';
        if (parse_u32_range(text, min, UINT16_MAX, &first) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not a port number", in->key, text);

        last = first;
        if (dash && parse_u32_range(dash + 1, 1, UINT16_MAX, &last) < 0)
                return diag_error(in->diag, where_advance(at, (size_t) (dash + 1 - text)), -EINVAL,
                                  "%s=: \"%s\" is not a port number", in->key, dash + 1);
        if (last < first || (dash && first == 0))
                return diag_error(in->diag, at, -EINVAL, "%s=: the range of ports runs backwards", in->key);

        *ret_first = (uint16_t) first;
        *ret_count = last - first + 1;
        return 0;
}

/* Cuts "ADDRESS:" off the front of @text, if it has one. */
static int take_address(const KeyInput *in, char **text, Where at, InetAddress *ret) {
        char *end, *first = strchr(*text, ':'), *last = strrchr(*text, ':');
        int r;

        if (**text == '[') {
                end = strchr(*text, ']');
                if (!end || end[1] != ':')
                        return diag_error(in->diag, at, -EINVAL, "%s=: \"[\" needs \"]:\" behind the address",
                                          in->key);
                end++;
        } else if (first == last)
                return 0;
        else {
                end = first;
                if (strchr(first + 1, ':') != last) {
                        (void) diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" has too many colons", in->key,
                                          *text);
                        diag_hint(in->diag, "an IPv6 address stands in brackets: [::1]:8080:80");
                        return -EINVAL;
                }
        }

        *end = '\0';
        r = **text ? key_inet_address(in, *text, at, AF_UNSPEC, ret) : 0;
        *text = end + 1;
        return r;
}

/* Cuts "/tcp" off the end of @text, if it has one. */
static int take_protocol(const KeyInput *in, char *text, Where at, Protocol *ret) {
        static const char *const words[] = { "tcp", "udp", "sctp", NULL };
        char *slash = strchr(text, '/');

        if (!slash)
                return 0;
        *slash = '\0';
        for (char *c = slash + 1; *c; c++)
                *c = *c >= 'A' && *c <= 'Z' ? (char) (*c - 'A' + 'a') : *c;
        *ret = protocol_from_string(slash + 1);
        return *ret < 0 ? key_bad_word(in, slash + 1, where_advance(at, (size_t) (slash + 1 - text)),
                                       "the protocol is tcp, udp or sctp", words)
                        : 0;
}

static int publish_fill(const KeyInput *in, char *text, Where at, PublishSpec *p) {
        uint32_t host_count = 0, count;
        char *start = text, *colon;
        int r;

        p->at = at;
        r = take_protocol(in, text, at, &p->protocol);
        if (r == 0)
                r = take_address(in, &text, at, &p->host_address);
        if (r < 0)
                return r;

        colon = strchr(text, ':');
        if (colon) {
                *colon = '\0';
                if (*text)
                        r = parse_ports(in, text, where_advance(at, (size_t) (text - start)), 0,
                                        &p->host_port, &host_count);
                if (r < 0)
                        return r;
                text = colon + 1;
        }

        r = parse_ports(in, text, where_advance(at, (size_t) (text - start)), 1, &p->container_port, &count);
        if (r < 0)
                return r;
        if (p->host_port > 0 && host_count != count)
                return diag_error(in->diag, at, -EINVAL,
                                  "%s=: %u host ports cannot lead to %u container ports", in->key, host_count,
                                  count);
        p->count = (uint16_t) count;
        return 0;
}

int key_publish_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        PublishSpec p = {}, *item;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        r = publish_fill(in, text, at, &p);
        if (r < 0)
                return r;

        item = LIST_ADD((PublishList *) field);
        if (!item)
                return -ENOMEM;
        *item = p;
        return 0;
}

/* "8080", or "8080-8089" for ten of them. */
static void format_ports(char buf[32], unsigned first, unsigned count) {
        if (first == 0)
                buf[0] = '\0';
        else if (count > 1)
                (void) snprintf(buf, 32, "%u-%u", first, first + count - 1);
        else
                (void) snprintf(buf, 32, "%u", first);
}

char *key_publish_format(const void *field) {
        const PublishList *list = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++) {
                const PublishSpec *p = &list->items[i];
                const char *open = p->host_address.family == AF_INET6 ? "[" : "";
                char address[INET_TEXT_MAX] = "", host[32], container[32];

                if (p->host_address.family != AF_UNSPEC)
                        (void) inet_format(&p->host_address, address);
                format_ports(host, p->host_port, p->count);
                format_ports(container, p->container_port, p->count);
                r = strv_addf(&words, "%s%s%s%s%s%s%s/%s", open, address, *open ? "]" : "",
                              *address ? ":" : "", host, *host || *address ? ":" : "", container,
                              protocol_to_string(p->protocol));
        }
        return key_join_take(words, r);
}

void key_publish_clear(void *field) {
        PublishList *list = field;

        free(list->items);
        *list = (PublishList){};
}

int key_exposed_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        PublishSpec p = {}, *item;
        uint32_t count;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r == 0)
                r = take_protocol(in, text, at, &p.protocol);
        if (r == 0)
                r = parse_ports(in, text, at, 1, &p.container_port, &count);
        if (r < 0)
                return r;

        p.count = (uint16_t) count;
        p.at = at;
        item = LIST_ADD((PublishList *) field);
        if (!item)
                return -ENOMEM;
        *item = p;
        return 0;
}

char *key_exposed_format(const void *field) {
        return key_publish_format(field);
}

void key_exposed_clear(void *field) {
        key_publish_clear(field);
}
