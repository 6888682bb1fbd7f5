/*
 * A unit file as names and values: the merged text of the fragment and its drop-ins, nothing decided
 * about what a key means. Every value knows where it was written.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/diag.h"

typedef struct RawValue {
        const char *section; /* "Container"; borrowed from the unit's sections */
        char *key;           /* "Image" */
        char *value;  /* continuation lines joined as systemd does, blanks at both ends trimmed; may be "" */
        Where key_at; /* of the key */
        Where at;     /* of the value's first byte; where_advance() leads further into it */
        WhereBreak *breaks; /* owned; NULL when the value stands on one line */
} RawValue;

typedef struct RawSection {
        char *name;
        Where at;
} RawSection;

/* A file as it was when it was read. */
typedef struct FileStamp {
        uint64_t mtime, ctime; /* ns since the epoch */
        uint64_t size, inode, device;
} FileStamp;

typedef struct RawUnit {
        char *name;        /* unit name: "web.container", "job@1.container" */
        char *fragment;    /* path of the file the unit comes from; borrowed by every Where */
        char **drop_ins;   /* paths, in the order in which they were applied; borrowed by every Where */
        char **links;      /* in NAME.wants and the like; borrowed by every Where */
        FileStamp *stamps; /* of the fragment, then of each drop-in; NULL when the text is not from files */
        uint64_t read_at;  /* before any of them was: ns since the epoch; 0 of a bundle */
        char **variable_files; /* that its values had variables from: paths, also of those that are not there
                                */
        FileStamp *variable_stamps; /* of each of them */
        RawSection *sections;       /* every section header seen, in order */
        size_t n_sections;
        RawValue *values; /* in file order, drop-ins last: what a reader has to walk */
        size_t n_values;
} RawUnit;

/** raw_unit_free() - NULL is fine. */
void raw_unit_free(RawUnit *u);

AUTOPTR_DEFINE(RawUnit, raw_unit_free);

/**
 * raw_unit_parse() - read one text into @unit
 * @unit: appended to, so that a drop-in is parsed into the unit it changes
 * @file: name for messages; must live as long as @unit (a string that @unit owns)
 * @text: NUL-terminated; @size bytes, a NUL inside is an error
 *
 * Grammar: systemd.syntax(7). UTF-8 is required, a byte-order mark and CR LF are taken. A line, with its
 * continuation lines, is at most 1 MiB long.
 *
 * Returns: 0; -EINVAL after at least one error was added to @diag (what was readable is kept); -ENOMEM.
 */
int raw_unit_parse(RawUnit *unit, const char *file, const char *text, size_t size, Diag *diag);

/** raw_unit_parse_part() - the same of a part of a file that begins at @line. */
int raw_unit_parse_part(RawUnit *unit, const char *file, unsigned line, const char *text, size_t size,
                        Diag *diag);

/** raw_unit_line_length() - bytes of the line at @s without its end; the next one begins at *ret_next. LF, CR
 * and one of each in either order end a line, as in systemd. */
size_t raw_unit_line_length(const char *s, const char *end, const char **ret_next);

/** raw_unit_add_section() - one more header, with nothing below it. 0 or -ENOMEM. */
int raw_unit_add_section(RawUnit *unit, const char *name, Where at);

/** raw_unit_add() - one more value, as if it stood behind all others; what @at points to must live as long as
 * @unit. 0 or -ENOMEM. */
int raw_unit_add(RawUnit *unit, const char *section, const char *key, const char *value, Where at);

/** raw_unit_to_text() - all values as a text that raw_unit_parse() reads back; free(). NULL: no memory. */
char *raw_unit_to_text(const RawUnit *unit);
