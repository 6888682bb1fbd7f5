/*
 * What a unit file comes to: every key of every section of a unit as a line "Section.Key=value", from the
 * directory that is given and nothing else. Of a unit that is refused as a whole, its own section is shown,
 * as far as each value is good for itself; the exit status is 1 then.
 *
 * With SECTION, KEY and VALUE: how that one value would be shown in such a unit. For test-quadlet.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "config/host-specifiers.h"
#include "config/unit-path.h"
#include "spec/key.h"
#include "spec/unit-spec.h"

/* Room for the struct of any section. */
typedef struct AnySection {
        max_align_t room[1024];
} AnySection;

typedef struct Show {
        const char *directory, *name;
        SpecifierContext specifiers;
        Diag *diag;
        bool quiet; /* a value that is refused is passed over */
} Show;

static int print_section(const KeyTable *table, const void *section) {
        for (size_t i = 0; i < table->n; i++) {
                autofree char *value = key_format(&table->keys[i], section);

                if (!value)
                        return -ENOMEM;
                printf("%s.%s=%s\n", table->section, table->keys[i].name, value);
        }
        return 0;
}

static int load_text(const Show *s, RawUnit **ret) {
        autoptr(UnitPath) path = NULL;
        autostrv char **dirs = NULL;
        int r;

        r = strv_add(&dirs, s->directory);
        if (r >= 0)
                r = unit_path_new(dirs, &path);
        return r < 0 ? r : unit_path_load(path, s->name, s->diag, ret);
}

static int assign(const Show *s, const KeyTable *table, const char *name, const char *text, void *section) {
        const KeyInput in = { .key = name,
                              .text = text,
                              .directory = s->directory,
                              .specifiers = &s->specifiers,
                              .diag = s->quiet ? NULL : s->diag };
        const Key *key = key_find(table, name);

        return key ? key_assign(table, key, &in, section) : -ENOENT;
}

static int show_own_section(Show *s, const RawUnit *raw) {
        const KeyTable *table = key_table_find(section_of_kind(unit_name_kind(s->name)));
        AnySection section = {};
        int r;

        r = key_table_set_defaults(table, &section);
        s->quiet = true;
        for (RawValue v = {}; r >= 0 && raw_unit_next(raw, &v);)
                if (streq(v.section, table->section))
                        (void) assign(s, table, v.key, v.value, &section);
        if (r >= 0)
                r = print_section(table, &section);
        key_table_clear(table, &section);
        return r < 0 ? r : -EINVAL;
}

static int show_unit(Show *s) {
        autoptr(RawUnit) raw = NULL;
        autoptr(UnitSpec) u = NULL;
        int r;

        r = load_text(s, &raw);
        if (r < 0)
                return r;
        r = unit_spec_load(raw, &s->specifiers, s->diag, &u);
        if (r == -EINVAL)
                return show_own_section(s, raw);
        if (r < 0)
                return r;
        (void) take_ptr(raw);

        for (size_t i = 0; r >= 0 && key_tables[i]; i++) {
                const void *section = unit_spec_section(u, key_tables[i]->section);

                if (section)
                        r = print_section(key_tables[i], section);
        }
        return r;
}

static int show_value(const Show *s, const char *title, const char *name, const char *value) {
        const KeyTable *table = key_table_find(title);
        AnySection section = {};
        int r;

        if (!table || !key_find(table, name))
                return -ENOENT;
        r = key_table_set_defaults(table, &section);
        if (r >= 0)
                r = assign(s, table, name, value, &section);
        if (r >= 0) {
                autofree char *text = key_format(key_find(table, name), &section);

                printf("%s.%s=%s\n", title, name, text ? text : "");
        }
        key_table_clear(table, &section);
        return r;
}

int main(int argc, char **argv) {
        HostSpecifiers *host = host_specifiers_new();
        autoptr(Diag) diag = diag_new();
        Show s = { .diag = diag };
        int r;

        if (!host || !diag || (argc != 3 && argc != 6)) {
                fprintf(stderr, "Usage: cases-quadlet-show DIRECTORY UNIT [SECTION KEY VALUE]\n");
                return 2;
        }

        s.directory = argv[1];
        s.name = argv[2];
        s.specifiers = *host_specifiers_context(host);
        s.specifiers.unit_name = argv[2];
        r = argc == 3 ? show_unit(&s) : show_value(&s, argv[3], argv[4], argv[5]);
        if (r < 0) {
                autofree char *said = diag_to_string(diag);

                fprintf(stderr, "%s%s: %s\n", said ? said : "", argv[2], strerror(-r));
        }
        host_specifiers_free(host);
        return r < 0;
}
