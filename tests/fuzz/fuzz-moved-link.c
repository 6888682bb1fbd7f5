/* Saved links of the host that a container has, tampered with: what is read is written, and read again, the
 * same. */
#include <stdlib.h>

#include "fuzz.h"
#include "network/moved-link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        json_t *j = json_loadb((const char *) data, size, 0, NULL), *first = NULL, *second = NULL;
        MovedLink link = {}, again = {};

        if (moved_link_from_json(j, &link) == 0) {
                first = moved_link_to_json(&link);
                if (!first || moved_link_from_json(first, &again) < 0)
                        abort();
                second = moved_link_to_json(&again);
                if (!json_equal(first, second))
                        abort();
        }
        moved_link_done(&link);
        moved_link_done(&again);
        json_decref(j);
        json_decref(first);
        json_decref(second);
        return 0;
}
