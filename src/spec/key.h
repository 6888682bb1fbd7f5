/*
 * Keys of unit files as tables: one line in a *-keys.def gives the parser, the default, `nsctl show`,
 * the bus property, the manual and the completion.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/diag.h"
#include "config/raw-unit.h"
#include "spec/section.h"

typedef struct SpecifierContext SpecifierContext;
typedef struct Variables Variables;

/* What a key's type gets to see of one assignment. */
typedef struct KeyInput {
        const char *key;       /* for messages */
        const char *text;      /* the value */
        Where at;              /* of the value's first byte */
        const char *directory; /* of the unit file: what relative paths begin at; NULL = unknown */
        const SpecifierContext *specifiers; /* NULL = none are expanded */
        const Variables *variables;         /* NULL = none are expanded */
        bool free_text; /* nothing is made from the value: a variable in it may be empty */
        Diag *diag;
} KeyInput;

typedef struct KeyType {
        const char *name;
        bool plain;            /* a number, a switch, a word of a list: owns nothing */
        const char *signature; /* D-Bus type of the property */
        const char *syntax;    /* what the author writes */
        /* Sets or extends the field. Returns 0, -EINVAL with a message in diag, or -ENOMEM. */
        int (*parse)(const KeyInput *in, void *field);
        /* Back to text as a unit file would have it, lists joined by a blank; free(). NULL: no memory. */
        char *(*format)(const void *field);
        /* Frees what the field owns and leaves "not set". Safe on zeroed memory. */
        void (*clear)(void *field);
} KeyType;

enum {
        KEY_LIST = 1 << 0,     /* every assignment adds; without it the last one wins */
        KEY_EMPTY = 1 << 1,    /* an empty value means something of its own and is no reset */
        KEY_NO_RESET = 1 << 2, /* an empty value is nothing, as for systemd's dependencies */
        KEY_LIVE = 1 << 3,     /* a change reaches a running container */
        KEY_RECREATE = 1 << 4, /* a change needs a new container, not just a restart */
        KEY_OURS = 1 << 5,     /* neither systemd nor Quadlet nor .nspawn has this key in this section */
        KEY_NSPAWN = 1 << 6,   /* a notion of .nspawn files that Quadlet lacks */
        KEY_SECRET = 1 << 7,   /* for root's eyes only: on the bus it is empty for everybody else */
        /* An empty value resets all keys of the table that have the same one of these. */
        KEY_CONDITION = 1 << 12,
        KEY_ASSERT = 1 << 13,
        KEY_FAMILIES = KEY_CONDITION | KEY_ASSERT,
        KEY_CLAIM = 1 << 16, /* takes what only one unit can have: the files of others have a say */
};

/* Why a key does nothing: X(name, flag, end of "KEY= ..."). Such a key is read, checked and shown all the
 * same, and verify says so. Keys that have no field at all (known-keys.def) have one of these reasons, too.
 */
#define KEY_IDLE_LIST(X)                                                                    \
        X(LATER, 1 << 8, "is not supported yet")                                            \
        X(PODMAN, 1 << 9, "steers podman itself and has no effect here")                    \
        X(SANDBOX, 1 << 10,                                                                 \
          "would confine the program that starts a container, of which there is none here") \
        X(HOST, 1 << 11, "is for services of the host and has no effect on a container")    \
        X(ALWAYS, 1 << 14, "does nothing, because this is always counted")                  \
        X(SYSTEMD, 1 << 15, "is between systemd and its own daemons, and has no effect on a container")

enum {
#define X(id, flag, text) KEY_##id = flag,
        KEY_IDLE_LIST(X)
#undef X
};

/* Keys that most units say nothing of lie in a struct that the section points to: units in which all of them
 * are as without any assignment share one. The pointers are to be const, so that nobody writes there. */
typedef struct KeyPart {
        size_t offset; /* of the pointer in the section's struct */
        size_t size;   /* of what it points to; 0 = the field is in the section itself */
} KeyPart;

typedef struct Key {
        const char *name;
        const KeyType *type;
        KeyPart part;
        size_t offset;        /* of the field in the section's struct, or in that part of it */
        const char *fallback; /* default as text; NULL = not set */
        unsigned flags;
        const char *meaning; /* full sentences */
} Key;

typedef struct KeyTable {
        const char *section;
        const char *peer; /* whose keys they are, unless a flag says otherwise */
        const Key *keys;  /* sorted by name */
        size_t n;
        size_t size;        /* of the section's struct */
        const void **blank; /* a section without any assignment, once somebody has needed it: key.c */
} KeyTable;

#define TABLE_(word, ...) extern const KeyTable word##_keys;
COMMON_SECTION_LIST(TABLE_)
OWN_SECTION_LIST(TABLE_)
#undef TABLE_

/* All tables, ended by NULL. */
extern const KeyTable *const key_tables[];

/** key_table_find() - the table of a section, or NULL. */
const KeyTable *key_table_find(const char *section);

/** key_find() - by exact name, or NULL. */
const Key *key_find(const KeyTable *table, const char *name);

/** key_idle_reason() - why the key does nothing, as the end of a sentence that begins with it; NULL when it
 * does something. */
const char *key_idle_reason(const Key *key);

/** key_origin() - whose key it is: "Quadlet", "systemd", ".nspawn" or "nsunits". */
const char *key_origin(const KeyTable *table, const Key *key);

/**
 * key_known_reason() - does systemd or Quadlet know this key in this section, though it has no field here?
 *
 * Returns: why it has none, as the end of a sentence that begins with the key; NULL when nobody knows it.
 */
const char *key_known_reason(const char *section, const char *name);

/** section_is_known() - is it a section of systemd's or Quadlet's unit files, supported or not? */
bool section_is_known(const char *section);

/** key_section_of() - a section in which @name is a key, supported or known; NULL when there is none. */
const char *key_section_of(const char *name);

/** key_words() - the names of a section, supported ones first, ended by NULL. Free the array, not the names.
 */
const char **key_words(const char *section);

/** key_field() - the field of @key in a section's struct, to be read. */
const void *key_field(const Key *key, const void *section);

/** key_format() - the value of @key in @section (the struct) as text; free(). NULL when out of memory. */
char *key_format(const Key *key, const void *section);

/** key_table_clear() - free what all fields of @section own. */
void key_table_clear(const KeyTable *table, void *section);

/**
 * key_table_set_defaults() - all fields to their defaults
 * @section: zeroed memory
 *
 * Returns: 0 or -ENOMEM. A default that does not parse is a bug of the table; a test parses them all.
 */
int key_table_set_defaults(const KeyTable *table, void *section);

/**
 * key_assign() - one assignment: parse it into the field, or reset the field when the value is empty
 * @table: that @key is in
 *
 * Returns: 0, -EINVAL with a message, -ENOMEM.
 */
int key_assign(const KeyTable *table, const Key *key, const KeyInput *in, void *section);
