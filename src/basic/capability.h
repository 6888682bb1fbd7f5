/* Names of capabilities (capabilities(7)) and sets of them as bit masks: bit N = capability N. */
#pragma once

#include <stdint.h>

/** capability_from_name() - "CAP_NET_RAW", "net_raw" to its number; -EINVAL for a word that is none. */
int capability_from_name(const char *name);

/** capability_to_name() - "NET_RAW"; NULL for a number that has no name here. */
const char *capability_to_name(int capability);

/** capability_all() - every capability that has a name here. */
uint64_t capability_all(void);

/** capability_names() - all names, without "CAP_", ended by NULL: for diag_did_you_mean(). */
const char *const *capability_names(void);
