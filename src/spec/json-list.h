/* Lists of texts in JSON. For json-*.c and spec-json.c only. */
#pragma once

#include <jansson.h>

/** json_strings() - a new array; NULL when out of memory. */
json_t *json_strings(char *const *strings);
