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
 * json_name_fields() - [[a, b], ...] with the names of its columns becomes [{key: a, key: b}, ...]
 *
 * Returns: 0 or -ENOMEM. json_decref() *ret.
 */
int json_name_fields(json_t *rows, const char *const *keys, size_t n, json_t **ret);
