/* Rubbish of the store: everything that the index does not name. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "image/pull-layout.h"
#include "image/store-internal.h"
#include "image/worker.h"

/* Seconds after which nobody is expected to come back for what a pull has fetched. */
#define KEEP_SECONDS (24 * 60 * 60)

static bool is_layer_named(const ImageStore *store, const char *name) {
        for (size_t i = 0; i < store->n_images; i++)
                if (strv_contains(store->images[i]->layers, name))
                        return true;
        return false;
}

static bool is_blob_named(const ImageStore *store, const char *name) {
        for (size_t i = 0; i < store->n_images; i++)
                if (streq(store->images[i]->id, name) || streq(store->images[i]->digest, name))
                        return true;
        return false;
}

typedef struct Sweep {
        const ImageStore *store;
        bool (*named)(const ImageStore *store, const char *name);
        Fault *fault;
        int result;
} Sweep;

/* Goes on after a failure. */
static int sweep_entry(int dir_fd, const char *name, void *data) {
        Sweep *s = data;
        int r = s->named(s->store, name) ? 0 : tree_remove(dir_fd, name);

        if (r < 0)
                s->result = fault_set(s->fault, "collect", r, "%.200s", name);
        return 0;
}

static int sweep(const ImageStore *store, int dir_fd, bool (*named)(const ImageStore *, const char *),
                 Fault *fault) {
        Sweep s = { .store = store, .named = named, .fault = fault };
        int r = dir_each(dir_fd, ".", sweep_entry, &s);

        return r < 0 ? fault_set(fault, "collect", r, "%s", store->path) : s.result;
}

static int drop_old(int dir_fd, const char *name, void *data) {
        struct stat st;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_mtime + KEEP_SECONDS > time(NULL))
                return 0;
        return tree_remove(dir_fd, name);
}

/* No pull runs. */
static int collect_pulls(ImageStore *store, Fault *fault) {
        int r = dir_each(store->root_fd, PULLS_DIR, drop_old, NULL);

        return r < 0 && r != -ENOENT ? fault_set(fault, "collect", r, "%s/" PULLS_DIR, store->path) : 0;
}

int image_store_collect(ImageStore *store, Fault *fault) {
        autoclose int lock = -EBADF, index = -EBADF;
        int r, layers, pulls;

        lock = store_lock(store, true);
        if (lock == -EWOULDBLOCK)
                return 1;
        if (lock < 0)
                return fault_set(fault, "collect", lock, "%s/lock", store->path);

        index = store_index_lock(store);
        if (index < 0)
                return fault_set(fault, "collect", index, "%s/images", store->path);
        r = store_load(store, fault);
        if (r < 0)
                return r;
        r = sweep(store, store->blobs_fd, is_blob_named, fault);
        /* Layers take long, and without an import none is added. */
        replace_fd(&index, -EBADF);

        layers = sweep(store, store->layers_fd, is_layer_named, fault);
        pulls = collect_pulls(store, fault);
        return r < 0 ? r : layers < 0 ? layers : pulls;
}

int image_collect(char **words, Fault *fault) {
        autoptr(ImageStore) store = NULL;
        int r = image_store_open(words[0], &store, fault);

        if (r == 0)
                r = image_store_collect(store, fault);
        return MIN_OF(r, 0);
}
