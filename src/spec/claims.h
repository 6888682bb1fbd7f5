/* Who was first: names, addresses and volumes that only one unit can have. For set-check-*.c. */
#pragma once

#include "spec/unit-set.h"

typedef struct Claim {
        const SetUnit *unit;
        Where at;
        const void *data;            /* what the check wants to remember */
        const struct Claim *earlier; /* of the same thing; NULL for the first one */
} Claim;

typedef struct Claims Claims;

/** claims_new() - NULL when out of memory. */
Claims *claims_new(void);

/** claims_free() - NULL is fine. */
void claims_free(Claims *c);

AUTOPTR_DEFINE(Claims, claims_free);

/** claims_add() - @claim is for the thing @key; returns it with the earlier ones, or NULL when out of memory.
 */
const Claim *claims_add(Claims *c, const char *key, Claim claim);

/** claims_find() - the last claim for @key, or NULL. */
const Claim *claims_find(const Claims *c, const char *key);
