/* Values of properties as `systemctl show` prints them. */
#pragma once

#include <jansson.h>

/**
 * show_value() - @value of the property @name as text; free(). NULL when out of memory.
 *
 * The name decides what a number means: ...USec is a duration, ...Timestamp a date, null is "[not set]" for
 * counters and "infinity" for limits.
 */
char *show_value(const char *name, const json_t *value);
