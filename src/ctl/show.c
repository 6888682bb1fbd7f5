/* Values of properties as `systemctl show` prints them. */
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "ctl/show.h"
#include "ctl/text.h"

/* A counter that nobody counts, a weight that nobody gave; all else is a limit. */
static char *show_unset(const char *name) {
        static const char *const endings[] = { "Current", "Peak", "NSec", "Bytes", "Operations", "Weight" };

        for (size_t i = 0; i < ELEMENTSOF(endings); i++)
                if (endswith(name, endings[i]))
                        return strdup("[not set]");
        return strdup("infinity");
}

static char *show_number(const char *name, json_int_t n) {
        char buf[TEXT_MAX];

        if (endswith(name, "Timestamp"))
                return strdup(text_timestamp((usec_t) n, buf));
        if (endswith(name, "USec"))
                return format_span((usec_t) n);
        (void) snprintf(buf, sizeof(buf), "%" JSON_INTEGER_FORMAT, n);
        return strdup(buf);
}

static char *show_list(const json_t *array) {
        autostrv char **parts = NULL;

        for (size_t i = 0; i < json_array_size(array); i++) {
                autofree char *part = show_value("", json_array_get(array, i));

                if (!part || (part[0] && strv_add(&parts, part) < 0))
                        return NULL;
        }
        return parts ? strv_join(parts, " ") : strdup("");
}

char *show_value(const char *name, const json_t *value) {
        /* (uo): systemctl shows the number of the job only, and nothing when there is none. */
        if (streq(name, "Job") && json_array_size(value) == 2)
                return json_integer_value(json_array_get(value, 0)) ? show_value("", json_array_get(value, 0))
                                                                    : strdup("");

        switch (json_typeof(value)) {
        case JSON_STRING:
                return strdup(json_string_value(value));
        case JSON_INTEGER:
                return show_number(name, json_integer_value(value));
        case JSON_TRUE:
                return strdup("yes");
        case JSON_FALSE:
                return strdup("no");
        case JSON_NULL:
                return show_unset(name);
        case JSON_ARRAY:
                return show_list(value);
        case JSON_OBJECT:
        case JSON_REAL:
                return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        }
        return NULL;
}
