/* From input to image: what kind of input it is, its layers, its entry in the index. */
#include "image/import.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "image/digest.h"
#include "image/import-internal.h"
#include "image/reference.h"

typedef enum TreeKind {
        TREE_ROOT,
        TREE_OCI,
        TREE_DOCKER,
} TreeKind;

void import_tell(Import *i, uint64_t done) {
        if (i->request->progress)
                i->request->progress(i->step, i->index, i->count, done, i->total, i->request->data);
}

static void on_progress(uint64_t done, void *data) {
        import_tell(data, done);
}

int import_unpack(Import *i, int fd, const char *object, const char *digest, uint64_t size, LayerDraft *draft,
                  UnpackResult *ret) {
        autoclose int lower = layer_lower_open(draft);
        UnpackRequest request = { .input_fd = fd,
                                  .dir_fd = draft->fs_fd,
                                  .object = object,
                                  .digest = digest,
                                  .size = size,
                                  .marked = i->count == 0, /* no DiffID to come */
                                  .lock_fd = i->lock_fd,
                                  .life_fd = i->life_fd,
                                  .lower_fd = lower,
                                  .limits = &i->limits,
                                  .progress = on_progress,
                                  .data = i };
        struct stat st;

        if (lower < 0)
                return fault_set(i->fault, "unpack", lower, "%s", object);
        i->total = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t) st.st_size : 0;
        return unpack_stream(&request, ret, i->fault);
}

void import_count(Import *i, const UnpackCounts *counts) {
        i->report.layers_new++;
        i->report.entries += counts->entries;
        i->report.devices += counts->devices;
        i->report.sockets += counts->sockets;
        i->report.xattrs += counts->xattrs;
}

int import_open(Import *i, int dir_fd, const char *path) {
        autoclose int fd = path_beneath_open(dir_fd, path, O_RDONLY | O_NONBLOCK, 0);
        struct stat st;

        if (fd < 0)
                return fault_set(i->fault, "read", fd, "%.200s of the image", path);
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return fault_tell(i->fault, "read", -EBADMSG, "%.200s of the image is no file", path);
        return take_fd(fd);
}

int import_read(Import *i, int dir_fd, const char *path, char **ret, size_t *ret_size) {
        autoclose int fd = import_open(i, dir_fd, path);
        int r;

        if (fd < 0)
                return fd;
        r = file_read_fd(fd, MANIFEST_MAX, ret, ret_size);
        return r < 0 ? fault_set(i->fault, "read", r, "%.200s of the image", path) : 0;
}

/* The name to give: the one asked for, or the one that the image bears. */
static int name_choose(Import *i, const ImportImage *from, const Image *image, char **ret) {
        const char *wanted = i->request->name && *i->request->name ? i->request->name : NULL;
        const char *name = wanted ? wanted : from->name;
        autoptr(Reference) ref = NULL;
        int r;

        *ret = NULL;
        if (!name)
                return 0;
        r = reference_parse(name, &ref);
        if (r == 0)
                r = reference_normalize(name, ret);
        if (r == -EINVAL && !wanted)
                return 0;
        if (r < 0)
                return fault_set(i->fault, "name", r, "%.200s", name);
        if (ref->digest && !streq(ref->digest, image->id) && !streq(ref->digest, image->digest) &&
            !streq_null(ref->digest, i->request->verified_digest))
                return fault_tell(i->fault, "digest", -EBADMSG, "the image is %.100s%.70s, not %.100s",
                                  image->digest[0] ? "sha256:" : "without manifest", image->digest, name);
        return 0;
}

static uint64_t layers_size(ImageStore *store, char *const *layers) {
        uint64_t sum = 0, bytes;

        for (size_t k = 0; layers && layers[k]; k++) {
                bool repeated = false;

                for (size_t m = 0; m < k; m++)
                        repeated |= streq(layers[m], layers[k]);
                if (!repeated && store_has_layer(store, layers[k], &bytes))
                        sum += bytes;
        }
        return sum;
}

static int copy_text(const char *text, char **ret) {
        if (!text)
                return 0;
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

static int image_fill(Import *i, const ImportImage *from, Image *image) {
        int r;

        image->n_refs = 1;
        image->created = from->config->created;
        image->imported = (int64_t) time(NULL);
        image->n_layers = strv_length(from->config->diff_ids);
        image->size_bytes = layers_size(i->store, from->config->diff_ids);
        r = digest_of(from->config_text, from->config_size, image->id);
        if (r == 0 && from->manifest_text)
                r = digest_of(from->manifest_text, from->manifest_size, image->digest);
        if (r == 0)
                r = strv_copy(from->config->diff_ids, &image->layers);
        if (r == 0)
                r = copy_text(from->config->architecture, &image->architecture);
        if (r == 0)
                r = copy_text(from->config->os, &image->os);
        return r;
}

int import_finish(Import *i, const ImportImage *from) {
        autoptr(Image) image = calloc(1, sizeof(*image));
        autofree char *name = NULL;
        int r;

        if (!image)
                return -ENOMEM;
        r = image_fill(i, from, image);
        if (r == 0)
                r = name_choose(i, from, image, &name);
        if (r == 0)
                r = store_blob_write(i->store, image->id, from->config_text, from->config_size, i->fault);
        if (r == 0 && from->manifest_text)
                r = store_blob_write(i->store, image->digest, from->manifest_text, from->manifest_size,
                                     i->fault);
        if (r == 0)
                r = store_add(i->store, image, name, i->fault);
        if (r < 0)
                return r;

        memcpy(i->report.id, image->id, sizeof(i->report.id));
        i->report.name = take_ptr(name);
        return 0;
}

/* A layer that is unpacked already, and that the store may have. */
static int unpacked_keep(Import *i, LayerDraft *draft, const UnpackResult *result, const int *lowers,
                         size_t n) {
        TreeDigest digest;
        int r;

        if (store_has_layer(i->store, result->diff_id, NULL)) {
                i->report.layers_known++;
                return 0;
        }
        i->step = "sync";
        import_tell(i, 0);
        r = layer_lower_apply(draft, lowers, n, i->fault);
        if (r == 0)
                r = tree_digest(draft->fs_fd, &digest, i->fault);
        if (r == 0)
                r = layer_draft_describe(draft, &result->counts, &digest);
        if (r == 0)
                r = layer_drafts_sync(i->store);
        if (r == 0)
                r = layer_draft_keep(draft, result->diff_id, i->fault);
        if (r > 0)
                i->report.layers_known++;
        else if (r == 0)
                import_count(i, &result->counts);
        if (r >= 0)
                r = layers_sync(i->store);
        return r < 0 ? fault_set(i->fault, "layer", r, "sha256:%s", result->diff_id) : 0;
}

int import_new_layer(Import *i, int fd, const char *object, const int *lowers, size_t n,
                     char ret_diff_id[65]) {
        autodraft LayerDraft draft = {};
        UnpackResult result;
        int r;

        r = layer_draft_make(i->store, &draft, i->fault);
        if (r < 0)
                return r;
        i->step = "layer";
        r = import_unpack(i, fd, object, NULL, UINT64_MAX, &draft, &result);
        if (r == 0)
                r = unpacked_keep(i, &draft, &result, lowers, n);
        if (r == 0)
                memcpy(ret_diff_id, result.diff_id, sizeof(result.diff_id));
        return r;
}

static int import_root(Import *i, LayerDraft *draft, const UnpackResult *result) {
        autoptr(ConfigBlob) config = NULL;
        autofree char *text = NULL;
        ImportImage image = {};
        int r;

        if (result->counts.entries == 0)
                return fault_tell(i->fault, "import", -EBADMSG, "no files in the archive");
        r = unpacked_keep(i, draft, result, NULL, 0);
        if (r < 0)
                return r;

        /* The same files and options give the same image, whenever they are imported. */
        r = config_blob_make(i->request->config, result->diff_id, 0, &text);
        if (r == 0)
                r = config_blob_parse(text, strlen(text), &config, i->fault);
        if (r < 0)
                return r;
        image.config_text = text;
        image.config_size = strlen(text);
        image.config = config;
        return import_finish(i, &image);
}

static bool is_file(int dir_fd, const char *path) {
        struct stat st;

        return fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* A root file system may have files of these names too, but then it has more. */
static TreeKind tree_kind(int dir_fd) {
        static const char *const roots[] = { "etc", "usr", "bin", "lib" };
        struct stat st;

        for (size_t i = 0; i < ELEMENTSOF(roots); i++)
                if (fstatat(dir_fd, roots[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
                        return TREE_ROOT;
        if (is_file(dir_fd, "oci-layout") && is_file(dir_fd, "index.json"))
                return TREE_OCI;
        return is_file(dir_fd, "manifest.json") ? TREE_DOCKER : TREE_ROOT;
}

static int import_directory(Import *i, int dir_fd) {
        switch (tree_kind(dir_fd)) {
        case TREE_OCI:
                return import_oci(i, dir_fd);
        case TREE_DOCKER:
                return import_docker(i, dir_fd);
        case TREE_ROOT:
                break;
        }
        fault_tell(i->fault, "import", -EBADMSG, "the directory is no OCI image layout");
        fault_advise(i->fault, "a root file system is imported as a tar of it");
        return -EBADMSG;
}

/* Unpacked first, looked at then: one pass, so that a pipe will do. */
static int import_archive(Import *i, int fd) {
        autodraft LayerDraft draft = {};
        UnpackResult result;
        int r;

        r = layer_draft_make(i->store, &draft, i->fault);
        if (r < 0)
                return r;
        i->step = "spool";
        r = import_unpack(i, fd, "the archive", NULL, UINT64_MAX, &draft, &result);
        if (r < 0)
                return r;
        if (tree_kind(draft.fs_fd) == TREE_ROOT)
                return import_root(i, &draft, &result);
        i->spool = &draft;
        return import_directory(i, draft.fs_fd);
}

static int import_locked(Import *i) {
        autoclose int opened = -EBADF, lock = store_lock(i->store, false);
        int fd = i->request->fd;
        struct stat st;

        if (lock < 0)
                return fault_set(i->fault, "store", lock, "%s/lock", i->store->path);
        i->lock_fd = lock;
        if (i->request->path) {
                opened = open(i->request->path, O_RDONLY | O_CLOEXEC);
                if (opened < 0)
                        return fault_set(i->fault, "open", -errno, "%.200s", i->request->path);
                fd = opened;
        }
        if (fstat(fd, &st) < 0)
                return fault_set(i->fault, "open", -errno, "input");
        return S_ISDIR(st.st_mode) ? import_directory(i, fd) : import_archive(i, fd);
}

int image_import(ImageStore *store, const ImportRequest *request, ImportReport *ret, Fault *fault) {
        const ImportLimits defaults = IMPORT_LIMITS_DEFAULT;
        Import import = { .store = store,
                          .request = request,
                          .limits = request->limits,
                          .fault = fault,
                          .life_fd = -EBADF };
        struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
        int r;

        if (import.limits.max_entries == 0)
                import.limits.max_entries = defaults.max_entries;
        if (import.limits.max_bytes == 0)
                import.limits.max_bytes = defaults.max_bytes;

        /* What dead imports have left, so that it takes no space from this one. */
        (void) image_store_collect(store, NULL);

        (void) sigaction(SIGPIPE, &ignore, &before);
        r = import_locked(&import);
        (void) sigaction(SIGPIPE, &before, NULL);
        if (r < 0)
                (void) fault_set(fault, "import", r, NULL);

        (void) image_store_collect(store, NULL);
        if (r < 0) {
                free(import.report.name);
                return r;
        }
        *ret = import.report;
        return 0;
}
