/* A container's /dev. Made by the manager, since device nodes cannot be made in a user namespace. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "basic/fault.h"
#include "spec/container-spec.h"

/**
 * device_tree_create() - a small tmpfs with the usual device nodes and links, and the directories pts,
 * shm and mqueue to mount on
 * @owner: of all of it: what the container's root is outside
 *
 * Returns: a detached mount, owned by the caller, or a negative errno with @f filled.
 */
int device_tree_create(IdPair owner, Fault *f);

/* A node of the host that the container gets one like. */
typedef struct DeviceNode {
        char *path;  /* in the container, below /dev: "/dev/dri/card0" */
        mode_t mode; /* S_IFCHR or S_IFBLK, and permissions */
        dev_t number;
        gid_t gid;              /* of the host's node; means the same number inside */
        const DeviceSpec *spec; /* borrowed: where it comes from */
} DeviceNode;

typedef struct DeviceNodes {
        DeviceNode *items;
        size_t n;
} DeviceNodes;

/**
 * device_nodes_find() - what is behind the devices of a spec; all nodes in and below a directory
 *
 * Returns: 0, or a negative errno with @f naming the path and the line of the unit file: -ENOENT for what is
 * missing and not optional, -ENOTBLK for what is no device.
 */
int device_nodes_find(const DeviceSpec *specs, size_t n, Fault *f, DeviceNodes *ret);

/** device_nodes_clear() - free what is inside. */
void device_nodes_clear(DeviceNodes *found);

#define autodevices __attribute__((cleanup(device_nodes_clear)))

/**
 * device_node_make() - such a node in a tree of device_tree_create(), with the directories above it
 * @owner: of the directories; and the node's user
 * @gid:   the node's group
 */
int device_node_make(int tree_fd, const DeviceNode *node, IdPair owner, gid_t gid);
