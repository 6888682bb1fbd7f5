/* Names of what runs. */
#include "network/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "network/dns-message.h"

typedef struct Item {
        NameRecord record;
        char *lines; /* of a hosts file: in a crowd each of them is in everybody's */
        size_t length;
} Item;

struct NameTable {
        Item *items;
        size_t n, space;
        size_t length; /* of all lines */
};

NameTable *name_table_new(void) {
        return calloc(1, sizeof(NameTable));
}

void name_table_free(NameTable *t) {
        if (!t)
                return;

        for (size_t i = 0; i < t->n; i++) {
                strv_free(t->items[i].record.names);
                free(t->items[i].lines);
        }
        free(t->items);
        free(t);
}

static char *lines_of(const NameRecord *r, char *const *names, size_t *ret_length) {
        size_t most = INET_TEXT_MAX + 1;
        char *text, *end;

        STRV_FOREACH (name, names)
                most += strlen(*name) + 1;
        text = end = malloc(r->n_addresses * most + 1);
        if (!text)
                return NULL;

        for (size_t i = 0; i < r->n_addresses; i++) {
                (void) inet_format(&r->addresses[i], end);
                end += strlen(end);
                STRV_FOREACH (name, names) {
                        *end++ = name == names ? '\t' : ' ';
                        end = stpcpy(end, *name);
                }
                *end++ = '\n';
        }
        *ret_length = (size_t) (end - text);
        return text;
}

int name_table_add(NameTable *t, const NameRecord *record) {
        autostrv char **names = NULL;
        autofree char *lines = NULL;
        size_t length = 0;

        STRV_FOREACH (name, record->names)
                if (inet_name_is_valid(*name) && !strv_contains(names, *name) && strv_add(&names, *name) < 0)
                        return -ENOMEM;
        if (!names || record->n_addresses == 0)
                return 0;

        if (t->n == t->space) {
                size_t space = 2 * t->space + 16;
                Item *grown = reallocarray(t->items, space, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                t->items = grown;
                t->space = space;
        }
        lines = lines_of(record, names, &length);
        if (!lines)
                return -ENOMEM;
        t->items[t->n] = (Item){ .record = *record, .lines = take_ptr(lines), .length = length };
        t->items[t->n++].record.names = take_ptr(names);
        t->length += length;
        return 0;
}

static bool is_wanted(const NameRecord *r, char *const *networks, const char *unit) {
        return strv_contains(networks, r->network) && !(unit && streq(r->unit, unit));
}

char *name_table_hosts(const NameTable *t, char *const *networks, const char *unit) {
        char *text = malloc(t->length + 1), *end = text;

        if (!text)
                return NULL;

        for (size_t i = 0; i < t->n; i++)
                if (is_wanted(&t->items[i].record, networks, unit))
                        end = mempcpy(end, t->items[i].lines, t->items[i].length);
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
                if (is_wanted(&t->items[i].record, networks, NULL) &&
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
