/*
 * A unit file as names and values: the merged text of the fragment and its drop-ins, nothing decided
 * about what a key means. Every value knows where it was written.
 *
 * A manager keeps one for each of thousands of units, and walks it a few times: so headers and values lie
 * packed one behind the other in one piece of memory, in file order, drop-ins last.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/diag.h"

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
        uint8_t *records;           /* headers and values: raw-unit.c */
        size_t n_records, allocated;
        const char *last_file; /* of the last record */
        size_t last_section;   /* where the record of the last header is */
        uint64_t letters;      /* what the keys begin with: for raw_unit_find() */
} RawUnit;

/* A value, or a step of a walk over all of them. Borrowed from the unit, until something is added to that. */
typedef struct RawValue {
        const char *section; /* "Container"; values below one header share the string */
        const char *key;     /* "Image" */
        const char *
                value; /* continuation lines joined as systemd does, blanks at both ends trimmed; may be "" */
        const char *file;      /* of both places */
        const uint8_t *places; /* packed: raw_value_at() */
        bool breaks;           /* it has several lines: so have the places */
        size_t next;           /* where the walk goes on */
} RawValue;

typedef struct RawSection {
        const char *name;
        Where at;
        size_t next;
} RawSection;

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

/** raw_unit_next() - the value behind @v, which is all zero before the first one. @unit may be NULL. False
 * when there is none. */
bool raw_unit_next(const RawUnit *unit, RawValue *v);

#define RAW_FOREACH(v, unit) for (RawValue v = {}; raw_unit_next(unit, &(v));)

/** raw_unit_find() - the last value of @key in @section; false when there is none. @unit may be NULL. */
bool raw_unit_find(const RawUnit *unit, const char *section, const char *key, RawValue *ret);

/** raw_unit_next_section() - every header seen, in order, as raw_unit_next() walks. */
bool raw_unit_next_section(const RawUnit *unit, RawSection *s);

/** raw_value_at() - the place of the value's first byte; where_advance() leads further into it. */
Where raw_value_at(const RawValue *v);

/** raw_value_key_at() - the place of the key. */
Where raw_value_key_at(const RawValue *v);

/** raw_unit_add_section() - one more header, with nothing below it; @n bytes of @name. 0 or -ENOMEM. */
int raw_unit_add_section(RawUnit *unit, const char *name, size_t n, Where at);

/* A value that is to be added. */
typedef struct RawText {
        const char *key, *value;
        size_t n_key, n_value; /* bytes of them, of which none is NUL */
        Where key_at,
                at; /* files of both must be the same, and live as long as the unit; the rest is copied */
} RawText;

/** raw_unit_add_below() - one more value, below the header that was added last. 0 or -ENOMEM. */
int raw_unit_add_below(RawUnit *unit, const RawText *text);

/** raw_unit_add_text() - one more value, as if it stood behind all others; @section gets a header unless it
 * has one. 0 or -ENOMEM. */
int raw_unit_add_text(RawUnit *unit, const char *section, const RawText *text);

/** raw_unit_add() - the same with one place for key and value. */
int raw_unit_add(RawUnit *unit, const char *section, const char *key, const char *value, Where at);

/** raw_unit_trim() - give back the memory that was taken for more values; more may be added all the same. */
void raw_unit_trim(RawUnit *unit);

/** raw_unit_to_text() - all values as a text that raw_unit_parse() reads back; free(). NULL: no memory. */
char *raw_unit_to_text(const RawUnit *unit);
