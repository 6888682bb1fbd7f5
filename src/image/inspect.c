/* What the store says about its images, as JSON. */
#include <errno.h>
#include <string.h>

#include "basic/strv.h"
#include "image/json.h"
#include "image/manifest.h"
#include "image/store-internal.h"

json_t *store_image_json(const Image *image) {
        autojson json_t *names = json_from_strv(image->names);

        if (!names)
                return NULL;
        return json_pack("{s:s, s:O, s:I, s:I, s:I, s:I, s:s*, s:s*, s:s*}", "id", image->id, "names", names,
                         "size_bytes", (json_int_t) image->size_bytes, "n_layers",
                         (json_int_t) image->n_layers, "created", (json_int_t) image->created * 1000000,
                         "imported", (json_int_t) image->imported * 1000000, "architecture",
                         image->architecture, "os", image->os, "digest",
                         image->digest[0] ? image->digest : NULL);
}

int image_store_list_json(ImageStore *store, char **ret) {
        autojson json_t *array = json_array();
        Image *const *images;
        size_t n;
        int r;

        r = image_store_list(store, &images, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                if (json_array_append_new(array, store_image_json(images[i])) < 0)
                        return -ENOMEM;
        return json_print(array, ret);
}

static json_t *layers_json(ImageStore *store, const Image *image) {
        autojson json_t *array = json_array();

        STRV_FOREACH (layer, image->layers) {
                uint64_t bytes = 0;
                bool there = store_has_layer(store, *layer, &bytes);

                if (json_array_append_new(array, json_pack("{s:s+, s:I, s:b}", "diff_id", "sha256:", *layer,
                                                           "size", (json_int_t) bytes, "present", there)) < 0)
                        return NULL;
        }
        return take_ptr(array);
}

int image_store_inspect(ImageStore *store, const char *reference, char **ret, Fault *fault) {
        autojson json_t *whole = NULL, *config = NULL;
        autoptr(Image) image = NULL;
        autofree char *text = NULL;
        size_t size;
        int r;

        r = image_store_resolve(store, reference, &image, fault);
        if (r == 0)
                r = store_blob_load(store, image->id, &text, &size, fault);
        if (r == 0)
                r = json_parse_object(text, size, "configuration", &config, fault);
        if (r < 0)
                return r;

        whole = store_image_json(image);
        if (!whole || json_object_set_new(whole, "layers", layers_json(store, image)) < 0 ||
            json_object_set(whole, "configuration", config) < 0)
                return -ENOMEM;
        return json_print(whole, ret);
}
