/*
 * Namespaces that belong to a unit: made once, held as descriptors and as nsfs bind
 * mounts, so that they outlive both the invocation and the manager. No process stays behind.
 */
#pragma once

#include <stddef.h>

#include "basic/fault.h"
#include "spec/container-spec.h"

/**
 * userns_create() - a user namespace with the given map
 * @ids: container 0 should be mapped
 *
 * setgroups(2) stays allowed in it: the maps are written with privilege. Takes about 0.2 ms.
 * Returns: a descriptor of the namespace, owned by the caller, or a negative errno with @f filled.
 */
int userns_create(const IdMap *ids, Fault *f);

/**
 * userns_read_map() - the map of a user namespace
 * @ret: empty before; id_map_clear() it
 *
 * Returns: 0, or a negative errno with @f filled.
 */
int userns_read_map(int fd, IdMap *ret, Fault *f);

/**
 * netns_create() - an empty network namespace
 * @userns_fd: its owner, -1 = the manager's own user namespace
 *
 * The loopback link is there and down. Takes about 0.4 ms of processor time.
 * Returns: a descriptor of the namespace, owned by the caller, or a negative errno with @f filled.
 */
int netns_create(int userns_fd, Fault *f);

/**
 * pod_spaces_create() - an IPC and a UTS namespace
 * @userns_fd: their owner, -1 = the manager's own user namespace
 * @host_name: of the latter
 *
 * Returns: 0 with two descriptors, owned by the caller, or a negative errno with @f filled.
 */
int pod_spaces_create(int userns_fd, const char *host_name, int *ret_ipc, int *ret_uts, Fault *f);

/**
 * ns_hold() - keep a namespace alive without a process or a descriptor: bind it onto a file
 * @path: made as an empty file; what is held there already is released first. Its directory must lie on a
 * mount that is not shared
 */
int ns_hold(int fd, const char *path, Fault *f);

/** ns_open() - descriptor of a namespace held at @path; -ENOENT when there is none. */
int ns_open(const char *path);

/** ns_open_type() - descriptor of a namespace bound at @path; -EINVAL unless it is of the kind @flag
 * (CLONE_NEW*), -ENOENT when there is none. */
int ns_open_type(const char *path, int flag);

/** ns_release() - undo ns_hold(); what is gone already is fine. Descriptors stay valid. */
int ns_release(const char *path);
