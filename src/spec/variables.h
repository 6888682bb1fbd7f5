/*
 * Variables in the values of Quadlet's sections. Quadlet writes values into the command line of a service,
 * where systemd replaces ${NAME}, and $NAME as a word of its own, by the service's variables; "$$" is a
 * dollar sign (systemd.service(5), "Command lines"). We replace them when a unit is loaded.
 */
#pragma once

#include "config/raw-unit.h"
#include "spec/key.h"

typedef struct Variables {
        char **known;     /* NAME=VALUE: Environment= and EnvironmentFile= of [Service] */
        char *unread;     /* the first file of EnvironmentFile= that is not known; NULL = all are */
        int unread_error; /* why; 0 = nobody reads files here */
} Variables;

/**
 * variables_collect() - what the unit's [Service] says about variables; its mistakes are told elsewhere
 * @raw: gets the stamps of the files that were read
 * @directory, @specifiers: as in KeyInput; files are read by @specifiers->read_file
 *
 * Nothing is read for a unit without variables in its values, nor for a text that variables_pin() was used
 * on: there they are what they were.
 *
 * Returns: 0 or -ENOMEM. variables_clear() frees in either case.
 */
int variables_collect(RawUnit *raw, const char *directory, const SpecifierContext *specifiers,
                      Variables *ret);

/** variables_pin() - write those that are used into the unit's text, if they came from files: so that the
 * text means the same when these have changed. 0 or -ENOMEM. */
int variables_pin(const Variables *v, RawUnit *raw);

/** variables_clear() - free what @v owns; safe on zeroed memory. */
void variables_clear(Variables *v);

/**
 * variables_expand() - @text with its variables replaced
 * @in: whose variables, and whether one that is not set is an empty text (KeyInput.free_text) or a mistake
 *
 * Returns: 0, -EINVAL with a message, -ENOMEM. Free *ret.
 */
int variables_expand(const KeyInput *in, const char *text, Where at, char **ret);

/**
 * variables_expand_word() - is @word a "$NAME" that stands for any number of words?
 * @ret: the words of its value; NULL for none
 *
 * Returns: 1 when it is; 0 when it is not; else as variables_expand().
 */
int variables_expand_word(const KeyInput *in, const char *word, Where at, char ***ret);
