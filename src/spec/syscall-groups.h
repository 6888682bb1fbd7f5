/* Groups of system calls, "@mount" and the like, as systemd has them. */
#pragma once

#include <stdbool.h>

/** syscall_group_exists() - is @name, with its @, a group? */
bool syscall_group_exists(const char *name);

/** syscall_groups() - the names of all groups, each with its @, ended by NULL: to guess what was meant. */
const char *const *syscall_groups(void);

/**
 * syscall_names_expand() - names of calls, with groups replaced by their members
 * @names: calls and groups
 * @ret:   strv_free() it; no name is in it twice
 *
 * Returns: 0, -ENOENT for a group that there is none of, -ENOMEM.
 */
int syscall_names_expand(char *const *names, char ***ret);
