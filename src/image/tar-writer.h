/*
 * Writes tars in the pax form, byte for byte the same from the same entries: their digests are kept, so that
 * what another version of a library makes of them would not do.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Takes bytes; 0 or a negative errno, which ends the writing. */
typedef int (*TarSinkFn)(const void *bytes, size_t size, void *data);

typedef struct TarWriter {
        TarSinkFn sink;
        void *data;
        uint64_t total; /* bytes handed to the sink */
} TarWriter;

/* Typeflags of POSIX. */
typedef enum TarType {
        TAR_FILE = '0',
        TAR_HARD_LINK = '1',
        TAR_LINK = '2',
        TAR_DIRECTORY = '5',
        TAR_FIFO = '6',
} TarType;

typedef struct TarEntry {
        TarType type;
        const char *name; /* without a slash at its end */
        const char *link; /* target of a link; NULL = none */
        mode_t mode;
        uid_t uid;
        gid_t gid;
        int64_t mtime;
        uint32_t mtime_nsec;
        uint64_t size; /* bytes that follow */

        /* Records of the pax header beside those that the fields above need: tar_record_add(). */
        const char *records;
        size_t n_records; /* bytes */
} TarEntry;

/** tar_record_add() - append "LENGTH NAME=VALUE\n" to a text that grows. 0 or -ENOMEM. */
int tar_record_add(char **records, size_t *n_records, const char *name, const void *value, size_t size);

/** tar_entry_begin() - the head of an entry; entry->size bytes follow by tar_bytes(), then tar_entry_end().
 */
int tar_entry_begin(TarWriter *w, const TarEntry *entry);

/** tar_bytes() - contents. */
int tar_bytes(TarWriter *w, const void *bytes, size_t size);

/** tar_entry_end() - fill the last block. */
int tar_entry_end(TarWriter *w);

/** tar_text() - a whole file of mode 0644, as of the beginning of time. */
int tar_text(TarWriter *w, const char *name, const char *text, size_t size);

/** tar_finish() - the end mark. */
int tar_finish(TarWriter *w);
