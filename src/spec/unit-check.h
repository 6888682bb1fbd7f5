/* What no single key can know: do the keys of a unit fit each other? For unit-spec.c only. */
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
