/* Names of resource limits (prlimit(1), getrlimit(2)). */
#pragma once

/** rlimit_from_name() - "nofile", "RLIMIT_NOFILE" to RLIMIT_NOFILE; -EINVAL. */
int rlimit_from_name(const char *name);

/** rlimit_to_name() - "nofile"; NULL for a number that is none. */
const char *rlimit_to_name(int resource);

/** rlimit_names() - all names, ended by NULL. */
const char *const *rlimit_names(void);
