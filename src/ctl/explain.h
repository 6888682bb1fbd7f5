/* Results of units in words: what `nsctl start` says when it failed, and `nsctl status` about the last end.
 */
#pragma once

#include <jansson.h>

/**
 * explain_end() - why the last invocation of a unit ended
 * @properties: of the unit, as client_unit_properties() gives them
 *
 * Returns: "the main process exited with status 3", ...; free(). NULL when out of memory.
 */
char *explain_end(const json_t *properties);

/** explain_exit() - "exited, status=3" or "killed, signal=KILL" of code and status of waitid(2); free(). */
char *explain_exit(int code, int status);

/** explain_start_failure() - why it is not up: the manager's own words when it has some, else explain_end().
 */
char *explain_start_failure(const json_t *properties);

/** property_string() - a property of a unit as text; "" when it is not there. Borrowed. */
const char *property_string(const json_t *properties, const char *name);

/** property_number() - a property of a unit as number; 0 when it is not there, UINT64_MAX when it is "not
 * set". */
json_int_t property_number(const json_t *properties, const char *name);
