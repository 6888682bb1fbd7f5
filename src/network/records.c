/* Names of what runs. */
#include "network/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "network/dns-message.h"
#include "network/internal.h"

typedef struct Item {
        NameRecord record;
        uint32_t unit;        /* name_hash() of its name: nearly all are others than who asks */
        size_t network;       /* by position in those of the table */
        size_t begin, length; /* of its lines in the text */
} Item;

struct NameTable {
        Item *items;
        size_t n, space;
        const char **networks; /* each once */
        size_t n_networks;
        char *text; /* of a hosts file with all: in a crowd each of its lines is in everybody's */
        size_t length, text_space;
};

NameTable *name_table_new(void) {
        return calloc(1, sizeof(NameTable));
}

void name_table_free(NameTable *t) {
        if (!t)
                return;

        for (size_t i = 0; i < t->n; i++)
                strv_free(t->items[i].record.names);
        free(t->items);
        free(t->networks);
        free(t->text);
        free(t);
}

/* Room for one more item. */
static int reserve_item(NameTable *t) {
        size_t space = 2 * t->space + 16;
        Item *grown;

        if (t->n < t->space)
                return 0;
        grown = reallocarray(t->items, space, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        t->items = grown;
        t->space = space;
        return 0;
}

static int reserve_text(NameTable *t, size_t more) {
        size_t space = 2 * (t->length + more);
        char *grown;

        if (t->length + more <= t->text_space)
                return 0;
        grown = realloc(t->text, space);
        if (!grown)
                return -ENOMEM;
        t->text = grown;
        t->text_space = space;
        return 0;
}

static int network_position(NameTable *t, const char *network, size_t *ret) {
        const char **grown;

        for (size_t i = 0; i < t->n_networks; i++)
                if (streq(t->networks[i], network)) {
                        *ret = i;
                        return 0;
                }
        grown = reallocarray(t->networks, t->n_networks + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        t->networks = grown;
        *ret = t->n_networks;
        grown[t->n_networks++] = network;
        return 0;
}

static int add_lines(NameTable *t, const NameRecord *r, char *const *names) {
        size_t most = INET_TEXT_MAX + 1;
        char *end;

        STRV_FOREACH (name, names)
                most += strlen(*name) + 1;
        if (reserve_text(t, r->n_addresses * most) < 0)
                return -ENOMEM;

        end = t->text + t->length;
        for (size_t i = 0; i < r->n_addresses; i++) {
                (void) inet_format(&r->addresses[i], end);
                end += strlen(end);
                STRV_FOREACH (name, names) {
                        *end++ = name == names ? '\t' : ' ';
                        end = stpcpy(end, *name);
                }
                *end++ = '\n';
        }
        t->length = (size_t) (end - t->text);
        return 0;
}

int name_table_add(NameTable *t, const NameRecord *record) {
        autostrv char **names = NULL;
        Item item = { .record = *record, .unit = name_hash(record->unit), .begin = t->length };

        STRV_FOREACH (name, record->names)
                if (inet_name_is_valid(*name) && !strv_contains(names, *name) && strv_add(&names, *name) < 0)
                        return -ENOMEM;
        if (!names || record->n_addresses == 0)
                return 0;

        if (reserve_item(t) < 0 || network_position(t, record->network, &item.network) < 0 ||
            add_lines(t, record, names) < 0)
                return -ENOMEM;
        item.length = t->length - item.begin;
        item.record.names = take_ptr(names);
        t->items[t->n++] = item;
        return 0;
}

/* Lines that follow one another are copied at once. */
char *name_table_hosts(const NameTable *t, char *const *networks, const char *unit) {
        autofree bool *wanted = calloc(t->n_networks + 1, sizeof(*wanted));
        char *text = malloc(t->length + 1), *end = text;
        uint32_t hash = unit ? name_hash(unit) : 0;
        size_t begin = 0, length = 0;

        if (!text || !wanted) {
                free(text);
                return NULL;
        }
        for (size_t i = 0; i < t->n_networks; i++)
                wanted[i] = strv_contains(networks, t->networks[i]);

        for (size_t i = 0; i < t->n; i++) {
                const Item *item = &t->items[i];

                if (!wanted[item->network] || (unit && item->unit == hash && streq(item->record.unit, unit)))
                        continue;
                if (item->begin != begin + length) {
                        end = mempcpy(end, t->text + begin, length);
                        begin = item->begin;
                        length = 0;
                }
                length += item->length;
        }
        if (length > 0)
                end = mempcpy(end, t->text + begin, length);
        *end = '\0';
        return text;
}

static bool is_matched(const NameRecord *r, const char *pattern) {
        STRV_FOREACH (name, r->names)
                if (dns_name_matches(*name, pattern))
                        return true;
        return false;
}

size_t name_table_addresses(const NameTable *t, char *const *networks, const char *pattern, InetAddress *ret,
                            size_t max) {
        size_t n = 0;

        for (size_t i = 0; i < t->n; i++)
                if (strv_contains(networks, t->items[i].record.network) &&
                    is_matched(&t->items[i].record, pattern))
                        for (size_t j = 0; j < t->items[i].record.n_addresses && n < max; j++)
                                ret[n++] = t->items[i].record.addresses[j];
        return n;
}

json_t *name_table_find(const NameTable *t, const char *what, const char *network) {
        json_t *list = json_array();
        InetAddress wanted;
        bool is_address = inet_parse(what, &wanted) == 0;

        for (size_t i = 0; i < t->n; i++) {
                const NameRecord *r = &t->items[i].record;
                bool named = is_matched(r, what);

                if (network && !streq(r->network, network))
                        continue;
                for (size_t j = 0; j < r->n_addresses; j++) {
                        char text[INET_TEXT_MAX];

                        if (!named && !(is_address && inet_equal(&r->addresses[j], &wanted)))
                                continue;
                        (void) json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "name",
                                                                     named ? what : r->names[0], "network",
                                                                     r->network, "unit", r->unit, "address",
                                                                     inet_format(&r->addresses[j], text)));
                }
        }
        return list;
}
