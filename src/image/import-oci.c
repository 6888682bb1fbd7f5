/* OCI image layouts (image-spec, image-layout.md): index, manifest, configuration, layers by digest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "image/digest.h"
#include "image/import-internal.h"

/* An index in an index is allowed; more than this is somebody's joke. */
#define INDEX_DEPTH_MAX 4

static void blob_path(const char *digest, char ret[96]) {
        (void) snprintf(ret, 96, "blobs/sha256/%s", digest);
}

static int blob_read(Import *i, int dir_fd, const Descriptor *d, char **ret, size_t *ret_size) {
        autofree char *text = NULL;
        char path[96], have[65];
        size_t size;
        int r;

        blob_path(d->digest, path);
        r = import_read(i, dir_fd, path, &text, &size);
        if (r == 0)
                r = digest_of(text, size, have);
        if (r < 0)
                return r;
        if (size != d->size || !streq(have, d->digest))
                return fault_tell(i->fault, "digest", -EBADMSG, "blob sha256:%s has %zu bytes and sha256:%s",
                                  d->digest, size, have);
        *ret = take_ptr(text);
        *ret_size = size;
        return 0;
}

/* A bare tag, as some tools write it, names nothing. */
static const char *whole_name(const char *name) {
        return name && strpbrk(name, ":/") ? name : NULL;
}

typedef struct Found {
        char *text;
        size_t size;
        Manifest *manifest;
        char *name;
} Found;

static void found_clear(Found *f) {
        free(f->text);
        manifest_free(f->manifest);
        free(f->name);
}

/* From index to index until there is a manifest. */
static int manifest_find(Import *i, int dir_fd, Found *f) {
        const char *architecture = i->request->architecture;
        int r;

        r = import_read(i, dir_fd, "index.json", &f->text, &f->size);
        if (r == 0)
                r = manifest_parse(f->text, f->size, &f->manifest, i->fault);
        if (r < 0)
                return r;
        if (f->manifest->config)
                return fault_tell(i->fault, "manifest", -EBADMSG, "index.json is no index");

        for (unsigned depth = 0; !f->manifest->config; depth++) {
                autoptr(Manifest) index = take_ptr(f->manifest);
                const Descriptor *d;

                if (depth == INDEX_DEPTH_MAX)
                        return fault_tell(i->fault, "manifest", -E2BIG, "indexes in indexes");
                r = manifest_choose(index, architecture ? architecture : architecture_native(),
                                    i->request->name, &d, i->fault);
                if (r < 0)
                        return r;
                if (!f->name && whole_name(d->name)) {
                        f->name = strdup(d->name);
                        if (!f->name)
                                return -ENOMEM;
                }
                free(take_ptr(f->text));
                r = blob_read(i, dir_fd, d, &f->text, &f->size);
                if (r == 0)
                        r = manifest_parse(f->text, f->size, &f->manifest, i->fault);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int layers_import(Import *i, int dir_fd, const Manifest *m, const ConfigBlob *config) {
        autofree LayerSource *sources = calloc(m->n_layers + 1, sizeof(*sources));
        autofree char(*paths)[96] = calloc(m->n_layers + 1, sizeof(*paths));

        if (!sources || !paths)
                return -ENOMEM;
        if (strv_length(config->diff_ids) != m->n_layers)
                return fault_tell(i->fault, "configuration", -EBADMSG, "%zu DiffIDs for %zu layers",
                                  strv_length(config->diff_ids), m->n_layers);
        for (size_t k = 0; k < m->n_layers; k++) {
                blob_path(m->layers[k].digest, paths[k]);
                sources[k] = (LayerSource){ .path = paths[k],
                                            .digest = m->layers[k].digest,
                                            .size = m->layers[k].size,
                                            .diff_id = config->diff_ids[k] };
        }
        return import_layers(i, dir_fd, sources, m->n_layers);
}

static int import_found(Import *i, int dir_fd, const Found *f) {
        autoptr(ConfigBlob) config = NULL;
        autofree char *text = NULL;
        ImportImage image = { .manifest_text = f->text, .manifest_size = f->size, .name = f->name };
        int r;

        r = blob_read(i, dir_fd, f->manifest->config, &text, &image.config_size);
        if (r == 0)
                r = config_blob_parse(text, image.config_size, &config, i->fault);
        if (r < 0)
                return r;
        if (config->os && !streq(config->os, "linux"))
                return fault_set(i->fault, "configuration", -EOPNOTSUPP, "image for %.100s", config->os);

        r = layers_import(i, dir_fd, f->manifest, config);
        if (r < 0)
                return r;
        image.config_text = text;
        image.config = config;
        return import_finish(i, &image);
}

int import_oci(Import *i, int dir_fd) {
        Found found = {};
        int r;

        r = manifest_find(i, dir_fd, &found);
        if (r == 0)
                r = import_found(i, dir_fd, &found);
        found_clear(&found);
        return r;
}
