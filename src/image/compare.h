/*
 * Does a registry have another image than the one that is here? Asks for the manifest, and for no layer.
 * Blocks, so it runs in a worker process (worker.h).
 */
#pragma once

#include <stdbool.h>

#include "image/pull-request.h"
#include "image/store.h"

/**
 * image_compare() - would a pull of @q bring another image than @id?
 * @id:         hex, of an image of the store; one that is not there is another one
 * @ret_newer:  also when that cannot be told: then a pull tells
 *
 * What is compared are digests: of the manifest, or of its configuration. For Docker's own formats, which
 * become OCI's when they are pulled and have other digests then, it is what the configuration says.
 *
 * Returns: 0 or a negative errno, told in @fault in the registry's words.
 */
int image_compare(ImageStore *store, const PullRequest *q, const char *id, bool *ret_newer, Fault *fault);
