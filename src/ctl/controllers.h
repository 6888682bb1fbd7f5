/* Which cgroup v2 controllers this host has. */
#pragma once

/** controllers_read() - their names; strv_free(). *ret is NULL when there is no cgroup v2 to look at. 0 or
 * -ENOMEM.
 */
int controllers_read(char ***ret);
