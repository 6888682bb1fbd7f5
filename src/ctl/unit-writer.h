/*
 * A unit file in the making: assignments by section, quoted so that the reader gives back what was meant, and
 * notes about what could not be said.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "basic/cleanup.h"
#include "basic/diag.h"
#include "basic/unit-name.h"

/* Sections in the order in which they are written. */
typedef enum UnitPart {
        PART_UNIT,
        PART_OWN, /* [Container], [Network] ...: the one that belongs to the kind */
        PART_SERVICE,
        PART_INSTALL,
        PART_N_,
} UnitPart;

typedef struct UnitLine {
        UnitPart part;
        const char *key; /* of static storage */
        char *value;     /* as it stands in the file */
        Where at;        /* what it was made from */
        unsigned number; /* line of the text that was written last; 0 = none */
        bool refused;    /* not to be written: the reader does not take it, or another line is in its place */
} UnitLine;

typedef struct UnitText {
        UnitKind kind;
        char *stem;
        char *name; /* "web.container" */
        Where at;   /* what it was made from */
        UnitLine *lines;
        size_t n;
        char **notes;
} UnitText;

/** unit_text_new() - an empty one. Returns 0, -EINVAL when @stem cannot be the name of a unit, -ENOMEM. */
int unit_text_new(UnitKind kind, const char *stem, Where at, UnitText **ret);

void unit_text_free(UnitText *u);

AUTOPTR_DEFINE(UnitText, unit_text_free);

/*
 * Assignments. All return 0; -EINVAL for a value that cannot be written so that it is read back (a line break
 * where there are no escapes); -ENOMEM.
 */

/** unit_text_raw() - @value as it is: numbers, sizes, words of ours. */
int unit_text_raw(UnitText *u, UnitPart part, const char *key, Where at, const char *value);

/** unit_text_value() - one text; quoted when its ends would be lost, "%" doubled. */
int unit_text_value(UnitText *u, UnitPart part, const char *key, Where at, const char *value);

/** unit_text_words() - words of a list whose reader knows quotes and C escapes: Exec=, Environment=. */
int unit_text_words(UnitText *u, UnitPart part, const char *key, Where at, char *const *words);

/** unit_text_word() - the same for one word. */
int unit_text_word(UnitText *u, UnitPart part, const char *key, Where at, const char *word);

/** unit_text_plain_word() - one word of a list whose reader knows quotes and no escapes: Sysctl=, After=. */
int unit_text_plain_word(UnitText *u, UnitPart part, const char *key, Where at, const char *word);

/** unit_text_has() - is there an assignment to @key that is not refused? */
bool unit_text_has(const UnitText *u, UnitPart part, const char *key);

/** unit_text_drop() - leave out what was assigned to @key. Returns whether there was anything. */
bool unit_text_drop(UnitText *u, UnitPart part, const char *key);

/** unit_text_note() - a comment at the head; control characters are made visible. 0 or -ENOMEM. */
int unit_text_note(UnitText *u, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** unit_text_write() - the file, in which each line's number is noted. @with_name: begin with "# FileName=".
 */
void unit_text_write(UnitText *u, bool with_name, FILE *f);

/** unit_text_section() - "Container" of PART_OWN. */
const char *unit_text_section(const UnitText *u, UnitPart part);
