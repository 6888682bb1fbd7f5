/*
 * What a unit file comes to: every key of every section of a unit as a line "Section.Key=value", from the
 * directory that is given and nothing else. With SECTION, KEY and VALUE: how that one value would be shown in
 * such a unit. For test-quadlet.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "basic/strv.h"
#include "config/host-specifiers.h"
#include "config/unit-path.h"
#include "spec/key.h"
#include "spec/unit-spec.h"

static int print_section(const KeyTable *table, const void *section) {
        for (size_t i = 0; i < table->n; i++) {
                autofree char *value = key_format(&table->keys[i], section);

                if (!value)
                        return -ENOMEM;
                printf("%s.%s=%s\n", table->section, table->keys[i].name, value);
        }
        return 0;
}

static int load(const char *directory, const char *name, const HostSpecifiers *host, Diag *diag,
                UnitSpec **ret) {
        autoptr(UnitPath) path = NULL;
        autoptr(RawUnit) raw = NULL;
        autostrv char **dirs = NULL;
        int r;

        r = strv_add(&dirs, directory);
        if (r >= 0)
                r = unit_path_new(dirs, &path);
        if (r >= 0)
                r = unit_path_load(path, name, diag, &raw);
        if (r >= 0)
                r = unit_spec_load(raw, host_specifiers_context(host), diag, ret);
        if (r >= 0)
                (void) take_ptr(raw);
        return r;
}

static int show_unit(const char *directory, const char *name, const HostSpecifiers *host, Diag *diag) {
        autoptr(UnitSpec) u = NULL;
        int r;

        r = load(directory, name, host, diag, &u);
        for (size_t i = 0; r >= 0 && key_tables[i]; i++) {
                const void *section = unit_spec_section(u, key_tables[i]->section);

                if (section)
                        r = print_section(key_tables[i], section);
        }
        return r;
}

static int show_value(char **words, const HostSpecifiers *host, Diag *diag) {
        const KeyTable *table = key_table_find(words[2]);
        const Key *key = table ? key_find(table, words[3]) : NULL;
        SpecifierContext specifiers = *host_specifiers_context(host);
        KeyInput in = { .key = words[3], .text = words[4], .directory = words[0], .diag = diag };
        autofree char *text = NULL;
        max_align_t section[256] = {};
        int r;

        if (!key)
                return -ENOENT;
        specifiers.unit_name = words[1];
        in.specifiers = &specifiers;
        key->type->clear(key_field(key, section));
        r = key->type->parse(&in, key_field(key, section));
        if (r >= 0) {
                text = key_format(key, section);
                printf("%s.%s=%s\n", table->section, key->name, text ? text : "");
        }
        key->type->clear(key_field(key, section));
        return r;
}

int main(int argc, char **argv) {
        autoptr(Diag) diag = diag_new();
        HostSpecifiers *host = host_specifiers_new();
        int r;

        if (argc != 3 && argc != 6) {
                fprintf(stderr, "Usage: cases-quadlet-show DIRECTORY UNIT [SECTION KEY VALUE]\n");
                return 2;
        }

        if (!diag || !host)
                r = -ENOMEM;
        else
                r = argc == 3 ? show_unit(argv[1], argv[2], host, diag) : show_value(argv + 1, host, diag);
        if (r < 0) {
                autofree char *said = diag ? diag_to_string(diag) : NULL;

                fprintf(stderr, "%s%s: %s\n", said ? said : "", argv[2], strerror(-r));
        }
        host_specifiers_free(host);
        return r < 0;
}
