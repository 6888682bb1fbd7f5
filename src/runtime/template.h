/*
 * The template mount namespace: an empty tmpfs with a complete proc and sysfs, and nothing of the host.
 *
 * Every launch copies it instead of the host's mount table: the cost of a launch does not grow with
 * the number of mounts on the host. The proc and sysfs are there because the kernel lets a user
 * namespace mount its own only where complete ones are visible already.
 */
#pragma once

#include "basic/fault.h"

/* A directory in it, for mounts that are dropped with it. */
#define TEMPLATE_SCRAPS "/scraps"

/**
 * template_create() - make one; once per manager is enough
 *
 * Returns: a descriptor of the mount namespace, owned by the caller, or a negative errno with @f filled.
 */
int template_create(Fault *f);
