/* images/index.json: names and images, read and written; configurations come from their blobs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "image/json.h"
#include "image/manifest.h"
#include "image/reference.h"
#include "image/store-internal.h"

#define INDEX_NAME    "index.json"
#define INDEX_VERSION 1

/* Ten thousand images are 20 MiB. */
#define INDEX_MAX ((size_t) 256 << 20)

void images_free(Image **images, size_t n) {
        for (size_t i = 0; i < n; i++)
                image_unref(images[i]);
        free(images);
}

static int by_name(const void *a, const void *b) {
        const Image *x = *(Image *const *) a, *y = *(Image *const *) b;
        const char *n = x->names ? x->names[0] : NULL, *m = y->names ? y->names[0] : NULL;

        if (n && m)
                return strcmp(n, m);
        return n || m ? (n ? -1 : 1) : strcmp(x->id, y->id);
}

void image_sort(Image **images, size_t n) {
        if (n > 1)
                qsort(images, n, sizeof(*images), by_name);
}

int store_blob_load(ImageStore *store, const char *digest, char **ret, size_t *ret_size, Fault *fault) {
        int r = file_read(store->blobs_fd, digest, MANIFEST_MAX, ret, ret_size);

        return r < 0 ? fault_set(fault, "store", r, "blob sha256:%s", digest) : 0;
}

static int config_load(ImageStore *store, Image *image, Fault *fault) {
        autoptr(ConfigBlob) config = NULL;
        autofree char *text = NULL;
        size_t size;
        int r;

        r = store_blob_load(store, image->id, &text, &size, fault);
        if (r == 0)
                r = config_blob_parse(text, size, &config, fault);
        if (r < 0)
                return r;
        image->config = take_ptr(config->config);
        return 0;
}

static bool hexes_valid(char *const *v) {
        STRV_FOREACH (s, v)
                if (!digest_is_hex(*s))
                        return false;
        return true;
}

static int image_parse(ImageStore *store, const json_t *j, Image **ret, Fault *fault) {
        autoptr(Image) image = calloc(1, sizeof(*image));
        const char *id = json_string_value(json_object_get(j, "id"));
        const char *digest = json_string_value(json_object_get(j, "digest"));

        if (!image)
                return -ENOMEM;
        image->n_refs = 1;
        if (!id || !digest_is_hex(id) || (digest && !digest_is_hex(digest)) ||
            json_copy_strv(json_object_get(j, "names"), &image->names) < 0 ||
            json_copy_strv(json_object_get(j, "layers"), &image->layers) < 0 ||
            json_copy_string(json_object_get(j, "architecture"), &image->architecture) < 0 ||
            json_copy_string(json_object_get(j, "os"), &image->os) < 0 || !hexes_valid(image->layers))
                return fault_set(fault, "index", -EBADMSG, "image %.64s", strempty(id));

        (void) strcpy(image->id, id);
        (void) strcpy(image->digest, strempty(digest));
        image->n_layers = strv_length(image->layers);
        image->size_bytes = (uint64_t) json_integer_value(json_object_get(j, "size"));
        image->created = json_integer_value(json_object_get(j, "created"));
        image->imported = json_integer_value(json_object_get(j, "imported"));
        *ret = take_ptr(image);
        return config_load(store, *ret, fault);
}

static int images_parse(ImageStore *store, const json_t *array, Fault *fault) {
        size_t n = json_array_size(array);
        Image **images = calloc(n + 1, sizeof(*images));

        if (!images)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                int r = image_parse(store, json_array_get(array, i), &images[i], fault);

                if (r < 0) {
                        for (size_t k = 0; k <= i; k++)
                                image_unref(images[k]);
                        free(images);
                        return r;
                }
        }
        images_free(store->images, store->n_images);
        image_sort(images, n);
        store->images = images;
        store->n_images = n;
        return 0;
}

int store_index_read(ImageStore *store, json_t **ret, Fault *fault) {
        autojson json_t *root = NULL;
        autofree char *text = NULL;
        size_t size;
        int r;

        *ret = NULL;
        r = file_read(store->images_fd, INDEX_NAME, INDEX_MAX, &text, &size);
        if (r == -ENOENT)
                return 0;
        if (r == 0)
                r = json_parse_object(text, size, "index", &root, fault);
        if (r < 0)
                return fault_set(fault, "index", r, "%s/images", store->path);
        if (json_integer_value(json_object_get(root, "version")) != INDEX_VERSION)
                return fault_set(fault, "index", -EBADMSG, "of another version");
        *ret = take_ptr(root);
        return 0;
}

int store_index_write(ImageStore *store, const json_t *root, Fault *fault) {
        autofree char *text = NULL;
        int r;

        r = json_print(root, &text);
        if (r == 0)
                r = file_replace(store->images_fd, INDEX_NAME, text, strlen(text), 0600, true);
        /* What is in memory is no longer what was read. */
        store->loaded = false;
        return r < 0 ? fault_set(fault, "index", r, "%s/images", store->path) : 0;
}

int store_load(ImageStore *store, Fault *fault) {
        autojson json_t *root = NULL;
        struct stat st = {};
        int r;

        if (fstatat(store->images_fd, INDEX_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
                return fault_set(fault, "index", -errno, "%s/images", store->path);
        if (store->loaded && st.st_ino == store->seen.st_ino && st.st_size == store->seen.st_size &&
            memcmp(&st.st_ctim, &store->seen.st_ctim, sizeof(st.st_ctim)) == 0)
                return 0;

        r = store_index_read(store, &root, fault);
        if (r < 0)
                return r;
        store->loaded = false;
        r = images_parse(store, json_object_get(root, "images"), fault);
        if (r < 0)
                return r;
        store->seen = st;
        store->loaded = true;
        return 0;
}

static json_t *image_to_json(const Image *image) {
        autojson json_t *names = json_from_strv(image->names), *layers = json_from_strv(image->layers);

        if (!names || !layers)
                return NULL;
        return json_pack("{s:s, s:s*, s:O, s:O, s:I, s:I, s:I, s:s*, s:s*}", "id", image->id, "digest",
                         image->digest[0] ? image->digest : NULL, "names", names, "layers", layers, "size",
                         (json_int_t) image->size_bytes, "created", (json_int_t) image->created, "imported",
                         (json_int_t) image->imported, "architecture", image->architecture, "os", image->os);
}

int store_save(ImageStore *store, Fault *fault) {
        autojson json_t *array = json_array(), *root = NULL;

        for (size_t i = 0; i < store->n_images; i++)
                if (json_array_append_new(array, image_to_json(store->images[i])) < 0)
                        return -ENOMEM;
        root = json_pack("{s:i, s:O}", "version", INDEX_VERSION, "images", array);
        return root ? store_index_write(store, root, fault) : -ENOMEM;
}

int store_name_move(ImageStore *store, Image *to, const char *name) {
        for (size_t i = 0; i < store->n_images; i++) {
                Image *image = store->images[i];

                strv_remove(image->names, name);
                if (image->names && !image->names[0])
                        image->names = strv_free(image->names);
        }
        if (strv_add(&to->names, name) < 0)
                return -ENOMEM;
        strv_sort(to->names);
        return 0;
}

/* The entry of the same id, replaced by what is known now, names kept; or a new one. */
static int image_enter(ImageStore *store, Image *image) {
        Image **images;

        for (size_t i = 0; i < store->n_images; i++)
                if (streq(store->images[i]->id, image->id)) {
                        Image *old = store->images[i];

                        if (!image->digest[0])
                                memcpy(image->digest, old->digest, sizeof(image->digest));
                        image->names = take_ptr(old->names);
                        image_unref(old);
                        store->images[i] = image_ref(image);
                        return 0;
                }

        images = reallocarray(store->images, store->n_images + 1, sizeof(*images));
        if (!images)
                return -ENOMEM;
        store->images = images;
        store->images[store->n_images++] = image_ref(image);
        return 0;
}

int store_add(ImageStore *store, Image *image, const char *name, Fault *fault) {
        autoclose int lock = store_index_lock(store);
        int r;

        if (lock < 0)
                return fault_set(fault, "index", lock, "%s", store->path);
        store->loaded = false;
        r = store_load(store, fault);
        if (r == 0)
                r = image_enter(store, image);
        if (r == 0 && name)
                r = store_name_move(store, image, name);
        if (r == 0)
                r = store_save(store, fault);
        store->loaded = false;
        return r;
}
