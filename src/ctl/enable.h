/*
 * Whether a unit is started at boot.
 *
 * As with Quadlet, a unit whose [Install] has WantedBy= or RequiredBy= is started at boot, there is no link
 * to make. To disable one is to take its [Install] away, by a drop-in of a fixed name; to enable it again, to
 * remove that drop-in. An instance of a template ("job@1.container") has no file of its own: enabling it
 * makes a link of that name to the template, disabling it removes the link.
 */
#pragma once

#include "ctl/unit-files.h"

#define ENABLE_STATE_LIST(X)             \
        X(ENABLE_ENABLED, "enabled")     \
        X(ENABLE_DISABLED, "disabled")   \
        X(ENABLE_STATIC, "static")       \
        X(ENABLE_MASKED, "masked")       \
        X(ENABLE_NOT_FOUND, "not-found") \
        X(ENABLE_BAD, "bad")

ENUM_DECLARE(EnableState, enable_state, ENABLE, ENABLE_STATE_LIST);

/** enable_state() - of a unit, from its files. */
EnableState enable_state(const UnitPath *path, const char *name);

/**
 * enable_unit() - have it started at boot
 * @directory: of the administrator's units, the first of the search path
 * @ret_changed: path that was made or removed, NULL when nothing had to be done; free()
 *
 * Returns: 0; -ENOENT no such unit; -ERFKILL masked; -ENODATA it has no [Install]; or another negative errno.
 */
int enable_unit(const UnitPath *path, const char *directory, const char *name, char **ret_changed);

/** disable_unit() - keep it from being started at boot. The same parameters and results. */
int disable_unit(const UnitPath *path, const char *directory, const char *name, char **ret_changed);
