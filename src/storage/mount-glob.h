/* Mount=type=glob: a pattern stands for all files of the host that it matches, each a bind mount of its own.
 */
#pragma once

#include "basic/fault.h"
#include "spec/container-spec.h"

/**
 * mount_globs_expand() - put bind mounts in the place of patterns
 *
 * Below the pattern's destination, each under its own name.
 * Returns: 0; -ENOENT with @fault filled for a pattern that matches nothing and is not optional; -ENOMEM.
 */
int mount_globs_expand(ContainerSpec *spec, Fault *fault);
