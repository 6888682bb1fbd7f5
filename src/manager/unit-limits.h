/* The limits of a unit's cgroup while it holds one, and what the kernel did by them. */
#pragma once

#include <stdbool.h>

#include "basic/fault.h"
#include "manager/unit.h"
#include "spec/container-spec.h"

/* What its cgroup keeps now; NULL when nothing is held. */
const LimitSpec *unit_limits(const Unit *u);
/* Of those that the kernel has no use for. */
void unit_warn_of_weights(const Unit *u);
/* Can this host keep the limits of @spec? */
int unit_check_limits(const Unit *u, const ContainerSpec *spec, Fault *fault);
/* The unit was in the state @before: with those of Startup*=, or no longer. */
void unit_adapt_limits(Unit *u, MachineState before);
/* Those of @wanted for a container that has a cgroup; the caller takes them into its spec. On failure it
 * keeps what it had. @anew: whatever is in effect is not known. */
int unit_change_limits(Unit *u, const ContainerSpec *wanted, bool anew, Fault *fault);
/* As @limits and AddDevice= say, in place of what was said before. */
int unit_restrict_devices(Unit *u, const LimitSpec *limits, Fault *fault);
/* Also anew, when the cgroup or the policy is another. */
void unit_watch_oom(Unit *u);
void unit_unwatch_oom(Unit *u);
