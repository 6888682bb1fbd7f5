/*
 * Names of images. Many spellings mean one image of the local store: `nginx`, `nginx:latest`,
 * `localhost/nginx:latest` and `docker.io/library/nginx:latest` are the same here, because an import knows
 * nothing of registries. reference_parse() turns each into one canonical form, and only that is stored or
 * compared.
 */
#pragma once

#include <stdbool.h>

#include "basic/cleanup.h"

typedef struct Reference {
        char *repository; /* canonical: "nginx", "example/app", "quay.io/x/y", "localhost:5000/x" */
        char *tag;        /* "latest" when none was written; NULL with a digest */
        char *digest;     /* 64 lower-case hex digits of a SHA-256, or NULL */
} Reference;

/** reference_free() - NULL is fine. */
void reference_free(Reference *r);

AUTOPTR_DEFINE(Reference, reference_free);

/**
 * reference_parse() - [HOST[:PORT]/]PATH[:TAG][@sha256:HEX], in the grammar of the distribution project
 *
 * A tag beside a digest is dropped: the digest says more.
 *
 * Returns: 0, -EINVAL for text that is no image name, or -ENOMEM.
 */
int reference_parse(const char *text, Reference **ret);

/** reference_normalize() - canonical text, "nginx:latest" or "nginx@sha256:…". Free it. Errors as above. */
int reference_normalize(const char *text, char **ret);

/** digest_parse() - "sha256:HEX" to HEX (borrowed, within @text), or NULL for any other algorithm or form. */
const char *digest_parse(const char *text);

/** digest_is_hex() - exactly 64 lower-case hex digits. */
bool digest_is_hex(const char *text);
