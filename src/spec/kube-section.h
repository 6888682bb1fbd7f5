/* [Kube] as typed data. Filled by kube-keys.def. */
#pragma once

#include "spec/container-section.h"
#include "spec/unit-words.h"

typedef struct KubeSection {
        char **yaml;        /* files, absolute; at least one */
        char **config_maps; /* files, absolute */
        KubeDirectory directory;
        NetworkChoice network;
        PublishList publish;
        UserKeys users; /* of the pods; the maps of ids have no key here */
        LogDriver log_driver;
        LogOptions log_options;
        char **auto_update;
        ExitPropagation exit_propagation;
        bool down_force;

        char *service_name; /* NULL = as Quadlet names it */
        char **podman_args, **global_args, **containers_conf_modules;
} KubeSection;
