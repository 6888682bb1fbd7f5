/* nsctl's command line: options from options.def, and the words that are left. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "basic/cleanup.h"

typedef struct Options {
#define FLAG(field, short_, long_, help)       bool field;
#define TEXT(field, short_, long_, what, help) const char *field; /* borrowed from argv */
#define LIST(field, short_, long_, what, help) char **field;
#include "ctl/options.def"
#undef FLAG
#undef TEXT
#undef LIST
} Options;

/**
 * options_parse() - divide argv into options and words
 * @ret_words: the verb and its arguments; strv_free() it
 *
 * Options may stand anywhere, but for `exec`: what follows the unit belongs to the program. Mistakes
 * are told on stderr.
 *
 * Returns: 0, -EINVAL, or -ENOMEM. Free with options_clear() in any case.
 */
int options_parse(int argc, char **argv, Options *ret, char ***ret_words);

void options_clear(Options *o);

/** options_help() - one line for each option. */
void options_help(FILE *f);

/** options_take_value() - is the word behind @word, an option as it was typed, that option's value? */
bool options_take_value(const char *word);

/** options_words() - all options as they are typed, one a line, for the completion. */
void options_words(FILE *f);
