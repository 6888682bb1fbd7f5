/* The mounts of a container, of all keys and of the image, in the order in which they are made. */
#pragma once

#include "spec/container-section.h"
#include "spec/container-spec.h"

/**
 * spec_mounts_make() - fill s->mounts; s->user_namespace must be decided
 * @pod: whose mounts the container has as well, unless it mounts something there by itself; NULL = none
 * @image_volumes: destinations that become anonymous volumes unless the unit mounts something there
 *
 * Returns: 0 or -ENOMEM.
 */
int spec_mounts_make(const ContainerSection *c, const ContainerSpec *pod, char *const *image_volumes,
                     ContainerSpec *s);

/** spec_mounts_sort() - parents before children. */
void spec_mounts_sort(ContainerSpec *s);
