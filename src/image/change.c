/* What changes the index: names given and taken, images taken out. */
#include <errno.h>
#include <string.h>

#include "basic/strv.h"
#include "image/reference.h"
#include "image/store-internal.h"

/* Locked; with objects that nobody else holds, since theirs must not change. */
static int index_open(ImageStore *store, int *ret_lock, Fault *fault) {
        autoclose int lock = store_index_lock(store);
        int r;

        if (lock < 0)
                return fault_set(fault, "index", lock, "%s", store->path);
        store->loaded = false;
        r = store_load(store, fault);
        if (r == 0)
                *ret_lock = take_fd(lock);
        return r;
}

static void drop_image(ImageStore *store, Image *image) {
        size_t kept = 0;

        for (size_t i = 0; i < store->n_images; i++)
                if (store->images[i] != image)
                        store->images[kept++] = store->images[i];
        store->n_images = kept;
        image_unref(image);
}

int image_store_remove(ImageStore *store, const char *reference, char *const *in_use, Fault *fault) {
        autoclose int lock = -EBADF;
        autofree char *name = NULL;
        Image *image;
        int r;

        r = index_open(store, &lock, fault);
        if (r == 0)
                r = store_find(store, reference, &image, &name, fault);
        if (r < 0)
                return r;

        if (name && strv_length(image->names) > 1) {
                strv_remove(image->names, name);
        } else {
                if (strv_contains(in_use, image->id))
                        return fault_set(fault, "image", -EBUSY, "%.200s", reference);
                drop_image(store, image);
        }
        return store_save(store, fault);
}

int image_store_tag(ImageStore *store, const char *reference, const char *name, Fault *fault) {
        autofree char *found = NULL, *canonical = NULL;
        autoptr(Reference) ref = NULL;
        autoclose int lock = -EBADF;
        Image *image;
        int r;

        r = reference_parse(name, &ref);
        if (r == 0)
                r = reference_normalize(name, &canonical);
        /* A digest says what the image is, and not how somebody calls it. */
        if (r == 0 && (ref->digest || reference_path(name)))
                r = -EINVAL;
        if (r < 0)
                return fault_set(fault, "name", r, "%.200s", name);

        r = index_open(store, &lock, fault);
        if (r == 0)
                r = store_find(store, reference, &image, &found, fault);
        if (r == 0)
                r = store_name_move(store, image, canonical);
        return r < 0 ? r : store_save(store, fault);
}

int image_store_prune(ImageStore *store, bool all, char *const *keep, char **ret, Fault *fault) {
        autojson json_t *gone = json_array();
        autoclose int lock = -EBADF;
        int r;

        r = index_open(store, &lock, fault);
        if (r < 0)
                return r;
        for (size_t i = store->n_images; i-- > 0;) {
                Image *image = store->images[i];

                if ((!all && image->names) || strv_contains(keep, image->id))
                        continue;
                if (json_array_append_new(gone, store_image_json(image)) < 0)
                        return -ENOMEM;
                drop_image(store, image);
        }
        r = json_print(gone, ret);
        return r < 0 || json_array_size(gone) == 0 ? r : store_save(store, fault);
}
