/* nsctl list-dependencies: what a unit pulls in, as a tree; with --reverse, what pulls it in. */
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/explain.h"

static const char *const kinds[] = { "Requires", "Requisite", "BindsTo", "Wants", "Upholds" };

typedef struct Tree {
        Ctl *c;
        json_t *units;  /* by name: properties; null where there is no such unit */
        char **printed; /* named with all below them already */
} Tree;

static int load(Tree *t, const char *name, const json_t **ret) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *known = json_object_get(t->units, name), *properties;
        int r;

        if (!known) {
                r = client_unit_properties(t->c, name, &error, &properties);
                if (r < 0) {
                        client_failure(name, r, &error);
                        return r;
                }
                if (json_object_set_new(t->units, name, properties) < 0)
                        return -ENOMEM;
                known = properties;
        }
        *ret = known;
        return 0;
}

static bool names(const json_t *properties, const char *name) {
        for (size_t k = 0; k < ELEMENTSOF(kinds); k++) {
                const json_t *value, *list = json_object_get(properties, kinds[k]);
                size_t i;

                json_array_foreach(list, i,
                                   value) if (streq(strempty(json_string_value(value)), name)) return true;
        }
        return false;
}

static int collect_below(const json_t *properties, char ***ret) {
        for (size_t k = 0; k < ELEMENTSOF(kinds); k++) {
                const json_t *value, *list = json_object_get(properties, kinds[k]);
                size_t i;
                int r;

                json_array_foreach(list, i, value) {
                        const char *name = json_string_value(value);

                        if (!name || strv_contains(*ret, name))
                                continue;
                        r = strv_add(ret, name);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static int collect_above(const Tree *t, const char *name, char ***ret) {
        const char *other;
        json_t *properties;

        json_object_foreach(t->units, other, properties) {
                int r = names(properties, name) ? strv_add(ret, other) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

static int print_below(Tree *t, const char *name, const char *indent) {
        autostrv char **others = NULL;
        const json_t *properties;
        int r;

        r = load(t, name, &properties);
        if (r >= 0)
                r = t->c->options.reverse ? collect_above(t, name, &others)
                                          : collect_below(properties, &others);
        if (r >= 0)
                r = strv_add(&t->printed, name);
        if (r < 0)
                return r;
        strv_sort(others);

        STRV_FOREACH (other, others) {
                bool last = !other[1], again = strv_contains(t->printed, *other);
                autofree char *deeper = NULL;
                const char *state;

                r = load(t, *other, &properties);
                if (r < 0 || asprintf(&deeper, "%s%s", indent, last ? "  " : "│ ") < 0)
                        return r < 0 ? r : -ENOMEM;
                state = streq(property_string(properties, "LoadState"), "not-found")
                                ? "not found"
                                : property_string(properties, "SubState");
                printf("%s%s%s (%s)\n", indent, last ? "└─" : "├─", *other, state);
                r = again ? 0 : print_below(t, *other, deeper);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Who names whom is known only of units whose properties are here. */
static int load_all(Tree *t) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *rows = NULL;
        const json_t *ignored, *row;
        size_t i;
        int r;

        r = client_list_units(t->c, &error, &rows);
        if (r < 0) {
                client_failure("list", r, &error);
                return r;
        }
        json_array_foreach(rows, i, row) {
                r = load(t, strempty(json_string_value(json_object_get(row, "unit"))), &ignored);
                if (r < 0)
                        return r;
        }
        return 0;
}

int verb_list_dependencies(Ctl *c, char **words) {
        autojson json_t *units = json_object();
        autostrv char **roots = NULL;
        Tree t = { .c = c, .units = units };
        int r;

        if (!units || ctl_unit_names(words + 1, &roots) < 0 || client_open(c) < 0)
                return STATUS_FAILED;

        r = c->options.reverse ? load_all(&t) : 0;
        STRV_FOREACH (root, roots) {
                if (r < 0)
                        break;
                puts(*root);
                r = print_below(&t, *root, "");
        }
        strv_free(t.printed);
        return r < 0 ? STATUS_FAILED : STATUS_OK;
}
