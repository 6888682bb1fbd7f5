/* The health checks of a running container: probes as its policy asks for them, and what follows of that. */
#pragma once

#include <jansson.h>

#include "manager/unit.h"

typedef struct UnitHealth UnitHealth;

/** unit_health_begin() - its program runs: check it from now on, if there is anything to check it with. */
void unit_health_begin(Unit *u);

/** unit_health_follow() - the unit's state is another one: what is to stop is not looked at any more. */
void unit_health_follow(Unit *u);

/** unit_health_hold() - the container has been frozen or thawed: what was asked is not waited for, and what
 * is to be asked waits until it is thawed. */
void unit_health_hold(Unit *u);

/** unit_health_end() - no checks any more. Fine when there are none. */
void unit_health_end(Unit *u);

/** unit_health_adopt() - go on where the last manager was; @saved may be NULL. */
void unit_health_adopt(Unit *u, const json_t *saved);

/** unit_health_to_json() - for unit_health_adopt(); NULL when there are no checks. */
json_t *unit_health_to_json(const Unit *u);

/** unit_health_status() - what others may see of it. */
void unit_health_status(const Unit *u, UnitStatus *ret);
