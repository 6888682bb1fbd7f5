/*
 * Many units at once, by name: what checks across units work on. Pure; who fills it owns the units.
 */
#pragma once

#include "basic/diag.h"
#include "spec/unit-spec.h"

typedef enum SetState {
        SET_LOADED,
        SET_BAD,    /* its file has mistakes of its own */
        SET_MASKED, /* its file says that there is no such unit */
} SetState;

typedef struct SetUnit SetUnit;

struct SetUnit {
        const char *name; /* borrowed */
        SetState state;
        const UnitSpec *spec; /* borrowed; set exactly with SET_LOADED */
        Diag *diag; /* borrowed; what checks have to say about the unit; NULL = nobody wants to know */
        size_t index;
};

typedef struct UnitSet UnitSet;

/** unit_set_new() - an empty set. NULL when out of memory. */
UnitSet *unit_set_new(void);

/** unit_set_free() - the set, not its units. NULL is fine. */
void unit_set_free(UnitSet *s);

AUTOPTR_DEFINE(UnitSet, unit_set_free);

/** unit_set_add() - one more; everything is borrowed. 0, -EEXIST, -ENOMEM. */
int unit_set_add(UnitSet *s, const char *name, SetState state, const UnitSpec *spec, Diag *diag);

/** unit_set_add_alias() - another name for a unit that is there; borrowed. 0, -ENOENT, -EEXIST, -ENOMEM. */
int unit_set_add_alias(UnitSet *s, const char *alias, const char *name);

size_t unit_set_size(const UnitSet *s);

/** unit_set_get() - by position, in the order of adding. */
const SetUnit *unit_set_get(const UnitSet *s, size_t i);

/** unit_set_find() - by exact name or alias, or NULL. */
const SetUnit *unit_set_find(const UnitSet *s, const char *name);

/** unit_set_find_file() - the unit, or the template that serves @name ("job@.container" for
 * "job@1.container").
 */
const SetUnit *unit_set_find_file(const UnitSet *s, const char *name);

/** unit_set_nearest() - the unit that may have been meant by @name, or NULL: a stem that is like its own, or
 * the same one of another kind. */
const char *unit_set_nearest(const UnitSet *s, const char *name);
