/* Configurations and manifests as files of the store, named after what is in them. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "basic/file.h"
#include "image/digest.h"
#include "image/store-internal.h"

int store_blob_write(ImageStore *store, const char *digest, const char *text, size_t size, Fault *fault) {
        /* Two imports of one image would write to the same temporary name. */
        autoclose int lock = store_index_lock(store);
        int r = lock;

        if (r >= 0)
                r = file_replace(store->blobs_fd, digest, text, size, 0600, true);
        return r < 0 ? fault_set(fault, "store", r, "blob sha256:%s", digest) : 0;
}

int store_blob_read(ImageStore *store, const char *digest, char **ret, size_t *ret_size, Fault *fault) {
        autofree char *text = NULL;
        char have[65];
        size_t size;
        int r;

        r = store_blob_load(store, digest, &text, &size, fault);
        if (r < 0)
                return r;
        r = digest_of(text, size, have);
        if (r == 0 && !streq(have, digest))
                r = -EBADMSG;
        if (r < 0)
                return fault_set(fault, "store", r, "blob sha256:%s", digest);
        *ret = take_ptr(text);
        *ret_size = size;
        return 0;
}
