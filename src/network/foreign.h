/* Firewalls of others, as far as they may stand in the way. */
#pragma once

/**
 * foreign_find_drops() - base chains of other tables that drop what is forwarded unless a rule lets it
 * through
 * @ret: "ip filter FORWARD", ...; strv_free()
 *
 * Returns: 0 or a negative errno.
 */
int foreign_find_drops(char ***ret);
