/* Names of what runs. */
#include "network/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "network/dns-message.h"

struct NameTable {
        NameRecord *items;
        size_t n, space;
};

NameTable *name_table_new(void) {
        return calloc(1, sizeof(NameTable));
}

void name_table_free(NameTable *t) {
        if (!t)
                return;

        for (size_t i = 0; i < t->n; i++)
                strv_free(t->items[i].names);
        free(t->items);
        free(t);
}

int name_table_add(NameTable *t, const NameRecord *record) {
        autostrv char **names = NULL;

        STRV_FOREACH (name, record->names)
                if (inet_name_is_valid(*name) && !strv_contains(names, *name) && strv_add(&names, *name) < 0)
                        return -ENOMEM;
        if (!names || record->n_addresses == 0)
                return 0;

        if (t->n == t->space) {
                size_t space = 2 * t->space + 16;
                NameRecord *grown = reallocarray(t->items, space, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                t->items = grown;
                t->space = space;
        }
        t->items[t->n] = *record;
        t->items[t->n++].names = take_ptr(names);
        return 0;
}

static bool is_wanted(const NameRecord *r, char *const *networks, const char *unit) {
        return strv_contains(networks, r->network) && !(unit && streq(r->unit, unit));
}

static void print_record(FILE *f, const NameRecord *r) {
        char address[INET_TEXT_MAX];

        for (size_t i = 0; i < r->n_addresses; i++) {
                char separator = '\t';

                fputs(inet_format(&r->addresses[i], address), f);
                STRV_FOREACH (name, r->names) {
                        fprintf(f, "%c%s", separator, *name);
                        separator = ' ';
                }
                fputc('\n', f);
        }
}

char *name_table_hosts(const NameTable *t, char *const *networks, const char *unit) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;

        for (size_t i = 0; i < t->n; i++)
                if (is_wanted(&t->items[i], networks, unit))
                        print_record(f, &t->items[i]);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
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
                if (is_wanted(&t->items[i], networks, NULL) && is_matched(&t->items[i], pattern))
                        for (size_t j = 0; j < t->items[i].n_addresses && n < max; j++)
                                ret[n++] = t->items[i].addresses[j];
        return n;
}

json_t *name_table_find(const NameTable *t, const char *what, const char *network) {
        json_t *list = json_array();
        InetAddress wanted;
        bool is_address = inet_parse(what, &wanted) == 0;

        for (size_t i = 0; i < t->n; i++) {
                const NameRecord *r = &t->items[i];
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
