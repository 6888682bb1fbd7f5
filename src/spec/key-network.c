/* Key types of the network: addresses, prefixes, lines of /etc/hosts, published ports, networks to join. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

static int parse_address(const KeyInput *in, const char *text, Where at, int family, InetAddress *ret) {
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
        return r < 0 ? r : parse_address(in, text, at, family, ret);
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
                r = parse_address(in, colon + 1, where_advance(at, (size_t) (colon + 1 - text)), AF_UNSPEC,
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
        r = **text ? parse_address(in, *text, at, AF_UNSPEC, ret) : 0;
        *text = end + 1;
        return r;
}

static int publish_fill(const KeyInput *in, char *text, Where at, PublishSpec *p) {
        uint32_t host_count = 0, count;
        char *start = text, *slash, *colon;
        int r;

        p->at = at;
        slash = strchr(text, '/');
        if (slash) {
                static const char *const words[] = { "tcp", "udp", "sctp", NULL };

                *slash = '\0';
                for (char *c = slash + 1; *c; c++)
                        *c = *c >= 'A' && *c <= 'Z' ? (char) (*c - 'A' + 'a') : *c;
                p->protocol = protocol_from_string(slash + 1);
                if (p->protocol < 0)
                        return key_bad_word(in, slash + 1, where_advance(at, (size_t) (slash + 1 - start)),
                                            "the protocol is tcp, udp or sctp", words);
        }

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

/* Options behind "x.network:". */
static int network_options(const KeyInput *in, char *options, Where at, NetworkChoice *c) {
        char *option, *rest = options;

        while ((option = strsep(&rest, ","))) {
                Where here = where_advance(at, (size_t) (option - options));
                const char *ip = startswith(option, "ip="), *ip6 = startswith(option, "ip6=");
                int r = 0;

                if (ip || ip6) {
                        InetAddress a;

                        r = parse_address(in, ip ? ip : ip6, where_advance(here, ip ? 3 : 4),
                                          ip6 ? AF_INET6 : AF_UNSPEC, &a);
                        if (r == 0)
                                *(a.family == AF_INET ? &c->ip4 : &c->ip6) = a;
                } else if (*option)
                        diag_warning(in->diag, here, "%s=: option \"%s\" is not supported yet", in->key,
                                     option);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A network by name: "x.network", or "x", which means the same unit. */
static int network_join(const KeyInput *in, const char *name, Where at, NetworkChoice *c) {
        autofree char *unit = NULL;

        if (streq(name, "bridge") || streq(name, "private") || streq(name, "default") ||
            streq(name, "podman"))
                unit = strdup("default");
        else if (unit_name_kind(name) == UNIT_NETWORK)
                unit = strdup(name);
        else if (asprintf(&unit, "%s.network", name) < 0)
                unit = NULL;
        if (!unit)
                return -ENOMEM;
        if (!streq(unit, "default") && !unit_name_valid(unit))
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not the name of a network", in->key,
                                  name);
        if (key_fill_instance(in, &unit) < 0)
                return -ENOMEM;

        c->mode = NETWORK_MODE_PRIVATE;
        return strv_contains(c->names, unit) ? 0 : strv_take(&c->names, take_ptr(unit));
}

static int network_choose(const KeyInput *in, const char *name, Where at, NetworkChoice *c) {
        NetworkMode mode = streq(name, "host")   ? NETWORK_MODE_HOST
                           : streq(name, "none") ? NETWORK_MODE_NONE
                                                 : NETWORK_MODE_PRIVATE;

        if (c->set && (mode != NETWORK_MODE_PRIVATE || c->mode != NETWORK_MODE_PRIVATE)) {
                if (mode == c->mode)
                        return 0;
                return diag_error(
                        in->diag, at, -EINVAL, "%s=: \"%s\" does not go together with \"%s\"", in->key, name,
                        c->mode == NETWORK_MODE_PRIVATE ? c->names[0] : network_mode_to_string(c->mode));
        }

        c->mode = mode;
        if (mode == NETWORK_MODE_PRIVATE) {
                int r = network_join(in, name, at, c);

                if (r < 0)
                        return r;
        }
        c->set = true;
        return 0;
}

int key_networks_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        NetworkChoice *c = field;
        char *options;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        /* To start such a container on a network of its own could let out what a VPN was to carry. */
        if (startswith(text, "ns:") || startswith(text, "container:") ||
            unit_name_kind(text) == UNIT_CONTAINER || unit_name_kind(text) == UNIT_POD)
                return diag_error(in->diag, at, -EINVAL, "%s=%s is not supported yet", in->key, text);

        options = text;
        strsep(&options, ":");
        if (streq(text, "slirp4netns") || streq(text, "pasta")) {
                diag_warning(in->diag, at, "%s=%s is not supported yet", in->key, text);
                diag_hint(in->diag, "the default bridge is used");
                return network_choose(in, "default", at, c);
        }

        r = network_choose(in, text, at, c);
        if (r == 0 && options)
                r = network_options(in, options, where_advance(at, (size_t) (options - text)), c);
        return r;
}

char *key_networks_format(const void *field) {
        const NetworkChoice *c = field;

        if (!c->set)
                return strdup("");
        return c->mode == NETWORK_MODE_PRIVATE ? words_join(c->names)
                                               : strdup(network_mode_to_string(c->mode));
}

void key_networks_clear(void *field) {
        NetworkChoice *c = field;

        c->names = strv_free(c->names);
        *c = (NetworkChoice){};
}
