/* Shared by the sources of the store. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "image/json.h"
#include "image/store.h"

struct ImageStore {
        char *path;
        int root_fd;
        int images_fd;
        int blobs_fd;
        int layers_fd;

        /* The index as it was read last. */
        Image **images;
        size_t n_images;
        struct stat seen; /* of the file; all zero when it was not there */
        bool loaded;
};

/** store_lock() - the `lock` file: -EWOULDBLOCK for an exclusive one that cannot be had now; else waits.
 * Returns a descriptor whose closing unlocks. */
int store_lock(ImageStore *store, bool exclusive);

/** store_index_lock() - held while the index is read, changed and written. Waits; never for long. */
int store_index_lock(ImageStore *store);

/** store_load() - read the index if it has changed. */
int store_load(ImageStore *store, Fault *fault);

/** store_save() - write store->images as the index, which is locked. */
int store_save(ImageStore *store, Fault *fault);

/** store_add() - enter @image (one more holder), or give its name and digest to the entry of the same id;
 * @name moves from whoever had it. Locks, loads and saves. */
int store_add(ImageStore *store, Image *image, const char *name, Fault *fault);

/** store_find() - image_store_resolve() without a holder; @ret_name (free()) is set when it was found by that
 * name. */
int store_find(ImageStore *store, const char *reference, Image **ret, char **ret_name, Fault *fault);

/** store_name_move() - give @to a name, and take it from whoever has it, in memory. 0 or -ENOMEM. */
int store_name_move(ImageStore *store, Image *to, const char *name);

/** store_index_read() - the index as it is on disk; NULL in @ret when there is none. */
int store_index_read(ImageStore *store, json_t **ret, Fault *fault);

/** store_index_write() - replace it, which is locked. */
int store_index_write(ImageStore *store, const json_t *root, Fault *fault);

/** store_image_json() - what lists of images say about one. NULL when out of memory. */
json_t *store_image_json(const Image *image);

/** store_has_layer() - is this layer complete? Its size and counts are in @ret, which may be NULL. */
bool store_has_layer(ImageStore *store, const char *diff_id, uint64_t *ret_bytes);

/** store_layer_open() - the tree of a layer, as an O_PATH descriptor, or a negative errno. */
int store_layer_open(ImageStore *store, const char *diff_id);

/** store_blob_write() - a configuration or manifest, under its digest, durable. */
int store_blob_write(ImageStore *store, const char *digest, const char *text, size_t size, Fault *fault);

/** store_blob_load() - as it lies there. Free @ret. For the manager, which takes the word of who has written
 * it and carries no library for digests; `nsctl system check` compares them. */
int store_blob_load(ImageStore *store, const char *digest, char **ret, size_t *ret_size, Fault *fault);

/** store_blob_read() - and check its digest. Free @ret. */
int store_blob_read(ImageStore *store, const char *digest, char **ret, size_t *ret_size, Fault *fault);

/** image_sort() - by first name, nameless ones last. */
void image_sort(Image **images, size_t n);

/** images_free() - drop one holder of each, and the array. */
void images_free(Image **images, size_t n);
