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

        check(raw_unit_parse(again, "again", text, strlen(text), NULL) == 0);
        check(again->n_values == unit->n_values);
        for (size_t i = 0; i < unit->n_values; i++)
                check(strcmp(again->values[i].section, unit->values[i].section) == 0 &&
                      strcmp(again->values[i].key, unit->values[i].key) == 0 &&
                      strcmp(again->values[i].value, unit->values[i].value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        autofree char *text = strndup((const char *) data, size);
        autoptr(RawUnit) unit = calloc(1, sizeof(*unit));
        autoptr(Diag) diag = diag_new();
        unsigned lines = 1;
        int r;

        for (size_t i = 0; i < size; i++)
                lines += data[i] == '\n' || data[i] == '\r';

        r = raw_unit_parse(unit, "fuzz", text, strlen(text), diag);
        check(r == 0 || r == -EINVAL);
        check((r < 0) == (diag_count_errors(diag) > 0));

        for (size_t i = 0; i < unit->n_values; i++) {
                const RawValue *v = &unit->values[i];
                size_t n = strlen(v->value);

                check(v->key[0] != '\0' && utf8_find_invalid(v->value, n) == n);
                check_place(v->key_at, lines);
                check_place(v->at, lines);
                check_place(where_advance(v->at, n), lines);
        }
        for (size_t i = 0; i < diag_count(diag); i++)
                check(diag_get(diag, i)->line >= 1);
        check_print(unit);
        return 0;
}
