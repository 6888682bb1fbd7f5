/*
 * From an archive or a directory to an image of the store. Blocks for as long as the unpacking takes, so it
 * runs in a worker process (worker.h), never in the manager.
 *
 * Nothing of the input is believed. Each blob is hashed while it passes, each layer's DiffID over its
 * uncompressed bytes, by this process; decompressing, reading archives and writing files are done by
 * sandboxed children (sandbox.h) which can lie, but not about a digest.
 */
#pragma once

#include <stdint.h>

#include "basic/fault.h"
#include "image/store.h"

/**
 * ImportProgressFn - told now and then
 * @step:   "layer", "spool", "sync"
 * @index:  which layer, counted from 1, of @count; 0 when the step has no layers
 * @done:   bytes read of @total; @total is 0 when it is not known
 */
typedef void (*ImportProgressFn)(const char *step, unsigned index, unsigned count, uint64_t done,
                                 uint64_t total, void *data);

typedef struct ImportLimits {
        uint64_t max_entries; /* files of one layer */
        uint64_t max_bytes;   /* unpacked bytes of one layer, and length of one (sparse) file */
} ImportLimits;

#define IMPORT_LIMITS_DEFAULT ((ImportLimits){ .max_entries = 2 * 1000 * 1000, .max_bytes = 256ULL << 30 })

typedef struct ImportRequest {
        /* What to read, exactly one of the two. @fd: an archive, or an OCI layout directory; a pipe will do.
         * Else @path; the same, opened by us. */
        int fd;
        const char *path;

        /* Go's name of the platform's architecture where there are several; NULL = the host's. */
        const char *architecture;

        /* Hex digest by which the source's keeper calls it, compared by whoever brought it; may be NULL. */
        const char *verified_digest;

        /* Name to give, in any spelling; NULL = the name that the archive itself bears. */
        const char *name;

        /* Configuration for a plain root file-system archive, which has none. NULL = empty. */
        const ImageConfig *config;

        ImportLimits limits;
        ImportProgressFn progress; /* may be NULL */
        void *data;
} ImportRequest;

/* What was left out on purpose, of all layers that were unpacked. */
typedef struct ImportReport {
        char id[65];           /* of the image */
        char *name;            /* canonical name given; free() */
        unsigned layers_new;   /* unpacked now */
        unsigned layers_known; /* there before */
        uint64_t entries;
        uint64_t devices; /* device nodes dropped: /dev is made at start */
        uint64_t sockets;
        uint64_t xattrs; /* extended attributes that a layer may not set */
} ImportReport;

/**
 * image_import() - read, check, unpack, and enter into the index; all or nothing
 * @ret:  set on success; the caller frees name
 *
 * Input may be an OCI image layout (directory, or oci-archive tar), a docker-archive tar, or a tar of a root
 * file system; tars may be gzip or zstd compressed. A name that another image bears moves to this one.
 *
 * Returns: 0 or a negative errno, told in @fault: -EBADMSG for input that contradicts itself (digests above
 * all) or is no image, -ENOSPC with all space given back, -EPERM for a layer that tries to leave its tree,
 * -E2BIG over a limit, -EOPNOTSUPP for media types and digests that we do not know, ...
 */
int image_import(ImageStore *store, const ImportRequest *request, ImportReport *ret, Fault *fault);
