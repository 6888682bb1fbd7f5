/*
 * Condition...= and Assert...= of [Unit]: what has to be true of the host when a unit is started. The list of
 * them is conditions.def; the keys, the types here and the tests of the host (manager/condition.c) come from
 * it.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum ConditionType {
#define CONDITION(name, id, check, flags, meaning) CONDITION_##id,
#include "spec/conditions.def"
#undef CONDITION
        CONDITION_N_,
        CONDITION_INVALID_ = -EINVAL,
} ConditionType;

typedef struct Condition {
        ConditionType type;
        bool trigger; /* "|": of those with it, one has to be met */
        bool negate;  /* "!" */
        char *value;  /* without these marks, specifiers replaced */
        struct Condition *next;
} Condition;

/* In the order of the unit's text. A unit has some eighty of them, nearly all empty. */
typedef struct ConditionList {
        Condition *first;
} ConditionList;

typedef struct ConditionLists {
        ConditionList lists[CONDITION_N_];
} ConditionLists;

/** condition_name() - "PathExists". */
const char *condition_name(ConditionType type);

/** condition_from_key() - the type behind "ConditionPathExists" or "AssertPathExists"; CONDITION_INVALID_. */
ConditionType condition_from_key(const char *key);

/** condition_to_string() - as the unit has it, without the key: "|!/etc/x"; free(). NULL: no memory. */
char *condition_to_string(const Condition *c);

/* Words that values are made of, each list ended by NULL. */
const char *const *condition_architectures(void); /* "x86-64", ... */

/* "<=", ">" and the like of Memory, CPUs, KernelVersion, Version and OSRelease. */
#define ORDER_LIST(X)                \
        X(ORDER_GLOB_NOT, "!$=")     \
        X(ORDER_GLOB, "$=")          \
        X(ORDER_LESS_EQUAL, "<=")    \
        X(ORDER_GREATER_EQUAL, ">=") \
        X(ORDER_DIFFERS, "<>")       \
        X(ORDER_TEXT_DIFFERS, "!=")  \
        X(ORDER_SAME, "==")          \
        X(ORDER_LESS, "<")           \
        X(ORDER_EQUAL, "=")          \
        X(ORDER_GREATER, ">")

typedef enum Order {
#define X(id, word) id,
        ORDER_LIST(X)
#undef X
                ORDER_NONE,
} Order;

/** order_take() - the operator that @s begins with, longest first; moves @s behind it and the blanks. */
Order order_take(const char **s);
