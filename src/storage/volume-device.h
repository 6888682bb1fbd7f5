/*
 * Volumes that are mounted: what Device= of their definition names lies on <name>/_data, from the start of
 * the .volume unit to its stop.
 */
#pragma once

#include <stdbool.h>

#include "basic/fault.h"

/**
 * volume_mount() - mount what the definition of a volume says, if that is not done yet
 *
 * Blocks for as long as a device or a server takes: from a worker. 0 or a negative errno with @fault filled.
 */
int volume_mount(const char *volumes_dir, const char *name, Fault *fault);

/**
 * volume_unmount() - take it away; containers that have it mounted keep it
 *
 * Returns: a descriptor whose closing may write to the device and take long; -ENOENT when nothing is mounted
 * (any more), or another negative errno.
 */
int volume_unmount(const char *volumes_dir, const char *name);
