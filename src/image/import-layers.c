/*
 * The layers of an image, unpacked side by side. What one of them takes from those below it, looks of
 * directories and targets of hard links, is left to the end; so is the writing out, which is one for all.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "basic/file.h"
#include "image/import-internal.h"
#include "image/jobs.h"

/* In memory that the processes share. */
typedef struct Progress {
        _Atomic uint64_t done;
        _Atomic uint64_t total;
        _Atomic bool ended;
        UnpackResult result;
        TreeDigest tree;
} Progress;

/* A layer that the store has not. */
typedef struct NewLayer {
        const LayerSource *source;
        unsigned number; /* from 1, among all of the image */
        LayerDraft draft;
} NewLayer;

typedef struct Layers {
        Import *import;
        int dir_fd;
        const LayerSource *sources;
        size_t n;

        NewLayer *fresh; /* bottom first */
        size_t n_fresh;
        Progress *progress; /* one for each of them */

        int *lowers; /* trees so far, topmost first */
        bool *owned; /* which of them are ours to close */
        size_t n_lowers;
} Layers;

static void layers_clear(Layers *l) {
        for (size_t k = 0; l->fresh && k < l->n_fresh; k++)
                layer_draft_drop(&l->fresh[k].draft);
        for (size_t k = 0; k < l->n_lowers; k++)
                if (l->owned[k])
                        cleanup_close_(&l->lowers[k]);
        jobs_shared_free(l->progress, (l->n + 1) * sizeof(*l->progress));
        free(l->fresh);
        free(l->lowers);
        free(l->owned);
}

static bool is_fresh(const Layers *l, const char *diff_id, const NewLayer **ret) {
        for (size_t k = 0; k < l->n_fresh; k++)
                if (streq(l->fresh[k].source->diff_id, diff_id)) {
                        *ret = &l->fresh[k];
                        return true;
                }
        return false;
}

static int drafts_make(Layers *l) {
        Import *i = l->import;

        for (size_t k = 0; k < l->n; k++) {
                const LayerSource *source = &l->sources[k];
                const NewLayer *same;
                NewLayer *new;
                int r;

                if (is_fresh(l, source->diff_id, &same) || store_has_layer(i->store, source->diff_id, NULL)) {
                        i->report.layers_known++;
                        continue;
                }
                new = &l->fresh[l->n_fresh];
                *new = (NewLayer){ .source = source, .number = (unsigned) k + 1 };
                r = layer_draft_make(i->store, &new->draft, i->fault);
                if (r < 0)
                        return r;
                l->n_fresh++;
        }
        return 0;
}

static void on_bytes(const char *step, unsigned index, unsigned count, uint64_t done, uint64_t total,
                     void *data) {
        Progress *p = data;

        atomic_store(&p->done, done);
        atomic_store(&p->total, total);
}

/* In a process of its own. */
static int unpack_one(size_t k, int life, Fault *fault, void *data) {
        Layers *l = data;
        NewLayer *new = &l->fresh[k];
        const LayerSource *source = new->source;
        Progress *p = &l->progress[k];
        ImportRequest request = *l->import->request;
        Import i = *l->import;
        autoclose int fd = -EBADF;
        int r;

        request.progress = on_bytes;
        request.data = p;
        i.request = &request;
        i.fault = fault;
        i.life_fd = life;
        i.step = "layer";

        fd = import_open(&i, l->dir_fd, source->path);
        if (fd < 0)
                return fd;
        r = import_unpack(&i, fd, source->path, source->digest, source->size, &new->draft, &p->result);
        if (r == 0 && !streq(p->result.diff_id, source->diff_id))
                r = fault_tell(fault, "digest", -EBADMSG, "%.100s unpacks to sha256:%s", source->path,
                               p->result.diff_id);
        atomic_store(&p->ended, r == 0);
        return r;
}

/* The lowest one that is not yet done stands for all. */
static void on_tick(void *data) {
        Layers *l = data;
        Import *i = l->import;

        for (size_t k = 0; k < l->n_fresh; k++)
                if (!atomic_load(&l->progress[k].ended)) {
                        i->step = "layer";
                        i->index = l->fresh[k].number;
                        i->total = atomic_load(&l->progress[k].total);
                        import_tell(i, atomic_load(&l->progress[k].done));
                        return;
                }
}

static int unpack_all(Layers *l) {
        const Jobs jobs = { .n = l->n_fresh, .run = unpack_one, .tick = on_tick, .data = l };

        on_tick(l);
        return jobs_run(&jobs, l->import->fault);
}

static int lower_add(Layers *l, const LayerSource *source) {
        const NewLayer *new;
        bool fresh = is_fresh(l, source->diff_id, &new);
        int fd = fresh ? new->draft.fs_fd : store_layer_open(l->import->store, source->diff_id);

        if (fd < 0)
                return fault_set(l->import->fault, "layer", fd, "sha256:%s", source->diff_id);
        memmove(l->lowers + 1, l->lowers, l->n_lowers * sizeof(*l->lowers));
        memmove(l->owned + 1, l->owned, l->n_lowers * sizeof(*l->owned));
        l->n_lowers++;
        l->lowers[0] = fd;
        l->owned[0] = !fresh;
        return 0;
}

/* From the bottom up: a layer takes from those that are complete. */
static int lowers_apply(Layers *l) {
        size_t next = 0;

        for (size_t k = 0; k < l->n && next < l->n_fresh; k++) {
                NewLayer *new = &l->fresh[next];
                int r = 0;

                if (new->source == &l->sources[k]) {
                        r = layer_lower_apply(&new->draft, l->lowers, l->n_lowers, l->import->fault);
                        next++;
                }
                if (r < 0)
                        return fault_set(l->import->fault, "layer", r, "sha256:%s", new->source->diff_id);
                r = lower_add(l, &l->sources[k]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The disk writes while the trees are read: the first piece is that. */
static int digest_one(size_t k, int life, Fault *fault, void *data) {
        Layers *l = data;

        if (k == 0)
                return layer_drafts_sync(l->import->store);
        return tree_digest(l->fresh[k - 1].draft.fs_fd, &l->progress[k - 1].tree, fault);
}

static int digest_all(Layers *l) {
        const Jobs jobs = { .n = l->n_fresh + 1, .run = digest_one, .data = l };

        l->import->step = "sync";
        import_tell(l->import, 0);
        return jobs_run(&jobs, l->import->fault);
}

static int keep_all(Layers *l) {
        Import *i = l->import;
        int r = 0;

        for (size_t k = 0; r == 0 && k < l->n_fresh; k++)
                r = layer_draft_describe(&l->fresh[k].draft, &l->progress[k].result.counts,
                                         &l->progress[k].tree);
        if (r == 0)
                r = layer_drafts_sync(i->store);
        if (r < 0)
                return fault_set(i->fault, "layer", r, NULL);

        for (size_t k = 0; k < l->n_fresh; k++) {
                r = layer_draft_keep(&l->fresh[k].draft, l->fresh[k].source->diff_id, i->fault);
                if (r < 0)
                        return r;
                if (r > 0)
                        i->report.layers_known++;
                else
                        import_count(i, &l->progress[k].result.counts);
        }
        r = layers_sync(i->store);
        return r < 0 ? fault_set(i->fault, "layer", r, NULL) : 0;
}

static int layers_make(Layers *l) {
        int r;

        r = drafts_make(l);
        if (r < 0 || l->n_fresh == 0)
                return r;
        r = unpack_all(l);
        /* What goes before it is written out is never written. */
        if (r == 0 && l->import->spool)
                layer_draft_drop(l->import->spool);
        if (r == 0)
                r = lowers_apply(l);
        if (r == 0)
                r = digest_all(l);
        return r < 0 ? r : keep_all(l);
}

int import_layers(Import *i, int dir_fd, const LayerSource *sources, size_t n) {
        Layers l = { .import = i, .dir_fd = dir_fd, .sources = sources, .n = n };
        int r;

        i->count = (unsigned) n;
        l.fresh = calloc(n + 1, sizeof(*l.fresh));
        l.lowers = calloc(n + 1, sizeof(*l.lowers));
        l.owned = calloc(n + 1, sizeof(*l.owned));
        l.progress = jobs_shared((n + 1) * sizeof(*l.progress));
        r = l.fresh && l.lowers && l.owned && l.progress ? layers_make(&l) : -ENOMEM;
        layers_clear(&l);
        return r;
}
