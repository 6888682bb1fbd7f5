/* Drafts of layers, and what is noted about finished ones. */
#include "image/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "basic/file.h"
#include "image/json.h"
#include "image/lower.h"
#include "image/reference.h"

#define NOTE_NAME "layer.json"
#define NOTE_MAX  4096

#define LOWER_NAME "lower"

#define PATH_BYTES (sizeof(((LayerDraft *) NULL)->name) + 16)

int layer_draft_make(ImageStore *store, LayerDraft *ret, Fault *fault) {
        LayerDraft draft = { .store = store };
        char path[sizeof(draft.name) + 8];
        uint64_t random;
        int r;

        if (getrandom(&random, sizeof(random), 0) != (ssize_t) sizeof(random))
                return fault_set(fault, "layer", -EIO, "random name");
        (void) snprintf(draft.name, sizeof(draft.name), "draft-%016llx", (unsigned long long) random);
        (void) snprintf(path, sizeof(path), "%s/fs", draft.name);

        r = dir_make(store->layers_fd, path, 0755);
        draft.fs_fd = r < 0 ? r : dir_open(store->layers_fd, path);
        if (draft.fs_fd < 0) {
                (void) tree_remove(store->layers_fd, draft.name);
                return fault_set(fault, "layer", draft.fs_fd, "%s/layers/%s", store->path, draft.name);
        }
        *ret = draft;
        return 0;
}

void layer_draft_drop(LayerDraft *draft) {
        if (!draft->store)
                return;

        cleanup_close_(&draft->fs_fd);
        (void) tree_remove(draft->store->layers_fd, draft->name);
        draft->store = NULL;
}

static void draft_path(const LayerDraft *draft, const char *name, char *ret, size_t size) {
        (void) snprintf(ret, size, "%s/%s", draft->name, name);
}

int layer_draft_describe(const LayerDraft *draft, const UnpackCounts *c, const TreeDigest *digest) {
        autojson json_t *note =
                json_pack("{s:I, s:I, s:I, s:I, s:I, s:s, s:I}", "bytes", (json_int_t) c->bytes, "entries",
                          (json_int_t) c->entries, "devices", (json_int_t) c->devices, "sockets",
                          (json_int_t) c->sockets, "xattrs", (json_int_t) c->xattrs, "tree", digest->digest,
                          "tree_size", (json_int_t) digest->size);
        autofree char *text = NULL;
        char path[PATH_BYTES];
        int r;

        if (!note)
                return -ENOMEM;
        r = json_print(note, &text);
        if (r < 0)
                return r;
        draft_path(draft, NOTE_NAME, path, sizeof(path));
        return file_replace(draft->store->layers_fd, path, text, strlen(text), 0600, false);
}

int layer_drafts_sync(ImageStore *store) {
        /* One call for all files of all of them. */
        return syncfs(store->layers_fd) < 0 ? -errno : 0;
}

int layer_draft_keep(LayerDraft *draft, const char *diff_id, Fault *fault) {
        int layers_fd = draft->store->layers_fd;

        if (renameat2(layers_fd, draft->name, layers_fd, diff_id, RENAME_NOREPLACE) < 0) {
                if (errno != EEXIST)
                        return fault_set(fault, "layer", -errno, "sha256:%s", diff_id);
                layer_draft_drop(draft);
                return 1;
        }
        cleanup_close_(&draft->fs_fd);
        draft->store = NULL;
        return 0;
}

int layers_sync(ImageStore *store) {
        return fsync(store->layers_fd) < 0 ? -errno : 0;
}

int layer_lower_open(const LayerDraft *draft) {
        const int flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
        char path[PATH_BYTES];
        int fd;

        draft_path(draft, LOWER_NAME, path, sizeof(path));
        fd = openat(draft->store->layers_fd, path, flags, 0600);
        return fd < 0 ? -errno : fd;
}

int layer_lower_apply(const LayerDraft *draft, const int *lowers, size_t n, Fault *fault) {
        autoclose int fd = layer_lower_open(draft);
        char path[PATH_BYTES];
        int r;

        if (fd < 0)
                return fd;
        r = lower_apply(draft->fs_fd, fd, lowers, n, fault);
        draft_path(draft, LOWER_NAME, path, sizeof(path));
        if (r == 0 && unlinkat(draft->store->layers_fd, path, 0) < 0)
                r = -errno;
        return r;
}

int layer_note_read(ImageStore *store, const char *diff_id, LayerNote *ret) {
        autofree char *text = NULL;
        autojson json_t *note = NULL;
        const char *tree;
        char path[96];
        size_t size;
        int r;

        (void) snprintf(path, sizeof(path), "%s/" NOTE_NAME, diff_id);
        r = file_read(store->layers_fd, path, NOTE_MAX, &text, &size);
        if (r == 0)
                r = json_parse_object(text, size, "layer", &note, NULL);
        if (r < 0)
                return r;
        tree = json_string_value(json_object_get(note, "tree"));
        if (!tree || !digest_is_hex(tree))
                return -EBADMSG;
        *ret = (LayerNote){
                .bytes = (uint64_t) json_integer_value(json_object_get(note, "bytes")),
                .entries = (uint64_t) json_integer_value(json_object_get(note, "entries")),
                .tree.size = (uint64_t) json_integer_value(json_object_get(note, "tree_size")),
        };
        (void) strcpy(ret->tree.digest, tree);
        return 0;
}

bool store_has_layer(ImageStore *store, const char *diff_id, uint64_t *ret_bytes) {
        LayerNote note;

        if (layer_note_read(store, diff_id, &note) < 0)
                return false;
        if (ret_bytes)
                *ret_bytes = note.bytes;
        return true;
}
