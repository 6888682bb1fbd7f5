/* Images as plain data. */
#include "image/image.h"

#include <stdlib.h>

#include "basic/strv.h"

Image *image_ref(Image *image) {
        image->n_refs++;
        return image;
}

void image_unref(Image *image) {
        if (!image || --image->n_refs > 0)
                return;

        strv_free(image->names);
        strv_free(image->layers);
        free(image->architecture);
        free(image->os);
        image_config_free(image->config);
        free(image);
}
