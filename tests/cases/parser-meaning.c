/*
 * What values mean: the unit goes through the key tables, and each recorded property whose key is in one of
 * them is compared. What systemd leaves out with a warning has to be an error here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "basic/parse.h"
#include "basic/strv.h"
#include "parser-cases.h"
#include "spec/key.h"
#include "spec/unit-spec.h"

static char **foreign_keys; /* "Service.Nice": not in our tables */

/* Values that systemd takes and we refuse on purpose. */
static const struct {
        const char *key, *value, *reason;
} refused[] = {
        { "Type", "forking", "a container has one main process, its first" },
        { "Type", "dbus", "a container is on no bus of the host's" },
        { "Type", "idle", "there is no console to keep tidy" },
        { "KillMode", "process", "a container ends as a whole" },
        { "KillMode", "none", "a container ends as a whole" },
};

/* Properties that are not called as their key. */
static const struct {
        const char *property, *key;
} names[] = {
        { "CPUQuotaPerSecUSec", "CPUQuota" },
        { "Conditions", NULL },
        { "Asserts", NULL },
        { "Names", NULL },
        { "Id", NULL },
        { "Environment", NULL }, /* is the service's; ours is the container's */
        { "User", NULL },
        { "ExecStart", NULL },    /* read word by word by check_files() */
        { "WatchdogUSec", NULL }, /* what is in force: with Type=oneshot it is none */
};

/* "TimeoutStartUSec" is what "TimeoutStartSec=" is called on the bus, "LimitCPUSoft" a half of "LimitCPU=".
 */
static char *key_of(const char *property) {
        const char *end = endswith(property, "USec"), *soft = endswith(property, "Soft");
        char *key;

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i].property, property))
                        return names[i].key ? must(strdup(names[i].key)) : NULL;
        if (soft && startswith(property, "Limit"))
                return must(strndup(property, (size_t) (soft - property)));
        if (!end)
                return must(strdup(property));
        if (asprintf(&key, "%.*sSec", (int) (end - property), property) < 0)
                abort();
        return key;
}

/* The last assignment to @key, in any section. */
static bool find_value(const RawUnit *u, const char *key, RawValue *ret) {
        bool found = false;

        RAW_FOREACH (v, u)
                if (streq(v.key, key)) {
                        *ret = v;
                        found = true;
                }
        return found;
}

static const Key *find_key(const RawValue *v, const KeyTable **ret_table) {
        *ret_table = key_table_find(v->section);
        return *ret_table ? key_find(*ret_table, v->key) : NULL;
}

/* Leaves what is ours: the cases are services and have keys that a container's unit has not. */
static RawUnit *drop_foreign(RawUnit *u) {
        RawUnit *left = calloc(1, sizeof(*left));
        const KeyTable *table;
        int r = left ? 0 : -ENOMEM;

        for (RawSection s = {}; r == 0 && raw_unit_next_section(u, &s);)
                r = raw_unit_add_section(left, s.name, strlen(s.name), s.at);
        for (RawValue v = {}; r == 0 && raw_unit_next(u, &v);) {
                RawText text = {
                        v.key, v.value, strlen(v.key), strlen(v.value), raw_value_key_at(&v), raw_value_at(&v)
                };

                r = find_key(&v, &table) ? raw_unit_add_text(left, v.section, &text) : 0;
        }
        if (r < 0)
                abort();

        left->name = take_ptr(u->name);
        left->fragment = take_ptr(u->fragment);
        left->drop_ins = take_ptr(u->drop_ins);
        left->links = take_ptr(u->links);
        raw_unit_free(u);
        return left;
}

static void note_foreign(const RawUnit *u) {
        RAW_FOREACH (v, u) {
                autofree char *name = NULL;
                const KeyTable *table;

                if (find_key(&v, &table) || !key_known_reason(v.section, v.key))
                        continue;
                if (asprintf(&name, "%s.%s", v.section, v.key) < 0)
                        abort();
                if (!strv_contains(foreign_keys, name) && strv_add(&foreign_keys, name) < 0)
                        abort();
        }
}

void report_meaning(void) {
        autofree char *list = NULL;

        strv_sort(foreign_keys);
        list = must(strv_join(foreign_keys, " "));
        printf("# %zu keys are not ours (yet), and not compared: %s\n", strv_length(foreign_keys), list);
        foreign_keys = strv_free(foreign_keys);
}

/* "1024:4096" is two properties, the soft limit and the hard one. */
static char *half_of_limit(const char *property, const char *text) {
        const char *colon = strchr(text, ':');

        if (!startswith(property, "Limit") || !colon)
                return must(strdup(text));
        return must(endswith(property, "Soft") ? strndup(text, (size_t) (colon - text)) : strdup(colon + 1));
}

/* What a number is in the record: microseconds, bytes, a signal, a mode, a nice value as the kernel counts
 * it. */
static bool to_number(const Key *key, const char *text, int64_t *ret) {
        uint32_t permyriad;
        uint64_t n;
        mode_t mode;
        int i;

        if (streq(text, "idle"))
                *ret = 0; /* of weights */
        else if (endswith(key->name, "Signal") && parse_signal(text, &i) == 0)
                *ret = i;
        else if (streq(key->name, "UMask") && parse_mode(text, &mode) == 0)
                *ret = mode;
        else if (parse_int(text, &i) == 0)
                *ret = i;
        else if (parse_permyriad(text, &permyriad) == 0)
                *ret = (int64_t) permyriad * 100;
        else if (endswith(key->name, "Sec") ? parse_span(text, &n) == 0 : parse_size(text, &n) == 0)
                *ret = (int64_t) n;
        else
                return false;
        return true;
}

static void compare_number(const Key *key, const char *property, const char *text, json_int_t expected) {
        autofree char *half = half_of_limit(property, text);
        int64_t ours;

        if (!to_number(key, half, &ours))
                differ("%s is \"%s\", not %lld", property, text, (long long) expected);
        else if (ours != (int64_t) expected)
                differ("%s is %" PRIi64 ", not %lld", property, ours, (long long) expected);
}

/* Those that every service has. */
static bool is_implicit(const char *unit) {
        static const char *const always[] = { "sysinit.target",
                                              "basic.target",
                                              "shutdown.target",
                                              "systemd-journald.socket",
                                              "-.mount",
                                              "tmp.mount",
                                              NULL };

        return endswith(unit, ".slice") || strv_contains((char **) always, unit);
}

static void compare_units(Case *c, const Key *key, const char *text, const json_t *expected) {
        autostrv char **ours = NULL, **theirs = NULL;
        const json_t *item;
        size_t i;

        if (strv_split(text, " ", &ours) < 0)
                abort();
        json_array_foreach(expected, i, item) {
                char *unit = in_our_terms(strempty(json_string_value(item)), c->root);

                if (!is_implicit(unit) && strv_add(&theirs, unit) < 0)
                        abort();
                free(unit);
        }

        STRV_FOREACH (unit, ours)
                if (!strv_contains(theirs, *unit) && !streq(*unit, c->unit))
                        differ("%s= has %s", key->name, *unit);
        STRV_FOREACH (unit, theirs)
                if (!strv_contains(ours, *unit))
                        differ("%s= lacks %s", key->name, *unit);
}

static void compare_array(Case *c, const Key *key, const char *text, const json_t *expected) {
        autofree char *joined = NULL;
        autostrv char **theirs = NULL;
        const json_t *item;
        size_t i;

        json_array_foreach(expected, i, item) {
                if (!json_is_string(item))
                        return; /* of a shape that is the bus's own */
                if (strv_add(&theirs, json_string_value(item)) < 0)
                        abort();
        }
        joined = must(strv_join(theirs, " "));
        if (!streq(joined, text))
                differ("%s= is \"%s\", not \"%s\"", key->name, text, joined);
}

/* Of some values the bus tells only a part, or in other words. */
static void compare_text(Case *c, const Key *key, const char *text, const json_t *expected) {
        const char *theirs = strempty(json_string_value(expected));

        if (streq(theirs, "infinity") && (streq(text, "infinity") || streq(text, "")))
                return;
        /* "fd:NAME" is "fd" there, and "-/optional" "!/optional". */
        if (startswith(text, theirs) && text[strlen(theirs)] == ':')
                return;
        if (theirs[0] == '!' && text[0] == '-' && streq(theirs + 1, text + 1))
                return;
        compare(key->name, text, expected, c->root);
}

static void compare_property(Case *c, const Key *key, const char *property, const char *text,
                             const json_t *expected) {
        if (streq(key->type->name, "units"))
                compare_units(c, key, text, expected);
        else if (json_is_boolean(expected)) {
                /* A list of words, too, says that something is on. */
                if (json_is_true(expected) == (streq(text, "no") || streq(text, "")))
                        differ("%s is \"%s\"", property, text);
        } else if (json_is_integer(expected))
                compare_number(key, property, text, json_integer_value(expected));
        else if (json_is_array(expected))
                compare_array(c, key, text, expected);
        else
                compare_text(c, key, text, expected);
}

/* Not what counts from the machine on which the case was recorded, and not defaults, which may be ours. */
static bool is_comparable(const RawValue *v) {
        return v->value[0] && v->value[0] != '"' && (!endswith(v->value, "%") || streq(v->key, "CPUQuota"));
}

static void compare_all(Case *c, const RawUnit *u, const UnitSpec *spec) {
        json_t *expected;
        const char *name;

        json_object_foreach((json_t *) c->expect, name, expected) {
                const char *property = startswith(name, "props.");
                autofree char *wanted = property && !strchr(property, '.') ? key_of(property) : NULL,
                              *text = NULL;
                const KeyTable *table;
                RawValue v = {};
                const Key *key = wanted && find_value(u, wanted, &v) ? find_key(&v, &table) : NULL;

                if (!key || !is_comparable(&v))
                        continue;
                text = must(key_format(key, unit_spec_section(spec, v.section)));
                compare_property(c, key, property, text, expected);
        }
}

/* An empty value is always a reset here, one pair of quotes falls away as in Quadlet, and nothing runs
 * commands of services. */
static bool has_to_be_right(const RawValue *v, const Diag *diag) {
        const KeyTable *table;
        const Key *key = find_key(v, &table);
        Where at = raw_value_at(v);

        /* A warning about the value will do. */
        for (size_t i = 0; i < diag_count(diag); i++)
                if (diag_get(diag, i)->line == at.line && diag_get(diag, i)->column == at.column)
                        return false;
        return v->value[0] && v->value[0] != '"' && !(key && key->flags & KEY_HOST);
}

/* Did systemd leave out a value, or refuse the unit? In any version, of those keys that are ours. */
static bool complaint_in(const json_t *messages, const RawUnit *u, const Diag *diag) {
        const json_t *message;
        size_t i;

        json_array_foreach(messages, i, message) {
                const char *text = strempty(json_string_value(json_array_get(message, 1))), *place;
                unsigned line;

                if (!strstr(text, "gnoring") && !strstr(text, "efusing") &&
                    json_integer_value(json_array_get(message, 0)) > LOG_ERR)
                        continue;
                place = strstr(text, ".service:");
                if (!place || sscanf(place, ".service:%u:", &line) != 1) {
                        /* Of the unit as a whole; that it has no command is no affair of a container's. */
                        if (strstr(text, "Refusing.") && !strstr(text, "ExecStart"))
                                return true;
                        continue;
                }
                RAW_FOREACH (v, u)
                        if (raw_value_at(&v).line == line && has_to_be_right(&v, diag))
                                return true;
                for (RawSection s = {}; raw_unit_next_section(u, &s);)
                        if (s.at.line == line)
                                return true;
        }
        return false;
}

static bool complained(const Case *c, const RawUnit *u, const Diag *diag) {
        const json_t *versions = json_object_get(json_object_get(c->recorded, "by_version"), "messages");
        const char *version;
        json_t *messages;

        if (!versions)
                versions = json_object_get(json_object_get(c->expect, "by_version"), "messages");
        if (complaint_in(json_object_get(c->expect, "messages"), u, diag))
                return true;
        json_object_foreach((json_t *) versions, version,
                            messages) if (complaint_in(messages, u, diag)) return true;
        return false;
}

static bool refused_on_purpose(const RawUnit *u) {
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                RawValue v;

                if (find_value(u, refused[i].key, &v) && streq(v.value, refused[i].value)) {
                        printf("#   %s=%s is refused: %s\n", v.key, v.value, refused[i].reason);
                        return true;
                }
        }
        return false;
}

/* The unit is only read when its text was: what is wrong with that is told by check_files(). */
void check_meaning(Case *c) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) spec = NULL;
        autofree char *said = NULL;
        RawUnit *u;
        RawValue v;
        int r;

        if (case_load(c, NULL, &u) < 0) {
                raw_unit_free(u);
                return;
        }
        note_foreign(u);
        u = drop_foreign(u);
        if (raw_unit_add(u, "Container", "Image", "docker.io/library/x", (Where){}) < 0)
                abort();

        /* Who notifies is said in [Container]. */
        if (find_value(u, "Type", &v) && streq(v.value, "notify") &&
            raw_unit_add(u, "Container", "Notify", "yes", (Where){}) < 0)
                abort();

        r = unit_spec_load(u, &c->specifiers, diag, &spec);
        said = must(diag_to_string(diag));
        if (r == 0 && complained(c, u, diag))
                differ("systemd complains, we say: %s", said);
        else if (r == 0)
                compare_all(c, u, spec);
        else if (!complained(c, u, NULL) && !refused_on_purpose(u) &&
                 !streq(strempty(json_string_value(json_object_get(c->expect, "load"))), "bad-setting"))
                differ("refused: %s", said);
        if (r < 0)
                raw_unit_free(u);
}
