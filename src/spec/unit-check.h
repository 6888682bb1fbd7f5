/* What no single key can know: do the keys of a unit fit each other? For unit-spec.c and check-*.c only. */
#pragma once

#include "spec/unit-spec.h"

/** unit_raw_value() - the last assignment of a key, also an empty one; NULL when there is none. */
const RawValue *unit_raw_value(const RawUnit *raw, const char *section, const char *key);

/**
 * unit_check() - judge the whole unit, and add what follows from it: dependencies on units that other keys
 * name, the default of TimeoutStartSec= by Type=
 *
 * Returns: 0; -EINVAL with at least one error in @diag; -ENOMEM.
 */
int unit_check(UnitSpec *u, Diag *diag);

/** check_place() - where @key was assigned last; else the section's head (also with @key NULL); else the
 * file. */
Where check_place(const UnitSpec *u, const char *section, const char *key);

/** check_place_of_item() - where item @n (from 0) of a list was assigned, of which each assignment adds one.
 */
Where check_place_of_item(const UnitSpec *u, const char *section, const char *key, size_t n);

/** unit_kind_is_idle() - are units of this kind read and checked only, with nobody to run them yet? */
bool unit_kind_is_idle(UnitKind kind);

/** check_add_requirement() - a unit that another key names is started first, and without it @u is not. 0 or
 * -ENOMEM. */
int check_add_requirement(UnitSpec *u, const char *name);

/* The parts of unit_check(), one for a section each; returns as there. */
int check_unit(UnitSpec *u, Diag *diag);
int check_service(UnitSpec *u, Diag *diag);
int check_container(UnitSpec *u, Diag *diag);
int check_network(UnitSpec *u, Diag *diag);
int check_volume(UnitSpec *u, Diag *diag);
int check_image(UnitSpec *u, Diag *diag);
int check_artifact(UnitSpec *u, Diag *diag);
int check_build(UnitSpec *u, Diag *diag);
int check_kube(UnitSpec *u, Diag *diag);
