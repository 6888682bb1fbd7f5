#include "spec/id-map.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* UID_GID_MAP_MAX_EXTENTS of the kernel since 4.15. */
#define LINES_MAX 340

static uint64_t end_of(uint32_t first, uint32_t count) {
        return (uint64_t) first + count;
}

/* The line that has @inside; NULL = none. */
static const IdExtent *find_extent(const IdList *list, uint32_t inside) {
        for (size_t i = 0; i < list->n; i++)
                if (inside >= list->items[i].inside &&
                    inside < end_of(list->items[i].inside, list->items[i].count))
                        return &list->items[i];
        return NULL;
}

uint32_t id_list_outside(const IdList *list, uint32_t inside) {
        const IdExtent *e = find_extent(list, inside);

        if (e)
                return e->outside + (inside - e->inside);
        return list->n == 0 ? inside : ID_NOBODY;
}

uint32_t id_list_inside(const IdList *list, uint32_t outside) {
        for (size_t i = 0; i < list->n; i++) {
                const IdExtent *e = &list->items[i];

                if (outside >= e->outside && outside < end_of(e->outside, e->count))
                        return e->inside + (outside - e->outside);
        }
        return list->n == 0 ? outside : ID_NOBODY;
}

int id_list_add(IdList *list, IdExtent extent) {
        IdExtent *grown = reallocarray(list->items, list->n + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        list->items = grown;
        list->items[list->n++] = extent;
        return 0;
}

int id_list_replace(IdList *list, IdExtent extent) {
        const uint64_t first = extent.inside, end = end_of(extent.inside, extent.count);
        IdList kept = {};
        int r = 0;

        for (size_t i = 0; r == 0 && i < list->n; i++) {
                const IdExtent e = list->items[i];
                const uint64_t e_end = end_of(e.inside, e.count);

                if (e_end <= first || e.inside >= end) {
                        r = id_list_add(&kept, e);
                        continue;
                }
                if (e.inside < first)
                        r = id_list_add(&kept,
                                        (IdExtent){ e.inside, e.outside, (uint32_t) (first - e.inside) });
                if (r == 0 && e_end > end)
                        r = id_list_add(&kept,
                                        (IdExtent){ (uint32_t) end, e.outside + (uint32_t) (end - e.inside),
                                                    (uint32_t) (e_end - end) });
        }
        if (r == 0)
                r = id_list_add(&kept, extent);
        if (r < 0) {
                free(kept.items);
                return r;
        }
        free(list->items);
        *list = kept;
        return 0;
}

static bool overlap(uint32_t a, uint32_t n, uint32_t b, uint32_t m) {
        return a < end_of(b, m) && b < end_of(a, n);
}

int id_list_check(const IdList *list) {
        if (list->n > LINES_MAX)
                return -E2BIG;
        for (size_t i = 0; i < list->n; i++) {
                const IdExtent *a = &list->items[i];

                /* The last number means "no id". */
                if (a->count == 0 || end_of(a->inside, a->count) > UINT32_MAX ||
                    end_of(a->outside, a->count) > UINT32_MAX)
                        return -EINVAL;
                for (size_t j = 0; j < i; j++) {
                        const IdExtent *b = &list->items[j];

                        if (overlap(a->inside, a->count, b->inside, b->count) ||
                            overlap(a->outside, a->count, b->outside, b->count))
                                return -EINVAL;
                }
        }
        return 0;
}

IdPair id_map_outside(const IdMap *m, IdPair inside) {
        if (!m)
                return inside;
        return (IdPair){ id_list_outside(&m->uids, inside.uid), id_list_outside(&m->gids, inside.gid) };
}

IdPair id_map_inside(const IdMap *m, IdPair outside) {
        if (!m)
                return outside;
        return (IdPair){ id_list_inside(&m->uids, outside.uid), id_list_inside(&m->gids, outside.gid) };
}

int id_map_range(IdMap *m, uint32_t base, uint32_t count) {
        int r = id_list_add(&m->uids, (IdExtent){ 0, base, count });

        return r < 0 ? r : id_list_add(&m->gids, (IdExtent){ 0, base, count });
}

static int copy_list(const IdList *from, IdList *to) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < from->n; i++)
                r = id_list_add(to, from->items[i]);
        return r;
}

int id_map_copy(const IdMap *m, IdMap *ret) {
        IdMap copy = {};
        int r;

        r = copy_list(&m->uids, &copy.uids);
        if (r == 0)
                r = copy_list(&m->gids, &copy.gids);
        if (r < 0) {
                id_map_clear(&copy);
                return r;
        }
        *ret = copy;
        return 0;
}

void id_map_clear(IdMap *m) {
        free(m->uids.items);
        free(m->gids.items);
        *m = (IdMap){};
}

int id_list_add_through(IdList *list, const IdList *through, IdExtent extent) {
        while (through->n > 0 && extent.count > 0) {
                const IdExtent *e = find_extent(through, extent.outside);
                IdExtent part = extent;
                int r;

                if (!e)
                        return -ERANGE;
                part.count = (uint32_t) MIN_OF(end_of(e->inside, e->count) - extent.outside,
                                               (uint64_t) extent.count);
                part.outside = e->outside + (extent.outside - e->inside);
                r = id_list_add(list, part);
                if (r < 0)
                        return r;
                extent.inside += part.count;
                extent.outside += part.count;
                extent.count -= part.count;
        }
        return through->n == 0 ? id_list_add(list, extent) : 0;
}
