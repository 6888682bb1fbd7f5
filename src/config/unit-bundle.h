/*
 * Several units in one file, NAME.quadlets: parts that are divided by lines of "---", each with a comment
 * line
 * "# FileName=NAME" (podman-quadlet-install(1)). The kind of a unit follows from the section it has for
 * itself.
 */
#pragma once

#include <stddef.h>

#include "basic/diag.h"

typedef struct BundlePart {
        char *name;       /* "web.container" */
        const char *text; /* borrowed from the bundle's text */
        size_t size;
        unsigned line; /* of its first byte */
} BundlePart;

/** bundle_free() - @parts of bundle_split(); NULL is fine. */
void bundle_free(BundlePart *parts, size_t n);

/**
 * bundle_split() - find the units of a bundle
 * @file: name for messages
 * @text: must live as long as the parts
 * @diag: parts without a name, of unknown kind, with the name of another part: errors, and left out
 *
 * Returns: the number of parts, or -ENOMEM. bundle_free() *ret.
 */
int bundle_split(const char *file, const char *text, size_t size, Diag *diag, BundlePart **ret);
