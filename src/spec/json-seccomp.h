/* The default system-call filter in the words of the OCI runtime-spec. For spec-json.c only. */
#pragma once

#include <jansson.h>
#include <stdint.h>

/** json_seccomp() - linux.seccomp for a capability set; the same effect as runtime/seccomp.c. NULL: no
 * memory. */
json_t *json_seccomp(uint64_t capabilities);
