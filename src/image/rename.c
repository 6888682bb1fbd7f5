/* The name of an image, given by whoever holds the image. */
#include <errno.h>

#include "image/reference.h"
#include "image/store-internal.h"

int image_store_name(ImageStore *store, Image *image, const char *name, Fault *fault) {
        autofree char *canonical = NULL;
        int r;

        r = reference_normalize(name, &canonical);
        if (r < 0)
                return fault_set(fault, "name", r, "%.200s", name);
        return store_add(store, image, canonical, fault);
}
