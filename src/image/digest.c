/* SHA-256 by libcrypto. */
#include "image/digest.h"

#include <errno.h>
#include <stdio.h>

#include <openssl/evp.h>

struct Digest {
        EVP_MD_CTX *context;
};

void digest_free(Digest *d) {
        if (!d)
                return;

        EVP_MD_CTX_free(d->context);
        free(d);
}

Digest *digest_new(void) {
        autoptr(Digest) d = calloc(1, sizeof(*d));

        if (!d)
                return NULL;
        d->context = EVP_MD_CTX_new();
        if (!d->context || EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) != 1)
                return NULL;
        return take_ptr(d);
}

int digest_add(Digest *d, const void *data, size_t size) {
        return EVP_DigestUpdate(d->context, data, size) == 1 ? 0 : -EIO;
}

int digest_end(Digest *d, char ret[65]) {
        unsigned char raw[EVP_MAX_MD_SIZE];
        unsigned n;

        if (EVP_DigestFinal_ex(d->context, raw, &n) != 1 || n != 32)
                return -EIO;
        for (unsigned i = 0; i < n; i++)
                (void) snprintf(ret + 2 * (size_t) i, 3, "%02x", raw[i]);
        return 0;
}

int digest_of(const void *data, size_t size, char ret[65]) {
        autoptr(Digest) d = digest_new();
        int r;

        if (!d)
                return -ENOMEM;
        r = digest_add(d, data, size);
        return r < 0 ? r : digest_end(d, ret);
}
