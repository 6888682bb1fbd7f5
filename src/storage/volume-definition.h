/*
 * What a .volume unit says of its volume, kept beside the data: <volumes dir>/<name>/volume.json. It is there
 * for as long as the volume is, whatever becomes of the unit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "basic/cleanup.h"

/* No owner given. */
#define VOLUME_ID_UNSET UINT32_MAX

typedef struct VolumeDefinition {
        char *unit;
        char *device, *type, *options; /* what is mounted as the volume; device NULL = nothing */
        char **labels;                 /* NAME=VALUE */
        uint64_t size, inodes;         /* limits by quota; 0 = none */
        uint32_t uid, gid;             /* owner of its root */
        bool no_copy;                  /* never filled from an image */
} VolumeDefinition;

/** volume_definition_free() - NULL is fine. */
void volume_definition_free(VolumeDefinition *d);

AUTOPTR_DEFINE(VolumeDefinition, volume_definition_free);

/** volume_definition_write() - @volume_fd: the directory above _data. Returns 0 or a negative errno. */
int volume_definition_write(int volume_fd, const VolumeDefinition *d);

/** volume_definition_read() - -ENOENT for a volume that no unit has made, -EBADMSG for other text. */
int volume_definition_read(int volume_fd, VolumeDefinition **ret);
