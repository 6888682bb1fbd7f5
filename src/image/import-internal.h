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
        LayerDraft *spool; /* the archive, unpacked for what is in it; NULL = none */
        int lock_fd;       /* of the store, shared */
        int life_fd;       /* see jobs.h; -EBADF = none */

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

/** import_tell() - the progress of the step that is going on. */
void import_tell(Import *i, uint64_t done);

/** import_count() - what was left out of a layer, and that it is new. */
void import_count(Import *i, const UnpackCounts *counts);

/* Where a layer comes from: a file below a directory. */
typedef struct LayerSource {
        const char *path;
        const char *digest; /* hex, of its raw bytes; NULL = not known */
        uint64_t size;      /* the same; UINT64_MAX = not known */
        const char *diff_id;
} LayerSource;

/** import_layers() - all of an image, bottom first, those that the store has not; all or none. */
int import_layers(Import *i, int dir_fd, const LayerSource *sources, size_t n);

/** import_new_layer() - one whose DiffID nobody has said, over @lowers, topmost first. 0 or a negative errno.
 */
int import_new_layer(Import *i, int fd, const char *object, const int *lowers, size_t n,
                     char ret_diff_id[65]);

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
