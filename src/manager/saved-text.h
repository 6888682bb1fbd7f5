/*
 * The text of a unit as it was started, on disk: what it says and where each value was written, so that a
 * later manager means the same by it, relative paths included, and names the author's own files and lines.
 */
#pragma once

#include <jansson.h>

#include "config/raw-unit.h"

/** saved_text_write() - replace the file at @path, which is for root's eyes only. 0 or a negative errno. */
int saved_text_write(const char *path, const RawUnit *raw);

/** saved_text_read() - 0; -ENOENT; -EBADMSG for what is no such file; another negative errno. */
int saved_text_read(const char *path, RawUnit **ret);

/** saved_text_to_json() - a new reference; NULL when out of memory. */
json_t *saved_text_to_json(const RawUnit *raw);

/** saved_text_from_json() - any JSON is survived. 0, -EBADMSG, -ENOMEM. */
int saved_text_from_json(const json_t *o, RawUnit **ret);
