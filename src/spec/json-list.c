#include "spec/json-list.h"

#include "basic/strv.h"

json_t *json_strings(char *const *strings) {
        json_t *array = json_array();

        STRV_FOREACH (s, strings)
                if (json_array_append_new(array, json_string(*s)) < 0) {
                        json_decref(array);
                        return NULL;
                }
        return array;
}
