/* Configuration and manifest with the digests that layers get here, then everything as one tar. */
#include "image/export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "image/digest.h"
#include "image/json.h"
#include "image/layer.h"
#include "image/reference.h"
#include "image/tree-archive.h"

#define BUFFER_BYTES ((size_t) 256 * 1024)

#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_CONFIG   "application/vnd.oci.image.config.v1+json"
#define OCI_LAYER    "application/vnd.oci.image.layer.v1.tar"

typedef struct Text {
        char *text;
        size_t size;
        char digest[65];
} Text;

typedef struct Export {
        ImageStore *store;
        Image *image;
        Fault *fault;
        const char *name; /* of the image, borrowed; NULL = none */

        TreeDigest *layers; /* one for each of the image's, bottom first */
        Text config, manifest;

        TarWriter tar;
        int fd;
        char *buffer;
        size_t used;
} Export;

static void export_clear(Export *e) {
        image_unref(e->image);
        free(e->layers);
        free(e->config.text);
        free(e->manifest.text);
        free(e->buffer);
}

#define autoexport __attribute__((cleanup(export_clear)))

static int flush(Export *e) {
        int r = file_write_all(e->fd, e->buffer, e->used);

        e->used = 0;
        return r < 0 ? fault_set(e->fault, "write", r, "the archive") : 0;
}

static int on_archive(const void *bytes, size_t size, void *data) {
        Export *e = data;

        if (e->used + size > BUFFER_BYTES) {
                int r = flush(e);

                if (r < 0)
                        return r;
        }
        if (size > BUFFER_BYTES) {
                int r = file_write_all(e->fd, bytes, size);

                return r < 0 ? fault_set(e->fault, "write", r, "the archive") : 0;
        }
        memcpy(e->buffer + e->used, bytes, size);
        e->used += size;
        return 0;
}

static int text_set(Text *t, json_t *j) {
        int r = j ? json_print(j, &t->text) : -ENOMEM;

        if (r < 0)
                return r;
        t->size = strlen(t->text);
        return digest_of(t->text, t->size, t->digest);
}

static int layers_find(Export *e) {
        e->layers = calloc(e->image->n_layers + 1, sizeof(*e->layers));
        if (!e->layers)
                return -ENOMEM;
        for (size_t i = 0; i < e->image->n_layers; i++) {
                LayerNote note;
                int r = layer_note_read(e->store, e->image->layers[i], &note);

                if (r < 0)
                        return fault_set(e->fault, "layer", r, "sha256:%s", e->image->layers[i]);
                e->layers[i] = note.tree;
        }
        return 0;
}

/* As it is when the layers have these digests already, or with the new ones. */
static int config_make(Export *e) {
        autojson json_t *root = NULL, *ids = json_array();
        bool same = true;
        int r;

        r = store_blob_read(e->store, e->image->id, &e->config.text, &e->config.size, e->fault);
        for (size_t i = 0; i < e->image->n_layers; i++) {
                same &= streq(e->layers[i].digest, e->image->layers[i]);
                if (json_array_append_new(ids, json_sprintf("sha256:%s", e->layers[i].digest)) < 0)
                        return -ENOMEM;
        }
        if (r == 0 && same) {
                memcpy(e->config.digest, e->image->id, sizeof(e->config.digest));
                return 0;
        }
        if (r == 0)
                r = json_parse_object(e->config.text, e->config.size, "configuration", &root, e->fault);
        if (r < 0)
                return r;
        if (json_object_set(json_object_get(root, "rootfs"), "diff_ids", ids) < 0)
                return -ENOMEM;
        free(take_ptr(e->config.text));
        return text_set(&e->config, root);
}

static json_t *descriptor(const char *type, const char *digest, uint64_t size) {
        return json_pack("{s:s, s:s+, s:I}", "mediaType", type, "digest", "sha256:", digest, "size",
                         (json_int_t) size);
}

static int manifest_make(Export *e) {
        autojson json_t *layers = json_array(), *root = NULL;

        for (size_t i = 0; i < e->image->n_layers; i++)
                if (json_array_append_new(layers,
                                          descriptor(OCI_LAYER, e->layers[i].digest, e->layers[i].size)) < 0)
                        return -ENOMEM;
        root = json_pack("{s:i, s:s, s:o, s:O}", "schemaVersion", 2, "mediaType", OCI_MANIFEST, "config",
                         descriptor(OCI_CONFIG, e->config.digest, e->config.size), "layers", layers);
        return text_set(&e->manifest, root);
}

static int blob_write(Export *e, const char *digest, const char *text, size_t size) {
        char path[96];

        (void) snprintf(path, sizeof(path), "blobs/sha256/%s", digest);
        return tar_text(&e->tar, path, text, size);
}

static int json_write(Export *e, const char *path, json_t *j) {
        Text t = {};
        int r = text_set(&t, j);

        if (r == 0)
                r = tar_text(&e->tar, path, t.text, t.size);
        free(t.text);
        return r;
}

/* A layer on its way into the archive, hashed. */
typedef struct Passing {
        Export *export;
        const char *diff_id;
        Digest *digest;
        uint64_t left;
} Passing;

static int has_changed(Export *e, const char *diff_id) {
        int r = fault_tell(e->fault, "layer", -EBADMSG, "sha256:%s is not what was unpacked", diff_id);

        fault_advise(e->fault, "nsctl system check tells more");
        return r;
}

static int on_layer(const void *bytes, size_t size, void *data) {
        Passing *p = data;
        int r;

        if (size > p->left)
                return has_changed(p->export, p->diff_id);
        p->left -= size;
        r = digest_add(p->digest, bytes, size);
        return r < 0 ? r : tar_bytes(&p->export->tar, bytes, size);
}

static int layer_write(Export *e, size_t k) {
        const char *diff_id = e->image->layers[k];
        const TreeDigest *layer = &e->layers[k];
        autoptr(Digest) digest = digest_new();
        autoclose int fd = store_layer_open(e->store, diff_id);
        Passing p = { .export = e, .diff_id = diff_id, .digest = digest, .left = layer->size };
        TarEntry entry = { .type = TAR_FILE, .mode = 0644, .size = layer->size };
        char path[96], have[65];
        int r;

        if (!digest)
                return -ENOMEM;
        if (fd < 0)
                return fault_set(e->fault, "layer", fd, "sha256:%s", diff_id);
        (void) snprintf(path, sizeof(path), "blobs/sha256/%s", layer->digest);
        entry.name = path;

        r = tar_entry_begin(&e->tar, &entry);
        if (r == 0)
                r = tree_archive(fd, on_layer, &p, e->fault);
        if (r == 0)
                r = digest_end(digest, have);
        if (r == 0 && (p.left > 0 || !streq(have, layer->digest)))
                r = has_changed(e, diff_id);
        return r < 0 ? r : tar_entry_end(&e->tar);
}

/* A layer may occur more than once. */
static bool is_written(const Export *e, size_t k) {
        for (size_t i = 0; i < k; i++)
                if (streq(e->layers[i].digest, e->layers[k].digest))
                        return true;
        return false;
}

/* What other tools call it: a tag for those that know layouts, the whole name for those that know registries.
 */
static json_t *annotations(const Export *e) {
        autostrv char **full = NULL;
        char *registries[] = { (char *) "docker.io", NULL };
        const char *colon = e->name ? strrchr(e->name, ':') : NULL;

        if (!colon)
                return json_object();
        (void) reference_expand(e->name, registries, &full);
        return json_pack("{s:s, s:s}", "org.opencontainers.image.ref.name", colon + 1,
                         "io.containerd.image.name", full ? full[0] : e->name);
}

static int index_write(Export *e) {
        json_t *entry = descriptor(OCI_MANIFEST, e->manifest.digest, e->manifest.size);
        autojson json_t *root = json_pack("{s:i, s:s, s:[o]}", "schemaVersion", 2, "mediaType",
                                          "application/vnd.oci.image.index.v1+json", "manifests", entry);
        autojson json_t *layout = json_pack("{s:s}", "imageLayoutVersion", "1.0.0");
        int r;

        if (!root || json_object_set_new(entry, "annotations", annotations(e)) < 0)
                return -ENOMEM;
        r = json_write(e, "index.json", root);
        return r < 0 ? r : json_write(e, "oci-layout", layout);
}

static int docker_write(Export *e) {
        autojson json_t *layers = json_array(), *names = json_array(), *root = NULL;

        for (size_t i = 0; i < e->image->n_layers; i++)
                if (json_array_append_new(layers, json_sprintf("blobs/sha256/%s", e->layers[i].digest)) < 0)
                        return -ENOMEM;
        if (e->name && json_array_append_new(names, json_string(e->name)) < 0)
                return -ENOMEM;
        root = json_pack("[{s:s+, s:O, s:O}]", "Config", "blobs/sha256/", e->config.digest, "RepoTags", names,
                         "Layers", layers);
        return json_write(e, "manifest.json", root);
}

static int archive_write(Export *e) {
        int r;

        /* The short ones first: whoever reads from a pipe knows what is to come. */
        r = index_write(e);
        if (r == 0)
                r = docker_write(e);
        if (r == 0)
                r = blob_write(e, e->manifest.digest, e->manifest.text, e->manifest.size);
        if (r == 0)
                r = blob_write(e, e->config.digest, e->config.text, e->config.size);
        for (size_t i = 0; r == 0 && i < e->image->n_layers; i++)
                if (!is_written(e, i))
                        r = layer_write(e, i);
        if (r == 0)
                r = tar_finish(&e->tar);
        return r < 0 ? r : flush(e);
}

/* The name that was asked for, or the first one; one with a digest would not hold for the exported image. */
static void name_find(Export *e, const char *reference) {
        autofree char *canonical = NULL;

        (void) reference_normalize(reference, &canonical);
        STRV_FOREACH (name, e->image->names) {
                if (strchr(*name, '@') || reference_path(*name))
                        continue;
                if (!e->name || streq_null(*name, canonical))
                        e->name = *name;
        }
}

int image_export(ImageStore *store, const char *reference, int fd, Fault *fault) {
        autoexport Export e = { .store = store, .fault = fault, .fd = fd };
        autoclose int lock = store_lock(store, false); /* nothing is collected meanwhile */
        int r;

        if (lock < 0)
                return fault_set(fault, "store", lock, "%s/lock", store->path);
        e.tar = (TarWriter){ .sink = on_archive, .data = &e };
        e.buffer = malloc(BUFFER_BYTES);
        if (!e.buffer)
                return -ENOMEM;

        r = image_store_resolve(store, reference, &e.image, fault);
        if (r < 0)
                return r;
        name_find(&e, reference);
        r = layers_find(&e);
        if (r == 0)
                r = config_make(&e);
        if (r == 0)
                r = manifest_make(&e);
        if (r == 0)
                r = archive_write(&e);
        return r < 0 ? fault_set(fault, "export", r, "%.200s", reference) : 0;
}
