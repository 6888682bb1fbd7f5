/*
 * The store of images: which images there are, under which names, and their unpacked layers.
 *
 *      images/index.json           names and images; the only truth, replaced atomically
 *      images/blobs/sha256/HEX     configurations and manifests (never layers: no byte is kept twice)
 *      layers/HEX/fs               the tree of one layer, HEX = its DiffID; whiteouts are overlayfs's
 *      layers/HEX/layer.json       its size and what was left out
 *      pulls/KEY/                  what pulls have fetched and not yet imported (pull.h)
 *      lock                        held shared by every import and pull, exclusive by image_store_collect()
 *
 * Written by any number of processes at a time; a reader sees each change at its next call. What the index
 * does not name is rubbish: leftovers of dead imports and of removals, cleared by image_store_collect().
 *
 * Nothing here blocks for long, except what says so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/fault.h"
#include "image/image.h"

typedef struct ImageStore ImageStore;

/**
 * image_store_open() - open a store, making its directories when they are missing
 * @path:  e.g. /var/lib/nsunits; must be on a file system that overlayfs takes for lower layers
 *
 * Collects nothing; a manager runs `nsunits-worker collect` (worker.h) once at its start.
 *
 * Returns: 0 or a negative errno, told in @fault (which may be NULL).
 */
int image_store_open(const char *path, ImageStore **ret, Fault *fault);

/** image_store_free() - NULL is fine. Images handed out stay valid. */
void image_store_free(ImageStore *store);

AUTOPTR_DEFINE(ImageStore, image_store_free);

/**
 * image_store_list() - all images, by first name, nameless ones last
 * @ret:  array of @ret_n borrowed images, valid until the next call on this store
 *
 * Returns: 0, -EBADMSG for an index that cannot be read, or another negative errno.
 */
int image_store_list(ImageStore *store, Image *const **ret, size_t *ret_n);

/**
 * image_store_resolve() - the image that @reference means
 * @reference:  a name in any spelling (reference.h), NAME@sha256:HEX (digest of manifest or configuration),
 *              or the id: "sha256:HEX", or at least 4 first digits of it, if no name is spelt so
 * @ret:        owned by the caller: image_unref()
 *
 * One stat(2) when the index has not changed since the last call.
 *
 * Returns: 0, -ENOENT, -EINVAL for no possible name, -ENOTUNIQ for digits that several ids begin with, or
 * another negative errno; each told in @fault.
 */
int image_store_resolve(ImageStore *store, const char *reference, Image **ret, Fault *fault);

/**
 * image_store_layers_open() - the trees of an image, for overlayfs
 * @ret_fds:  O_PATH directories, TOPMOST FIRST; close each and free() the array: image_layers_close()
 *
 * A layer that occurs more than once is given once, at its topmost place: the lower ones cannot be seen, and
 * overlayfs refuses the same directory twice.
 */
int image_store_layers_open(ImageStore *store, const Image *image, int **ret_fds, size_t *ret_n,
                            Fault *fault);

/** image_layers_close() - close @n descriptors and free the array. NULL is fine. */
void image_layers_close(int *fds, size_t n);

/** image_store_list_json() - JSON array for `nsctl image list`: id, names, size_bytes, n_layers,
 * architecture; created and imported in µs since the epoch, 0 = not known. */
int image_store_list_json(ImageStore *store, char **ret);

/** image_store_inspect() - JSON object: the same, layers with sizes, manifest digest, whole configuration. */
int image_store_inspect(ImageStore *store, const char *reference, char **ret, Fault *fault);

/**
 * image_store_remove() - take a name off an image; with its last name, or by id, the image goes
 * @in_use:  ids of images that running or starting containers were made from: such an image stays
 *
 * Changes the index only; the files go at the next image_store_collect().
 *
 * Returns: 0, -EBUSY when in use, or as image_store_resolve().
 */
int image_store_remove(ImageStore *store, const char *reference, char *const *in_use, Fault *fault);

/** image_store_name() - give @name to an image that the caller holds, whoever has it now. 0 or a negative
 * errno, told in @fault. */
int image_store_name(ImageStore *store, Image *image, const char *name, Fault *fault);

/**
 * image_store_tag() - give an image one more name, which another image loses if it has it
 *
 * Returns: 0, or as image_store_resolve(); -EINVAL for @name too.
 */
int image_store_tag(ImageStore *store, const char *reference, const char *name, Fault *fault);

/**
 * image_store_prune() - take images out of the index: those without a name, or all
 * @keep:  ids of images that stay nevertheless
 * @ret:   JSON array of what has gone: id, names, size_bytes; free()
 *
 * The files go at the next image_store_collect(). Returns: 0 or a negative errno, told in @fault.
 */
int image_store_prune(ImageStore *store, bool all, char *const *keep, char **ret, Fault *fault);

/**
 * image_store_collect() - remove every file that the index does not name. BLOCKS while files are removed.
 *
 * Returns: 0, 1 when an import is running and nothing was done (its end collects), or a negative errno.
 */
int image_store_collect(ImageStore *store, Fault *fault);
