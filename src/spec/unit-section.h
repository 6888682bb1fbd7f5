/* [Unit], [Install] and [Quadlet] as typed data. Filled by unit-keys.def, install-keys.def, quadlet-keys.def.
 */
#pragma once

#include <stdbool.h>

#include "basic/clock.h"
#include "basic/strtab.h"

/* Keys of [Unit] that name other units. */
#define UNIT_DEPENDENCY_LIST(X)                                    \
        X(UNIT_DEP_AFTER, "After")                                 \
        X(UNIT_DEP_BEFORE, "Before")                               \
        X(UNIT_DEP_BINDS_TO, "BindsTo")                            \
        X(UNIT_DEP_CONFLICTS, "Conflicts")                         \
        X(UNIT_DEP_JOINS_NAMESPACE_OF, "JoinsNamespaceOf")         \
        X(UNIT_DEP_ON_FAILURE, "OnFailure")                        \
        X(UNIT_DEP_ON_SUCCESS, "OnSuccess")                        \
        X(UNIT_DEP_PART_OF, "PartOf")                              \
        X(UNIT_DEP_PROPAGATES_RELOAD_TO, "PropagatesReloadTo")     \
        X(UNIT_DEP_PROPAGATES_STOP_TO, "PropagatesStopTo")         \
        X(UNIT_DEP_RELOAD_PROPAGATED_FROM, "ReloadPropagatedFrom") \
        X(UNIT_DEP_REQUIRES, "Requires")                           \
        X(UNIT_DEP_REQUISITE, "Requisite")                         \
        X(UNIT_DEP_STOP_PROPAGATED_FROM, "StopPropagatedFrom")     \
        X(UNIT_DEP_UPHOLDS, "Upholds")                             \
        X(UNIT_DEP_WANTS, "Wants")

ENUM_DECLARE(UnitDependency, unit_dependency, UNIT_DEP, UNIT_DEPENDENCY_LIST);

typedef struct UnitSection {
        char *description;
        char **documentation;
        /* Names of units, by the key that names them. Those of ours are completed ("db.service" ->
         * "db.container", "back-network.service" -> "back.network"); others ("network-online.target") are
         * kept for the generator and ignored by the manager. */
        char **dependencies[UNIT_DEP_N_];
        usec_t start_limit_interval; /* 0 = no limit */
        unsigned start_limit_burst;
} UnitSection;

typedef struct InstallSection {
        char **wanted_by;
} InstallSection;

typedef struct QuadletSection {
        bool default_dependencies; /* wait for the host's network */
} QuadletSection;
