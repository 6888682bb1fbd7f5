/*
 * Layers of the store in the making: a temporary directory beside the finished ones, which gets its DiffID
 * as a name when it is whole and on disk.
 */
#pragma once

#include "image/report.h"
#include "image/store-internal.h"

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

/**
 * layer_draft_keep() - write it out to the disk, then make it the layer @diff_id
 *
 * Returns: 0, 1 when another import made the same layer meanwhile (the draft is dropped), or a negative
 * errno.
 */
int layer_draft_keep(LayerDraft *draft, const char *diff_id, const UnpackCounts *counts, Fault *fault);
