/* SHA-256 of a stream: what images call things by. */
#pragma once

#include <stddef.h>

#include "basic/cleanup.h"

typedef struct Digest Digest;

/** digest_new() - begin; NULL when out of memory. */
Digest *digest_new(void);

/** digest_free() - NULL is fine. */
void digest_free(Digest *d);

AUTOPTR_DEFINE(Digest, digest_free);

/** digest_add() - the next bytes. 0 or -EIO. */
int digest_add(Digest *d, const void *data, size_t size);

/** digest_end() - 64 hex digits and a NUL; @d takes no more bytes. 0 or -EIO. */
int digest_end(Digest *d, char ret[65]);

/** digest_of() - of a text in memory. 0, -EIO or -ENOMEM. */
int digest_of(const void *data, size_t size, char ret[65]);
