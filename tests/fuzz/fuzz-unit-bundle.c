/* Any bytes as a bundle: its parts lie in it, in order, and each can be read as the unit that it is. */
#include <stdlib.h>
#include <string.h>

#include "basic/unit-name.h"
#include "config/raw-unit.h"
#include "config/unit-bundle.h"
#include "fuzz.h"

static void check(bool good) {
        if (!good)
                abort();
}

static void check_part(const char *text, unsigned lines, const BundlePart *part) {
        autoptr(RawUnit) unit = calloc(1, sizeof(*unit));
        autoptr(Diag) diag = diag_new();

        check(unit_name_valid(part->name) && part->line >= 1 && part->line <= lines);
        (void) raw_unit_parse_part(unit, text, part->line, part->text, part->size, diag);
        RAW_FOREACH (v, unit)
                check(raw_value_at(&v).line >= part->line && raw_value_at(&v).line <= lines);
        for (size_t i = 0; i < diag_count(diag); i++)
                check(diag_get(diag, i)->line <= lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        autofree char *text = strndup((const char *) data, size);
        const char *end = text + strlen(text), *last = text;
        autoptr(Diag) diag = diag_new();
        unsigned lines = 1;
        BundlePart *parts;
        int n;

        for (const char *p = text; *p; p++)
                lines += *p == '\n' || *p == '\r';

        n = bundle_split("fuzz", text, (size_t) (end - text), diag, &parts);
        check(n > 0 || diag_count_errors(diag) > 0);
        for (int i = 0; i < n; i++) {
                check(parts[i].text >= last && parts[i].text + parts[i].size <= end);
                last = parts[i].text + parts[i].size;
                check_part("fuzz", lines, &parts[i]);
                for (int k = 0; k < i; k++)
                        check(strcmp(parts[k].name, parts[i].name) != 0);
        }
        bundle_free(parts, (size_t) n);
        return 0;
}
