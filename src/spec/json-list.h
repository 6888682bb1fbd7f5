/* Lists in JSON. For json-*.c and spec-json.c only. */
#pragma once

#include <jansson.h>

#include "spec/id-map.h"

/** json_strings() - a new array; NULL when out of memory. */
json_t *json_strings(char *const *strings);

/** json_id_list() - lines of a map as the runtime-spec has them; NULL when out of memory. */
json_t *json_id_list(const IdList *ids);
