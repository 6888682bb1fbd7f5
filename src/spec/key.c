/* Finding keys, and what is the same for keys of every type. */
#include <stdint.h>
#include <stdlib.h>

#include "basic/macro.h"
#include "spec/key.h"

typedef struct KnownKey {
        const char *section, *name;
        unsigned flag;
} KnownKey;

static const KnownKey known_keys[] = {
#define KNOWN_KEY(section, name, reason) { #section, #name, KEY_##reason },
#include "spec/known-keys.def"
#undef KNOWN_KEY
};

static const char *idle_reason(unsigned flags) {
#define X(id, flag, text)   \
        if (flags & (flag)) \
                return text;
        KEY_IDLE_LIST(X)
#undef X
        return NULL;
}

const char *key_idle_reason(const Key *key) {
        return idle_reason(key->flags);
}

const char *key_origin(const KeyTable *table, const Key *key) {
        if (key->flags & KEY_OURS)
                return "nsunits";
        if (key->flags & KEY_NSPAWN)
                return ".nspawn";
        return table->peer;
}

const KeyTable *key_table_find(const char *section) {
        for (size_t i = 0; key_tables[i]; i++)
                if (streq(key_tables[i]->section, section))
                        return key_tables[i];
        return NULL;
}

const Key *key_find(const KeyTable *table, const char *name) {
        size_t low = 0, high = table->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int r = strcmp(table->keys[middle].name, name);

                if (r == 0)
                        return &table->keys[middle];
                if (r < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

static int known_key_compare(const void *a, const void *b) {
        const KnownKey *x = a, *y = b;
        int r = strcmp(x->section, y->section);

        return r != 0 ? r : strcmp(x->name, y->name);
}

const char *key_known_reason(const char *section, const char *name) {
        const KnownKey wanted = { section, name, 0 };
        const KnownKey *found =
                bsearch(&wanted, known_keys, ELEMENTSOF(known_keys), sizeof(*known_keys), known_key_compare);

        return found ? idle_reason(found->flag) : NULL;
}

bool section_is_known(const char *section) {
        if (key_table_find(section))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(known_keys); i++)
                if (streq(known_keys[i].section, section))
                        return true;
        return false;
}

const char *key_section_of(const char *name) {
        for (size_t i = 0; key_tables[i]; i++)
                if (key_find(key_tables[i], name))
                        return key_tables[i]->section;
        for (size_t i = 0; i < ELEMENTSOF(known_keys); i++)
                if (streq(known_keys[i].name, name))
                        return known_keys[i].section;
        return NULL;
}

const char **key_words(const char *section) {
        const KeyTable *table = key_table_find(section);
        size_t n = 0, most = (table ? table->n : 0) + ELEMENTSOF(known_keys) + 1;
        const char **words;

        words = calloc(most, sizeof(*words));
        if (!words)
                return NULL;

        for (size_t i = 0; table && i < table->n; i++)
                words[n++] = table->keys[i].name;
        for (size_t i = 0; i < ELEMENTSOF(known_keys); i++)
                if (streq(known_keys[i].section, section))
                        words[n++] = known_keys[i].name;
        return words;
}

/* Where the section has the pointer to the part that @key is in. */
static void **part_of(const Key *key, const void *section) {
        return (void **) ((uintptr_t) section + key->part.offset);
}

static void *field_of(const Key *key, const void *section) {
        uint8_t *base = key->part.size > 0 ? *part_of(key, section) : (void *) (uintptr_t) section;

        return base + key->offset;
}

const void *key_field(const Key *key, const void *section) {
        return field_of(key, section);
}

char *key_format(const Key *key, const void *section) {
        return key->type->format(key_field(key, section));
}

/* Back to what the field is without any assignment. */
static int reset_field(const Key *key, void *field) {
        KeyInput in = { .key = key->name, .text = key->fallback };

        key->type->clear(field);
        return key->fallback ? key->type->parse(&in, field) : 0;
}

/* Makes the part that @key is in, with all fields as without any assignment. */
static int new_part(const KeyTable *table, const Key *key, void *section) {
        void *part = calloc(1, key->part.size);

        if (!part)
                return -ENOMEM;
        *part_of(key, section) = part;
        for (size_t i = 0; i < table->n; i++) {
                const Key *other = &table->keys[i];
                int r = other->part.size > 0 && other->part.offset == key->part.offset
                                ? reset_field(other, field_of(other, section))
                                : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Does @section have the part that @key is in for itself? */
static bool owns_part(const Key *key, const void *blank, const void *section) {
        return *part_of(key, section) && (!blank || *part_of(key, section) != *part_of(key, blank));
}

/* All but the parts of @blank, which may be NULL. */
static void clear_section(const KeyTable *table, const void *blank, void *section) {
        for (size_t i = 0; i < table->n; i++) {
                const Key *key = &table->keys[i];

                if (!key->type->plain && (key->part.size == 0 || owns_part(key, blank, section)))
                        key->type->clear(field_of(key, section));
        }
        for (size_t i = 0; i < table->n; i++) {
                const Key *key = &table->keys[i];

                if (key->part.size == 0)
                        continue;
                if (owns_part(key, blank, section))
                        free(*part_of(key, section));
                *part_of(key, section) = NULL;
        }
}

/* A section in which everything is as without any assignment, but for defaults that own memory. Made once:
 * there are hundreds of keys, and each unit has a few. NULL when out of memory. */
static const void *blank_section(const KeyTable *table) {
        autofree void *blank = NULL;

        if (*table->blank)
                return *table->blank;

        blank = calloc(1, table->size);
        for (size_t i = 0; blank && i < table->n; i++) {
                const Key *key = &table->keys[i];

                if (key->part.size > 0 ? !*part_of(key, blank) && new_part(table, key, blank) < 0
                    : key->type->plain ? reset_field(key, field_of(key, blank)) < 0
                                       : (key->type->clear(field_of(key, blank)), false)) {
                        clear_section(table, NULL, blank);
                        return NULL;
                }
        }
        return *table->blank = take_ptr(blank);
}

/* Is the part that @key is in the one that is everybody's? */
static bool is_shared(const KeyTable *table, const Key *key, const void *section) {
        const void *blank = key->part.size > 0 ? blank_section(table) : NULL;

        return blank && *part_of(key, section) == *part_of(key, blank);
}

static int key_reset(const KeyTable *table, const Key *key, void *section) {
        return is_shared(table, key, section) ? 0 : reset_field(key, field_of(key, section));
}

void key_table_clear(const KeyTable *table, void *section) {
        clear_section(table, blank_section(table), section);
}

int key_table_set_defaults(const KeyTable *table, void *section) {
        const void *blank = blank_section(table);
        int r = 0;

        if (!blank)
                return -ENOMEM;
        memcpy(section, blank, table->size);
        for (size_t i = 0; i < table->n && r == 0; i++)
                if (table->keys[i].fallback && !table->keys[i].type->plain)
                        r = key_reset(table, &table->keys[i], section);
        return r;
}

static int reset_family(const KeyTable *table, unsigned family, void *section) {
        for (size_t i = 0; i < table->n; i++)
                if (table->keys[i].flags & family) {
                        int r = key_reset(table, &table->keys[i], section);

                        if (r < 0)
                                return r;
                }
        return 0;
}

int key_assign(const KeyTable *table, const Key *key, const KeyInput *in, void *section) {
        void *field;
        int r;

        if (!*in->text && key->flags & KEY_NO_RESET)
                return 0;
        if (!*in->text && key->flags & KEY_FAMILIES)
                return reset_family(table, key->flags & KEY_FAMILIES, section);
        if (!*in->text && !(key->flags & KEY_EMPTY))
                return key_reset(table, key, section);

        r = is_shared(table, key, section) ? new_part(table, key, section) : 0;
        if (r < 0)
                return r;
        field = field_of(key, section);
        if (!(key->flags & KEY_LIST))
                key->type->clear(field);
        return key->type->parse(in, field);
}
