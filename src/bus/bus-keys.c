/*
 * What the unit file says, as properties: one interface for each section, made from the key tables, no line
 * per key.
 *
 * Properties are named as the keys. Times bear systemd's name: RestartSec= is RestartUSec, in µs; CPUQuota=
 * is CPUQuotaPerSecUSec.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "basic/clock.h"
#include "basic/strv.h"
#include "bus/bus-internal.h"
#include "spec/container-section.h"
#include "spec/key-types.h"
#include "spec/key.h"

/* How the value of a key gets into a message. */
typedef enum FieldForm {
        FORM_TEXT, /* as what format() makes of it */
        FORM_BOOL,
        FORM_UNSIGNED,
        FORM_U64,
        FORM_INT,
        FORM_STRV,
        FORM_TOGGLE, /* a boolean whose default is in nsunitd.conf */
} FieldForm;

/* A field is sent as it lies in memory where its C type is the one of the signature. (An enum is compatible
 * with an integer for the compiler, but has the signature of a text.) */
#define SENT_AS(ctype, sig, other, wanted) \
        (__builtin_types_compatible_p(ctype, other) && (sig)[0] == (wanted))

static const struct {
        const char *type;
        FieldForm form;
} forms[] = {
#define KEY_TYPE(id, ctype, sig, syntax)                            \
        { #id, SENT_AS(ctype, sig, bool, 'b')       ? FORM_BOOL     \
               : SENT_AS(ctype, sig, unsigned, 'u') ? FORM_UNSIGNED \
               : SENT_AS(ctype, sig, uint64_t, 't') ? FORM_U64      \
               : SENT_AS(ctype, sig, int, 'i')      ? FORM_INT      \
               : SENT_AS(ctype, sig, char **, 'a')  ? FORM_STRV     \
               : SENT_AS(ctype, sig, Toggle, 'b')   ? FORM_TOGGLE   \
                                                    : FORM_TEXT },
#include "spec/key-types.def"
#undef KEY_TYPE
};

/* One property: the key that it shows. */
typedef struct KeyProperty {
        char *name;
        const Key *key;
        FieldForm form;
} KeyProperty;

/* One interface made of a table; *_find() says where the section's struct lies. */
typedef struct KeyInterface {
        const KeyTable *table;
        const char *name;
        sd_bus_object_find_t find;
        KeyProperty *properties;
        sd_bus_vtable *vtable; /* NULL until first needed; for all connections */
} KeyInterface;

static int find_section(Bus *b, sd_bus *bus, const char *path, void *(*section_of)(const UnitSpec *),
                        void **ret, sd_bus_error *error) {
        UnitStatus status;
        Unit *u;
        int r;

        r = bus_unit_find(b, bus, path, &u, error);
        if (r <= 0)
                return r;

        unit_status(u, &status);
        b->key_view = (KeyView){ b, status.spec ? section_of(status.spec) : NULL };
        *ret = &b->key_view;
        return b->key_view.section != NULL;
}

/* find_WORD(): the section of a unit, NULL for a kind of units that has none. */
#define FIND(word, section)                                                                          \
        static void *section_of_##word(const UnitSpec *spec) {                                       \
                return (void *) (section);                                                           \
        }                                                                                            \
                                                                                                     \
        static int find_##word(sd_bus *bus, const char *path, const char *interface, void *userdata, \
                               void **ret, sd_bus_error *error) {                                    \
                return find_section(userdata, bus, path, section_of_##word, ret, error);             \
        }

FIND(unit, &spec->unit)
FIND(quadlet, &spec->quadlet)
FIND(install, &spec->install)
FIND(service, spec->kind == UNIT_CONTAINER ? &spec->service : NULL)
#define FIND_OWN_(word, ...) FIND(word, spec->word)
OWN_SECTION_LIST(FIND_OWN_)
#undef FIND_OWN_

static KeyInterface interfaces[] = { { &unit_keys, BUS_UNIT_INTERFACE, find_unit },
                                     { &install_keys, BUS_UNIT_INTERFACE, find_install },
                                     { &quadlet_keys, BUS_SECTION_INTERFACE("Quadlet"), find_quadlet },
                                     { &service_keys, BUS_SECTION_INTERFACE("Service"), find_service },
#define INTERFACE_(word, title, ...) { &word##_keys, BUS_SECTION_INTERFACE(title), find_##word },
                                     OWN_SECTION_LIST(INTERFACE_)
#undef INTERFACE_
};

static int append_formatted(sd_bus_message *reply, const Key *key, const void *section) {
        autofree char *text = key_format(key, section);
        autostrv char **parts = NULL;

        if (!text)
                return -ENOMEM;
        switch (key->type->signature[0]) {
        case 's':
                return sd_bus_message_append(reply, "s", text);
        case 'b':
                return sd_bus_message_append(reply, "b", streq(text, "yes"));
        case 'a':
                if (strv_split(text, " ", &parts) < 0)
                        return -ENOMEM;
                return sd_bus_message_append_strv(reply, parts);
        }
        return -EINVAL;
}

/* The value that a key has which nobody has set. */
static int append_nothing(sd_bus_message *reply, const Key *key) {
        return key->type->signature[0] == 'a' ? sd_bus_message_append_strv(reply, NULL)
                                              : sd_bus_message_append(reply, "s", "");
}

static const KeyProperty *find_property(const char *interface, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(interfaces); i++)
                for (size_t k = 0; streq(interfaces[i].name, interface) && k < interfaces[i].table->n; k++)
                        if (streq_null(interfaces[i].properties[k].name, name))
                                return &interfaces[i].properties[k];
        return NULL;
}

/* What a container gets whose unit does not say. */
static bool toggle_default(const Bus *b, const Key *key) {
        return streq(key->name, "NoNewPrivileges") && manager_config(b->manager)->security.no_new_privileges;
}

static int append_key(sd_bus *bus, sd_bus_message *reply, const KeyProperty *p, const KeyView *v) {
        const void *field;
        Toggle toggle;

        if (p->key->flags & KEY_SECRET && !bus_caller_is_root(bus))
                return append_nothing(reply, p->key);

        field = key_field(p->key, v->section);
        switch (p->form) {
        case FORM_TEXT:
                return append_formatted(reply, p->key, v->section);
        case FORM_BOOL:
                return sd_bus_message_append(reply, "b", *(const bool *) field);
        case FORM_UNSIGNED:
                return sd_bus_message_append(reply, "u", *(const unsigned *) field);
        case FORM_U64:
                return sd_bus_message_append(reply, "t", *(const uint64_t *) field);
        case FORM_INT:
                return sd_bus_message_append(reply, "i", *(const int *) field);
        case FORM_STRV:
                return sd_bus_message_append_strv(reply, *(char ***) field);
        case FORM_TOGGLE:
                toggle = *(const Toggle *) field;
                return sd_bus_message_append(reply, "b",
                                             toggle == TOGGLE_UNSET ? toggle_default(v->bus, p->key)
                                                                    : toggle == TOGGLE_ON);
        }
        return -EINVAL;
}

static int get_key(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const KeyProperty *p = find_property(interface, property);

        return p ? append_key(bus, reply, p, userdata) : -EINVAL;
}

/* systemd's name of the property. */
static char *property_name(const Key *key) {
        static const char *const times[] = { "span", "timeout", "cpu_period", "device_latencies", NULL };
        bool time = strv_contains((char **) times, key->type->name);
        const char *sec = endswith(key->name, "Sec");
        char *name;

        if (streq(key->name, "CPUQuota"))
                return strdup("CPUQuotaPerSecUSec");
        if (!time)
                return strdup(key->name);
        return asprintf(&name, "%.*sUSec", (int) (sec ? (size_t) (sec - key->name) : strlen(key->name)),
                        key->name) < 0
                       ? NULL
                       : name;
}

/* An enum is compatible with int, a set of capabilities is a number: what is sent as text says the signature.
 */
static FieldForm form_of(const Key *key) {
        for (size_t i = 0; i < ELEMENTSOF(forms); i++)
                if (streq(forms[i].type, key->type->name))
                        return forms[i].form;
        return FORM_TEXT;
}

/* What the manager itself answers better, having the unit's name at hand when the file has nothing to say. */
static bool is_answered_elsewhere(const Key *key) {
        return streq(key->name, "Description");
}

static int make_vtable(KeyInterface *k) {
        const sd_bus_vtable begin = SD_BUS_VTABLE_START(0), end = SD_BUS_VTABLE_END;
        size_t n = 0;

        k->properties = calloc(k->table->n, sizeof(*k->properties));
        k->vtable = calloc(k->table->n + 2, sizeof(*k->vtable));
        if (!k->properties || !k->vtable)
                return -ENOMEM;

        k->vtable[n++] = begin;
        for (size_t i = 0; i < k->table->n; i++) {
                const Key *key = &k->table->keys[i];
                char *name;

                if (is_answered_elsewhere(key))
                        continue;
                name = property_name(key);
                if (!name)
                        return -ENOMEM;
                k->properties[i] = (KeyProperty){ name, key, form_of(key) };
                k->vtable[n++] = (sd_bus_vtable) SD_BUS_PROPERTY(name, key->type->signature, get_key, 0, 0);
        }
        k->vtable[n] = end;
        return 0;
}

static void free_vtable(KeyInterface *k) {
        for (size_t i = 0; k->properties && i < k->table->n; i++)
                free(k->properties[i].name);
        free(k->properties);
        free(k->vtable);
        k->properties = NULL;
        k->vtable = NULL;
}

/* All of a table or nothing: half of one has no end. */
static int make_vtables(void) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(interfaces); i++) {
                if (interfaces[i].vtable)
                        continue;
                r = make_vtable(&interfaces[i]);
                if (r < 0)
                        free_vtable(&interfaces[i]);
        }
        return r;
}

static int append_section(const KeyInterface *k, Bus *b, sd_bus_message *m, sd_bus_message *reply,
                          sd_bus_error *error) {
        sd_bus *bus = sd_bus_message_get_bus(m);
        void *view;
        int r;

        r = k->find(bus, sd_bus_message_get_path(m), k->name, b, &view, error);
        if (r <= 0)
                return r;
        for (size_t i = 0; i < k->table->n; i++) {
                const KeyProperty *p = &k->properties[i];

                if (!p->name)
                        continue;
                r = bus_property_open(reply, p->name, p->key->type->signature);
                if (r >= 0)
                        r = append_key(bus, reply, p, view);
                if (r >= 0)
                        r = bus_property_close(reply);
                if (r < 0)
                        return r;
        }
        return 1;
}

int bus_keys_append(Bus *b, sd_bus_message *m, const char *interface, sd_bus_message *reply,
                    sd_bus_error *error) {
        int n = 0, r = make_vtables();

        /* Of names that two sections have, those of [Unit] come last, as with sd-bus: who asks for all at
         * once keeps what comes last. */
        for (size_t i = ELEMENTSOF(interfaces); r >= 0 && i-- > 0;) {
                if (interface[0] && !streq(interface, interfaces[i].name))
                        continue;
                r = append_section(&interfaces[i], b, m, reply, error);
                n += r > 0;
        }
        return r < 0 ? r : n;
}

int bus_keys_describe(BusTableFn fn, void *data) {
        int r = make_vtables();

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(interfaces); i++)
                fn(interfaces[i].name, interfaces[i].vtable, data);
        return r;
}

int bus_keys_publish(Bus *b, sd_bus *bus) {
        int r = make_vtables();

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(interfaces); i++) {
                const KeyInterface *k = &interfaces[i];

                r = sd_bus_add_fallback_vtable(bus, NULL, BUS_UNIT_PREFIX, k->name, k->vtable, k->find, b);
        }
        return r < 0 ? r : 0;
}

void bus_keys_free(void) {
        for (size_t i = 0; i < ELEMENTSOF(interfaces); i++)
                free_vtable(&interfaces[i]);
}
