/* Whose files on disk are whose in a container, by the lines behind idmap= of a mount. Pure. */
#pragma once

#include "spec/container-spec.h"

/** mount_map_is_set() - has the mount a map of its own? */
bool mount_map_is_set(const MountSpec *m);

/**
 * mount_map_make() - that map: inside are ids on disk, outside those of the host
 * @ids: of the container; NULL = without user namespace
 * @ret: empty before; id_map_clear() it, whatever is returned
 *
 * A kind of ids without lines is mapped as the container's own are.
 *
 * Returns: 0, -ERANGE for ids that the container does not have, -EINVAL for lines that overlap, or -ENOMEM.
 */
int mount_map_make(const MountSpec *m, const IdMap *ids, IdMap *ret);
