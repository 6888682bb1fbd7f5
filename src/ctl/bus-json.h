/* D-Bus values as JSON: what `show --json` prints, and how the verbs read what the manager sends. */
#pragma once

#include <jansson.h>
#include <systemd/sd-bus.h>

/**
 * bus_json_read() - the next complete value of a message
 *
 * Arrays and structs become arrays, dictionaries objects, variants their content, arrays of bytes a
 * string of hexadecimal digits. The number 2^64-1, which means "not set" or "no limit", becomes null.
 *
 * Returns: 1; 0 at the end of the container; a negative errno. json_decref() *ret.
 */
int bus_json_read(sd_bus_message *m, json_t **ret);

/**
 * bus_json_read_rows() - an array of structs becomes an array of objects
 * @keys: names of the @n members of each, in their order; NULL leaves one out
 *
 * Returns: 0 or a negative errno. json_decref() *ret.
 */
int bus_json_read_rows(sd_bus_message *m, const char *const *keys, size_t n, json_t **ret);
