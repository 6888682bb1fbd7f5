/*
 * An overlay mount from layers that are given as directory descriptors. Knows nothing of images or units.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/fault.h"
#include "storage/mount-fd.h"

/* How the layers reach the kernel. */
typedef enum OverlayMethod {
        OVERLAY_AUTO,    /* by descriptor where the kernel can, found out once */
        OVERLAY_BY_FD,   /* Linux >= 6.15 */
        OVERLAY_BY_PATH, /* Linux >= 5.19: layers are attached below the staging directory for the time of the
                            call */
} OverlayMethod;

typedef struct OverlayRequest {
        const int *layer_fds;  /* topmost first; O_PATH or O_RDONLY directories; borrowed */
        size_t n_layers;       /* at least 1 */
        int userns_fd;         /* id-map the layers with this user namespace; -1 = not */
        int upper_fd, work_fd; /* empty directories of one file system, owned by the container's root; -1 =
                                  read-only */
        bool volatile_upper;   /* never sync the upper directory: for one that does not outlive its mount */
        const char *staging;   /* existing directory of the caller's mount namespace for OVERLAY_BY_PATH */
        OverlayMethod method;
        MountScraps *
                scraps; /* takes the clones of the layers unless they were attached; NULL = they are closed */
} OverlayRequest;

/**
 * overlay_mount() - mount the layers, as a detached mount
 *
 * Safe against layers that somebody else made: neither redirects nor metacopies are followed. Overlay
 * mounts that the kernel silently made read-only are an error (-EROFS).
 *
 * Returns: a descriptor as from fsmount(2), or a negative errno with @fault filled; then nothing is left
 * mounted.
 */
int overlay_mount(const OverlayRequest *q, Fault *fault);
