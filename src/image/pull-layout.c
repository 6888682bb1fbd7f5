/* Layouts of pulls: what is in them between two runs of skopeo. */
#include "image/pull-layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "image/digest.h"
#include "image/manifest.h"
#include "image/store-internal.h"

/* The mode tells a stand-in from a blob that was fetched; nobody is to read it. */
#define STAND_IN_MODE 0

int pull_layout_key(const PullRequest *q, char ret[65]) {
        autofree char *text = NULL;
        int r = pull_request_identity(q, &text);

        return r < 0 ? r : digest_of(text, strlen(text), ret);
}

static int open_locked(int dir_fd, const char *key) {
        autoclose int fd = dir_make_open(dir_fd, key, 0700);

        if (fd < 0)
                return fd;
        while (flock(fd, LOCK_EX) < 0)
                if (errno != EINTR)
                        return -errno;
        /* Now it counts as young. */
        (void) futimens(fd, NULL);
        return take_fd(fd);
}

int pull_layout_open(ImageStore *store, const char *key, PullLayout *ret, Fault *fault) {
        *ret = (PullLayout){ .pulls_fd = dir_make_open(store->root_fd, PULLS_DIR, 0700), .fd = -EBADF };
        if (ret->pulls_fd < 0)
                return fault_set(fault, "pull", ret->pulls_fd, "%s/" PULLS_DIR, store->path);

        (void) snprintf(ret->key, sizeof(ret->key), "%s", key);
        ret->fd = open_locked(ret->pulls_fd, key);
        return ret->fd < 0 ? fault_set(fault, "pull", ret->fd, "%s/" PULLS_DIR "/%s", store->path, key) : 0;
}

/* All but the blobs: half a blob of a skopeo that was killed, an index that names what may be half. */
static int drop_rest(int dir_fd, const char *name, void *data) {
        return streq(name, "blobs") ? 0 : tree_remove(dir_fd, name);
}

static int drop_stand_in(int dir_fd, const char *name, void *data) {
        struct stat st;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || (st.st_mode & 07777) != STAND_IN_MODE)
                return 0;
        return unlinkat(dir_fd, name, 0) < 0 ? -errno : 0;
}

static int make_stand_in(int blobs_fd, const Descriptor *layer) {
        autoclose int fd = openat(blobs_fd, layer->digest, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        if (fd < 0)
                return errno == EEXIST ? 0 : -errno;
        if (ftruncate(fd, (off_t) layer->size) < 0 || fchmod(fd, STAND_IN_MODE) < 0)
                return -errno;
        return 0;
}

static int stand_in_for(ImageStore *store, const Image *image, int blobs_fd) {
        autoptr(Manifest) m = NULL;
        autofree char *text = NULL;
        size_t size;
        int r;

        if (!image->digest[0])
                return 0;
        r = store_blob_read(store, image->digest, &text, &size, NULL);
        if (r == 0)
                r = manifest_parse(text, size, &m, NULL);
        if (r < 0 || m->n_layers != image->n_layers)
                return r == -ENOMEM ? r : 0; /* then it is fetched */

        for (size_t i = 0; i < m->n_layers && r == 0; i++)
                if (store_has_layer(store, image->layers[i], NULL))
                        r = make_stand_in(blobs_fd, &m->layers[i]);
        return r;
}

/* A pull that has fetched nothing leaves nothing. */
static void leave_blobs(const PullLayout *l) {
        (void) dir_each(l->fd, ".", drop_rest, NULL);
        (void) dir_each(l->fd, "blobs/sha256", drop_stand_in, NULL);
        if (unlinkat(l->fd, "blobs/sha256", AT_REMOVEDIR) == 0 && unlinkat(l->fd, "blobs", AT_REMOVEDIR) == 0)
                (void) unlinkat(l->pulls_fd, l->key, AT_REMOVEDIR);
}

void pull_layout_close(PullLayout *l, bool remove) {
        if (l->fd >= 0 && remove)
                (void) tree_remove(l->pulls_fd, l->key);
        else if (l->fd >= 0)
                leave_blobs(l);
        cleanup_close_(&l->fd);
        cleanup_close_(&l->pulls_fd);
}

int pull_layout_renew(const PullLayout *l, ImageStore *store, Fault *fault) {
        autoclose int blobs = dir_make_open(l->fd, "blobs/sha256", 0700);
        Image *const *images;
        size_t n = 0;
        int r = MIN_OF(blobs, 0);

        if (r == 0)
                r = dir_each(l->fd, ".", drop_rest, NULL);
        if (r == 0)
                r = dir_each(blobs, ".", drop_stand_in, NULL);
        if (r == 0)
                r = image_store_list(store, &images, &n);
        for (size_t i = 0; i < n && r == 0; i++)
                r = stand_in_for(store, images[i], blobs);
        return r < 0 ? fault_set(fault, "pull", r, "%s/" PULLS_DIR "/%s", store->path, l->key) : 0;
}
