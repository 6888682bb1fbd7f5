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

#define NOTE_NAME "layer.json"
#define NOTE_MAX  4096

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

static int note_write(LayerDraft *draft, const UnpackCounts *c) {
        autojson json_t *note =
                json_pack("{s:I, s:I, s:I, s:I, s:I}", "bytes", (json_int_t) c->bytes, "entries",
                          (json_int_t) c->entries, "devices", (json_int_t) c->devices, "sockets",
                          (json_int_t) c->sockets, "xattrs", (json_int_t) c->xattrs);
        autofree char *text = NULL;
        char path[sizeof(draft->name) + sizeof(NOTE_NAME) + 1];
        int r;

        if (!note)
                return -ENOMEM;
        r = json_print(note, &text);
        if (r < 0)
                return r;
        (void) snprintf(path, sizeof(path), "%s/" NOTE_NAME, draft->name);
        return file_replace(draft->store->layers_fd, path, text, strlen(text), 0600, false);
}

int layer_draft_keep(LayerDraft *draft, const char *diff_id, const UnpackCounts *counts, Fault *fault) {
        int layers_fd = draft->store->layers_fd;
        int r;

        r = note_write(draft, counts);
        /* One call for all its files; errors of writing back come out here. */
        if (r == 0 && syncfs(draft->fs_fd) < 0)
                r = -errno;
        if (r < 0)
                return fault_set(fault, "layer", r, "sha256:%s", diff_id);

        if (renameat2(layers_fd, draft->name, layers_fd, diff_id, RENAME_NOREPLACE) < 0) {
                if (errno != EEXIST)
                        return fault_set(fault, "layer", -errno, "sha256:%s", diff_id);
                layer_draft_drop(draft);
                return 1;
        }
        cleanup_close_(&draft->fs_fd);
        draft->store = NULL;
        return fsync(layers_fd) < 0 ? fault_set(fault, "layer", -errno, "sha256:%s", diff_id) : 0;
}

bool store_has_layer(ImageStore *store, const char *diff_id, uint64_t *ret_bytes) {
        autofree char *text = NULL;
        autojson json_t *note = NULL;
        char path[96];
        size_t size;

        (void) snprintf(path, sizeof(path), "%s/" NOTE_NAME, diff_id);
        if (file_read(store->layers_fd, path, NOTE_MAX, &text, &size) < 0 ||
            json_parse_object(text, size, "layer", &note, NULL) < 0)
                return false;
        if (ret_bytes)
                *ret_bytes = (uint64_t) json_integer_value(json_object_get(note, "bytes"));
        return true;
}
