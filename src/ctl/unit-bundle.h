/* Unit files that are made together: checked, printed, or written into a directory all at once. */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "basic/cleanup.h"
#include "basic/diag.h"
#include "ctl/unit-writer.h"

typedef struct UnitBundle {
        UnitText **units; /* in the order in which they were added */
        size_t n;
} UnitBundle;

/** unit_bundle_done() - free the units. */
void unit_bundle_done(UnitBundle *b);

#define autobundle __attribute__((cleanup(unit_bundle_done)))

/** unit_bundle_add() - a new unit; borrowed. 0; -EINVAL for a bad name; -EEXIST; -ENOMEM. */
int unit_bundle_add(UnitBundle *b, UnitKind kind, const char *stem, Where at, UnitText **ret);

/** unit_bundle_find() - the unit of that kind and name, or NULL. */
UnitText *unit_bundle_find(const UnitBundle *b, UnitKind kind, const char *stem);

/**
 * unit_bundle_check() - read all units as `nsctl verify` does
 *
 * A line that is not taken becomes a note of its unit and a warning in @diag, at the place it was made from.
 *
 * Returns: 0; -EINVAL, with an error in @diag, for a unit that is no good without its bad lines; -ENOMEM.
 */
int unit_bundle_check(UnitBundle *b, Diag *diag);

/** unit_bundle_print() - all units in Quadlet's form for several in one file. */
void unit_bundle_print(UnitBundle *b, FILE *f);

/**
 * unit_bundle_save() - each unit as a file in @directory, which is made if its parent exists
 * @ret_name: on failure, the file it happened at, or NULL for the directory; free()
 *
 * Returns: 0; -EEXIST when there is a file of one of the names; another negative errno. Then nothing was
 * changed.
 */
int unit_bundle_save(UnitBundle *b, const char *directory, char **ret_name);
