/* See death-log.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "manager/death-log.h"

#define FILE_MAX_BYTES (1024 * 1024)

json_t *death_log_read(const char *path) {
        autofree char *text = NULL;
        json_t *records = NULL;

        if (file_read(AT_FDCWD, path, FILE_MAX_BYTES, &text, NULL) == 0)
                records = json_loads(text, 0, NULL);
        if (json_is_array(records))
                return records;
        json_decref(records);
        return json_array();
}

static bool is_last(const json_t *records, const json_t *record) {
        size_t n = json_array_size(records);
        const json_t *last = n > 0 ? json_array_get(records, n - 1) : NULL;
        const char *id = json_string_value(json_object_get(record, "Id"));

        return id && streq_null(json_string_value(json_object_get(last, "Id")), id);
}

int death_log_put(const char *path, json_t *record) {
        json_t *records = death_log_read(path);
        autofree char *text = NULL;
        int r;

        if (!records)
                return -ENOMEM;
        if (is_last(records, record))
                (void) json_array_remove(records, json_array_size(records) - 1);
        while (json_array_size(records) >= DEATHS_MAX)
                (void) json_array_remove(records, 0);

        r = json_array_append(records, record);
        text = r < 0 ? NULL : json_dumps(records, JSON_COMPACT);
        json_decref(records);
        return text ? file_replace(AT_FDCWD, path, text, strlen(text), 0600, false) : -ENOMEM;
}
