/* Options= of a volume without Device=: limits and owner of a directory of ours. Pure. */
#pragma once

#include <stdint.h>

#include "basic/diag.h"

typedef struct VolumeOptions {
        uint64_t size, inodes; /* 0 = no limit */
        uint32_t uid, gid;     /* OWNER_UNSET = not said */
        bool no_copy;
} VolumeOptions;

/**
 * volume_options_parse() - "size=10G,inodes=5k,uid=,gid=,copy,nocopy", as podman volume create has them
 * @at: of the value
 *
 * Returns: 0, or -EINVAL with an error in @diag, which may be NULL.
 */
int volume_options_parse(const char *text, Where at, Diag *diag, VolumeOptions *ret);
