/*
 * Namespaces that need not be the container's own: namespaces(7). The kinds, and whose one of each kind is.
 */
#pragma once

#include "basic/diag.h"
#include "basic/strtab.h"

/* The words are the names in /proc/PID/ns. */
#define SPACE_LIST(X)             \
        X(SPACE_PID, "pid")       \
        X(SPACE_IPC, "ipc")       \
        X(SPACE_UTS, "uts")       \
        X(SPACE_CGROUP, "cgroup") \
        X(SPACE_TIME, "time")     \
        X(SPACE_NETWORK, "net")   \
        X(SPACE_USER, "user")

ENUM_DECLARE(Space, space, SPACE, SPACE_LIST);

/* Which namespace of one kind: the container's own, the host's, another unit's, or one bound to a file. */
#define NAMESPACE_LIST(X)         \
        X(NAMESPACE_DEFAULT, "")  \
        X(NAMESPACE_NEW, "new")   \
        X(NAMESPACE_HOST, "host") \
        X(NAMESPACE_UNIT, "unit") \
        X(NAMESPACE_PATH, "path")

ENUM_DECLARE(NamespaceMode, namespace_mode, NAMESPACE, NAMESPACE_LIST);

typedef struct NamespaceChoice {
        NamespaceMode mode;
        char *unit; /* of NAMESPACE_UNIT: "web.container" or "app.pod" */
        char *path; /* of NAMESPACE_PATH: absolute */
        Where at;
} NamespaceChoice;

/** space_flag() - CLONE_NEW* of a kind. */
unsigned long space_flag(Space space);

/** namespace_is_own() - a new one of the container's, by default or because the unit says so. */
static inline bool namespace_is_own(const NamespaceChoice *c) {
        return c->mode == NAMESPACE_DEFAULT || c->mode == NAMESPACE_NEW;
}
