/* The store's directories, locks and layers, and its answers about images. */
#include "image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "image/reference.h"
#include "image/store-internal.h"

/* Fewer digits could be meant as a name. */
#define ID_DIGITS_MIN 4

void image_store_free(ImageStore *store) {
        if (!store)
                return;

        images_free(store->images, store->n_images);
        cleanup_close_(&store->root_fd);
        cleanup_close_(&store->images_fd);
        cleanup_close_(&store->blobs_fd);
        cleanup_close_(&store->layers_fd);
        free(store->path);
        free(store);
}

int image_store_open(const char *path, ImageStore **ret, Fault *fault) {
        autoptr(ImageStore) store = calloc(1, sizeof(*store));

        if (!store)
                return -ENOMEM;
        store->root_fd = store->images_fd = store->blobs_fd = store->layers_fd = -EBADF;
        store->path = strdup(path);
        if (!store->path)
                return -ENOMEM;

        store->root_fd = dir_make_open(AT_FDCWD, path, 0755);
        if (store->root_fd < 0)
                return fault_set(fault, "store", store->root_fd, "%s", path);
        /* Closed to others: layers hold set-id programs that mean something only in containers. */
        store->layers_fd = dir_make_open(store->root_fd, "layers", 0700);
        if (store->layers_fd < 0)
                return fault_set(fault, "store", store->layers_fd, "%s/layers", path);
        store->images_fd = dir_make_open(store->root_fd, "images", 0700);
        if (store->images_fd < 0)
                return fault_set(fault, "store", store->images_fd, "%s/images", path);
        store->blobs_fd = dir_make_open(store->images_fd, "blobs/sha256", 0755);
        if (store->blobs_fd < 0)
                return fault_set(fault, "store", store->blobs_fd, "%s/images/blobs/sha256", path);

        *ret = take_ptr(store);
        return 0;
}

static int lock_fd(int dir_fd, const char *path, int flags, int how) {
        autoclose int fd = openat(dir_fd, path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
                return -errno;
        while (flock(fd, how) < 0)
                if (errno != EINTR)
                        return -errno;
        return take_fd(fd);
}

int store_lock(ImageStore *store, bool exclusive) {
        return lock_fd(store->root_fd, "lock", O_RDONLY | O_CREAT, exclusive ? LOCK_EX | LOCK_NB : LOCK_SH);
}

int store_index_lock(ImageStore *store) {
        return lock_fd(store->images_fd, ".", O_RDONLY | O_DIRECTORY, LOCK_EX);
}

int image_store_list(ImageStore *store, Image *const **ret, size_t *ret_n) {
        int r;

        r = store_load(store, NULL);
        if (r < 0)
                return r;
        *ret = store->images;
        *ret_n = store->n_images;
        return 0;
}

static bool has_repository(const Image *image, const char *repository) {
        size_t n = strlen(repository);

        STRV_FOREACH (name, image->names)
                if (strncmp(*name, repository, n) == 0 && ((*name)[n] == ':' || (*name)[n] == '@') &&
                    !strchr(*name + n, '/'))
                        return true;
        return false;
}

static Image *find_reference(ImageStore *store, const Reference *ref, const char *canonical) {
        for (size_t i = 0; i < store->n_images; i++) {
                Image *image = store->images[i];

                if (strv_contains(image->names, canonical))
                        return image;
                if (ref->digest && (streq(ref->digest, image->id) || streq(ref->digest, image->digest)) &&
                    has_repository(image, ref->repository))
                        return image;
        }
        return NULL;
}

static int find_id(ImageStore *store, const char *digits, Image **ret) {
        Image *found = NULL;

        for (size_t i = 0; i < store->n_images; i++)
                if (startswith(store->images[i]->id, digits)) {
                        if (found)
                                return -ENOTUNIQ;
                        found = store->images[i];
                }
        *ret = found;
        return found ? 0 : -ENOENT;
}

static bool is_id(const char *text) {
        size_t n = strspn(text, "0123456789abcdef");

        return text[n] == '\0' && n >= ID_DIGITS_MIN && n <= 64;
}

int store_find(ImageStore *store, const char *reference, Image **ret, char **ret_name, Fault *fault) {
        autoptr(Reference) ref = NULL;
        autofree char *canonical = NULL;
        const char *hex = digest_parse(reference);
        Image *found = NULL;
        int r;

        r = store_load(store, fault);
        if (r < 0)
                return r;
        if (!hex) {
                r = reference_parse(reference, &ref);
                if (r == 0)
                        r = reference_normalize(reference, &canonical);
                if (r == -ENOMEM || (r < 0 && !is_id(reference)))
                        return fault_set(fault, "image", r, "%.200s", reference);
                if (r == 0)
                        found = find_reference(store, ref, canonical);
        }
        if (found) {
                *ret_name = strv_contains(found->names, canonical) ? take_ptr(canonical) : NULL;
                *ret = found;
                return 0;
        }

        r = hex || is_id(reference) ? find_id(store, hex ? hex : reference, &found) : -ENOENT;
        if (r < 0) {
                fault_set(fault, "image", r, "%.200s", reference);
                if (r == -ENOENT)
                        fault_advise(fault, "nsctl image pull or nsctl image import brings it");
                return r;
        }
        *ret_name = NULL;
        *ret = found;
        return 0;
}

int image_store_resolve(ImageStore *store, const char *reference, Image **ret, Fault *fault) {
        autofree char *name = NULL;
        Image *found;
        int r;

        r = store_find(store, reference, &found, &name, fault);
        if (r < 0)
                return r;
        *ret = image_ref(found);
        return 0;
}

void image_layers_close(int *fds, size_t n) {
        for (size_t i = 0; fds && i < n; i++)
                cleanup_close_(&fds[i]);
        free(fds);
}

static int layer_open(ImageStore *store, const char *diff_id, bool *ret_opaque) {
        autoclose int fd = -EBADF;
        char path[80], proc[32], value;

        (void) snprintf(path, sizeof(path), "%s/fs", diff_id);
        fd = openat(store->layers_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        *ret_opaque = getxattr(fd_path(fd, proc), "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
        return take_fd(fd);
}

int store_layer_open(ImageStore *store, const char *diff_id) {
        bool opaque;

        return layer_open(store, diff_id, &opaque);
}

int image_store_layers_open(ImageStore *store, const Image *image, int **ret_fds, size_t *ret_n,
                            Fault *fault) {
        autostrv char **done = NULL;
        int *fds = calloc(image->n_layers + 1, sizeof(*fds));
        size_t n = 0;
        int r = fds ? 0 : -ENOMEM;

        for (size_t i = image->n_layers; r == 0 && i-- > 0;) {
                bool opaque = false;

                if (strv_contains(done, image->layers[i]))
                        continue;
                r = strv_add(&done, image->layers[i]);
                if (r == 0)
                        fds[n] = layer_open(store, image->layers[i], &opaque);
                if (r == 0 && fds[n] < 0)
                        r = fault_set(fault, "layer", fds[n], "sha256:%s", image->layers[i]);
                if (r == 0)
                        n++;
                /* overlayfs does not look at the root's own mark. */
                if (opaque)
                        break;
        }

        if (r < 0) {
                image_layers_close(fds, n);
                return r;
        }
        *ret_fds = fds;
        *ret_n = n;
        return 0;
}
