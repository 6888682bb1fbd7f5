/* See journal-unit.h. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "manager/journal-unit.h"

#define FILE_LIST(X)                                \
        X(FILE_FIELDS, "log-extra-fields")          \
        X(FILE_LEVEL, "log-level-max")              \
        X(FILE_INTERVAL, "log-rate-limit-interval") \
        X(FILE_BURST, "log-rate-limit-burst")

typedef enum File {
#define X(id, word) id,
        FILE_LIST(X)
#undef X
                FILE_N_,
} File;

static char *file_name(File file, const char *unit) {
        static const char *const words[] = {
#define X(id, word) [id] = (word),
                FILE_LIST(X)
#undef X
        };
        autofree char *service = NULL;
        char *name;

        if (unit_name_to_service(unit, &service) < 0 || asprintf(&name, "%s:%s", words[file], service) < 0)
                return NULL;
        return name;
}

/* Each field with its length, 64 bits, before it. */
static int write_fields(int dir_fd, const char *unit, char *const *fields) {
        autofree char *name = file_name(FILE_FIELDS, unit), *data = NULL;
        size_t size = 0;
        FILE *f = name ? open_memstream(&data, &size) : NULL;

        if (!f)
                return -ENOMEM;
        STRV_FOREACH (field, fields) {
                uint64_t n = htole64(strlen(*field));

                (void) fwrite(&n, sizeof(n), 1, f);
                (void) fputs(*field, f);
        }
        return fclose(f) == 0 ? file_replace(dir_fd, name, data, size, 0644, false) : -ENOMEM;
}

/* Setting it anew in two steps: nothing of the unit writes in between. */
static int write_number(int dir_fd, File file, const char *unit, bool set, uint64_t value) {
        autofree char *name = file_name(file, unit);
        char text[32];

        if (!name)
                return -ENOMEM;
        if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
                return -errno;
        if (!set)
                return 0;
        (void) snprintf(text, sizeof(text), "%" PRIu64, value);
        return symlinkat(text, dir_fd, name) < 0 ? -errno : 0;
}

static int collect_fields(const JournalUnit *j, char ***ret) {
        autostrv char **fields = NULL;
        int r;

        r = strv_addf(&fields, "NSUNITS_UNIT=%s", j->unit);
        if (r >= 0)
                r = strv_addf(&fields, "NSUNITS_INVOCATION=%s", j->invocation);
        if (r >= 0)
                r = strv_addf(&fields, "CONTAINER_NAME=%s", j->name);
        if (r >= 0 && j->exec)
                r = strv_add_all(&fields, j->exec->log_fields);
        if (r >= 0)
                *ret = take_ptr(fields);
        return r;
}

int journal_unit_write(const char *directory, const JournalUnit *j) {
        autoclose int dir_fd = dir_open(AT_FDCWD, directory);
        const ExecSection none = { .log_level_max = -1 }, *x = j->exec ? j->exec : &none;
        autostrv char **fields = NULL;
        int r;

        if (dir_fd < 0)
                return dir_fd == -ENOENT ? 0 : dir_fd;
        r = collect_fields(j, &fields);
        if (r >= 0)
                r = write_fields(dir_fd, j->unit, fields);
        if (r >= 0)
                r = write_number(dir_fd, FILE_LEVEL, j->unit, x->log_level_max >= 0,
                                 (uint64_t) x->log_level_max);
        if (r >= 0)
                r = write_number(dir_fd, FILE_INTERVAL, j->unit, j->interval_set, x->log_interval);
        if (r >= 0)
                r = write_number(dir_fd, FILE_BURST, j->unit, j->burst_set, x->log_burst);
        return r < 0 ? r : 0;
}

void journal_unit_remove(const char *directory, const char *unit) {
        autoclose int dir_fd = dir_open(AT_FDCWD, directory);

        for (File file = 0; dir_fd >= 0 && file < FILE_N_; file++) {
                autofree char *name = file_name(file, unit);

                if (name)
                        (void) unlinkat(dir_fd, name, 0);
        }
}
