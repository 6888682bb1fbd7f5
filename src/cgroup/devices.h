/*
 * Which devices the processes of a cgroup may use, where file permissions do not tell: a root that overrides
 * those. By a program of type cgroup_device, which belongs to the cgroup and goes with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "basic/fault.h"

typedef struct DeviceRule {
        bool block;
        bool any_major, any_minor; /* whatever number says of it */
        dev_t number;
        bool read, write, make; /* what is allowed */
} DeviceRule;

/**
 * cgroup_restrict_devices() - which devices may be used; in place of what an earlier call has said
 * @n:      at most 256
 * @others: may devices be used that no rule names? Then each rule takes away what it does not allow; else a
 *          device may be used as any one of its rules says
 *
 * Returns: 0, or a negative errno with @fault filled (-EOPNOTSUPP: the kernel has no such programs).
 */
int cgroup_restrict_devices(int cgroup_fd, const DeviceRule *rules, size_t n, bool others, Fault *fault);

/** cgroup_release_devices() - all devices may be used again. 0 or a negative errno. */
int cgroup_release_devices(int cgroup_fd);
