/* Jansson with our ownership words, for the texts of images. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "basic/fault.h"

static inline void cleanup_json_(json_t **j) {
        json_decref(*j);
}

#define autojson __attribute__((cleanup(cleanup_json_)))

/** json_parse_text() - object or array. -EBADMSG with the place in @fault, whose step is @what. */
int json_parse_text(const char *text, size_t size, const char *what, json_t **ret, Fault *fault);

/** json_parse_object() - the same, and it must be an object. */
int json_parse_object(const char *text, size_t size, const char *what, json_t **ret, Fault *fault);

/** json_copy_string() - a copy of the string; NULL for anything else, the empty string too. 0 or -ENOMEM. */
int json_copy_string(const json_t *j, char **ret);

/** json_copy_strv() - an array of strings; null and a missing value give NULL. -EBADMSG for other things. */
int json_copy_strv(const json_t *j, char ***ret);

/** json_copy_keys() - the keys of an object, each with "=value" behind it if the value is a string. */
int json_copy_keys(const json_t *j, char ***ret);

/** json_from_strv() - an array; empty for NULL. NULL when out of memory. */
json_t *json_from_strv(char *const *v);

/** json_print() - as text that ends in a newline. 0 or -ENOMEM. */
int json_print(const json_t *j, char **ret);
