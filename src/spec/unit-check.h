/* What no single key can know: do the keys of a unit fit each other? For unit-spec.c and check-*.c only. */
#pragma once

#include "spec/unit-spec.h"

/**
 * unit_check() - judge the whole unit, and add what follows from it: dependencies on units that other keys
 * name, the default of TimeoutStartSec= by Type=
 *
 * Returns: 0; -EINVAL with at least one error in @diag; -ENOMEM.
 */
int unit_check(UnitSpec *u, Diag *diag);

/** unit_kind_is_idle() - are units of this kind read and checked only, with nobody to run them yet? */
bool unit_kind_is_idle(UnitKind kind);

/** check_add_requirement() - a unit that another key names is started first, and without it @u is not. 0 or
 * -ENOMEM. */
int check_add_requirement(UnitSpec *u, const char *name);

/** check_add_dependency() - one of the other dependencies. 0 or -ENOMEM. */
int check_add_dependency(UnitSpec *u, UnitDependency dependency, const char *name);

/** check_add_mounts_for() - what lies at @path on the host is mounted before @u is started. 0 or -ENOMEM. */
int check_add_mounts_for(UnitSpec *u, const char *path);

/* Keys that several sections have; @section is the title of the one they are in. Return as
 * unit_check(). */
int check_network_keys(const UnitSpec *u, const char *section, const NetworkKeys *k, Diag *diag);
int check_users(const UnitSpec *u, const char *section, UserKeys *k, Diag *diag);

/* Requires the units and directories of the host that these keys name. 0 or -ENOMEM. */
int check_require_network(UnitSpec *u, const NetworkChoice *c);
int check_require_users(UnitSpec *u, const UserNamespaceChoice *c);
int check_require_mounts(UnitSpec *u, const MountList *list);

/** check_confinement() - filters, devices, groups and resolvers of a container. */
int check_confinement(const UnitSpec *u, Diag *diag);

/** check_later() - what the keys of a container say and nothing acts on yet. */
int check_later(const UnitSpec *u, Diag *diag);
/** check_pod_later() - the same of a pod. */
int check_pod_later(const UnitSpec *u, Diag *diag);

/* The parts of unit_check(), one for a section each; returns as there. */
int check_unit(UnitSpec *u, Diag *diag);
int check_service(UnitSpec *u, Diag *diag);
int check_container(UnitSpec *u, Diag *diag);
int check_network(UnitSpec *u, Diag *diag);
int check_pod(UnitSpec *u, Diag *diag);
int check_volume(UnitSpec *u, Diag *diag);
int check_image(UnitSpec *u, Diag *diag);
int check_artifact(UnitSpec *u, Diag *diag);
int check_build(UnitSpec *u, Diag *diag);
int check_kube(UnitSpec *u, Diag *diag);
