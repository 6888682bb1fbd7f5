/*
 * Connections that the kernel tracks, and that lead to where a published port does not lead any more. It
 * decides where to at the first packet: a client that goes on sending from its port would go on reaching, or
 * missing, the old target for ever.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/inet.h"
#include "spec/container-spec.h"

/* A published range for one address of a container. */
typedef struct FlowRule {
        Protocol protocol;
        InetAddress host_address; /* AF_UNSPEC = every address of the host */
        uint16_t host_port, container_port, count;
        InetAddress to;
        /* The range is published no more: what leads to @to is stale. Else what leads elsewhere is; of UDP
         * also what the host itself was to answer before. New ranges of others than UDP are no reason to
         * look. */
        bool gone;
} FlowRule;

/**
 * conntrack_purge() - forget exactly the stale ones, after the maps have changed
 * @rules: are sorted
 *
 * Returns: how many there were, or a negative errno of netlink (-EPROTONOSUPPORT without ctnetlink).
 */
int conntrack_purge(FlowRule *rules, size_t n);
