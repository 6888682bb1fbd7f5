/*
 * JSON written straight into a text, for what is written often: a tree of it would cost several times as
 * much. Whoever reads it takes a library.
 *
 *      autojsontext JsonText t = {};
 *
 *      json_text_begin(&t, NULL, '{');
 *      json_text_number(&t, "pid", 1);
 *      json_text_end(&t, '}');
 *
 * Want of memory is remembered until json_text_finish(). A name is NULL in an array and for the outermost
 * value; names are written as they are.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct JsonText {
        char *text;
        size_t size, allocated;
        bool failed;
} JsonText;

void json_text_clear(JsonText *t);

#define autojsontext __attribute__((cleanup(json_text_clear)))

/** json_text_begin(), json_text_end() - an object, '{' and '}', or an array, '[' and ']'. */
void json_text_begin(JsonText *t, const char *name, char bracket);
void json_text_end(JsonText *t, char bracket);

void json_text_number(JsonText *t, const char *name, int64_t value);
void json_text_boolean(JsonText *t, const char *name, bool value);

/** json_text_string() - NULL is left out; bytes that are no UTF-8 become "?". */
void json_text_string(JsonText *t, const char *name, const char *value);

/** json_text_raw() - a value that is JSON already; NULL stands for want of memory. */
void json_text_raw(JsonText *t, const char *name, const char *value);

/** json_text_finish() - the text, borrowed; NULL when there was no memory for all of it. */
const char *json_text_finish(const JsonText *t);
