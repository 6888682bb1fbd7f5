/* JSON to a Doc. jansson knows no places, so that messages name the way to a member instead. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "ctl/doc.h"

static int convert(const char *file, json_t *json, unsigned depth, DocBudget *budget, Doc **ret);

static int convert_children(const char *file, json_t *json, unsigned depth, DocBudget *budget, Doc *d) {
        const Where at = { .file = file };
        const char *key;
        json_t *value;
        size_t i;
        int r = 0;

        json_array_foreach(json, i, value) {
                autoptr(Doc) child = NULL;

                r = convert(file, value, depth + 1, budget, &child);
                if (r == 0)
                        r = doc_add(d, NULL, at, child);
                if (r < 0)
                        return r;
                (void) take_ptr(child);
        }
        json_object_foreach(json, key, value) {
                autoptr(Doc) child = NULL;

                r = convert(file, value, depth + 1, budget, &child);
                if (r == 0)
                        r = doc_add(d, key, at, child);
                if (r < 0)
                        return r;
                (void) take_ptr(child);
        }
        return 0;
}

/* NULL: null, list or map, or no memory. */
static char *scalar_text(const json_t *json) {
        char *text = NULL;

        switch (json_typeof(json)) {
        case JSON_STRING:
                return strdup(json_string_value(json));
        case JSON_INTEGER:
                return asprintf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(json)) < 0 ? NULL : text;
        case JSON_REAL:
                return asprintf(&text, "%.17g", json_real_value(json)) < 0 ? NULL : text;
        case JSON_TRUE:
                return strdup("true");
        case JSON_FALSE:
                return strdup("false");
        case JSON_NULL:
        case JSON_OBJECT:
        case JSON_ARRAY:
                return NULL;
        }
        __builtin_unreachable();
}

static int convert(const char *file, json_t *json, unsigned depth, DocBudget *budget, Doc **ret) {
        const DocKind kind = json_is_object(json)  ? DOC_MAP
                             : json_is_array(json) ? DOC_LIST
                             : json_is_null(json)  ? DOC_NULL
                                                   : DOC_TEXT;
        autoptr(Doc) d = NULL;
        int r;

        if (depth > DOC_DEPTH_MAX)
                return -ELOOP;
        r = doc_spend(budget, 0);
        if (r < 0)
                return r;

        d = doc_new(kind, (Where){ .file = file });
        if (!d)
                return -ENOMEM;
        if (kind == DOC_TEXT) {
                d->text = scalar_text(json);
                if (!d->text)
                        return -ENOMEM;
        }

        r = convert_children(file, json, depth, budget, d);
        if (r < 0)
                return r;
        *ret = take_ptr(d);
        return 0;
}

int doc_json_parse(const char *file, const char *text, size_t size, Diag *diag, Doc **ret) {
        const Where whole = { .file = file };
        DocBudget budget = {};
        json_error_t error;
        json_t *json;
        int r;

        if (size > DOC_SOURCE_MAX)
                return diag_error(diag, whole, -EINVAL, "the text is longer than %zu MiB",
                                  DOC_SOURCE_MAX / 1024 / 1024);
        json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
        if (!json)
                return diag_error(diag,
                                  (Where){ .file = file,
                                           .line = error.line > 0 ? (unsigned) error.line : 0,
                                           .column = error.column > 0 ? (unsigned) error.column : 0 },
                                  -EINVAL, "%s", error.text);

        r = convert(file, json, 0, &budget, ret);
        json_decref(json);
        if (r == -ELOOP)
                return diag_error(diag, whole, -EINVAL, "lists and maps are nested more than %d deep",
                                  DOC_DEPTH_MAX);
        if (r == -E2BIG)
                return diag_error(diag, whole, -EINVAL, "there are more than %zu values", DOC_NODES_MAX);
        return r;
}
