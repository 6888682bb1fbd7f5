/*
 * Filters of system calls: which calls of a container do what, by name, and the programs made from that.
 *
 * The default filter has the same effect as Docker's default profile for a given capability set. What no list
 * knows is refused with EPERM; calls younger than the list, and clone3, whose flags a filter cannot see, with
 * ENOSYS, so that libraries fall back. libseccomp knows the numbers; the program is laid out by filter.c.
 */
#pragma once

#include <linux/filter.h>
#include <stdint.h>

#include "basic/fault.h"
#include "spec/container-spec.h"

/**
 * seccomp_filter() - the filter of a container
 * @capabilities: bit N = capability N
 * @ret:          borrowed; made at the first call for each set of settings and kept until seccomp_forget();
 * NULL when nothing is to be filtered
 *
 * Returns: 0, or a negative errno with @f filled.
 */
int seccomp_filter(const SeccompSpec *spec, uint64_t capabilities, Fault *f, const struct sock_fprog **ret);

/** seccomp_forget() - free all kept filters. */
void seccomp_forget(void);
