/*
 * Layers of the store in the making: a temporary directory beside the finished ones, which gets its DiffID
 * as a name when it is whole and on disk.
 */
#pragma once

#include "image/report.h"
#include "image/store-internal.h"
#include "image/tree-archive.h"

typedef struct LayerDraft {
        ImageStore *store; /* NULL = none; empty initial state: all zero */
        char name[32];
        int fs_fd; /* directory for the files */
} LayerDraft;

/** layer_draft_make() - a new empty directory. 0 or a negative errno, told in @fault. */
int layer_draft_make(ImageStore *store, LayerDraft *ret, Fault *fault);

/** layer_draft_drop() - remove it; does nothing after layer_draft_keep(). */
void layer_draft_drop(LayerDraft *draft);

static inline void cleanup_layer_draft_(LayerDraft *draft) {
        layer_draft_drop(draft);
}

#define autodraft __attribute__((cleanup(cleanup_layer_draft_)))

/** layer_draft_describe() - write down what is in it; @digest is that of its tree. 0 or a negative errno. */
int layer_draft_describe(const LayerDraft *draft, const UnpackCounts *counts, const TreeDigest *digest);

/** layer_drafts_sync() - have all drafts of the store on the disk: errors of writing back come out here. */
int layer_drafts_sync(ImageStore *store);

/**
 * layer_draft_keep() - make it the layer @diff_id, after layer_drafts_sync() and before layers_sync()
 *
 * Returns: 0, 1 when another import made the same layer meanwhile (the draft is dropped), or a negative
 * errno.
 */
int layer_draft_keep(LayerDraft *draft, const char *diff_id, Fault *fault);

/** layers_sync() - have the names of all that were kept on the disk. */
int layers_sync(ImageStore *store);

/** layer_lower_open() - the list of what depends on the layers below (lower.h), made or opened. A descriptor
 * or a negative errno. */
int layer_lower_open(const LayerDraft *draft);

/** layer_lower_apply() - take that from @lowers, topmost first, and forget the list. */
int layer_lower_apply(const LayerDraft *draft, const int *lowers, size_t n, Fault *fault);

/* What a layer says about itself. */
typedef struct LayerNote {
        uint64_t bytes, entries;
        TreeDigest tree;
} LayerNote;

/** layer_note_read() - of a finished layer. 0, -ENOENT without such a layer, -EBADMSG or another errno. */
int layer_note_read(ImageStore *store, const char *diff_id, LayerNote *ret);
