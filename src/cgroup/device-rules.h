/* DevicePolicy= and DeviceAllow= as rules for cgroup_restrict_devices(). */
#pragma once

#include "cgroup/devices.h"
#include "spec/limit-spec.h"

/** device_rules_are_closed() - is only what is named allowed? Else all devices are. */
bool device_rules_are_closed(const LimitSpec *limits);

/**
 * device_rules_find() - the devices that are allowed by closed rules, looked up on the host
 * @ret: free()
 *
 * What the host lacks cannot be used and needs no rule.
 *
 * Returns: 0 or -ENOMEM.
 */
int device_rules_find(const LimitSpec *limits, DeviceRule **ret, size_t *ret_n);
