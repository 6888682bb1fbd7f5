/*
 * One stream into one directory, by two sandboxed children: bytes → (hashed) → decompress → (hashed) →
 * extract. Both digests are taken by this process, of what passes through it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "image/import.h"
#include "image/report.h"

typedef struct UnpackRequest {
        int input_fd;       /* read to its end, from where it stands */
        int dir_fd;         /* empty directory for the files */
        const char *object; /* for faults: what is being unpacked */

        const char *digest; /* hex, what the raw bytes must have; NULL = anything */
        uint64_t size;      /* the same; UINT64_MAX = any */

        /* Refuse a tar without its end mark (a block of zeros): nothing else would tell that it was cut. */
        bool marked;

        /* What the children keep open until their end, so that nobody collects or removes the directory under
         * a child which has not yet noticed this process's death: -EBADF = none. */
        int lock_fd, life_fd;

        /* Where that is written which depends on the layers below (lower.h). */
        int lower_fd;

        const ImportLimits *limits;

        void (*progress)(uint64_t done, void *data); /* may be NULL */
        void *data;
} UnpackRequest;

typedef struct UnpackResult {
        char digest[65];  /* of the raw bytes */
        char diff_id[65]; /* of the uncompressed bytes */
        uint64_t size;    /* raw */
        UnpackCounts counts;
} UnpackResult;

/**
 * unpack_stream() - unpack a tar, compressed or not
 *
 * On failure @dir_fd holds whatever was made until then. SIGPIPE must be ignored.
 *
 * Returns: 0 or a negative errno as image_import(), told in @fault.
 */
int unpack_stream(const UnpackRequest *request, UnpackResult *ret, Fault *fault);
