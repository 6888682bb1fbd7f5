/* What has changed between two texts of one unit, and what it takes for the change to reach a running
 * container. */
#pragma once

#include "spec/key.h"
#include "spec/unit-spec.h"

#define UNIT_CHANGE_LIST(X)                      \
        X(UNIT_CHANGE_LIVE, "live")              \
        X(UNIT_CHANGE_RESTART, "restart")        \
        X(UNIT_CHANGE_RECREATE, "new container") \
        X(UNIT_CHANGE_VOLUME, "new volume")

ENUM_DECLARE(UnitChangeKind, unit_change_kind, UNIT_CHANGE, UNIT_CHANGE_LIST);

typedef struct UnitChange {
        const KeyTable *table;
        const Key *key;
        UnitChangeKind kind;
        char *before, *after; /* as a unit file would have it; "" = not set */
} UnitChange;

/**
 * unit_diff() - the keys whose values differ
 * @started: as the container was started: what most keys have in effect
 * @loaded:  as the manager has read it last: what live keys have in effect; may be @started
 * @now:     as the files are
 *
 * Keys that do nothing are left out, and what follows from another key that has changed (Requires= from
 * Network=).
 *
 * Returns: 0 or -ENOMEM. Free with unit_changes_free().
 */
int unit_diff(const UnitSpec *started, const UnitSpec *loaded, const UnitSpec *now, UnitChange **ret,
              size_t *ret_n);

/** unit_changes_free() - NULL is fine. */
void unit_changes_free(UnitChange *changes, size_t n);
