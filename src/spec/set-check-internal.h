/* What the checks across units have in common. For set-check*.c only. */
#pragma once

#include <stdio.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/claims.h"
#include "spec/container-section.h"
#include "spec/set-check.h"
#include "spec/unit-place.h"

/* Two units that cannot both have something. */
typedef struct Pair {
        Diag *diag; /* of the one that is told */
        Where at;
        const SetUnit *unit, *other;
        Where other_at;
} Pair;

/** set_pair() - who of the two is told: @later, or @earlier when nobody asked about @later. False: neither is
 * wanted. */
bool set_pair(const SetUnit *later, Where at, const SetUnit *earlier, Where earlier_at, Pair *ret);

/** set_hint_other() - where the other one says it, as a hint at the item that was added last. */
void set_hint_other(const Pair *p);

/** set_is_container() - a container that can run: loaded, and not a template. */
bool set_is_container(const SetUnit *u);

/** set_network() - how a container or a pod that can run joins networks; NULL when it has none of its own: it
 * is in a pod, or shares somebody else's. */
const NetworkKeys *set_network(const SetUnit *u);

/** set_exclusive() - does one of the two conflict with the other, so that they never run at once? */
bool set_exclusive(const UnitSpec *a, const UnitSpec *b);

/** set_place_text() - "FILE:LINE", or "FILE"; free(). NULL when out of memory. */
char *set_place_text(Where at);
