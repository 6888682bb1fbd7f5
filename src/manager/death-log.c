/* See death-log.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "manager/death-log.h"

#define FILE_MAX_BYTES (1024 * 1024)

/* Two pages: a file that has grown beyond is written anew with the records that count. */
#define COMPACT_BYTES 8192

static const char *id_of(const json_t *record) {
        return json_string_value(json_object_get(record, "Id"));
}

static int add_record(json_t *records, json_t *record) {
        size_t n = json_array_size(records);
        const char *id = id_of(record), *last = n > 0 ? id_of(json_array_get(records, n - 1)) : NULL;

        if (!id)
                return 0;
        if (last && streq(last, id))
                return json_array_set(records, n - 1, record);
        if (n >= DEATHS_MAX)
                (void) json_array_remove(records, 0);
        return json_array_append(records, record);
}

/* One that was cut off by the end of a manager is none: it is written again. */
static int add_line(json_t *records, const char *line, size_t size) {
        json_t *o = json_loadb(line, size, 0, NULL), *record;
        size_t i;
        int r = 0;

        if (json_is_object(o))
                r = add_record(records, o);
        json_array_foreach(o, i, record) r = r < 0 ? r : add_record(records, record);
        json_decref(o);
        return r;
}

json_t *death_log_read(const char *path) {
        autofree char *text = NULL;
        json_t *records = json_array();
        int r = records ? 0 : -ENOMEM;

        if (file_read(AT_FDCWD, path, FILE_MAX_BYTES, &text, NULL) < 0)
                return records;
        for (const char *line = text; r >= 0 && *line; line += *line == '\n') {
                size_t size = strcspn(line, "\n");

                r = add_line(records, line, size);
                line += size;
        }
        if (r >= 0)
                return records;
        json_decref(records);
        return NULL;
}

static int compact(const char *path) {
        json_t *records = death_log_read(path);
        autofree char *text = records ? json_dumps(records, JSON_COMPACT) : NULL;

        json_decref(records);
        return text ? file_replace(AT_FDCWD, path, text, strlen(text), 0600, false) : -ENOMEM;
}

int death_log_put(const char *path, const json_t *record) {
        autofree char *text = json_dumps(record, JSON_COMPACT), *line = NULL;
        autoclose int fd = -EBADF;
        int n, r;

        /* The newline comes first: the line before may have been cut off. */
        n = text ? asprintf(&line, "\n%s", text) : -1;
        if (n < 0) {
                line = NULL;
                return -ENOMEM;
        }
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = file_write_all(fd, line, (size_t) n);
        return r < 0 || lseek(fd, 0, SEEK_CUR) <= COMPACT_BYTES ? r : compact(path);
}
