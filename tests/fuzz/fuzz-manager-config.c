/* Any bytes as nsunitd.conf: a whole configuration or at least one message, and the next parse is not
 * affected. */
#include <stdlib.h>
#include <string.h>

#include "config/manager-config.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char good[] = "paths {\n  store = /srv\n}\n";
        autoptr(ManagerConfig) config = NULL, next = NULL;
        autoptr(Diag) diag = diag_new();
        autofree char *text = NULL;
        int r;

        if (size > 64 * 1024)
                return 0;

        text = malloc(size + 1);
        memcpy(text, data, size);
        text[size] = '\0';

        r = manager_config_parse("fuzz", text, size, diag, &config);
        if (r == 0 ? !config || diag_count_errors(diag) > 0
                   : config || r != -EINVAL || diag_count_errors(diag) == 0)
                abort();

        /* libConfuse keeps the state of its lexer in globals: what came before must not show. */
        if (manager_config_parse("fuzz", good, strlen(good), NULL, &next) < 0 ||
            strcmp(next->paths.store, "/srv") != 0)
                abort();
        return 0;
}
