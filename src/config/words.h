/*
 * Values that are lists: cut into words by systemd's rules (systemd.syntax(7), "Quoting";
 * systemd.service(5), "Command lines").
 */
#pragma once

#include <stddef.h>

#include "basic/cleanup.h"
#include "basic/diag.h"

/* What words_split() understands besides blanks between words. */
typedef enum WordsFlags {
        WORDS_QUOTES = 1 << 0,     /* "..." and '...' hold a word together and are dropped */
        WORDS_ESCAPES = 1 << 1,    /* C escapes: \n \t \s \x41 \101 \u00e4 ... */
        WORDS_STRICT = 1 << 2,     /* an unknown escape is an error; else it is kept and warned about */
        WORDS_SEMICOLONS = 1 << 3, /* a lone ; divides commands, \; is a word of its own */
} WordsFlags;

typedef struct Word {
        char *text;
        Where at;       /* of the word's first byte (of its quote) */
        bool quoted;    /* some of it stood in quotes: "" is a word, and "$X" is not split again */
        bool separator; /* WORDS_SEMICOLONS: this is the ";" between two commands */
} Word;

/* Ended by an entry with text == NULL; NULL is the empty list. */
void words_free(Word *words);

static inline void cleanup_words_(Word **w) {
        words_free(*w);
}

#define autowords __attribute__((cleanup(cleanup_words_)))

/**
 * words_split() - cut a value into its words
 * @at:    where @text begins; columns of errors and words are counted from it
 * @flags: WORDS_*; a backslash means something only with WORDS_ESCAPES, else it is a letter like any other
 *
 * Returns: the number of words (0: *ret is NULL); -EINVAL, with an error in @diag, for quotes that are not
 * closed, with WORDS_STRICT also for an escape that is none; -ENOMEM.
 */
int words_split(const char *text, Where at, WordsFlags flags, Diag *diag, Word **ret);

/** words_split_strv() - the same without places. Returns 0 or as words_split(). */
int words_split_strv(const char *text, Where at, WordsFlags flags, Diag *diag, char ***ret);

/** words_join() - one text that words_split() reads back with every set of flags that has quotes and escapes;
 * free(). NULL when out of memory. */
char *words_join(char *const *words);

/**
 * words_unescape_one() - read one C escape
 * @s:   the byte behind the backslash
 * @out: 4 bytes; what it stands for, UTF-8 for \u and \U
 * @ret_out: bytes written to @out
 *
 * Returns: bytes read from @s, or -EINVAL for none of the escapes (then nothing is written).
 */
int words_unescape_one(const char *s, char out[4], size_t *ret_out);
