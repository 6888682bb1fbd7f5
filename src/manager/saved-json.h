/* Parts of a unit's saved state as JSON, and back. What is not there, or is none, is left as it was. */
#pragma once

#include <jansson.h>

#include "spec/id-map.h"
#include "supervise/machine.h"

json_t *machine_to_json(const Machine *machine);
void machine_from_json(Machine *machine, const json_t *o);

/** ids_from_json() - into an empty list. 0 or a negative errno. */
json_t *ids_to_json(const IdList *list);
int ids_from_json(const json_t *array, IdList *ret);
