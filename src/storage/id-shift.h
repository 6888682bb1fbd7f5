/*
 * Ids on their way from a mounted root (host ids) to a volume on disk (the container's own ids), also
 * where they are hidden in extended attributes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An id from @base on, below @base + @count, becomes id - @base; any other becomes 65534. */
typedef struct IdShift {
        uint32_t base, count; /* count 0 = keep ids as they are */
} IdShift;

uint32_t id_shift_apply(const IdShift *shift, uint32_t id);

/** id_shift_wants_xattr() - is the attribute one that a copy keeps: user.*, ACLs, file capabilities? */
bool id_shift_wants_xattr(const char *name);

/** id_shift_xattr() - change the value in place. Returns its new size, at most @size. */
size_t id_shift_xattr(const IdShift *shift, const char *name, void *value, size_t size);
