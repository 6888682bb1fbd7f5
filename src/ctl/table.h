/*
 * Lists of things: an array of JSON objects is either printed as it is (--json) or as a table. A verb
 * therefore makes its data once.
 */
#pragma once

#include <jansson.h>

#include "ctl/verb.h"

typedef enum ColumnFlags {
        COLUMN_RIGHT = 1 << 0, /* aligned to the right */
        COLUMN_CUT = 1 << 1,   /* the one to cut when the terminal is too narrow */
        COLUMN_BYTES = 1 << 2, /* a number of bytes, shown as "4.2M" */
        COLUMN_TIME = 1 << 3,  /* µs since 1970 */
        COLUMN_STATE = 1 << 4, /* an ActiveState: coloured on a terminal */
        COLUMN_ID = 1 << 5,    /* a digest: the first 12 digits of it */
} ColumnFlags;

typedef struct Column {
        const char *title, *key; /* key of the object; absent or null shows as "-" */
        unsigned flags;
} Column;

/**
 * table_print() - print @rows as the options say
 * @rows: an array of objects; borrowed
 *
 * Returns: STATUS_OK, or STATUS_FAILED after a word on stderr.
 */
int table_print(const Ctl *c, json_t *rows, const Column *columns, size_t n);

/** json_print() - pretty-print to stdout. Same result. */
int json_print(json_t *j);

/** table_cell() - one value as text; free(). NULL when out of memory. */
char *table_cell(const json_t *value, unsigned flags);
