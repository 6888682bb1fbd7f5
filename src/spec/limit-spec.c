#include "spec/limit-spec.h"

#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/shared.h"
#include "basic/strv.h"

static const size_t device_lists[] = {
        offsetof(LimitSpec, io_device_weight),   offsetof(LimitSpec, io_read_bandwidth),
        offsetof(LimitSpec, io_write_bandwidth), offsetof(LimitSpec, io_read_iops),
        offsetof(LimitSpec, io_write_iops),      offsetof(LimitSpec, io_latency_target),
};

static DeviceLimitList *device_list(LimitSpec *l, size_t i) {
        return (DeviceLimitList *) ((char *) l + device_lists[i]);
}

void limit_spec_done(LimitSpec *l) {
        for (size_t i = 0; i < ELEMENTSOF(device_lists); i++) {
                DeviceLimitList *list = device_list(l, i);

                for (size_t k = 0; k < list->n; k++)
                        free(list->items[k].path);
                free(list->items);
        }
        for (size_t i = 0; i < l->devices.n; i++)
                free(l->devices.items[i].device);
        free(l->devices.items);
        free(l->ip_allow.items);
        free(l->ip_deny.items);
        free(l->cpus.items);
        free(l->memory_nodes.items);
        *l = (LimitSpec) LIMIT_SPEC_NONE;
}

static int device_list_copy(const DeviceLimitList *from, DeviceLimitList *to) {
        if (from->n == 0)
                return 0;

        to->items = calloc(from->n, sizeof(*to->items));
        if (!to->items)
                return -ENOMEM;
        for (; to->n < from->n; to->n++) {
                DeviceLimit *item = &to->items[to->n];

                item->value = from->items[to->n].value;
                item->path = strdup(from->items[to->n].path);
                if (!item->path)
                        return -ENOMEM;
        }
        return 0;
}

static int allow_list_copy(const DeviceAllowList *from, DeviceAllowList *to) {
        if (from->n == 0)
                return 0;

        to->items = calloc(from->n, sizeof(*to->items));
        if (!to->items)
                return -ENOMEM;
        for (; to->n < from->n; to->n++) {
                DeviceAllow *item = &to->items[to->n];

                *item = from->items[to->n];
                item->device = strdup(from->items[to->n].device);
                if (!item->device)
                        return -ENOMEM;
        }
        return 0;
}

static int prefix_list_copy(const InetPrefixList *from, InetPrefixList *to) {
        *to = (InetPrefixList){};
        if (from->n == 0)
                return 0;
        to->items = calloc(from->n, sizeof(*to->items));
        if (!to->items)
                return -ENOMEM;
        memcpy(to->items, from->items, from->n * sizeof(*to->items));
        to->n = from->n;
        return 0;
}

int limit_spec_copy(const LimitSpec *from, LimitSpec *to) {
        int r;

        *to = *from;
        to->cpus = to->memory_nodes = (IndexSet){};
        for (size_t i = 0; i < ELEMENTSOF(device_lists); i++)
                *device_list(to, i) = (DeviceLimitList){};
        to->devices = (DeviceAllowList){};
        to->ip_allow = to->ip_deny = (InetPrefixList){};

        r = index_set_copy(&from->cpus, &to->cpus);
        if (r == 0)
                r = index_set_copy(&from->memory_nodes, &to->memory_nodes);
        for (size_t i = 0; i < ELEMENTSOF(device_lists) && r == 0; i++)
                r = device_list_copy(device_list((LimitSpec *) from, i), device_list(to, i));
        if (r == 0)
                r = prefix_list_copy(&from->ip_allow, &to->ip_allow);
        if (r == 0)
                r = prefix_list_copy(&from->ip_deny, &to->ip_deny);
        return r < 0 ? r : allow_list_copy(&from->devices, &to->devices);
}

/* Those that own something are not shared. */
static bool is_plain(const LimitSpec *l) {
        for (size_t i = 0; i < ELEMENTSOF(device_lists); i++)
                if (device_list((LimitSpec *) l, i)->items)
                        return false;
        return !l->cpus.items && !l->memory_nodes.items && !l->ip_allow.items && !l->ip_deny.items &&
               !l->devices.items;
}

const LimitSpec *limit_spec_share(LimitSpec *l) {
        LimitSpec *own;

        if (is_plain(l)) {
                const LimitSpec *shared = shared_take(l, sizeof(*l));

                if (shared)
                        *l = (LimitSpec) LIMIT_SPEC_NONE;
                return shared;
        }
        own = malloc(sizeof(*own));
        if (!own)
                return NULL;
        *own = *l;
        *l = (LimitSpec) LIMIT_SPEC_NONE;
        return own;
}

void limit_spec_release(const LimitSpec *shared) {
        LimitSpec *own = (LimitSpec *) shared;

        if (!shared || is_plain(shared))
                return shared_drop(shared);
        limit_spec_done(own);
        free(own);
}

static bool prefix_lists_equal(const InetPrefixList *a, const InetPrefixList *b) {
        if (a->n != b->n)
                return false;
        for (size_t i = 0; i < a->n; i++) {
                const InetPrefix *x = &a->items[i], *y = &b->items[i];

                if (x->bits != y->bits || x->address.family != y->address.family ||
                    memcmp(x->address.bytes, y->address.bytes, inet_size(x->address.family)) != 0)
                        return false;
        }
        return true;
}

bool limit_spec_same_packets(const LimitSpec *a, const LimitSpec *b) {
        return a->ip_accounting == b->ip_accounting && prefix_lists_equal(&a->ip_allow, &b->ip_allow) &&
               prefix_lists_equal(&a->ip_deny, &b->ip_deny);
}

bool limit_spec_same_devices(const LimitSpec *a, const LimitSpec *b) {
        if (a->device_policy != b->device_policy || a->devices.n != b->devices.n)
                return false;
        for (size_t i = 0; i < a->devices.n; i++) {
                const DeviceAllow *x = &a->devices.items[i], *y = &b->devices.items[i];

                if (!streq(x->device, y->device) || x->read != y->read || x->write != y->write ||
                    x->make != y->make)
                        return false;
        }
        return true;
}

int index_set_copy(const IndexSet *from, IndexSet *to) {
        if (from->n == 0)
                return 0;

        to->items = reallocarray(NULL, from->n, sizeof(*to->items));
        if (!to->items)
                return -ENOMEM;
        memcpy(to->items, from->items, from->n * sizeof(*to->items));
        to->n = from->n;
        return 0;
}

char *index_set_to_string(const IndexSet *set) {
        autostrv char **words = NULL;

        for (size_t i = 0; i < set->n; i++) {
                const IndexRange *range = &set->items[i];
                int r = range->first == range->last ? strv_addf(&words, "%u", range->first)
                                                    : strv_addf(&words, "%u-%u", range->first, range->last);

                if (r < 0)
                        return NULL;
        }
        return words ? strv_join(words, ",") : strdup("");
}

bool index_set_equal(const IndexSet *a, const IndexSet *b) {
        return a->n == b->n && (a->n == 0 || memcmp(a->items, b->items, a->n * sizeof(*a->items)) == 0);
}
