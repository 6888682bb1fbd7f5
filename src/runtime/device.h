/* A container's /dev. Made by the manager, since device nodes cannot be made in a user namespace. */
#pragma once

#include <sys/types.h>

#include "basic/fault.h"

/**
 * device_tree_create() - a small tmpfs with the usual device nodes and links, and the directories pts,
 * shm and mqueue to mount on
 * @uid, @gid: owner of all of it: what the container's root is outside
 *
 * Returns: a detached mount, owned by the caller, or a negative errno with @f filled.
 */
int device_tree_create(uid_t uid, gid_t gid, Fault *f);
