/* Any bytes as an environment file: what comes out is an environment block. */
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "config/env-file.h"
#include "fuzz.h"

/* Written with quotes around each value, the block reads back as it is. */
static void check_written(char *const *env) {
        autostrv char **back = NULL;
        autofree char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        STRV_FOREACH (e, env) {
                const char *value = strchr(*e, '=') + 1;

                fprintf(f, "%.*s\"", (int) (value - *e), *e);
                for (; *value; value++)
                        fprintf(f, "%s%c", strchr("\"\\`$", *value) ? "\\" : "", *value);
                fputs("\"\n", f);
        }
        if (fclose(f) != 0 || env_file_parse(&back, "written", text, size, NULL) < 0 ||
            !strv_equal(back, env))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        autofree char *text = NULL;
        autostrv char **env = NULL;
        autoptr(Diag) diag = diag_new();
        int r;

        if (size > 16 * 1024)
                return 0;

        text = malloc(size + 1);
        memcpy(text, data, size);
        text[size] = '\0';
        r = env_file_parse(&env, "fuzz", text, size, diag);
        if (r != 0 && (r != -EINVAL || diag_count_errors(diag) != 1))
                abort();

        STRV_FOREACH (e, env) {
                const char *equals = strchr(*e, '=');

                if (!equals || equals == *e || (**e >= '0' && **e <= '9'))
                        abort();
        }
        check_written(env);
        return 0;
}
