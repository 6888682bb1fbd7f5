/*
 * What a unit file says, packed. One record after the other:
 *
 *      size     bytes of what follows
 *      kind     one byte
 *
 *      FILE     pointer to the name: of all records up to the next one of these
 *      SECTION  line, column, name
 *      VALUE    record of the section, key, value, line and column of the key, line and column of the value
 *      LINES    the same of a value that goes on over several lines, with pointer to WhereBreaks, and offset
 *
 * Numbers have seven bits a byte, the lowest first; names end in NUL.
 */
#include "config/raw-unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/utf8.h"

typedef enum RecordKind {
        RECORD_FILE = 1,
        RECORD_SECTION,
        RECORD_VALUE,
        RECORD_LINES,
} RecordKind;

/* Bytes of a number at the most. */
#define NUMBER_MAX 10

/* Of a record, beside its texts, at the most. */
#define RECORD_MAX (8 * NUMBER_MAX)

typedef struct Record {
        RecordKind kind;
        const uint8_t *body;
        size_t next;
} Record;

static uint64_t get_number(const uint8_t **p) {
        uint64_t n = *(*p)++;

        /* Most have one byte. */
        if (n < 0x80)
                return n;
        n &= 0x7f;
        for (unsigned shift = 7;; shift += 7) {
                uint8_t byte = *(*p)++;

                n |= (uint64_t) (byte & 0x7f) << shift;
                if (byte < 0x80)
                        return n;
        }
}

static uint8_t *put_number(uint8_t *p, uint64_t n) {
        for (; n >= 0x80; n >>= 7)
                *p++ = (uint8_t) (n | 0x80);
        *p++ = (uint8_t) n;
        return p;
}

static uint8_t *put_bytes(uint8_t *p, const void *bytes, size_t n) {
        if (n > 0)
                memcpy(p, bytes, n);
        return p + n;
}

static uint8_t *put_name(uint8_t *p, const char *name, size_t n) {
        p = put_bytes(p, name, n);
        *p++ = '\0';
        return p;
}

static void *get_pointer(const uint8_t **p) {
        void *pointer;

        memcpy(&pointer, *p, sizeof(pointer));
        *p += sizeof(pointer);
        return pointer;
}

/* The record at @offset. */
static Record record_at(const RawUnit *u, size_t offset) {
        const uint8_t *p = u->records + offset;
        size_t size = get_number(&p);

        return (Record){ .kind = (RecordKind) *p, .body = p + 1, .next = (size_t) (p - u->records) + size };
}

static const char *section_name(const RawUnit *u, size_t offset) {
        const uint8_t *p = record_at(u, offset).body;

        (void) get_number(&p);
        (void) get_number(&p);
        return (const char *) p;
}

/* -- walking -- */

static const char *file_of(const Record *record) {
        const uint8_t *p = record->body;

        return get_pointer(&p);
}

static void read_value(const RawUnit *u, const Record *record, RawValue *v) {
        const uint8_t *p = record->body;

        v->section = section_name(u, get_number(&p));
        v->key = (const char *) p;
        v->value = v->key + strlen(v->key) + 1;
        v->places = (const uint8_t *) v->value + strlen(v->value) + 1;
        v->breaks = record->kind == RECORD_LINES;
        v->next = record->next;
}

bool raw_unit_next(const RawUnit *unit, RawValue *v) {
        while (unit && v->next < unit->n_records) {
                Record record = record_at(unit, v->next);

                v->next = record.next;
                if (record.kind == RECORD_FILE)
                        v->file = file_of(&record);
                if (record.kind < RECORD_VALUE)
                        continue;
                read_value(unit, &record, v);
                return true;
        }
        return false;
}

/* A bit for the beginning of a name: most questions are about keys that no value has. */
static uint64_t letters_of(const char *key, size_t n) {
        unsigned hash = n > 0 ? (unsigned char) key[0] : 0;

        hash = hash * 5 + (n > 1 ? (unsigned char) key[1] : 0);
        return UINT64_C(1) << (hash * 3 + (n > 2 ? (unsigned char) key[n - 1] : 0)) % 64;
}

bool raw_unit_find(const RawUnit *unit, const char *section, const char *key, RawValue *ret) {
        const char *file = NULL;
        bool found = false;
        Record record;

        if (!unit || !(unit->letters & letters_of(key, strlen(key))))
                return false;
        for (size_t i = 0; i < unit->n_records; i = record.next) {
                const uint8_t *p;
                size_t below;

                record = record_at(unit, i);
                p = record.body;
                if (record.kind == RECORD_FILE)
                        file = file_of(&record);
                if (record.kind < RECORD_VALUE)
                        continue;
                below = get_number(&p);
                if ((char) *p != key[0] || !streq((const char *) p, key) ||
                    !streq(section_name(unit, below), section))
                        continue;
                read_value(unit, &record, ret);
                ret->file = file;
                found = true;
        }
        return found;
}

bool raw_unit_next_section(const RawUnit *unit, RawSection *s) {
        while (s->next < unit->n_records) {
                Record record = record_at(unit, s->next);
                const uint8_t *p = record.body;

                s->next = record.next;
                if (record.kind == RECORD_FILE)
                        s->at.file = file_of(&record);
                if (record.kind != RECORD_SECTION)
                        continue;
                s->at.line = (unsigned) get_number(&p);
                s->at.column = (unsigned) get_number(&p);
                s->name = (const char *) p;
                return true;
        }
        return false;
}

static Where get_place(const uint8_t **p) {
        Where at = {};

        at.line = (unsigned) get_number(p);
        at.column = (unsigned) get_number(p);
        return at;
}

Where raw_value_key_at(const RawValue *v) {
        const uint8_t *p = v->places;
        Where at = get_place(&p);

        at.file = v->file;
        return at;
}

Where raw_value_at(const RawValue *v) {
        const uint8_t *p = v->places;
        Where at;

        (void) get_place(&p);
        at = get_place(&p);
        at.file = v->file;
        if (v->breaks) {
                at.breaks = get_pointer(&p);
                at.offset = get_number(&p);
        }
        return at;
}

/* -- adding -- */

/* Room for @n more bytes. */
static int reserve(RawUnit *u, size_t n) {
        size_t wanted = MAX_OF(u->n_records + n, u->allocated * 2);
        uint8_t *p;

        if (u->allocated - u->n_records >= n)
                return 0;
        p = realloc(u->records, wanted);
        if (!p)
                return -ENOMEM;
        u->records = p;
        u->allocated = wanted;
        return 0;
}

void raw_unit_trim(RawUnit *unit) {
        uint8_t *p = unit->n_records > 0 ? realloc(unit->records, unit->n_records) : NULL;

        if (p) {
                unit->records = p;
                unit->allocated = unit->n_records;
        }
}

/* Of a record of @size bytes there is room for. */
static uint8_t *begin_record(RawUnit *u, RecordKind kind, size_t size) {
        uint8_t *p = put_number(u->records + u->n_records, 1 + size);

        *p++ = (uint8_t) kind;
        return p;
}

static void end_record(RawUnit *u, const uint8_t *end) {
        u->n_records = (size_t) (end - u->records);
}

/* What is added next is in @file. There is room. */
static void put_file(RawUnit *u, const char *file) {
        if (file == u->last_file)
                return;
        end_record(u, put_bytes(begin_record(u, RECORD_FILE, sizeof(file)), &file, sizeof(file)));
        u->last_file = file;
}

static uint8_t *put_place(uint8_t *p, Where at) {
        return put_number(put_number(p, at.line), at.column);
}

int raw_unit_add_section(RawUnit *unit, const char *name, size_t n, Where at) {
        uint8_t place[2 * NUMBER_MAX], *end = put_place(place, at);
        int r;

        r = reserve(unit, n + 2 * RECORD_MAX);
        if (r < 0)
                return r;
        put_file(unit, at.file);
        unit->last_section = unit->n_records;
        end = put_bytes(begin_record(unit, RECORD_SECTION, (size_t) (end - place) + n + 1), place,
                        (size_t) (end - place));
        end_record(unit, put_name(end, name, n));
        return 0;
}

/* Also of a value that this one is a part of: what is before it does not count. */
static int copy_breaks(const WhereBreak *breaks, WhereBreak **ret) {
        size_t n = 0;

        while (breaks[n].line > 0)
                n++;
        *ret = calloc(n + 1, sizeof(**ret));
        if (!*ret)
                return -ENOMEM;
        memcpy(*ret, breaks, n * sizeof(**ret));
        return 0;
}

static int add_value(RawUnit *u, size_t section, const RawText *text) {
        uint8_t head[NUMBER_MAX], places[RECORD_MAX], *p;
        size_t n_head = (size_t) (put_number(head, section) - head), n_places;
        WhereBreak *breaks = NULL;
        int r;

        r = reserve(u, text->n_key + text->n_value + 2 * RECORD_MAX);
        if (r == 0 && text->at.breaks)
                r = copy_breaks(text->at.breaks, &breaks);
        if (r < 0)
                return r;
        put_file(u, text->at.file);

        p = put_place(put_place(places, text->key_at), text->at);
        if (breaks)
                p = put_number(put_bytes(p, &breaks, sizeof(breaks)), text->at.offset);
        n_places = (size_t) (p - places);

        p = begin_record(u, breaks ? RECORD_LINES : RECORD_VALUE,
                         n_head + text->n_key + 1 + text->n_value + 1 + n_places);
        p = put_bytes(p, head, n_head);
        p = put_name(p, text->key, text->n_key);
        p = put_name(p, text->value, text->n_value);
        end_record(u, put_bytes(p, places, n_places));
        u->letters |= letters_of(text->key, text->n_key);
        return 0;
}

int raw_unit_add_below(RawUnit *unit, const RawText *text) {
        return add_value(unit, unit->last_section, text);
}

/* The first header of that name: where its record is, or where the records end. */
static size_t find_section(const RawUnit *u, const char *name) {
        Record record;
        size_t i;

        for (i = 0; i < u->n_records; i = record.next) {
                record = record_at(u, i);
                if (record.kind == RECORD_SECTION && streq(section_name(u, i), name))
                        break;
        }
        return i;
}

int raw_unit_add_text(RawUnit *unit, const char *section, const RawText *text) {
        size_t where = find_section(unit, section);
        int r;

        if (where == unit->n_records) {
                r = raw_unit_add_section(unit, section, strlen(section), text->at);
                if (r < 0)
                        return r;
                where = unit->last_section;
        }
        return add_value(unit, where, text);
}

int raw_unit_add(RawUnit *unit, const char *section, const char *key, const char *value, Where at) {
        return raw_unit_add_text(unit, section, &(RawText){ key, value, strlen(key), strlen(value), at, at });
}

void raw_unit_free(RawUnit *u) {
        if (!u)
                return;

        RAW_FOREACH (v, u)
                free((WhereBreak *) raw_value_at(&v).breaks);
        free(u->records);
        free(u->stamps);
        free(u->variable_stamps);
        strv_free(u->variable_files);
        strv_free(u->drop_ins);
        strv_free(u->links);
        free(u->fragment);
        free(u->name);
        free(u);
}

/* A byte-order mark in front would fall away, a backslash at the end would join the next line. */
static void print_value(FILE *f, const RawValue *v) {
        fprintf(f, "%s%s=%s%s\n", startswith(v->key, BYTE_ORDER_MARK) ? " " : "", v->key, v->value,
                endswith(v->value, "\\") ? " " : "");
}

char *raw_unit_to_text(const RawUnit *unit) {
        const char *section = "";
        char *text = NULL;
        size_t size;
        FILE *f;

        f = open_memstream(&text, &size);
        if (!f)
                return NULL;

        RAW_FOREACH (v, unit) {
                if (!streq(section, v.section))
                        fprintf(f, "[%s]\n", v.section);
                section = v.section;
                print_value(f, &v);
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
