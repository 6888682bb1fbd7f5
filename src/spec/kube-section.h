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
        UserKeys users; /* without maps: of these, only the mode and its old spelling have keys */
        LogDriver log_driver;
        LogOptions log_options;
        char **auto_update;
        ExitPropagation exit_propagation;
        bool down_force;

        char *service_name; /* NULL = as Quadlet names it */
        char **podman_args, **global_args, **containers_conf_modules;
} KubeSection;
