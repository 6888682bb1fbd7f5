/* Every setting of a unit, and where it comes from. */
#include <stdlib.h>

#include "basic/macro.h"
#include "basic/strv.h"
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

        for (size_t i = 0; i < u->raw->n_values; i++) {
                const RawValue *v = &u->raw->values[i];
                Where *places;

                if (!streq(v->section, s->table->section) || !streq(v->key, s->key->name))
                        continue;
                if (!v->value[0] && !empty_counts) {
                        s->n_places = resets ? 0 : s->n_places;
                        continue;
                }
                if (!adds)
                        s->n_places = 0;

                places = reallocarray(s->places, s->n_places + 1, sizeof(*places));
                if (!places)
                        return -ENOMEM;
                s->places = places;
                places[s->n_places++] = v->at;
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

/* The value of a key that nobody has set. */
static char *default_of(const Setting *s) {
        union {
#define X(word, title, type, ...) type word;
                COMMON_SECTION_LIST(X)
                OWN_SECTION_LIST(X)
#undef X
        } section;
        char *value = NULL;

        memset(&section, 0, sizeof(section)); /* all of it, not just the first member */
        if (key_table_set_defaults(s->table, &section) == 0)
                value = key_format(s->key, &section);
        key_table_clear(s->table, &section);
        return value;
}

/* @text, @builtin: the value without the defaults of any nsunitd.conf, with the built-in ones. */
static int find_origin(Setting *s, const char *text, const char *builtin) {
        autofree char *fallback = default_of(s);

        if (!fallback)
                return -ENOMEM;
        s->origin = s->n_places > 0             ? SETTING_FILE
                    : !streq(s->value, builtin) ? SETTING_CONFIG
                    : !streq(text, fallback)    ? SETTING_IMPLIED
                    : s->value[0]               ? SETTING_DEFAULT
                                                : SETTING_UNSET;
        return 0;
}

/* @text, @builtin, @config: what unit_spec_format() made of the unit without the defaults, with the built-in
 * ones, with those of nsunitd.conf. */
static int fill(const UnitSpec *u, char *const *text, char *const *builtin, char *const *config,
                Setting *settings) {
        size_t n = 0;

        for (size_t i = 0; key_tables[i]; i++)
                for (size_t k = 0; unit_spec_section(u, key_tables[i]->section) && k < key_tables[i]->n;
                     k++, n++) {
                        Setting *s = &settings[n];
                        int r;

                        s->table = key_tables[i];
                        s->key = &key_tables[i]->keys[k];
                        s->value = strdup(value_of(config[n]));
                        r = s->value ? find_places(u, s) : -ENOMEM;
                        if (r == 0)
                                r = find_origin(s, value_of(text[n]), value_of(builtin[n]));
                        if (r < 0)
                                return r;
                }
        return 0;
}

int unit_settings(UnitSpec *u, const ManagerConfig *config, Setting **ret, size_t *ret_n) {
        autostrv char **text = NULL, **with_builtin = NULL, **with_config = NULL;
        autoptr(ManagerConfig) builtin = manager_config_new();
        size_t n = count_keys(u);
        Setting *settings = calloc(n + 1, sizeof(*settings));
        int r;

        r = settings && builtin ? unit_spec_format(u, &text) : -ENOMEM;
        if (r == 0) {
                unit_spec_set_defaults(u, builtin);
                r = unit_spec_format(u, &with_builtin);
        }
        if (r == 0) {
                unit_spec_set_defaults(u, config);
                r = unit_spec_format(u, &with_config);
        }
        if (r == 0)
                r = fill(u, text, with_builtin, with_config, settings);
        if (r < 0) {
                unit_settings_free(settings, n);
                return r;
        }

        *ret = settings;
        *ret_n = n;
        return 0;
}
