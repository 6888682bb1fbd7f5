/*
 * One image of the store. Plain data behind a reference count: whoever holds one may go on reading it
 * although the image was removed or renamed meanwhile.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "spec/image-config.h"

typedef struct Image {
        unsigned n_refs;     /* image_ref(), image_unref() */
        char id[65];         /* hex SHA-256 of the configuration blob */
        char digest[65];     /* hex SHA-256 of the manifest; empty when it came without one */
        char **names;        /* canonical (reference.h), sorted; NULL when it has lost its last name */
        char **layers;       /* DiffIDs in hex, BOTTOM first, as the configuration lists them */
        size_t n_layers;     /* of them, repeated ones counted each time */
        uint64_t size_bytes; /* of the unpacked files, layers that other images share included */
        char *architecture;  /* "amd64", ...; may be NULL */
        char *os;            /* "linux"; may be NULL */
        int64_t created;     /* seconds since the epoch; 0 when the image does not say */
        int64_t imported;    /* the same, when it came into this store */
        ImageConfig *config; /* never NULL */
} Image;

/** image_ref() - one more holder. Returns @image. */
Image *image_ref(Image *image);

/** image_unref() - the last one frees. NULL is fine. */
void image_unref(Image *image);

AUTOPTR_DEFINE(Image, image_unref);
