/*
 * Located diagnostics: the mistakes of a unit's author.
 *
 * Parsers never log. They add to a Diag, and whoever asked for the parse decides: the manager writes
 * the list to the journal, `nsctl verify` prints it, D-Bus returns it as the error text, a test
 * compares it with the expected list, a fuzzer throws it away.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/strtab.h"

/* Of a value that goes on over several lines: from byte @offset of the value on, it stands there. */
typedef struct WhereBreak {
        size_t offset;
        unsigned line; /* 0 ends a list of breaks */
        unsigned column;
} WhereBreak;

/* Where a value was written. Borrowed: all it points to lives as long as the raw unit it came from. */
typedef struct Where {
        const char *file;         /* NULL when not from a file (D-Bus, built-in default) */
        unsigned line;            /* counted from 1; 0 = the file as a whole */
        unsigned column;          /* counted from 1 in bytes; 0 = the line as a whole */
        const WhereBreak *breaks; /* of the value that this points into; NULL when it has one line */
        size_t offset;            /* how far into that value */
} Where;

/** where_advance() - the place @bytes further on in the value that @at points into. */
Where where_advance(Where at, size_t bytes);

#define SEVERITY_LIST(X)           \
        X(SEVERITY_ERROR, "error") \
        X(SEVERITY_WARNING, "warning")

ENUM_DECLARE(Severity, severity, SEVERITY, SEVERITY_LIST);

typedef struct DiagItem {
        Severity severity;
        char *file; /* copied; NULL when unknown */
        unsigned line, column;
        char *message;
        char *hint; /* what to do, or NULL */
} DiagItem;

typedef struct Diag Diag;

/** diag_new() - make an empty list. Returns NULL when out of memory; free with diag_free(). */
Diag *diag_new(void);

/** diag_free() - drop the list and its messages. NULL is fine. */
void diag_free(Diag *d);

AUTOPTR_DEFINE(Diag, diag_free);

/**
 * diag_error() - record one mistake of the unit's author
 * @d:  list to add to; NULL drops the message
 * @at: place of the mistake
 * @r:  negative errno to hand back
 *
 * Returns: @r, so that a parser can write `return diag_error(d, at, -EINVAL, "…", …);`.
 *          Never -ENOMEM of its own: when memory is short the message is lost, the code is not.
 */
int diag_error(Diag *d, Where at, int r, const char *fmt, ...) PRINTF_LIKE(4, 5);

/** diag_warning() - record something that works but is probably not what was meant. */
void diag_warning(Diag *d, Where at, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** diag_hint() - say what to do about the item that was added last. */
void diag_hint(Diag *d, const char *fmt, ...) PRINTF_LIKE(2, 3);

/**
 * diag_did_you_mean() - hint at the word nearest to @word, if one is near
 * @words:  candidates, ended by NULL
 *
 * Near is an edit distance of at most a third of the longer word, letter case not counted.
 */
void diag_did_you_mean(Diag *d, const char *word, const char *const *words);

/** diag_distance() - edits that make @b of @a; letter case does not count, and two letters that have changed
 * places are one edit. SIZE_MAX for words of 64 bytes and more. */
size_t diag_distance(const char *a, const char *b);

/** diag_nearest() - the candidate that diag_did_you_mean() would name, or NULL. */
const char *diag_nearest(const char *word, const char *const *words);

size_t diag_count(const Diag *d);
size_t diag_count_errors(const Diag *d);
const DiagItem *diag_get(const Diag *d, size_t i);

/** diag_sort() - by line and column; files stay in the order in which they were first spoken of. */
void diag_sort(Diag *d);

/** diag_append() - add copies of all items of @from. */
void diag_append(Diag *d, const Diag *from);

/**
 * diag_to_string() - all items, one a line: `file:line:column: severity: message (hint)`
 *
 * Returns: a string to free(), empty when there is nothing to say; NULL when out of memory.
 */
char *diag_to_string(const Diag *d);

/** diag_item_to_string() - one item in the same form, without a newline. Free the result. */
char *diag_item_to_string(const DiagItem *item);
