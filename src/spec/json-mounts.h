/* The mounts of a container in the words of the OCI runtime-spec. For spec-json.c only. */
#pragma once

#include <jansson.h>

#include "spec/spec-json.h"

/** json_mounts() - the array "mounts": /proc, /dev and /sys first, then the unit's own. NULL: no memory. */
json_t *json_mounts(const ContainerSpec *s, const SpecJsonContext *context);
