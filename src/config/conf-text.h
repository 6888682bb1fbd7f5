/*
 * The text of nsunitd.conf as options and values: libConfuse behind one door, its traps closed. Knows
 * nothing of what an option means. Private to config.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/diag.h"

/* What may be written: `section { name = value }`, or `name = { value, value }` for a list. */
typedef struct ConfName {
        const char *section, *name;
        bool list;
} ConfName;

/**
 * ConfValueFn - told of each value, in the order of the file
 * @index: of its name in the table
 *
 * Returns: 0; a negative errno ends the reading.
 */
typedef int (*ConfValueFn)(size_t index, const char *value, Where at, void *data);

/**
 * conf_text_parse() - read a text
 * @names: @n names, those of one section next to each other
 *
 * Not reentrant. Refused with file and line, beside plain mistakes: a section that is not closed, an option
 * that is set twice, and "${NAME}" outside single quotes (libConfuse would put our own environment there).
 *
 * Returns: 0; -EINVAL after at least one error was added to @diag; what @fn returned; -ENOMEM.
 */
int conf_text_parse(const char *file, const char *text, size_t size, const ConfName *names, size_t n,
                    ConfValueFn fn, void *data, Diag *diag);
