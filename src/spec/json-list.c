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

json_t *json_id_list(const IdList *ids) {
        json_t *array = json_array();

        for (size_t i = 0; i < ids->n; i++)
                if (json_array_append_new(array, json_pack("{s:I, s:I, s:I}", "containerID",
                                                           (json_int_t) ids->items[i].inside, "hostID",
                                                           (json_int_t) ids->items[i].outside, "size",
                                                           (json_int_t) ids->items[i].count)) < 0) {
                        json_decref(array);
                        return NULL;
                }
        return array;
}
