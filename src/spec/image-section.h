/* [Image] as typed data. Filled by image-keys.def. */
#pragma once

#include "spec/registry-section.h"

typedef struct ImageSection {
        char *image; /* reference to pull, or transport:path */
        char *tag;   /* what Image=x.image stands for; NULL = image */
        bool all_tags;
        char *arch, *os, *variant; /* NULL = the host's */
        PullPolicy policy;
        RegistryKeys registry;

        char *service_name; /* NULL = as Quadlet names it */
        char **podman_args, **global_args, **containers_conf_modules;
} ImageSection;
