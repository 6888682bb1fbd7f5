/*
 * Overlays over what a mount shows: option "O", Overlay= and OverlayReadOnly=. What is written goes to a
 * directory of the unit's, or to one below the container's, which goes with it:
 *
 *      <container dir>/overlays/HASH/upper, work, empty
 */
#pragma once

#include "storage/mounts.h"

/**
 * mount_overlay_make() - such an overlay as a detached mount
 * @source_fd: directory that m->source means; -1 when it is one that is made for the occasion
 *
 * Returns: a descriptor, or a negative errno with @fault filled.
 */
int mount_overlay_make(const MountsRequest *q, const MountSpec *m, int source_fd, Fault *fault);

/** mount_place_name() - a name below some directory that stays the same for a destination; free(). NULL when
 * out of memory. */
char *mount_place_name(const char *destination);
