/*
 * The mounts of a container other than its root: binds, volumes, tmpfs, each as a detached mount that the
 * launch only has to move to its destination.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/fault.h"
#include "spec/container-spec.h"

/* The trees of an image that is mounted: topmost first. */
typedef struct MountLayers {
        int *fds;
        size_t n;
} MountLayers;

/* Of a mount that has a map of its own. */
typedef struct MountMap {
        int userns_fd; /* -1 = it has none */
        IdMap ids;     /* inside are ids on disk */
} MountMap;

typedef struct MountsRequest {
        const ContainerSpec *spec;
        const char *volumes_dir;   /* /var/lib/nsunits/volumes; made when needed */
        const char *container_dir; /* /var/lib/nsunits/containers/UNIT: anonymous volumes lie there */
        const MountLayers
                *layers;      /* one per mount of the spec, in use for images alone; NULL = there are none */
        const MountMap *maps; /* one per mount of the spec; NULL = there are none */
        const char *staging;  /* as in RootRequest */
        int root_fd;          /* the container's root (open of the held root, or root_clone()): filled into
                                 empty volumes; -1 = never fill */
        int userns_fd;        /* -1 = no user namespace */
        const IdMap *ids;     /* of the container; NULL = without user namespace */
        uint32_t uid, gid;    /* the container's user, in its own numbers: for MountSpec.chown */
        bool restart;         /* same unit again: do not fill or chown */
} MountsRequest;

typedef struct PreparedMount {
        const MountSpec *spec; /* borrowed from MountsRequest.spec */
        int fd;                /* detached mount, all attributes set; owned */
        bool directory;        /* false: the mount point must be a file */
} PreparedMount;

typedef struct PreparedMounts {
        PreparedMount *items; /* in the order of the spec; without optional ones whose source is missing */
        size_t n;
} PreparedMounts;

/** prepared_mounts_free() - close every mount that is still there. NULL is fine. */
void prepared_mounts_free(PreparedMounts *m);

AUTOPTR_DEFINE(PreparedMounts, prepared_mounts_free);

/**
 * prepared_mounts_make() - make all mounts of a container
 *
 * Volumes that do not exist are made; an empty one is filled from the image unless its spec says no. That
 * and MountSpec.chown block for the size of the tree. Mount points that lie inside another of the mounts
 * are made there. Volumes are id-mapped always, binds when their spec says so; a tmpfs belongs to the
 * container's root.
 *
 * Returns: 0; or a negative errno with @fault naming the path and the line of the unit file.
 */
int prepared_mounts_make(const MountsRequest *q, Fault *fault, PreparedMounts **ret);
