/* ustar headers, and pax headers (POSIX.1-2001) for what they cannot hold. */
#include "image/tar-writer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"

#define BLOCK_BYTES 512

#define NAME_MAX_BYTES 100
#define ID_MAX         07777777ULL
#define SIZE_MAX_OCTAL 077777777777ULL

/* As POSIX lays it out; all fields are text. */
typedef struct TarHead {
        char name[NAME_MAX_BYTES];
        char mode[8], uid[8], gid[8];
        char size[12], mtime[12];
        char checksum[8];
        char type;
        char link[NAME_MAX_BYTES];
        char magic[8];
        char user[32], group[32];
        char device[2][8];
        char prefix[155];
        char pad[12];
} TarHead;

_Static_assert(sizeof(TarHead) == BLOCK_BYTES, "one block");

int tar_record_add(char **records, size_t *n_records, const char *name, const void *value, size_t size) {
        const size_t rest = strlen(name) + size + 3; /* " ", "=" and the newline */
        size_t digits = 1, length;
        char *grown;
        int n;

        /* The length counts its own digits. */
        for (;;) {
                length = rest + digits;
                n = snprintf(NULL, 0, "%zu", length);
                if ((size_t) n == digits)
                        break;
                digits = (size_t) n;
        }
        grown = realloc(*records, *n_records + length + 1);
        if (!grown)
                return -ENOMEM;
        *records = grown;
        grown += *n_records;
        n = sprintf(grown, "%zu %s=", length, name);
        memcpy(grown + n, value, size);
        grown[length - 1] = '\n';
        *n_records += length;
        return 0;
}

int tar_bytes(TarWriter *w, const void *bytes, size_t size) {
        int r = size > 0 ? w->sink(bytes, size, w->data) : 0;

        w->total += size;
        return r;
}

int tar_entry_end(TarWriter *w) {
        static const char zeros[BLOCK_BYTES];

        return tar_bytes(w, zeros, (size_t) (-w->total % BLOCK_BYTES));
}

int tar_finish(TarWriter *w) {
        static const char zeros[2 * BLOCK_BYTES];

        return tar_bytes(w, zeros, sizeof(zeros));
}

static void number(char *field, size_t size, uint64_t value) {
        char text[32];

        (void) snprintf(text, sizeof(text), "%0*llo", (int) size - 1, (unsigned long long) value);
        memcpy(field, text, size);
}

/* @name and @link are cut to their fields. */
static int head_write(TarWriter *w, const TarEntry *e, char type, bool directory) {
        size_t n = strlen(e->name), m = e->link ? strlen(e->link) : 0;
        const unsigned char *p;
        unsigned sum = 0;
        TarHead head = { .type = type };

        memcpy(head.name, e->name, MIN_OF(n, sizeof(head.name)));
        if (directory && n < sizeof(head.name))
                head.name[n] = '/';
        if (m > 0)
                memcpy(head.link, e->link, MIN_OF(m, sizeof(head.link)));
        number(head.mode, sizeof(head.mode), e->mode & 07777);
        number(head.uid, sizeof(head.uid), e->uid <= ID_MAX ? e->uid : 0);
        number(head.gid, sizeof(head.gid), e->gid <= ID_MAX ? e->gid : 0);
        number(head.size, sizeof(head.size), e->size <= SIZE_MAX_OCTAL ? e->size : 0);
        number(head.mtime, sizeof(head.mtime),
               e->mtime >= 0 && e->mtime <= (int64_t) SIZE_MAX_OCTAL ? (uint64_t) e->mtime : 0);
        memcpy(head.magic, "ustar\00000", sizeof(head.magic));

        /* Counted as if the field itself were blank. */
        memset(head.checksum, ' ', sizeof(head.checksum));
        p = (const unsigned char *) &head;
        for (size_t i = 0; i < sizeof(head); i++)
                sum += p[i];
        number(head.checksum, sizeof(head.checksum) - 1, sum);
        return tar_bytes(w, &head, sizeof(head));
}

static int record_number(char **records, size_t *n, const char *name, uint64_t value) {
        char text[32];

        (void) snprintf(text, sizeof(text), "%llu", (unsigned long long) value);
        return tar_record_add(records, n, name, text, strlen(text));
}

/* "1.5" is a second and a half; of times before 1970 the whole seconds are counted down, "-1.5" by halves up.
 */
static int record_mtime(char **records, size_t *n, const TarEntry *e) {
        bool before = e->mtime < 0 && e->mtime_nsec > 0;
        long long seconds = (long long) e->mtime + before;
        unsigned long nanoseconds = before ? 1000000000UL - e->mtime_nsec : e->mtime_nsec;
        char text[48];

        if (nanoseconds == 0)
                (void) snprintf(text, sizeof(text), "%lld", seconds);
        else
                (void) snprintf(text, sizeof(text), "%s%lld.%09lu", before && seconds == 0 ? "-" : "",
                                seconds, nanoseconds);
        return tar_record_add(records, n, "mtime", text, strlen(text));
}

static int records_make(const TarEntry *e, char **records, size_t *n) {
        const bool directory = e->type == TAR_DIRECTORY;
        const size_t name = strlen(e->name) + directory;
        int r = 0;

        if (name > NAME_MAX_BYTES) {
                autofree char *whole = malloc(name + 1);

                if (!whole)
                        return -ENOMEM;
                (void) sprintf(whole, "%s%s", e->name, directory ? "/" : "");
                r = tar_record_add(records, n, "path", whole, name);
        }
        if (r == 0 && e->link && strlen(e->link) > NAME_MAX_BYTES)
                r = tar_record_add(records, n, "linkpath", e->link, strlen(e->link));
        if (r == 0 && e->uid > ID_MAX)
                r = record_number(records, n, "uid", e->uid);
        if (r == 0 && e->gid > ID_MAX)
                r = record_number(records, n, "gid", e->gid);
        if (r == 0 && e->size > SIZE_MAX_OCTAL)
                r = record_number(records, n, "size", e->size);
        if (r == 0 && (e->mtime_nsec > 0 || e->mtime < 0 || e->mtime > (int64_t) SIZE_MAX_OCTAL))
                r = record_mtime(records, n, e);
        if (r == 0 && e->n_records > 0) {
                char *grown = realloc(*records, *n + e->n_records);

                if (!grown)
                        return -ENOMEM;
                *records = grown;
                memcpy(grown + *n, e->records, e->n_records);
                *n += e->n_records;
        }
        return r;
}

int tar_entry_begin(TarWriter *w, const TarEntry *e) {
        autofree char *records = NULL;
        TarEntry pax = { .name = "pax", .mode = 0644 };
        int r;

        r = records_make(e, &records, &pax.size);
        if (r == 0 && pax.size > 0) {
                r = head_write(w, &pax, 'x', false);
                if (r == 0)
                        r = tar_bytes(w, records, pax.size);
                if (r == 0)
                        r = tar_entry_end(w);
        }
        return r < 0 ? r : head_write(w, e, (char) e->type, e->type == TAR_DIRECTORY);
}

int tar_text(TarWriter *w, const char *name, const char *text, size_t size) {
        const TarEntry entry = { .type = TAR_FILE, .name = name, .mode = 0644, .size = size };
        int r;

        r = tar_entry_begin(w, &entry);
        if (r == 0)
                r = tar_bytes(w, text, size);
        return r < 0 ? r : tar_entry_end(w);
}
