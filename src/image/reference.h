/*
 * Names of images. Many spellings mean one image of the local store: `nginx`, `nginx:latest`,
 * `localhost/nginx:latest` and `docker.io/library/nginx:latest` are the same here, because an import knows
 * nothing of registries. reference_parse() turns each into one canonical form, and only that is stored or
 * compared. For a registry each stands for one full name, or several if it names none: reference_expand().
 *
 * An image may also be named by where it lies, as TRANSPORT:/PATH (skopeo's containers-transports(5)): such a
 * name is its own canonical form. "docker://" before a name means nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"

typedef struct Reference {
        char *repository; /* canonical: "nginx", "example/app", "quay.io/x/y", "localhost:5000/x",
                             "oci:/srv/x" */
        char *tag;        /* "latest" when none was written; NULL with a digest and with a TRANSPORT:/PATH */
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

/** reference_path() - what follows the transport in "oci:/PATH" and its like (borrowed), or NULL. */
const char *reference_path(const char *text);

/**
 * reference_expand() - the full names under which registries may have it, with host and tag or digest
 * @registries:  for a name that has no registry, in the order in which they are asked
 * @ret:         NULL for what no registry can have: an id, or a name of localhost; free with strv_free()
 *
 * A TRANSPORT:/PATH expands to itself. Returns: 0, -EINVAL for text that is no image name, or -ENOMEM.
 */
int reference_expand(const char *text, char *const *registries, char ***ret);

/** reference_registry() - length of the registry, "HOST[:PORT]", that @full begins with; 0 when there is
 * none. */
size_t reference_registry(const char *full);

/** reference_is_at() - is @full, which has a registry, "PLACE/NAME"? */
bool reference_is_at(const char *full, const char *place);

/** digest_parse() - "sha256:HEX" to HEX (borrowed, within @text), or NULL for any other algorithm or form. */
const char *digest_parse(const char *text);

/** digest_is_hex() - exactly 64 lower-case hex digits. */
bool digest_is_hex(const char *text);
