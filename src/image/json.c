/* Jansson helpers. */
#include "image/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"

int json_parse_text(const char *text, size_t size, const char *what, json_t **ret, Fault *fault) {
        json_error_t error;
        json_t *j;

        /* Duplicate keys: two readers could take different ones. NUL in strings is refused by default. */
        j = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
        if (!j)
                return fault_tell(fault, what, -EBADMSG, "line %d, column %d: %s", error.line, error.column,
                                  error.text);
        *ret = j;
        return 0;
}

int json_parse_object(const char *text, size_t size, const char *what, json_t **ret, Fault *fault) {
        autojson json_t *j = NULL;
        int r;

        r = json_parse_text(text, size, what, &j, fault);
        if (r < 0)
                return r;
        if (!json_is_object(j))
                return fault_tell(fault, what, -EBADMSG, "not an object");
        *ret = take_ptr(j);
        return 0;
}

int json_copy_string(const json_t *j, char **ret) {
        const char *s = json_string_value(j);
        char *copy = NULL;

        if (s && *s) {
                copy = strdup(s);
                if (!copy)
                        return -ENOMEM;
        }
        *ret = copy;
        return 0;
}

int json_copy_strv(const json_t *j, char ***ret) {
        autostrv char **v = NULL;
        const json_t *item;
        size_t i;

        if (j && !json_is_null(j) && !json_is_array(j))
                return -EBADMSG;

        json_array_foreach(j, i, item) {
                if (!json_is_string(item))
                        return -EBADMSG;
                if (strv_add(&v, json_string_value(item)) < 0)
                        return -ENOMEM;
        }
        *ret = take_ptr(v);
        return 0;
}

int json_copy_keys(const json_t *j, char ***ret) {
        autostrv char **v = NULL;

        if (j && !json_is_null(j) && !json_is_object(j))
                return -EBADMSG;

        for (void *i = json_object_iter((json_t *) j); i; i = json_object_iter_next((json_t *) j, i)) {
                const char *value = json_string_value(json_object_iter_value(i));

                if (strv_addf(&v, "%s%s%s", json_object_iter_key(i), value ? "=" : "", strempty(value)) < 0)
                        return -ENOMEM;
        }
        *ret = take_ptr(v);
        return 0;
}

json_t *json_from_strv(char *const *v) {
        autojson json_t *array = json_array();

        STRV_FOREACH (s, v)
                if (json_array_append_new(array, json_string(*s)) < 0)
                        return NULL;
        return take_ptr(array);
}

int json_print(const json_t *j, char **ret) {
        autofree char *text = json_dumps(j, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        char *out;

        if (!text || asprintf(&out, "%s\n", text) < 0)
                return -ENOMEM;
        *ret = out;
        return 0;
}
