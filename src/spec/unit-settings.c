/* Every setting of a unit, and where it comes from. */
#include <stdlib.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/key-alias.h"
#include "spec/unit-settings.h"

ENUM_DEFINE(SettingOrigin, setting_origin, SETTING, SETTING_ORIGIN_LIST)

void unit_settings_free(Setting *settings, size_t n) {
        for (size_t i = 0; settings && i < n; i++) {
                free(settings[i].value);
                free(settings[i].places);
        }
        free(settings);
}

/* The assignments that the value is made of. */
static int find_places(const UnitSpec *u, Setting *s) {
        bool adds = s->key->flags & KEY_LIST, empty_counts = s->key->flags & KEY_EMPTY,
             resets = !(s->key->flags & KEY_NO_RESET);

        RAW_FOREACH (v, u->raw) {
                Where *places;

                if (!key_alias_is(v.section, v.key, s->table->section, s->key->name))
                        continue;
                if (!v.value[0] && !empty_counts) {
                        s->n_places = resets ? 0 : s->n_places;
                        continue;
                }
                if (!adds)
                        s->n_places = 0;

                places = reallocarray(s->places, s->n_places + 1, sizeof(*places));
                if (!places)
                        return -ENOMEM;
                s->places = places;
                places[s->n_places++] = raw_value_at(&v);
        }
        return 0;
}

static size_t count_keys(const UnitSpec *u) {
        size_t n = 0;

        for (size_t i = 0; key_tables[i]; i++)
                if (unit_spec_section(u, key_tables[i]->section))
                        n += key_tables[i]->n;
        return n;
}

/* "Key=value" to "value": the value alone is what people see. */
static const char *value_of(const char *line) {
        return strchr(line, '=') + 1;
}

/* A section that nobody has set anything in. */
typedef union AnySection {
#define X(word, title, type, ...) type word;
        COMMON_SECTION_LIST(X)
        OWN_SECTION_LIST(X)
#undef X
} AnySection;

/* @text, @builtin: the value without the defaults of any nsunitd.conf, with the built-in ones. */
static int find_origin(Setting *s, const AnySection *untouched, const char *text, const char *builtin) {
        autofree char *fallback = key_format(s->key, untouched);

        if (!fallback)
                return -ENOMEM;
        s->origin = s->n_places > 0             ? SETTING_FILE
                    : !streq(s->value, builtin) ? SETTING_CONFIG
                    : !streq(text, fallback)    ? SETTING_IMPLIED
                    : s->value[0]               ? SETTING_DEFAULT
                                                : SETTING_UNSET;
        return 0;
}

/* What unit_spec_format() made of the unit: without the defaults, with the built-in ones, with those of
 * nsunitd.conf. */
typedef struct Texts {
        char **plain, **builtin, **config;
} Texts;

/* The settings of one section, of which @settings[0] is number @first of the unit. */
static int fill_section(const UnitSpec *u, const KeyTable *table, const Texts *texts, size_t first,
                        Setting *settings) {
        AnySection untouched;
        int r;

        memset(&untouched, 0, sizeof(untouched)); /* all of it, not just the first member */
        r = key_table_set_defaults(table, &untouched);

        for (size_t k = 0; k < table->n && r == 0; k++) {
                Setting *s = &settings[k];

                s->table = table;
                s->key = &table->keys[k];
                s->value = strdup(value_of(texts->config[first + k]));
                r = s->value ? find_places(u, s) : -ENOMEM;
                if (r == 0)
                        r = find_origin(s, &untouched, value_of(texts->plain[first + k]),
                                        value_of(texts->builtin[first + k]));
        }
        key_table_clear(table, &untouched);
        return r;
}

static int fill(const UnitSpec *u, const Texts *texts, Setting *settings) {
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; key_tables[i] && r == 0; i++)
                if (unit_spec_section(u, key_tables[i]->section)) {
                        r = fill_section(u, key_tables[i], texts, n, settings + n);
                        n += key_tables[i]->n;
                }
        return r;
}

static int make_texts(UnitSpec *u, const ManagerConfig *config, Texts *ret) {
        autoptr(ManagerConfig) builtin = manager_config_new();
        int r;

        r = builtin ? unit_spec_format(u, &ret->plain) : -ENOMEM;
        if (r == 0) {
                unit_spec_set_defaults(u, builtin);
                r = unit_spec_format(u, &ret->builtin);
        }
        if (r == 0) {
                unit_spec_set_defaults(u, config);
                r = unit_spec_format(u, &ret->config);
        }
        return r;
}

int unit_settings(UnitSpec *u, const ManagerConfig *config, Setting **ret, size_t *ret_n) {
        size_t n = count_keys(u);
        Setting *settings = calloc(n + 1, sizeof(*settings));
        Texts texts = {};
        int r;

        r = settings ? make_texts(u, config, &texts) : -ENOMEM;
        if (r == 0)
                r = fill(u, &texts, settings);
        strv_free(texts.plain);
        strv_free(texts.builtin);
        strv_free(texts.config);
        if (r < 0) {
                unit_settings_free(settings, n);
                return r;
        }

        *ret = settings;
        *ret_n = n;
        return 0;
}
