/* The system-call filter in the words of the OCI runtime-spec. For spec-json.c only. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "spec/container-spec.h"

/** json_seccomp() - linux.seccomp for a capability set; the same effect as runtime/seccomp.c, but for address
 * families. NULL: no memory. */
json_t *json_seccomp(const SeccompSpec *spec, uint64_t capabilities);
