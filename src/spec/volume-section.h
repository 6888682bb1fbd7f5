/* [Volume] as typed data. Filled by volume-keys.def. */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "basic/macro.h"

/* No owner given. */
#define OWNER_UNSET UINT_MAX

typedef struct VolumeSection {
        char *volume_name;    /* NULL = the unit's stem */
        char *driver;         /* NULL = a directory of ours */
        char *image;          /* with driver "image": reference, "x.image" or "x.build" */
        char *device, *type;  /* what to mount, and as which file system */
        char *options;        /* of mount(8) */
        unsigned user, group; /* mount options uid= and gid= */
        unsigned uid, gid;    /* owner of the volume's root */
        bool copy;            /* fill from the image when empty */
        char **labels;        /* NAME=VALUE */

        char *service_name; /* NULL = as Quadlet names it */
        char **podman_args, **global_args, **containers_conf_modules;
} VolumeSection;

/** volume_image() - the image that the volume consists of; NULL for any other volume. */
static inline const char *volume_image(const VolumeSection *v) {
        return streq_null(v->driver, "image") ? v->image : NULL;
}
