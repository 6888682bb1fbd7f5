/*
 * A LimitSpec and the files of a cgroup. Works on the directory of one cgroup and knows nothing of where it
 * lies; which controllers there are is cgroup-root's business.
 */
#pragma once

#include "basic/fault.h"
#include "cgroup/cgroup-root.h"
#include "spec/limit-spec.h"

/**
 * cgroup_apply() - make a cgroup keep @now; what was set by @before and is no longer is taken back
 * @fd:     directory of the cgroup, which may have processes
 * @before: what it keeps so far; NULL = nothing, it is fresh
 *
 * Only files whose value differs are written. Limits that are taken back need no controller.
 *
 * Returns: 0, or the negative errno of the first one that could not be set, with @fault naming its key; the
 * others are set all the same.
 */
int cgroup_apply(int fd, const LimitSpec *before, const LimitSpec *now, Fault *fault);

/** cgroup_apply_anew() - the same, whatever it keeps so far. */
int cgroup_apply_anew(int fd, const LimitSpec *now, Fault *fault);

/** cgroup_kill_as_whole() - for want of memory the kernel kills all processes, or one. 0, or a negative
 * errno: -ENOENT without the memory controller. */
int cgroup_kill_as_whole(int fd, bool whole);

/** cgroup_weighs_io() - does the kernel share input and output by weights? Else IOWeight= is left out. */
bool cgroup_weighs_io(int fd);

/** cgroup_limit_key() - the first key by which @limits need a controller; NULL when they can do without. */
const char *cgroup_limit_key(const LimitSpec *limits, CgroupController c);
