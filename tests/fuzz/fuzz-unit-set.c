/*
 * Any bytes as several units: the checks across them, the list of their settings, and the difference between
 * a unit and itself, of which there is none. A line "%%% NAME" begins a unit; one without an "!" before its
 * name is asked about.
 */
#include <stdlib.h>
#include <string.h>

#include "config/raw-unit.h"
#include "fuzz.h"
#include "spec/set-check.h"
#include "spec/unit-diff.h"
#include "spec/unit-settings.h"

#define UNITS_MAX 32
#define MARK      "%%% "

typedef struct Units {
        UnitSpec *specs[UNITS_MAX];
        Diag *diag;
        UnitSet *set;
        size_t n;
} Units;

static void check(bool good) {
        if (!good)
                abort();
}

/* @text ends where the next unit begins. */
static void add_unit(Units *units, const char *name, const char *text) {
        autoptr(RawUnit) raw = calloc(1, sizeof(*raw));
        bool asked = name[0] != '!';
        UnitSpec *u;

        raw->name = strdup(name + !asked);
        raw->fragment = strdup("/etc/nsunits/fuzz");
        if (unit_name_kind(raw->name) < 0 || !unit_name_valid(raw->name) ||
            unit_set_find(units->set, raw->name) ||
            raw_unit_parse(raw, raw->fragment, text, strlen(text), NULL) < 0 ||
            unit_spec_load(raw, NULL, NULL, &u) < 0)
                return;

        (void) take_ptr(raw);
        units->specs[units->n++] = u;
        check(unit_set_add(units->set, u->name, SET_LOADED, u, asked ? units->diag : NULL) == 0);
}

static void add_all(Units *units, char *text) {
        char *next = strstr(text, MARK);

        while (next && units->n < UNITS_MAX) {
                char *name = next + strlen(MARK), *body = name + strcspn(name, "\n");

                next = strstr(body, MARK);
                if (next && next > text)
                        next[-1] = '\0';
                if (*body)
                        *body++ = '\0';
                add_unit(units, name, body);
        }
}

static void check_one(UnitSpec *u, const ManagerConfig *config) {
        UnitChange *changes;
        Setting *settings;
        size_t n;

        check(unit_diff(u, u, u, &changes, &n) == 0 && n == 0);
        unit_changes_free(changes, n);
        check(unit_settings(u, config, &settings, &n) == 0);
        unit_settings_free(settings, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const controllers[] = { "cpu", NULL };
        autofree char *text = strndup((const char *) data, size);
        autoptr(ManagerConfig) config = manager_config_new();
        const SetFacts facts = { .config = config, .controllers = (char **) controllers };
        autoptr(UnitSet) set = unit_set_new();
        autoptr(Diag) diag = diag_new();
        Units units = { .set = set, .diag = diag };

        add_all(&units, text);
        check(set_check(set, &facts) == 0);
        diag_sort(diag);
        for (size_t i = 0; i < units.n; i++) {
                check_one(units.specs[i], config);
                unit_spec_free(units.specs[i]);
        }
        return 0;
}
