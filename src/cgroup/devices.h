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
        dev_t number;
        bool read, write, make; /* what is allowed */
} DeviceRule;

/**
 * cgroup_restrict_devices() - allow no more than what a rule says of its device; other devices stay as they
 * are
 * @n: at most 256
 *
 * Returns: 0, or a negative errno with @fault filled (-EOPNOTSUPP: the kernel has no such programs).
 */
int cgroup_restrict_devices(int cgroup_fd, const DeviceRule *rules, size_t n, Fault *fault);
