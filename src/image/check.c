/*
 * From the index to each blob and each layer. The index is read as it stands: one blob that is missing must
 * not hide what else there is.
 */
#include "image/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "image/jobs.h"
#include "image/layer.h"
#include "image/manifest.h"
#include "image/reference.h"

typedef struct Check {
        ImageStore *store;
        json_t *index;  /* NULL = none */
        json_t *images; /* array in it, borrowed */

        json_t *problems, *leftovers, *removed;
        char **broken; /* ids of images with problems */
        char **layers; /* DiffIDs that images refer to, each once */
        size_t n_layers;
        uint64_t bytes;
} Check;

static void check_clear(Check *c) {
        json_decref(c->index);
        json_decref(c->problems);
        json_decref(c->leftovers);
        json_decref(c->removed);
        strv_free(c->broken);
        strv_free(c->layers);
}

#define autocheck __attribute__((cleanup(check_clear)))

static const char *member(const json_t *image, const char *key) {
        return strempty(json_string_value(json_object_get(image, key)));
}

static bool refers(const json_t *image, const char *diff_id) {
        const json_t *layer;
        size_t i;

        json_array_foreach(json_object_get(image, "layers"), i,
                           layer) if (streq(strempty(json_string_value(layer)), diff_id)) return true;
        return false;
}

/* How a person knows an image. */
static json_t *called(const json_t *image) {
        const json_t *name = json_array_get(json_object_get(image, "names"), 0);

        return name ? json_string(strempty(json_string_value(name)))
                    : json_sprintf("sha256:%.12s", member(image, "id"));
}

/* @image: NULL = all that refer to the layer @name. */
static int problem(Check *c, const char *what, const char *name, const char *text, const json_t *image) {
        json_t *users = json_array(), *other;
        size_t i;
        int r = 0;

        json_array_foreach(c->images, i, other) {
                if (image ? image != other : !refers(other, name))
                        continue;
                (void) json_array_append_new(users, called(other));
                if (r == 0 && !strv_contains(c->broken, member(other, "id")))
                        r = strv_add(&c->broken, member(other, "id"));
        }
        if (r < 0) {
                json_decref(users);
                return r;
        }
        return json_array_append_new(c->problems, json_pack("{s:s, s:s, s:s, s:o}", "what", what, "name",
                                                            name, "problem", text, "images", users)) < 0
                       ? -ENOMEM
                       : 0;
}

/* --- images ------------------------------------------------------------------------------------------ */

/* 1 if it is as it should be. */
static int blob_check(Check *c, const json_t *image, const char *digest, char **ret, size_t *ret_size) {
        int r = store_blob_read(c->store, digest, ret, ret_size, NULL);

        if (r == -ENOENT)
                r = problem(c, "blob", digest, "it is missing", image);
        else if (r == -EBADMSG)
                r = problem(c, "blob", digest, "its contents have another digest", image);
        else if (r == 0)
                r = 1;
        return r;
}

static bool same_layers(const json_t *image, char *const *diff_ids) {
        const json_t *layers = json_object_get(image, "layers");
        size_t n = strv_length(diff_ids);

        for (size_t i = 0; i < n; i++)
                if (!streq(strempty(json_string_value(json_array_get(layers, i))), diff_ids[i]))
                        return false;
        return json_array_size(layers) == n;
}

static int config_check(Check *c, const json_t *image) {
        autoptr(ConfigBlob) config = NULL;
        autofree char *text = NULL;
        size_t size = 0;
        int r = blob_check(c, image, member(image, "id"), &text, &size);

        if (r <= 0)
                return r;
        if (config_blob_parse(text, size, &config, NULL) < 0)
                return problem(c, "blob", member(image, "id"), "it is no configuration of an image", image);
        if (!same_layers(image, config->diff_ids))
                return problem(c, "image", member(image, "id"), "its configuration names other layers",
                               image);
        return 0;
}

static int manifest_check(Check *c, const json_t *image) {
        const char *digest = member(image, "digest");
        autoptr(Manifest) m = NULL;
        autofree char *text = NULL;
        size_t size = 0;
        int r;

        if (!*digest)
                return 0;
        r = blob_check(c, image, digest, &text, &size);
        if (r <= 0)
                return r;
        if (manifest_parse(text, size, &m, NULL) < 0 || !m->config)
                return problem(c, "blob", digest, "it is no manifest", image);
        if (!streq(m->config->digest, member(image, "id")))
                return problem(c, "image", member(image, "id"), "its manifest is another image's", image);
        return 0;
}

static int names_check(Check *c, const json_t *image) {
        const json_t *other, *name, *theirs;
        size_t i, k, m;

        json_array_foreach(json_object_get(image, "names"), k, name) json_array_foreach(c->images, i, other) {
                if (other == image)
                        break;
                json_array_foreach(json_object_get(other, "names"), m, theirs) if (
                        json_equal((json_t *) name,
                                   (json_t *) theirs)) return problem(c, "image", member(image, "id"),
                                                                      "another image has the same name",
                                                                      image);
        }
        return 0;
}

static int layers_collect(Check *c, const json_t *image) {
        const json_t *layer;
        size_t i;

        json_array_foreach(json_object_get(image, "layers"), i, layer) {
                const char *diff_id = strempty(json_string_value(layer));

                if (digest_is_hex(diff_id) && !strv_contains(c->layers, diff_id) &&
                    strv_add(&c->layers, diff_id) < 0)
                        return -ENOMEM;
        }
        c->n_layers = strv_length(c->layers);
        return 0;
}

static int image_check(Check *c, const json_t *image) {
        int r;

        if (!digest_is_hex(member(image, "id")))
                return problem(c, "image", member(image, "id"), "its entry in the index is none", image);
        r = config_check(c, image);
        if (r == 0)
                r = manifest_check(c, image);
        if (r == 0)
                r = names_check(c, image);
        return r < 0 ? r : layers_collect(c, image);
}

static int images_check(Check *c) {
        json_t *image;
        size_t i;
        int r;

        json_array_foreach(c->images, i, image) {
                r = image_check(c, image);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* --- layers ------------------------------------------------------------------------------------------ */

/* In memory that the processes share. */
typedef struct Verdict {
        int result; /* of reading the note, then of reading the tree */
        bool differs;
        uint64_t bytes;
} Verdict;

typedef struct Verdicts {
        const Check *check;
        Verdict *verdicts;
} Verdicts;

static int layer_one(size_t k, int life, Fault *fault, void *data) {
        const Verdicts *v = data;
        const char *diff_id = v->check->layers[k];
        autoclose int fd = store_layer_open(v->check->store, diff_id);
        Verdict *verdict = &v->verdicts[k];
        TreeDigest have;
        LayerNote note;

        verdict->result = fd < 0 ? fd : layer_note_read(v->check->store, diff_id, &note);
        if (verdict->result == 0)
                verdict->result = tree_digest(fd, &have, NULL);
        if (verdict->result < 0)
                return verdict->result == -ENOMEM ? -ENOMEM : 0;
        verdict->bytes = note.bytes;
        verdict->differs = note.tree.size != have.size || !streq(note.tree.digest, have.digest);
        return 0;
}

static const char *layer_problem(const Verdict *v) {
        switch (-v->result) {
        case 0:
                return v->differs ? "its files are not those that were unpacked" : NULL;
        case ENOENT:
                return "it is missing";
        case EBADMSG:
                return "its layer.json says nothing";
        }
        return "it cannot be read";
}

static int layers_check(Check *c, Fault *fault) {
        size_t bytes = (c->n_layers + 1) * sizeof(Verdict);
        Verdicts v = { .check = c, .verdicts = jobs_shared(bytes) };
        const Jobs jobs = { .n = c->n_layers, .run = layer_one, .data = &v };
        int r = v.verdicts ? jobs_run(&jobs, fault) : -ENOMEM;

        for (size_t i = 0; r == 0 && i < c->n_layers; i++) {
                const char *text = layer_problem(&v.verdicts[i]);

                c->bytes += v.verdicts[i].bytes;
                if (text)
                        r = problem(c, "layer", c->layers[i], text, NULL);
        }
        jobs_shared_free(v.verdicts, bytes);
        return r;
}

/* --- what is left over ------------------------------------------------------------------------------- */

static bool is_named(const Check *c, const char *name) {
        const json_t *image;
        size_t i;

        if (strv_contains(c->layers, name))
                return true;
        json_array_foreach(c->images, i, image) if (streq(member(image, "id"), name) ||
                                                    streq(member(image, "digest"), name)) return true;
        return false;
}

typedef struct Leftovers {
        const Check *check;
        const char *path;
} Leftovers;

static int leftover_take(int dir_fd, const char *name, void *data) {
        const Leftovers *l = data;

        if (is_named(l->check, name))
                return 0;
        return json_array_append_new(l->check->leftovers, json_sprintf("%s/%s", l->path, name)) < 0 ? -ENOMEM
                                                                                                    : 0;
}

static int leftovers_find(Check *c, int dir_fd, const char *path) {
        Leftovers l = { c, path };

        return dir_each(dir_fd, ".", leftover_take, &l);
}

/* --- repair ------------------------------------------------------------------------------------------ */

/* The index may have changed since it was read: a name may be another image's by now. */
static int broken_remove(Check *c, char *const *in_use, Fault *fault) {
        autoclose int lock = store_index_lock(c->store);
        autojson json_t *index = NULL;
        json_t *images;
        int r;

        if (lock < 0)
                return fault_set(fault, "index", lock, "%s", c->store->path);
        r = store_index_read(c->store, &index, fault);
        if (r < 0)
                return r;
        images = json_object_get(index, "images");
        for (size_t i = json_array_size(images); i-- > 0;) {
                const char *id = member(json_array_get(images, i), "id");

                if (!strv_contains(c->broken, id) || strv_contains(in_use, id))
                        continue;
                if (json_array_append_new(c->removed, json_string(id)) < 0)
                        return -ENOMEM;
                (void) json_array_remove(images, i);
        }
        return json_array_size(c->removed) > 0 ? store_index_write(c->store, index, fault) : 0;
}

static int check_run(Check *c, Fault *fault) {
        autoclose int lock = store_lock(c->store, false); /* nothing is collected meanwhile */
        int r;

        if (lock < 0)
                return fault_set(fault, "store", lock, "%s/lock", c->store->path);
        r = store_index_read(c->store, &c->index, fault);
        if (r < 0) {
                fault_advise(fault, "without %s/images/index.json the store begins anew", c->store->path);
                return r;
        }
        c->images = json_object_get(c->index, "images");
        r = images_check(c);
        if (r == 0)
                r = layers_check(c, fault);
        if (r == 0)
                r = leftovers_find(c, c->store->blobs_fd, "images/blobs/sha256");
        if (r == 0)
                r = leftovers_find(c, c->store->layers_fd, "layers");
        return r < 0 ? fault_set(fault, "check", r, "%s", c->store->path) : 0;
}

int image_store_check(ImageStore *store, bool repair, char *const *in_use, char **ret, Fault *fault) {
        autocheck Check c = {
                .store = store, .problems = json_array(), .leftovers = json_array(), .removed = json_array()
        };
        autojson json_t *whole = NULL;
        int r;

        if (!c.problems || !c.leftovers || !c.removed)
                return -ENOMEM;
        r = check_run(&c, fault);
        if (r == 0 && repair)
                r = broken_remove(&c, in_use, fault);
        if (r == 0 && repair)
                r = image_store_collect(store, fault);
        if (r < 0)
                return r;

        whole = json_pack("{s:I, s:I, s:I, s:O, s:O, s:O}", "images", (json_int_t) json_array_size(c.images),
                          "layers", (json_int_t) c.n_layers, "bytes", (json_int_t) c.bytes, "problems",
                          c.problems, "leftovers", c.leftovers, "removed", c.removed);
        return whole ? json_print(whole, ret) : -ENOMEM;
}
