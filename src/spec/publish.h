/* Ports of the host. */
#pragma once

#include "spec/container-spec.h"

/** publish_overlap() - do the two ask for one port of one address? A port that the manager picks is never in
 * the way; 0.0.0.0 and :: are every address of their family, none is every address of both. */
bool publish_overlap(const PublishSpec *a, const PublishSpec *b);
