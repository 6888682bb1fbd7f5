/* The unpacking child: from archive to entries. What one entry becomes stands in extract-entry.c. */
#include "image/extract.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "image/extract-internal.h"

#define BLOCK_BYTES (256 * 1024)

int report_send(ReportKind kind, const void *body, size_t size) {
        struct {
                ReportHead head;
                ReportBody body;
        } message = { .head = { kind, (uint32_t) size } };
        const char *p = (const char *) &message;
        size_t left = sizeof(message.head) + size;

        memcpy(&message.body, body, size);
        while (left > 0) {
                ssize_t n = write(EXTRACT_REPORT, p, left);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                p += n;
                left -= (size_t) n;
        }
        return 0;
}

int path_clean(Extract *x, const char *name, char *ret) {
        unsigned depth = 0;
        size_t used = 0;

        for (const char *p = name; *p;) {
                size_t n = strcspn(p, "/");

                if (n == 2 && p[0] == '.' && p[1] == '.')
                        return fault_tell(&x->fault, "unpack", -EPERM, "%.200s leads out of the layer", name);
                if (n > 0 && !(n == 1 && p[0] == '.')) {
                        if (used + n + 2 > EXTRACT_PATH_MAX || n > 255 || ++depth > EXTRACT_DEPTH_MAX)
                                return fault_set(&x->fault, "unpack", -ENAMETOOLONG, "%.200s", name);
                        if (used > 0)
                                ret[used++] = '/';
                        memcpy(ret + used, p, n);
                        used += n;
                }
                p += n;
                p += strspn(p, "/");
        }
        if (used == 0)
                ret[used++] = '.';
        ret[used] = '\0';
        return 0;
}

static int archive_fault(Extract *x, const char *path) {
        int error = archive_errno(x->archive);
        const char *text = archive_error_string(x->archive);

        /* libarchive's own codes are no errnos, or EINVAL and the like: bad input, except for these. */
        if (error == ENOMEM || error == EIO)
                return fault_set(&x->fault, "unpack", -error, "%.200s", path);
        return fault_tell(&x->fault, "unpack", -EBADMSG, "%.120s%s%.100s", path, *path ? ": " : "",
                          strempty(text));
}

static int entry_take(Extract *x, struct archive_entry *entry) {
        const char *name = archive_entry_pathname(entry);
        int r;

        if (!name || !*name)
                return fault_tell(&x->fault, "unpack", -EBADMSG, "entry without a name");
        if (++x->counts.entries > x->limits.max_entries) {
                r = fault_tell(&x->fault, "unpack", -E2BIG, "more than %llu entries",
                               (unsigned long long) x->limits.max_entries);
                return r;
        }

        r = path_clean(x, name, x->buffer);
        if (r == 0)
                r = parents_make(x, x->buffer);
        if (r == 0)
                r = whiteout_apply(x, x->buffer);
        if (r == 0)
                r = entry_make(x, entry, x->buffer);
        return r < 0 ? fault_set(&x->fault, "unpack", r, "%.200s", x->buffer) : 0;
}

static int archive_walk(Extract *x) {
        struct archive_entry *entry;
        int r;

        for (;;) {
                r = archive_read_next_header(x->archive, &entry);
                if (r == ARCHIVE_EOF)
                        return 0;
                /* A warning is about names that the locale cannot show; we want their bytes only. */
                if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
                        return archive_fault(x, "");
                r = entry_take(x, entry);
                if (r < 0)
                        return r;
                r = archive_read_data_skip(x->archive);
                if (r != ARCHIVE_OK && r != ARCHIVE_EOF)
                        return archive_fault(x, x->buffer);
        }
}

/* What follows the end of the archive belongs to the DiffID: the parent must be able to write it. */
static int input_drain(char *buffer, size_t size) {
        ssize_t n;

        do
                n = read(EXTRACT_INPUT, buffer, size);
        while (n > 0 || (n < 0 && errno == EINTR));
        return n < 0 ? -errno : 0;
}

static int extract_run(Extract *x) {
        int r;

        /* In this locale libarchive leaves the bytes of names as they are. */
        (void) setlocale(LC_ALL, "C");
        x->buffer = malloc(EXTRACT_PATH_MAX);
        x->archive = archive_read_new();
        if (!x->buffer || !x->archive)
                return -ENOMEM;

        if (archive_read_support_format_tar(x->archive) != ARCHIVE_OK ||
            archive_read_support_format_empty(x->archive) != ARCHIVE_OK ||
            archive_read_open_fd(x->archive, EXTRACT_INPUT, BLOCK_BYTES) != ARCHIVE_OK)
                return archive_fault(x, "");

        /* The root is there, whether an entry tells of it or not. */
        r = dir_note(x, ".", NULL);
        if (r == 0)
                r = archive_walk(x);
        if (r == 0)
                r = dir_notes_finish(x);
        if (r == 0)
                r = input_drain(x->buffer, EXTRACT_PATH_MAX);
        return r;
}

static void extract_clear(Extract *x) {
        (void) archive_read_free(x->archive);
        for (size_t i = 0; i < x->n_dirs; i++)
                free(x->dirs[i].path);
        free(x->dirs);
        free(x->buffer);
}

int extract_child(void *data) {
        Extract x = { .limits = *(const ImportLimits *) data };
        int r;

        r = extract_run(&x);
        extract_clear(&x);
        if (r < 0) {
                (void) fault_set(&x.fault, "unpack", r, NULL);
                (void) report_send(REPORT_FAILED, &x.fault, sizeof(x.fault));
                return 1;
        }
        return report_send(REPORT_DONE, &x.counts, sizeof(x.counts)) < 0 ? 1 : 0;
}
