/* [Unit], [Install] and [Quadlet] as typed data. Filled by unit-keys.def, install-keys.def, quadlet-keys.def.
 */
#pragma once

#include <stdbool.h>

#include "basic/clock.h"
#include "basic/strtab.h"
#include "spec/condition.h"
#include "spec/types.h"

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

/* What few units say anything of: those that do not share it (KeyPart in key.h). */
typedef struct ActionKeys {
        usec_t job_timeout, job_running_timeout; /* USEC_INFINITY = none */
        EmergencyAction job_timeout_action;
        char *job_timeout_reboot_argument;

        EmergencyAction start_limit_action, failure_action, success_action;
        int failure_action_exit_status, success_action_exit_status; /* of "exit"; -1 = the unit's own */
        char *reboot_argument;
} ActionKeys;

typedef struct UnitSection {
        char *description;
        char **documentation;
        char *source_path; /* of what the unit file was made from */

        /* Names of units, by the key that names them. Those of ours are completed ("db.service" ->
         * "db.container", "back-network.service" -> "back.network"); others ("network-online.target") are
         * kept for the generator and ignored by the manager. */
        char **dependencies[UNIT_DEP_N_];
        char **requires_mounts_for, **wants_mounts_for; /* absolute paths of the host */
        bool default_dependencies;
        OnJobMode on_failure_job_mode, on_success_job_mode;

        bool stop_when_unneeded, refuse_manual_start, refuse_manual_stop;
        bool allow_isolate, ignore_on_isolate;
        bool survive_final_kill_signal;
        CollectMode collect_mode;

        const ConditionLists *conditions; /* not met: the start is skipped */
        const ConditionLists *asserts;    /* not met: the start fails */

        usec_t start_limit_interval; /* 0 = no limit */
        unsigned start_limit_burst;
        const ActionKeys *actions;
} UnitSection;

typedef struct InstallSection {
        char **wanted_by, **required_by, **upheld_by; /* units that start this one along with them */
        char **alias;                                 /* other names of the unit */
        char **also;                                  /* units to enable along with it */
        char *default_instance;                       /* of a template */
} InstallSection;

typedef struct QuadletSection {
        bool default_dependencies; /* wait for the host's network */
} QuadletSection;
