/* Key types of what a container may connect to, and how fast: EgressAllow=, BandwidthMax=. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

static bool is_host_name(const char *name) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
        size_t n = strlen(name);

        if (startswith(name, "*."))
                name += 2;
        return n > 0 && n < 254 && !name[strspn(name, letters)] && !strchr("-.", name[0]) &&
               !strstr(name, "..");
}

static int set_ports(const KeyInput *in, char *text, Where at, EgressSpec *e) {
        char *last = text;
        uint32_t numbers[2];

        strsep(&last, "-");
        if (parse_u32_range(text, 1, UINT16_MAX, &numbers[0]) < 0 ||
            parse_u32_range(last ? last : text, 1, UINT16_MAX, &numbers[1]) < 0 || numbers[1] < numbers[0])
                return diag_error(in->diag, at, -EINVAL,
                                  "%s=: \"%s%s%s\" is neither a port nor a range of ports", in->key, text,
                                  last ? "-" : "", strempty(last));
        e->first_port = (uint16_t) numbers[0];
        e->last_port = (uint16_t) numbers[1];
        return 0;
}

/* "/tcp" at the end; digits there are the length of a prefix. */
static int take_protocol(const KeyInput *in, char *text, Where at, EgressSpec *e) {
        static const char *const words[] = { "tcp", "udp", "sctp", NULL };
        char *slash = strrchr(text, '/');

        if (!slash || isdigit((unsigned char) slash[1]))
                return 0;
        *slash = '\0';
        e->any_protocol = false;
        e->protocol = protocol_from_string(slash + 1);
        return e->protocol < 0 ? key_bad_word(in, slash + 1, where_advance(at, (size_t) (slash + 1 - text)),
                                              "the protocol is tcp, udp or sctp", words)
                               : 0;
}

/* The colon before the ports: the only one, or the one behind "]" or behind the length of a prefix. */
static char *find_ports(char *text) {
        char *colon = strrchr(text, ':'), *slash = strrchr(text, '/');

        if (!colon)
                return NULL;
        if (strchr(text, ':') == colon || (colon > text && colon[-1] == ']') || (slash && slash < colon))
                return colon;
        return NULL;
}

static int egress_fill(const KeyInput *in, const Word *word, EgressSpec *e) {
        char *text = word->text, *colon;
        InetAddress address;
        int r;

        r = take_protocol(in, text, word->at, e);
        if (r < 0)
                return r;
        colon = find_ports(text);
        if (colon) {
                *colon = '\0';
                r = set_ports(in, colon + 1, where_advance(word->at, (size_t) (colon + 1 - text)), e);
                if (r < 0)
                        return r;
        }

        if (inet_parse_prefix(text, &e->prefix) == 0) {
                e->prefix = inet_prefix_network(&e->prefix);
                return 0;
        }
        if (inet_parse(text, &address) == 0) {
                e->prefix = (InetPrefix){ address, (uint8_t) (8 * inet_size(address.family)) };
                return 0;
        }
        if (!is_host_name(text))
                return diag_error(in->diag, word->at, -EINVAL,
                                  "%s=: \"%s\" is neither an address nor the name of a host", in->key, text);
        e->host = strdup(text);
        return e->host ? 0 : -ENOMEM;
}

int key_egress_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                EgressSpec e = { .any_protocol = true }, *item;
                int r;

                r = egress_fill(in, &words[i], &e);
                item = r == 0 ? LIST_ADD((EgressList *) field) : NULL;
                if (!item) {
                        free(e.host);
                        return r < 0 ? r : -ENOMEM;
                }
                *item = e;
        }
        return n < 0 ? n : 0;
}

char *key_egress_format(const void *field) {
        const EgressList *list = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++) {
                const EgressSpec *e = &list->items[i];
                char prefix[INET_TEXT_MAX], ports[32] = "";

                if (e->first_port > 0)
                        (void) snprintf(ports, sizeof(ports), e->last_port > e->first_port ? ":%u-%u" : ":%u",
                                        e->first_port, e->last_port);
                r = strv_addf(&words, "%s%s%s%s", e->host ? e->host : inet_format_prefix(&e->prefix, prefix),
                              ports, e->any_protocol ? "" : "/",
                              e->any_protocol ? "" : protocol_to_string(e->protocol));
        }
        return key_join_take(words, r);
}

void key_egress_clear(void *field) {
        EgressList *list = field;

        for (size_t i = 0; i < list->n; i++)
                free(list->items[i].host);
        free(list->items);
        *list = (EgressList){};
}

/* Bits per second; K, M, G and T are powers of 1000, as everywhere in networking. */
int key_bandwidth_parse(const KeyInput *in, void *field) {
        static const char units[] = "KMGT";
        autofree char *text = NULL;
        uint64_t n, factor = 1;
        Where at;
        size_t size;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        if (streq(text, "infinity")) {
                *(uint64_t *) field = UINT64_MAX;
                return 0;
        }

        size = strlen(text);
        if (size > 0 && strchr(units, text[size - 1])) {
                for (const char *u = units; u <= strchr(units, text[size - 1]); u++)
                        factor *= 1000;
                text[size - 1] = '\0';
        }
        r = parse_u64(text, &n);
        if (r == 0 && (n == 0 || n > INT64_MAX / factor))
                r = -ERANGE;
        if (r < 0)
                return key_bad_form(in, in->text, at, r, key_type_bandwidth.syntax);
        *(uint64_t *) field = n * factor;
        return 0;
}

char *key_bandwidth_format(const void *field) {
        return key_memory_format(field);
}

void key_bandwidth_clear(void *field) {
        *(uint64_t *) field = UINT64_MAX;
}
