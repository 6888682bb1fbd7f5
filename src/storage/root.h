/*
 * The root file system of a container, held at a place in the file system for as long as the unit is not
 * stopped for good:
 *
 *      <container dir>/upper, work     what the container writes; made and removed here
 *      <container dir>/volumes/HASH    its anonymous volumes (mounts.h)
 *      <attach path>                   the mounted root; cloned for each launch
 *
 * What is held survives the manager; a machine that boots starts with a fresh root. Layers are borrowed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/fault.h"
#include "spec/container-spec.h"
#include "storage/mount-fd.h"

typedef struct RootRequest {
        const ContainerSpec *spec; /* image or rootfs, rootfs_overlay, mounts */
        const int *layer_fds;      /* topmost first; none with spec->rootfs */
        size_t n_layers;
        const char *container_dir; /* /var/lib/nsunits/containers/UNIT; made here */
        const char *attach_path;   /* existing or not: /run/nsunitd/held/UNIT/root */
        const char *staging; /* a directory for kernels < 6.15: /run/nsunitd/staging; made when needed */
        int userns_fd;       /* -1 = no user namespace */
        const IdMap *ids;    /* of the container; NULL = without user namespace */
        MountScraps *scraps; /* takes mounts that are not needed any more; NULL = they are closed */
} RootRequest;

/**
 * root_prepare() - make and attach the root of a container
 *
 * What an earlier container of the same name left in @container_dir is retired first. Mount points for
 * spec->mounts, /proc, /sys, /dev, /etc/hosts, /etc/hostname and /etc/resolv.conf are made where they
 * are missing (with Rootfs=DIR in that very directory). spec->read_only is the launch's business, which
 * may have more to make before.
 *
 * Returns: 0; or a negative errno with @fault filled, and nothing is left mounted or on disk.
 */
int root_prepare(const RootRequest *q, Fault *fault);

/** root_add_points() - mount points in a root that is held already, for a spec with other mounts. 0 or a
 * negative errno with @fault filled. */
int root_add_points(const RootRequest *q, Fault *fault);

/**
 * root_clone() - a detached mount of the held root, for one launch
 *
 * Returns: a descriptor, -EINVAL when nothing is mounted at @attach_path, or another negative errno.
 */
int root_clone(const char *attach_path);

/** root_has_upper() - is what the container writes kept apart, in an upper directory? */
bool root_has_upper(const ContainerSpec *spec);

/**
 * root_open_lower() - what lies below the upper directory of a held root, read-only, as a detached mount
 *
 * Returns: a descriptor; or a negative errno with @fault filled, -EOPNOTSUPP for a root that has no upper
 * directory.
 */
int root_open_lower(const RootRequest *q, Fault *fault);

/** root_open_upper() - that directory; @q->container_dir counts. A descriptor, or a negative errno. */
int root_open_upper(const RootRequest *q);

/** root_list_points() - paths, without the slash before them, of all that root_prepare() may have made. A
 * vector to strv_free(). */
int root_list_points(const ContainerSpec *spec, char ***ret);

/**
 * root_show() - the held root at another place, for people: read-only, nothing in it can be executed
 * @path: made when needed; what is shown there already stays
 */
int root_show(const char *attach_path, const char *path, Fault *fault);

/** root_hide() - take that away. -ENOENT when there is nothing. */
int root_hide(const char *path);

/** root_is_held() - is something mounted at @attach_path? For adoption. */
bool root_is_held(const char *attach_path);

/**
 * root_retire() - the quick half of the release: unmount, take @container_dir out of the way
 *
 * Safe to repeat, and after a half-done root_prepare(). Running processes keep their root. Anonymous
 * volumes go with the container. What it wrote lies in the trash (trash.h) until that is purged.
 */
int root_retire(const char *attach_path, const char *container_dir);

/** root_release() - root_retire() and trash_purge(). Blocks accordingly. */
int root_release(const char *attach_path, const char *container_dir);

/**
 * root_make_point() - make a mount point inside a root or a mount, with its parents, if it is not there
 * @root_fd: what "/" of @path means
 * @file:    an empty file instead of a directory
 * @owner:   owner of what is made here
 *
 * Links are followed as the container would follow them and never lead out of the root.
 */
int root_make_point(int root_fd, const char *path, bool file, IdPair owner);
