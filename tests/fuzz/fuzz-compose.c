/* Any bytes as a Compose file, and as what `docker inspect` prints: what is made is taken by the reader of
 * units. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/import.h"
#include "fuzz.h"

static void check(bool good) {
        if (!good)
                abort();
}

static void try_import(int (*import)(Import *, const char *, const char *, size_t), const char *text,
                       size_t size) {
        static const char *const env[] = { "HOME=/home/me", "TAG=a \"b\" $c\n%", "EMPTY=", NULL };
        autoptr(Diag) diag = diag_new();
        Import i = { .diag = diag, .directory = "/nonexistent", .env = (char *const *) env };
        size_t said;
        int r;

        r = import(&i, "fuzz", text, size);
        check(r == 0 || r == -EINVAL);
        check((r == 0) == (diag_count_errors(diag) == 0));
        if (r == 0) {
                r = unit_bundle_check(&i.bundle, diag);
                check(r == 0 || r == -EINVAL);
                check((r == 0) == (diag_count_errors(diag) == 0));
        }
        if (r == 0) {
                autofree char *printed = NULL;
                size_t n;
                FILE *f = open_memstream(&printed, &n);

                unit_bundle_print(&i.bundle, f);
                fclose(f);
                check(strlen(printed) == n);

                /* Nothing is left to complain about. */
                said = diag_count(diag);
                check(unit_bundle_check(&i.bundle, diag) == 0 && diag_count(diag) == said);
        }
        unit_bundle_done(&i.bundle);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size > 64 * 1024)
                return 0;
        try_import(import_compose, (const char *) data, size);
        try_import(import_docker, (const char *) data, size);
        return 0;
}
