/* [Build] as typed data. Filled by build-keys.def. */
#pragma once

#include "spec/container-section.h"
#include "spec/registry-section.h"

typedef struct BuildSection {
        char **image_tags; /* names of the result, at least one; the first is what Image=x.build stands for */
        char *file;    /* absolute, a URL, or relative to the context; NULL = the context's Containerfile */
        char *context; /* "file", "unit", absolute, or a URL; NULL = not given */
        char *ignore_file; /* absolute */
        char *target;      /* stage to stop at; NULL = the last one */
        char *arch, *variant;
        char **arguments;   /* NAME=VALUE */
        char **environment; /* NAME=VALUE */
        char **labels, **annotations;
        char **groups;
        char **secrets; /* id=NAME,..., checked */
        bool force_rm;
        NetworkChoice network;
        MountList volumes;
        InetAddressList dns;
        char **dns_options, **dns_search;
        PullPolicy pull;
        RegistryKeys registry;

        char *service_name; /* NULL = as Quadlet names it */
        char **podman_args, **global_args, **containers_conf_modules;
} BuildSection;

/** build_is_url() - is it what podman-build(1) takes for a URL, and not a path? */
bool build_is_url(const char *text);
