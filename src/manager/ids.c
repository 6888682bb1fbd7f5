/*
 * Which host ids the user namespaces of containers are mapped to: slots of users.id-count ids each, from
 * users.first-id on. One slot belongs to one unit from its first start until it is stopped for good.
 */
#include "manager/internal.h"

int id_pool_init(IdPool *p, const ManagerConfig *config) {
        uint32_t span = config->users.last_id - config->users.first_id + 1;

        p->n_slots = span / config->users.id_count;
        p->next = 0;
        p->used = calloc(p->n_slots / 64 + 1, sizeof(uint64_t));
        return p->used ? 0 : -ENOMEM;
}

static bool is_used(const IdPool *p, uint32_t slot) {
        return p->used[slot / 64] >> (slot % 64) & 1;
}

static uint32_t slot_base(const ManagerConfig *config, uint32_t slot) {
        return config->users.first_id + slot * config->users.id_count;
}

int id_pool_take(IdPool *p, const ManagerConfig *config, uint32_t *ret_base, Fault *fault) {
        /* From behind the last one given: ids of a container that has just gone are not used again at once.
         */
        for (uint32_t i = 0; i < p->n_slots; i++) {
                uint32_t slot = (p->next + i) % p->n_slots;

                if (is_used(p, slot))
                        continue;
                p->used[slot / 64] |= UINT64_C(1) << (slot % 64);
                p->next = slot + 1;
                *ret_base = slot_base(config, slot);
                return 0;
        }

        (void) fault_set(fault, "ids", -EUSERS, "%u ranges of %u ids", p->n_slots, config->users.id_count);
        fault_advise(fault, "raise users.last-id in nsunitd.conf");
        return -EUSERS;
}

int id_pool_take_at(IdPool *p, const ManagerConfig *config, uint32_t base) {
        uint32_t slot = (base - config->users.first_id) / config->users.id_count;

        /* A base of another configuration lies in no slot of ours and is not given out by us. */
        if (base < config->users.first_id || slot >= p->n_slots || slot_base(config, slot) != base)
                return 0;
        if (is_used(p, slot))
                return -EADDRINUSE;

        p->used[slot / 64] |= UINT64_C(1) << (slot % 64);
        return 0;
}

void id_pool_give(IdPool *p, const ManagerConfig *config, uint32_t base) {
        uint32_t slot = (base - config->users.first_id) / config->users.id_count;

        if (base >= config->users.first_id && slot < p->n_slots && slot_base(config, slot) == base)
                p->used[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
}

json_t *ids_to_json(const IdList *list) {
        json_t *array = json_array();

        for (size_t i = 0; i < list->n; i++)
                (void) json_array_append_new(array, json_pack("[I, I, I]", (json_int_t) list->items[i].inside,
                                                              (json_int_t) list->items[i].outside,
                                                              (json_int_t) list->items[i].count));
        return array;
}

int ids_from_json(const json_t *array, IdList *ret) {
        const json_t *line;
        size_t i;

        json_array_foreach(array, i, line) {
                IdExtent extent = { (uint32_t) json_integer_value(json_array_get(line, 0)),
                                    (uint32_t) json_integer_value(json_array_get(line, 1)),
                                    (uint32_t) json_integer_value(json_array_get(line, 2)) };
                int r = id_list_add(ret, extent);

                if (r < 0)
                        return r;
        }
        return id_list_check(ret);
}

/* Of the one that MAINPID= has named. */
