/* What a pod holds for its containers, what these have of it, and when it ends with them. */
#pragma once

#include "basic/fault.h"
#include "manager/manager.h"
#include "spec/container-spec.h"

bool unit_is_pod(const Unit *u);
/* What the pod that @spec names was started from, or would be, which is put into @made as well, for the
 * caller to free; NULL when it names none. */
int unit_pod_spec(const Unit *u, const UnitSpec *spec, ContainerSpec **made, const ContainerSpec **ret,
                  Fault *fault);
int unit_make_pod_spaces(Unit *u, Fault *fault);
void unit_drop_pod_spaces(Unit *u);
int unit_adopt_pod_spaces(Unit *u);
int unit_open_pod_space(const Unit *pod, Space space, Fault *fault);
/* Where the /dev/shm is that comes with another's IPC namespace; NULL where it has its own. */
int unit_pod_shm(const Unit *u, char **ret);
/* StopTimeout= of the pod, where the container says nothing of it. */
void unit_take_pod_policy(Unit *u, const UnitSpec *spec);
/* After all files were read. */
void manager_take_pod_policies(Manager *m);
/* @u has ended: does its pod follow? */
void unit_tell_pod(Unit *u);
void unit_settle_pod(Unit *pod);
/* What could not be decided before all units were adopted. */
void manager_settle_pods(Manager *m);
