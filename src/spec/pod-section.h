/* [Pod] as typed data. Filled by pod-keys.def. */
#pragma once

#include "spec/container-section.h"

typedef struct PodSection {
        char *pod_name; /* NULL = the unit's stem */
        PodExitPolicy exit_policy;
        usec_t stop_timeout; /* USEC_INFINITY = none; unit_spec_is_set() tells whether it was written */
        char **labels;
        uint64_t shm_size;
        MountList volumes; /* of every member */
        UserKeys users;
        NetworkKeys network;

        char *service_name;
        char **podman_args, **global_args, **containers_conf_modules;
} PodSection;
