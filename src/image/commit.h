/*
 * A new image from one of the store and one more layer. Blocks for the size of the layer: for a worker
 * process (worker.h).
 */
#pragma once

#include "image/import.h"

typedef struct CommitRequest {
        const char *base;    /* id of the image below */
        int fd;              /* the layer: a tar, with whiteouts as the OCI has them */
        const char *name;    /* to give; NULL = none */
        const char *comment; /* for its history; NULL = none */
} CommitRequest;

/**
 * image_commit() - unpack the layer as image_import() does, and enter the image into the index; all or
 * nothing
 *
 * Returns: 0 or a negative errno as image_import(), told in @fault. The caller frees ret->name.
 */
int image_commit(ImageStore *store, const CommitRequest *request, ImportReport *ret, Fault *fault);
