/*
 * The black box of a unit: one file with the records of its last deaths, oldest first. The file is the only
 * copy; nothing of it is kept in memory. What is in a record is death.c's affair, but for its "Id".
 *
 * Each line is a JSON object, a record, or an array of them. One is added at the end; of several with the
 * same "Id" in a row the last one counts. Now and then the file is written anew, as one array.
 */
#pragma once

#include <jansson.h>

/* So many of a unit are kept. */
#define DEATHS_MAX 8

/**
 * death_log_put() - add a record, or replace the last one if that has the same "Id"
 *
 * The next manager finds out here what one that was killed before its next save had written already.
 *
 * Returns: 0 or a negative errno. @record is borrowed.
 */
int death_log_put(const char *path, const json_t *record);

/** death_log_read() - the last records, an array; empty when there are none, or what is there cannot be read.
 * json_decref() it. NULL when out of memory. */
json_t *death_log_read(const char *path);
