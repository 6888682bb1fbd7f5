/*
 * Equal values kept once: what a thousand units have alike takes the memory of one. A value is plain bytes
 * that own nothing, and is never changed; who needs another one takes that.
 */
#pragma once

#include <stddef.h>

/**
 * shared_take() - the one copy of a value
 * @value: padding counts; where it differs, two copies are kept
 *
 * Returns: what shared_drop() gives back; NULL when out of memory.
 */
const void *shared_take(const void *value, size_t size);

/** shared_drop() - once for each shared_take(). NULL is fine. */
void shared_drop(const void *shared);
