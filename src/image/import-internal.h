/* Shared by the sources of the import. */
#pragma once

#include "image/import.h"
#include "image/layer.h"
#include "image/manifest.h"
#include "image/unpack.h"

typedef struct Import {
        ImageStore *store;
        const ImportRequest *request;
        ImportLimits limits;
        ImportReport report;
        Fault *fault;
        int lock_fd; /* of the store, shared */

        /* Layers of the image so far, topmost first; room for all of them. */
        int *lowers;
        unsigned n_lowers;

        /* The step that is going on, for the progress. */
        const char *step;
        unsigned index, count;
        uint64_t total;
} Import;

/* A whole image, its layers not yet in the store. */
typedef struct ImportImage {
        const char *config_text;
        size_t config_size;
        const char *manifest_text; /* NULL = it came without one */
        size_t manifest_size;
        const ConfigBlob *config;
        const char *name; /* that it bears itself; may be NULL */
} ImportImage;

/** import_unpack() - the rest of @fd into @draft, with progress. @digest and @size as in unpack.h. */
int import_unpack(Import *i, int fd, const char *object, const char *digest, uint64_t size, LayerDraft *draft,
                  UnpackResult *ret);

/** import_layers_begin() - there will be @n of them, bottom first. */
int import_layers_begin(Import *i, size_t n);

/** import_layer() - the next one, unless the store has it. */
int import_layer(Import *i, int fd, const char *object, const char *digest, uint64_t size,
                 const char *diff_id);

/** import_new_layer() - one whose DiffID nobody has said; it is found. 0 or a negative errno. */
int import_new_layer(Import *i, int fd, const char *object, char ret_diff_id[65]);

/** import_finish() - with all layers in the store: blobs, then the index. */
int import_finish(Import *i, const ImportImage *image);

/** import_open() - a regular file of an unpacked archive or a layout; links are followed within only. */
int import_open(Import *i, int dir_fd, const char *path);

/** import_read() - a small text of the same. Free @ret. */
int import_read(Import *i, int dir_fd, const char *path, char **ret, size_t *ret_size);

/** import_oci() - an OCI image layout. */
int import_oci(Import *i, int dir_fd);

/** import_docker() - the contents of a docker-archive. */
int import_docker(Import *i, int dir_fd);
