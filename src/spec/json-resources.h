/* The limits of a container in the words of the OCI runtime-spec. For spec-json.c only. */
#pragma once

#include <jansson.h>

#include "spec/limit-spec.h"

/** json_resources() - the object "resources". NULL: no memory. */
json_t *json_resources(const LimitSpec *l);
