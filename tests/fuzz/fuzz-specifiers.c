/* First line: the unit's name; the rest: a text with specifiers. */
#include <stdlib.h>
#include <string.h>

#include "basic/unit-name.h"
#include "config/specifiers.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        autofree char *name = strndup((const char *) data, size), *out = NULL;
        autoptr(Diag) diag = diag_new();
        SpecifierContext c = {
                .unit_name = name, .fragment = "/etc/nsunits/x", .host_name = "h.example", .home = ""
        };
        char *text = strchr(name, '\n');
        int r;

        if (!text)
                return 0;
        *text++ = '\0';
        if (!unit_name_valid(name))
                return 0;

        r = specifiers_expand(text, (Where){ .line = 1, .column = 1 }, &c, diag, &out);
        if (r != 0 && (r != -EINVAL || out))
                abort();
        if ((r < 0) != (diag_count_errors(diag) > 0))
                abort();
        /* No specifier may get through unexpanded. */
        if (r == 0 && !strchr(text, '%') && strcmp(text, out) != 0)
                abort();
        return 0;
}
