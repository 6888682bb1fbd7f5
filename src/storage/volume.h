/*
 * Named volumes: <volumes dir>/<name>/_data. On disk, ids are the container's own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/clock.h"
#include "basic/fault.h"
#include "spec/id-map.h"
#include "storage/volume-definition.h"

typedef struct VolumeInfo {
        char *name;
        char *path;                   /* of _data */
        usec_t created;               /* CLOCK_REALTIME */
        VolumeDefinition *definition; /* NULL = no unit has made it */
        bool mounted;
} VolumeInfo;

/** volume_info_free() - NULL is fine. */
void volume_info_free(VolumeInfo *v);

AUTOPTR_DEFINE(VolumeInfo, volume_info_free);

/** volume_name_valid() - [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 255 bytes. */
bool volume_name_valid(const char *name);

/* Whom a volume belongs to, by the ids that containers see. */
typedef struct VolumeOwner {
        uint32_t uid, gid;
} VolumeOwner;

/**
 * volume_make() - make a volume, 0755 and owned by @owner, if it is not there
 *
 * Returns: 1 when it was made, 0 when it was there, -EINVAL for a bad name, or another negative errno.
 */
int volume_make(const char *volumes_dir, const char *name, VolumeOwner owner);

/**
 * volume_define() - write down what a unit says of an existing volume, and keep its limits
 *
 * Returns: 0 or a negative errno with @fault filled.
 */
int volume_define(const char *volumes_dir, const char *name, const VolumeDefinition *d, Fault *fault);

/** volume_definition() - what was written; -ENOENT for a volume that no unit has made. */
int volume_definition(const char *volumes_dir, const char *name, VolumeDefinition **ret);

/** volume_path() - of its _data; free(). NULL when out of memory. */
char *volume_path(const char *volumes_dir, const char *name);

/** volume_open() - its _data as O_PATH directory; -ENOENT when there is none, -ENOMEDIUM when what its unit
 * says of a device is not mounted. */
int volume_open(const char *volumes_dir, const char *name);

bool volume_exists(const char *volumes_dir, const char *name);

/** volume_list() - sorted names; free with strv_free(). *ret is NULL when there are none. */
int volume_list(const char *volumes_dir, char ***ret);

/** volume_inspect() - -ENOENT when there is none. */
int volume_inspect(const char *volumes_dir, const char *name, VolumeInfo **ret);

/**
 * volume_remove() - remove a volume with all it holds, which lies in the trash of @volumes_dir (trash.h)
 * then. -ENOENT when there is none.
 *
 * Whether a container still uses it is the caller's question. What is mounted as the volume stays as it is:
 * -EBUSY until it is unmounted.
 */
int volume_remove(const char *volumes_dir, const char *name);

/**
 * volume_fill() - copy what the container's root has at @destination into an empty volume
 * @volumes_dir, @name: the volume
 * @root_fd:  root of the container
 * @ids:      of the container: owners become what they are inside
 *
 * Owners, modes, times, extended attributes, ACLs and links are kept, and the directory
 * itself takes over those of @destination, but for an owner that it was given. An interrupted copy is begun
 * afresh by the next call. Blocks for the size of the tree.
 *
 * Returns: 1 when something was copied, 0 when the volume is not empty or there is no such directory in
 * the root, or a negative errno.
 */
int volume_fill(const char *volumes_dir, const char *name, int root_fd, const char *destination,
                const IdMap *ids);
