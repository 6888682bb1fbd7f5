/*
 * Namespaces that belong to a unit: made once, held as descriptors and as nsfs bind
 * mounts, so that they outlive both the invocation and the manager. No process stays behind.
 */
#pragma once

#include <stddef.h>

#include "basic/cleanup.h"
#include "basic/fault.h"
#include "spec/container-spec.h"

/* A network namespace that is being made meanwhile, by a process that shares memory with us. */
typedef struct NetnsBirth NetnsBirth;

/**
 * userns_create() - a user namespace with the given map
 * @ids: container 0 should be mapped
 * @ret_birth: a network namespace that belongs to it is made as well, by another processor where there is
 * one, while the caller goes on; see netns_finish(). NULL = none
 *
 * setgroups(2) stays allowed in it: the maps are written with privilege. Takes about 0.2 ms.
 * Returns: a descriptor of the namespace, owned by the caller, or a negative errno with @f filled.
 */
int userns_create(const IdMap *ids, NetnsBirth **ret_birth, Fault *f);

/**
 * userns_read_map() - the map of a user namespace
 * @ret: empty before; id_map_clear() it
 *
 * Returns: 0, or a negative errno with @f filled.
 */
int userns_read_map(int fd, IdMap *ret, Fault *f);

/**
 * netns_create() - a network namespace without other links than the loopback
 * @userns_fd: its owner, -1 = the manager's own user namespace
 *
 * The loopback link is up. Takes about 0.5 ms of processor time.
 * Returns: a descriptor of the namespace, owned by the caller, or a negative errno with @f filled.
 */
int netns_create(int userns_fd, Fault *f);

/**
 * netns_finish() - wait for the one that userns_create() has begun; @birth is gone afterwards
 *
 * Returns: as netns_create().
 */
int netns_finish(NetnsBirth *birth, Fault *f);

/** netns_abandon() - nobody wants it any more. NULL is fine. */
void netns_abandon(NetnsBirth *birth);

AUTOPTR_DEFINE(NetnsBirth, netns_abandon);

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
