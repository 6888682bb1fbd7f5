/* What takes space in the store, and what of it could be had back: sizes by a worker, uses as they are here.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "manager/internal.h"
#include "manager/store.h"

typedef struct Row {
        json_t *items;
        uint64_t active, bytes, reclaimable;
} Row;

/* @used: 1 = something holds it, 0 = it could go. */
static void row_add(Row *row, const char *name, uint64_t bytes, bool used) {
        row->active += used;
        row->bytes += bytes;
        row->reclaimable += used ? 0 : bytes;
        (void) json_array_append_new(row->items, json_pack("{s:s, s:I, s:b}", "name", name, "size_bytes",
                                                           (json_int_t) bytes, "active", used));
}

static json_t *row_json(const char *type, const Row *row) {
        return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o}", "type", type, "count",
                         (json_int_t) json_array_size(row->items), "active", (json_int_t) row->active,
                         "size_bytes", (json_int_t) row->bytes, "reclaimable_bytes",
                         (json_int_t) row->reclaimable, "items", row->items);
}

static uint64_t bytes_of(const json_t *sizes, const char *name) {
        return (uint64_t) json_integer_value(json_object_get(sizes, name));
}

/* A layer goes when the last image that has it does. */
static bool layer_used(Image *const *images, size_t n, char *const *used, const char *diff_id) {
        for (size_t i = 0; i < n; i++)
                if ((!used || strv_contains(used, images[i]->id)) &&
                    strv_contains(images[i]->layers, diff_id))
                        return true;
        return false;
}

static uint64_t image_bytes(const json_t *layers, const Image *image) {
        autostrv char **counted = NULL;
        uint64_t bytes = 0;

        STRV_FOREACH (layer, image->layers)
                if (!strv_contains(counted, *layer) && strv_add(&counted, *layer) == 0)
                        bytes += bytes_of(layers, *layer);
        return bytes;
}

/* Images share layers: their sizes do not add up. */
static json_t *images_row(Image *const *images, size_t n, char *const *used, json_t *layers) {
        static char *const nothing[] = { NULL };
        Row row = { .items = json_array() };
        const char *name;
        json_t *size;

        for (size_t i = 0; i < n; i++)
                row_add(&row, images[i]->names ? images[i]->names[0] : images[i]->id,
                        image_bytes(layers, images[i]), strv_contains(used, images[i]->id));

        row.bytes = row.reclaimable = 0;
        json_object_foreach(layers, name, size) {
                if (!layer_used(images, n, NULL, name))
                        continue;
                row.bytes += bytes_of(layers, name);
                if (!layer_used(images, n, used ? used : nothing, name))
                        row.reclaimable += bytes_of(layers, name);
        }
        return row_json("images", &row);
}

static json_t *layers_row(Image *const *images, size_t n, json_t *sizes) {
        Row row = { .items = json_array() };
        const char *name;
        json_t *size;

        json_object_foreach(sizes, name, size)
                row_add(&row, name, bytes_of(sizes, name), layer_used(images, n, NULL, name));
        return row_json("layers", &row);
}

static json_t *volumes_row(const Manager *m, json_t *sizes) {
        Row row = { .items = json_array() };
        const char *name;
        json_t *size;

        json_object_foreach(sizes, name, size) {
                json_t *users = manager_volume_users(m, name);

                row_add(&row, name, bytes_of(sizes, name), json_array_size(users) > 0);
                json_decref(users);
        }
        return row_json("volumes", &row);
}

/* What is in .trash, too, lies there as a container that is none any more. */
static json_t *containers_row(const Manager *m, json_t *sizes) {
        Row row = { .items = json_array() };
        const char *name;
        json_t *size;

        json_object_foreach(sizes, name, size) {
                const Unit *u = manager_get_unit(m, name);

                row_add(&row, name, bytes_of(sizes, name), u && u->held.spec);
        }
        return row_json("containers", &row);
}

/* Nothing holds what is only kept to save time. */
static json_t *cache_row(const char *type, json_t *sizes) {
        Row row = { .items = json_array() };
        const char *name;
        json_t *size;

        json_object_foreach(sizes, name, size) row_add(&row, name, bytes_of(sizes, name), false);
        return row_json(type, &row);
}

static int on_sizes(Manager *m, const char *result, char **ret) {
        json_t *sizes = json_loads(result, 0, NULL), *layers = json_object_get(sizes, "layers"), *rows;
        autostrv char **used = NULL;
        Image *const *images;
        size_t n = 0;
        int r;

        r = image_store_list(m->images, &images, &n);
        if (r == 0)
                r = store_images_used(m, true, &used);
        if (r == 0) {
                rows = json_pack("[o, o, o, o, o, o]", images_row(images, n, used, layers),
                                 layers_row(images, n, layers),
                                 containers_row(m, json_object_get(sizes, "containers")),
                                 volumes_row(m, json_object_get(sizes, "volumes")),
                                 cache_row("pulls", json_object_get(sizes, "pulls")),
                                 cache_row("builds", json_object_get(sizes, "build")));
                *ret = rows ? json_dumps(rows, JSON_COMPACT) : NULL;
                r = *ret ? 0 : -ENOMEM;
                json_decref(rows);
        }
        json_decref(sizes);
        return r;
}

int manager_store_usage(Manager *m, ManagerReplyFn reply, void *data) {
        char *args[] = { (char *) "usage", m->config->paths.store, (char *) "fd:3", NULL };

        return store_request(m, args, on_sizes, reply, data);
}
