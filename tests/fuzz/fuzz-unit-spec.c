/*
 * Any bytes as a whole unit: from text to the typed unit, to the spec, to JSON. A unit is refused if and only
 * if an error says why; what is accepted can be shown and made into a spec. What units without an assignment
 * share stays as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "config/raw-unit.h"
#include "fuzz.h"
#include "spec/key.h"
#include "spec/spec-json.h"
#include "spec/spec-make.h"
#include "spec/unit-spec.h"

static void check(bool good) {
        if (!good)
                abort();
}

/* The first byte chooses the kind of unit: so that every section is reached. */
static const char *name_of(uint8_t first) {
        static const char *const names[] = { "web.container", "job@7.container", "back.network",
                                             "data.volume", "p.pod" };

        return names[first % (sizeof(names) / sizeof(names[0]))];
}

static void check_spec(const UnitSpec *u) {
        const ManagerConfig config = { .users = { .id_count = 65536 } };
        const SpecSources sources = { .config = &config };
        const SpecJsonContext context = { .root = "/r" };
        autoptr(ContainerSpec) spec = NULL;
        autofree char *json = NULL;

        if (!u->container || spec_make(u, &sources, NULL, &spec) < 0)
                return;
        check(spec->argv && spec->argv[0]);
        check(spec_to_json(spec, &context, &json) == 0);
}

/* Every key of every section as it is without any assignment. */
static char *format_defaults(void) {
        autostrv char **lines = NULL;

        for (size_t i = 0; key_tables[i]; i++) {
                const KeyTable *table = key_tables[i];
                autofree void *section = calloc(1, table->size);

                check(key_table_set_defaults(table, section) == 0);
                for (size_t k = 0; k < table->n; k++) {
                        autofree char *text = key_format(&table->keys[k], section);

                        check(strv_add(&lines, text) == 0);
                }
                key_table_clear(table, section);
        }
        return strv_join(lines, "\n");
}

static void load(const uint8_t *data, size_t size) {
        const SpecifierContext specifiers = { .host_name = "host", .state_dir = "/var/lib" };
        autofree char *text = size > 0 ? strndup((const char *) data + 1, size - 1) : strdup("");
        autoptr(RawUnit) raw = calloc(1, sizeof(*raw));
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = NULL;
        autostrv char **lines = NULL;
        int r;

        raw->name = strdup(name_of(size > 0 ? data[0] : 0));
        raw->fragment = strdup("/etc/nsunits/fuzz");
        if (raw_unit_parse(raw, raw->fragment, text, strlen(text), diag) < 0)
                return;

        r = unit_spec_load(raw, &specifiers, diag, &u);
        check(r == 0 || r == -EINVAL);
        check((r < 0) == (diag_count_errors(diag) > 0));
        if (r < 0)
                return;

        (void) take_ptr(raw);
        check(unit_spec_format(u, &lines) == 0);
        check_spec(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static char *before;
        autofree char *after = NULL;

        if (!before)
                before = format_defaults();
        load(data, size);
        after = format_defaults();
        check(strcmp(before, after) == 0);
        return 0;
}
