/* Parts of a unit's saved state as JSON. */
#include "manager/saved-json.h"

json_t *machine_to_json(const Machine *machine) {
        json_t *o = json_object();
        MachineField f;

        for (size_t i = 0; o && machine_field(machine, i, &f); i++)
                (void) json_object_set_new(
                        o, f.name, f.text ? json_string(f.text) : json_integer((json_int_t) f.number));
        return o;
}

void machine_from_json(Machine *machine, const json_t *o) {
        const char *name;
        json_t *value;

        json_object_foreach((json_t *) o, name, value) {
                const MachineField f = {
                        .name = name,
                        .text = json_string_value(value),
                        .number = (uint64_t) json_integer_value(value),
                };

                (void) machine_set_field(machine, &f);
        }
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
