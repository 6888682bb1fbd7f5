/*
 * From a registry, or from anywhere else that skopeo knows, into the store: transport by skopeo into an OCI
 * layout, then an import (import.h) of that. Blocks, so it runs in a worker process (worker.h).
 *
 * The layout lies in STORE/pulls/KEY and is kept when a pull fails or is killed, so that the next one fetches
 * only what is missing; image_store_collect() removes it when nobody has come back for a day. Layers that the
 * store has unpacked already are not fetched: empty files of their size stand for them in the layout, and the
 * import does not open what it has.
 */
#pragma once

#include "image/import.h"
#include "image/pull-event.h"
#include "image/pull-request.h"

/**
 * image_pull() - fetch and import
 * @event:  told now and then; may be NULL
 * @ret:    as image_import(); of the last image if there are several
 *
 * Returns: 0 or a negative errno, told in @fault: those of skopeo_copy() and image_import().
 */
int image_pull(ImageStore *store, const PullRequest *q, void (*event)(const PullEvent *event, void *data),
               void *data, ImportReport *ret, Fault *fault);
