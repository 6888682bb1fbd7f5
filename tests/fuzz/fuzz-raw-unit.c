/* Any bytes as the text of a unit file: what is read must be whole, and every place must lie in the text. */
#include <stdlib.h>
#include <string.h>

#include "basic/utf8.h"
#include "config/raw-unit.h"
#include "fuzz.h"

static void check(bool good) {
        if (!good)
                abort();
}

static void check_place(Where at, unsigned lines) {
        check(at.line >= 1 && at.line <= lines && at.column >= 1);
}

/* What is printed reads back as the same values of the same sections. */
static void check_print(const RawUnit *unit) {
        autofree char *text = raw_unit_to_text(unit);
        autoptr(RawUnit) again = calloc(1, sizeof(*again));
        RawValue w = {};

        check(raw_unit_parse(again, "again", text, strlen(text), NULL) == 0);
        RAW_FOREACH (v, unit)
                check(raw_unit_next(again, &w) && strcmp(w.section, v.section) == 0 &&
                      strcmp(w.key, v.key) == 0 && strcmp(w.value, v.value) == 0);
        check(!raw_unit_next(again, &w));
}

/* What is looked up is the last value that a walk finds. */
static void check_find(const RawUnit *unit, const RawValue *last) {
        RawValue found;

        check(raw_unit_find(unit, last->section, last->key, &found) && found.next == last->next &&
              found.value == last->value && found.file == last->file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        autofree char *text = strndup((const char *) data, size);
        autoptr(RawUnit) unit = calloc(1, sizeof(*unit));
        autoptr(Diag) diag = diag_new();
        unsigned lines = 1;
        RawValue last = {};
        int r;

        for (size_t i = 0; i < size; i++)
                lines += data[i] == '\n' || data[i] == '\r';

        r = raw_unit_parse(unit, "fuzz", text, strlen(text), diag);
        check(r == 0 || r == -EINVAL);
        check((r < 0) == (diag_count_errors(diag) > 0));

        raw_unit_trim(unit);
        RAW_FOREACH (v, unit) {
                size_t n = strlen(v.value);

                check(v.key[0] != '\0' && utf8_find_invalid(v.value, n) == n);
                check_place(raw_value_key_at(&v), lines);
                check_place(raw_value_at(&v), lines);
                check_place(where_advance(raw_value_at(&v), n), lines);
                last = v;
        }
        if (last.key)
                check_find(unit, &last);
        for (RawSection s = {}; raw_unit_next_section(unit, &s);)
                check_place(s.at, lines);
        for (size_t i = 0; i < diag_count(diag); i++)
                check(diag_get(diag, i)->line >= 1);
        check_print(unit);
        return 0;
}
