/* From raw values to typed sections: every assignment through its key, then the unit as a whole. */
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/container-section.h"
#include "spec/key-alias.h"
#include "spec/key-types.h"
#include "spec/key.h"
#include "spec/podman-args.h"
#include "spec/unit-check.h"
#include "spec/unit-spec.h"
#include "spec/variables.h"

void unit_spec_free(UnitSpec *u) {
        if (!u)
                return;

        for (size_t i = 0; key_tables[i]; i++) {
                void *section = (void *) unit_spec_section(u, key_tables[i]->section);

                if (section)
                        key_table_clear(key_tables[i], section);
        }

#define FREE_(word, ...) free(u->word);
        OWN_SECTION_LIST(FREE_)
#undef FREE_
        raw_unit_free(u->raw);
        raw_unit_free(u->derived);
        free(u);
}

const void *unit_spec_section(const UnitSpec *u, const char *section) {
#define COMMON_(word, title, ...)  \
        if (streq(section, title)) \
                return &u->word;
        COMMON_SECTION_LIST(COMMON_)
#undef COMMON_
#define OWN_(word, title, ...)     \
        if (streq(section, title)) \
                return u->word;
        OWN_SECTION_LIST(OWN_)
#undef OWN_
        return NULL;
}

bool unit_raw_value(const RawUnit *raw, const char *section, const char *key, RawValue *ret) {
        bool found = false;

        if (!raw || !key_has_old_names(section, key))
                return raw_unit_find(raw, section, key, ret);
        RAW_FOREACH (v, raw)
                if ((streq(v.key, key) && streq(v.section, section)) ||
                    key_alias_is(v.section, v.key, section, key)) {
                        *ret = v;
                        found = true;
                }
        return found;
}

bool unit_spec_value(const UnitSpec *u, const char *section, const char *key, RawValue *ret) {
        return unit_raw_value(u->derived, section, key, ret) || unit_raw_value(u->raw, section, key, ret);
}

bool unit_spec_is_set(const UnitSpec *u, const char *section, const char *key) {
        RawValue v;

        return unit_spec_value(u, section, key, &v) && v.value[0];
}

/* Sections are zeroed by calloc() first, so that half of it can be freed. */
static int unit_spec_new(const RawUnit *raw, UnitKind kind, UnitSpec **ret) {
        autoptr(UnitSpec) u = NULL;

        u = calloc(1, sizeof(*u));
        if (!u)
                return -ENOMEM;
        u->kind = kind;
        u->name = raw->name;

#define NEW_(word, title, type, own_kind)                                 \
        if (kind == own_kind && !(u->word = calloc(1, sizeof(*u->word)))) \
                return -ENOMEM;
        OWN_SECTION_LIST(NEW_)
#undef NEW_

        for (size_t i = 0; key_tables[i]; i++) {
                void *section = (void *) unit_spec_section(u, key_tables[i]->section);
                int r = section ? key_table_set_defaults(key_tables[i], section) : 0;

                if (r < 0)
                        return r;
        }

        *ret = take_ptr(u);
        return 0;
}

static bool is_private_name(const char *name) {
        return startswith(name, "X-") != NULL;
}

/* Is each section one that this kind of unit may have? */
static int check_sections(const RawUnit *raw, UnitKind kind, Diag *diag) {
        const char *const words[] = { "Unit", "Service", "Install", "Quadlet", section_of_kind(kind), NULL };
        int bad = 0;

        for (RawSection s = {}; raw_unit_next_section(raw, &s);) {
                UnitKind other = section_kind(s.name);

                if (is_private_name(s.name) || section_allowed(kind, s.name))
                        continue;

                bad = diag_error(diag, s.at, -EINVAL, "section [%s] does not belong in a .%s unit", s.name,
                                 unit_kind_to_string(kind));
                if (other >= 0)
                        diag_hint(diag, "it belongs in a .%s unit", unit_kind_to_string(other));
                else if (!section_is_known(s.name))
                        diag_did_you_mean(diag, s.name, words);
        }
        return bad;
}

/* Another section in which @name is a key: one that this kind of unit may have, before all others. */
static const char *find_other_section(UnitKind kind, const char *name) {
        for (size_t i = 0; key_tables[i]; i++)
                if (section_allowed(kind, key_tables[i]->section) &&
                    (key_find(key_tables[i], name) || key_alias_find(key_tables[i]->section, name)))
                        return key_tables[i]->section;
        return key_section_of(name) ? key_section_of(name) : key_alias_section(name);
}

/* A key that is not in the section's table: known, in another section, or unknown. */
static int report_unknown(UnitKind kind, const RawValue *v, Diag *diag) {
        autofree const char **words = NULL;
        const char *other, *reason;

        reason = key_known_reason(v->section, v->key);
        if (reason) {
                diag_warning(diag, raw_value_key_at(v), "%s= %s", v->key, reason);
                return 0;
        }

        other = find_other_section(kind, v->key);
        if (other)
                return diag_error(diag, raw_value_key_at(v), -EINVAL,
                                  "%s= belongs in section [%s], not in [%s]", v->key, other, v->section);

        words = key_words(v->section);
        if (!words)
                return -ENOMEM;
        (void) diag_error(diag, raw_value_key_at(v), -EINVAL, "unknown key %s= in section [%s]", v->key,
                          v->section);
        diag_did_you_mean(diag, v->key, words);
        return -EINVAL;
}

/* That nothing acts on the keys of a kind that nobody runs, the check of the whole unit says once for all. */
static bool is_worth_a_warning(const UnitSpec *u, const RawValue *v, const Key *key) {
        if (key->flags & KEY_LATER && unit_kind_is_idle(u->kind))
                return !streq(v->section, section_of_kind(u->kind));
        return key_idle_reason(key) != NULL;
}

/* Types of values that nothing is made from but texts of the container. */
static bool is_free_text(const KeyType *type) {
        return type == &key_type_assignments || type == &key_type_command || type == &key_type_entrypoint ||
               type == &key_type_health_command;
}

/* What values are read with, and what is the same for all of one section. */
typedef struct Place {
        const SpecifierContext *specifiers, *install_specifiers;
        const Variables *variables;

        const char *section; /* whose name it is: values of one section share the string */
        bool allowed;
        const KeyTable *table;
        KeyInput input;
} Place;

static void enter_section(Place *place, const UnitSpec *u, const char *section) {
        place->section = section;
        place->allowed = !is_private_name(section) && section_allowed(u->kind, section);
        place->table = key_table_find(section);
        place->input.specifiers = streq(section, "Install") ? place->install_specifiers : place->specifiers;
        /* systemd's own sections have rules of their own for variables. */
        place->input.variables = section_kind(section) >= 0 ? place->variables : NULL;
}

static int assign(const UnitSpec *u, const RawValue *v, const KeyTable *table, const Key *key, KeyInput *in) {
        KeyInput unheard;
        int r;

        in->free_text = is_free_text(key->type);
        if (is_worth_a_warning(u, v, key))
                diag_warning(in->diag, raw_value_key_at(v), "%s= %s", v->key, key_idle_reason(key));
        if (!key_idle_reason(key) || key->flags & KEY_LATER)
                return key_assign(table, key, in, (void *) unit_spec_section(u, table->section));

        /* Has no effect, whatever it says. */
        unheard = *in;
        unheard.diag = NULL;
        r = key_assign(table, key, &unheard, (void *) unit_spec_section(u, table->section));
        return r == -EINVAL ? 0 : r;
}

static int assign_by_old_name(const UnitSpec *u, const RawValue *v, const KeyAlias *alias, KeyInput in) {
        const KeyTable *table = key_table_find(alias->new_section);
        autofree char *text = NULL;
        int r;

        diag_warning(in.diag, raw_value_key_at(v), "%s= is the old name of %s=%s%s%s", alias->name,
                     alias->new_name, streq(alias->section, alias->new_section) ? "" : " of section [",
                     streq(alias->section, alias->new_section) ? "" : alias->new_section,
                     streq(alias->section, alias->new_section) ? "" : "]");
        r = key_alias_convert(alias, &in, &text);
        if (r < 0)
                return r;
        in.text = text;
        return assign(u, v, table, key_find(table, alias->new_name), &in);
}

static int load_value(UnitSpec *u, Place *place, const RawValue *v) {
        const Key *key = place->table ? key_find(place->table, v->key) : NULL;
        const KeyAlias *alias = key ? NULL : key_alias_find(v->section, v->key);

        place->input.key = v->key;
        place->input.text = v->value;
        place->input.at = raw_value_at(v);
        if (alias)
                return assign_by_old_name(u, v, alias, place->input);
        return key ? assign(u, v, place->table, key, &place->input)
                   : report_unknown(u->kind, v, place->input.diag);
}

static int load_values(UnitSpec *u, const RawUnit *raw, Place *place) {
        int bad = 0;

        RAW_FOREACH (v, raw) {
                int r;

                if (v.section != place->section)
                        enter_section(place, u, v.section);
                if (!place->allowed || is_private_name(v.key))
                        continue;

                r = load_value(u, place, &v);
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        bad = r;
        }
        return bad;
}

static int load_all(UnitSpec *u, const RawUnit *raw, Place *place) {
        /* What options stand for has nothing left to expand. */
        Place bare = { .input = { .directory = place->input.directory, .diag = place->input.diag } };
        KeyInput in = bare.input;
        int bad, r;

        bad = load_values(u, raw, place);
        if (bad == -ENOMEM)
                return bad;

        in.specifiers = place->specifiers;
        in.variables = place->variables;
        r = podman_args_translate(raw, u->kind, &in, &u->derived);
        if (r == -ENOMEM)
                return r;
        bad = r < 0 ? r : bad;
        r = load_values(u, u->derived, &bare);
        return r < 0 ? r : bad;
}

static int load_text(UnitSpec *u, RawUnit *raw, const SpecifierContext *specifiers, Diag *diag) {
        autofree char *fragment = raw->fragment ? strdup(raw->fragment) : NULL;
        const char *directory = fragment && strchr(fragment, '/') ? dirname(fragment) : NULL;
        SpecifierContext install = *specifiers;
        Variables variables = {};
        Place place = {
                .specifiers = specifiers,
                .install_specifiers = &install,
                .variables = &variables,
                .input = { .directory = directory, .diag = diag },
        };
        int r;

        install.install = true;
        r = variables_collect(raw, directory, specifiers, &variables);
        if (r == 0)
                r = load_all(u, raw, &place);
        if (r == 0)
                r = variables_pin(&variables, raw);
        variables_clear(&variables);
        return r;
}

int unit_spec_load(RawUnit *raw, const SpecifierContext *specifiers, Diag *diag, UnitSpec **ret) {
        SpecifierContext names = specifiers ? *specifiers : (SpecifierContext){};
        const Where whole = { .file = raw->fragment };
        UnitKind kind = unit_name_kind(raw->name);
        autoptr(UnitSpec) u = NULL;
        int r, values;

        if (kind < 0)
                return diag_error(diag, whole, -EINVAL, "\"%s\" is not the name of a unit", raw->name);
        names.unit_name = raw->name;
        names.fragment = raw->fragment;

        r = unit_spec_new(raw, kind, &u);
        if (r < 0)
                return r;

        r = check_sections(raw, kind, diag);
        values = load_text(u, raw, &names, diag);
        if (values == -ENOMEM)
                return values;
        if (r == 0)
                r = values;

        /* The checks read the text's places; on failure it stays the caller's. */
        u->raw = raw;
        values = unit_check(u, diag);
        if (values < 0 && r != -ENOMEM)
                r = values;
        if (r < 0) {
                u->raw = NULL;
                return r;
        }

        *ret = take_ptr(u);
        return 0;
}

/* The shorter of what [Container] and [Service] say. */
static void set_timeout_stop(UnitSpec *u, const ManagerConfig *config) {
        ServiceSection *s = &u->service;
        bool own = u->container && unit_spec_is_set(u, "Container", "StopTimeout");

        if (own && s->timeout_stop_set)
                s->timeouts.stop = MIN_OF(s->timeouts.stop, u->container->stop_timeout);
        else if (own)
                s->timeouts.stop = u->container->stop_timeout;
        else if (!s->timeout_stop_set)
                s->timeouts.stop = config->defaults.timeout_stop;
}

void unit_spec_set_defaults(UnitSpec *u, const ManagerConfig *config) {
        ServiceSection *s = &u->service;

        if (!unit_spec_is_set(u, "Service", "RestartSec"))
                s->restart_sec = config->defaults.restart_sec;
        if (!s->timeout_start_set && s->type != SERVICE_ONESHOT)
                s->timeouts.start = config->defaults.timeout_start;
        set_timeout_stop(u, config);
        if (!unit_spec_is_set(u, "Service", "TimeoutAbortSec"))
                s->timeout_abort = s->timeouts.stop;
        if (!unit_spec_is_set(u, "Service", "MemoryMax"))
                s->memory_max = config->defaults.memory_max;
        if (!unit_spec_is_set(u, "Service", "TasksMax"))
                s->tasks_max = config->defaults.tasks_max;
        if (!unit_spec_is_set(u, "Unit", "StartLimitIntervalSec"))
                u->unit.start_limit_interval = config->defaults.start_limit_interval;
        if (!unit_spec_is_set(u, "Unit", "StartLimitBurst"))
                u->unit.start_limit_burst = config->defaults.start_limit_burst;
}

/* Every kind of unit has the key in its own section. */
static const char *service_name(const UnitSpec *u) {
        const KeyTable *table = key_table_find(section_of_kind(u->kind));
        const Key *key = key_find(table, "ServiceName");

        return key ? *(char *const *) key_field(key, (void *) unit_spec_section(u, table->section)) : NULL;
}

int unit_spec_service(const UnitSpec *u, char **ret) {
        const char *name = service_name(u);
        autofree char *instance = NULL;
        int r;

        if (!name)
                return unit_name_to_service(u->name, ret);
        r = unit_name_instance(u->name, &instance);
        if (r < 0)
                return r;

        r = asprintf(ret, "%s%s.service", name, instance && endswith(name, "@") ? instance : "");
        return r < 0 ? -ENOMEM : 0;
}

int unit_spec_format(const UnitSpec *u, char ***ret) {
        autostrv char **lines = NULL;

        for (size_t i = 0; key_tables[i]; i++) {
                const void *section = unit_spec_section(u, key_tables[i]->section);

                for (size_t k = 0; section && k < key_tables[i]->n; k++) {
                        const Key *key = &key_tables[i]->keys[k];
                        autofree char *value = key_format(key, section);
                        int r = value ? strv_addf(&lines, "%s=%s", key->name, value) : -ENOMEM;

                        if (r < 0)
                                return r;
                }
        }

        *ret = take_ptr(lines);
        return 0;
}
