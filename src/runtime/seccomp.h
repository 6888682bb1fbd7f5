/*
 * The default system-call filter: the same effect as Docker's default profile for a given capability
 * set. What no list knows is refused with EPERM; calls younger than the list, and clone3, whose flags
 * a filter cannot see, with ENOSYS, so that libraries fall back.
 *
 * libseccomp knows the numbers; the program is laid out here as a binary search tree, because the
 * kernel runs a filter once per possible call when it is installed: 0.05 ms instead of 0.3.
 */
#pragma once

#include <linux/filter.h>
#include <stdint.h>

#include "basic/fault.h"

/**
 * seccomp_default() - the filter for a capability set
 * @capabilities: bit N = capability N
 * @ret:          borrowed; made at the first call for each set and kept until seccomp_forget()
 */
int seccomp_default(uint64_t capabilities, Fault *f, const struct sock_fprog **ret);

/** seccomp_forget() - free all kept filters. */
void seccomp_forget(void);
