/* The "process" of the OCI runtime-spec. */
#pragma once

#include <jansson.h>

#include "spec/spec-json.h"

/** json_process() - a new object; NULL when out of memory. */
json_t *json_process(const ContainerSpec *s, const SpecJsonContext *c);
