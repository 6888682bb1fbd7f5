/* [Artifact] as typed data. Filled by artifact-keys.def. */
#pragma once

#include "spec/registry-section.h"

typedef struct ArtifactSection {
        char *artifact; /* reference to pull */
        bool quiet;
        RegistryKeys registry;

        char *service_name; /* NULL = as Quadlet names it */
        char **podman_args, **global_args, **containers_conf_modules;
} ArtifactSection;
