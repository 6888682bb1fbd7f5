/*
 * Ids on their way from a mounted root (host ids) to a volume on disk (the container's own ids), where they
 * are hidden in extended attributes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "spec/id-map.h"

/** id_shift_wants_xattr() - is the attribute one that a copy keeps: user.*, ACLs, file capabilities? */
bool id_shift_wants_xattr(const char *name);

/** id_shift_xattr() - change the value in place. Returns its new size, at most @size. */
size_t id_shift_xattr(const IdMap *ids, const char *name, void *value, size_t size);
