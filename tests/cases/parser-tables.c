/* The tables of the record: names of units, time spans, exit statuses, calendar expressions, conditions. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/calendar.h"
#include "basic/parse.h"
#include "basic/unit-name.h"
#include "manager/condition.h"
#include "parser-cases.h"
#include "spec/exit-status.h"
#include "spec/key.h"
#include "spec/unit-spec.h"

static void check_escape(const json_t *row) {
        const char *in = json_string_value(json_object_get(row, "in"));
        const json_t *escaped = json_object_get(row, "plain"), *plain = json_object_get(row, "-u"),
                     *path = json_object_get(row, "-u -p");
        autofree char *ours = must(unit_name_escape(in)), *back = NULL, *back_path = NULL;
        int r;

        if (json_integer_value(json_array_get(escaped, 0)) == 0)
                compare("escaped", ours, json_array_get(escaped, 1), "");
        if (json_integer_value(json_array_get(plain, 0)) == 0 && unit_name_unescape(in, &back) == 0)
                compare("unescaped", back, json_array_get(plain, 1), "");

        r = unit_name_unescape_path(in, &back_path);
        if (path && (r == 0) != (json_integer_value(json_array_get(path, 0)) == 0))
                return differ("\"%s\" as a path is %s", in, r == 0 ? "taken" : "refused");
        if (r == 0)
                compare("unescaped path", back_path, json_array_get(path, 1), "");
}

static void check_timespan(const json_t *row) {
        const char *in = json_string_value(json_object_get(row, "in"));
        const char *us = json_string_value(json_object_get(row, "us"));
        autofree char *ours = NULL;
        usec_t t;
        int r = parse_span(in, &t);

        if ((r == 0) != (us != NULL))
                return differ("\"%s\" is %s", in, r == 0 ? "taken" : "refused");
        if (us && asprintf(&ours, "%" PRIu64, t) > 0 && !streq(ours, us))
                differ("\"%s\" is %s, not %s", in, ours, us);
}

static void check_unit_name(const json_t *row) {
        const char *name = json_string_value(json_object_get(row, "name"));
        bool accepted = streq(json_string_value(json_object_get(row, "dbus")), "accepted");
        autofree char *ours = replace(name, ".service", ".container");

        /* Kinds differ, and the cut of a name that is too long falls elsewhere. */
        if (!endswith(name, ".service") || unit_name_is_template(ours))
                return;
        if (unit_name_valid(ours) != accepted)
                differ("\"%s\" is %s", ours, accepted ? "refused" : "taken");
}

/* A line of the table that systemd-analyze prints: name, status, class. */
static void check_exit_status(const json_t *row) {
        char name[64];
        int status;

        if (sscanf(json_string_value(row), "%63s %d", name, &status) == 2 &&
            exit_status_from_name(name) != status)
                differ("%s is %d, not %d", name, exit_status_from_name(name), status);
}

/* What systemd-analyze calendar calls the normalized form. */
static void check_calendar(const json_t *row) {
        const char *in = json_string_value(json_object_get(row, "in"));
        const char *normal = json_string_value(json_object_get(row, "normalized"));
        autofree char *ours = NULL;
        Calendar c = {};
        int r = calendar_parse(in, &c);

        if ((r == 0) != (normal != NULL))
                return differ("\"%s\" is %s", in, r == 0 ? "taken" : "refused");
        if (r < 0)
                return;
        ours = must(calendar_format(&c));
        calendar_clear(&c);
        if (!streq(ours, normal))
                differ("\"%s\" is \"%s\", not \"%s\"", in, ours, normal);
}

/* Answers that are this machine's and not systemd's. */
static bool depends_on_the_machine(const char *key) {
        return streq(key, "ConditionVirtualization") || streq(key, "ConditionHost") ||
               streq(key, "ConditionMemory");
}

/* The exit status of systemd-analyze condition: 1 for one that is not met, and for one that it does not know.
 */
static void check_condition(const json_t *row) {
        const char *in = json_string_value(json_object_get(row, "in")), *equals = strchr(in, '=');
        autofree char *name = must(strndup(in, (size_t) (equals - in)));
        const Key *key = key_find(&unit_keys, name);
        UnitSection section = {};
        ConditionOutcome outcome;
        KeyInput input = { .key = name, .text = equals + 1 };
        int expected = (int) json_integer_value(json_object_get(row, "rc")), r;

        if (depends_on_the_machine(name))
                return;
        if (!key) {
                if (expected == 0)
                        differ("%s= is no key", name);
                return;
        }

        r = key_table_set_defaults(&unit_keys, &section);
        if (r == 0)
                r = key_assign(&unit_keys, key, &input, &section);
        /* What cannot be a condition is left out there, with a warning; here it is an error. */
        if (r == 0)
                r = condition_test_all(&section, &outcome) < 0 ? 1 : outcome.verdict != CONDITION_MET;
        if (r >= 0 && r != expected)
                differ("%s gives %d, not %d", in, r, expected);
        key_table_clear(&unit_keys, &section);
}

static void run_table(const json_t *tables, const char *name, void (*check)(const json_t *row)) {
        size_t i;
        json_t *row;

        case_begin(name);
        json_array_foreach(json_object_get(tables, name), i, row) check(row);
        case_end();
}

void run_tables(const json_t *tables) {
        run_table(tables, "escape", check_escape);
        run_table(tables, "timespan", check_timespan);
        run_table(tables, "unit_names", check_unit_name);
        run_table(tables, "exit_status", check_exit_status);
        run_table(tables, "calendar", check_calendar);
        run_table(tables, "condition", check_condition);
}
