/*
 * One list gives the enum, its words, and the words as documentation.
 *
 *      #define COLOUR_LIST(X)  X(COLOUR_RED, "red") X(COLOUR_BLUE, "blue")
 *      ENUM_DECLARE(Colour, colour, COLOUR, COLOUR_LIST);        in the header
 *      ENUM_DEFINE(Colour, colour, COLOUR, COLOUR_LIST)          in the source
 */
#pragma once

#include <errno.h>
#include <string.h>

#define ENUM_CONST_(id, word) id,
#define ENUM_ENTRY_(id, word) [id] = word,

/* The words of a list as "a | b | c", a constant: for help texts and manuals. */
#define ENUM_WORD_(id, word) " | " word
#define ENUM_SYNTAX(LIST)    (&("" LIST(ENUM_WORD_))[3])

#define ENUM_DECLARE(Type, name, UPPER, LIST) \
        typedef enum Type {                   \
                LIST(ENUM_CONST_) UPPER##_N_, \
                UPPER##_INVALID_ = -EINVAL,   \
        } Type;                               \
        const char *name##_to_string(Type v); \
        Type name##_from_string(const char *s)

#define ENUM_DEFINE(Type, name, UPPER, LIST)                                       \
        static const char *const name##_words[UPPER##_N_] = { LIST(ENUM_ENTRY_) }; \
        const char *name##_to_string(Type v) {                                     \
                return (int) v >= 0 && v < UPPER##_N_ ? name##_words[v] : NULL;    \
        }                                                                          \
        Type name##_from_string(const char *s) {                                   \
                for (int i = 0; s && i < UPPER##_N_; i++)                          \
                        if (strcmp(name##_words[i], s) == 0)                       \
                                return (Type) i;                                   \
                return UPPER##_INVALID_;                                           \
        }
