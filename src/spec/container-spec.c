#include <stdlib.h>

#include "basic/strv.h"
#include "spec/container-spec.h"

ENUM_DEFINE(MountKind, mount_kind, MOUNT_KIND, MOUNT_KIND_LIST)
ENUM_DEFINE(NetworkMode, network_mode, NETWORK_MODE, NETWORK_MODE_LIST)
ENUM_DEFINE(ResolvMode, resolv_mode, RESOLV, RESOLV_LIST)

void container_spec_free(ContainerSpec *s) {
        if (!s)
                return;

        for (size_t i = 0; i < s->n_mounts; i++) {
                free(s->mounts[i].source);
                free(s->mounts[i].destination);
        }
        for (size_t i = 0; i < s->n_hosts; i++)
                free(s->hosts[i].name);
        for (size_t i = 0; i < s->n_sysctls; i++) {
                free(s->sysctls[i].path);
                free(s->sysctls[i].value);
        }

        for (size_t i = 0; i < s->n_devices; i++) {
                free(s->devices[i].host);
                free(s->devices[i].container);
        }

        free(s->unit);
        free(s->name);
        free(s->host_name);
        free(s->image);
        free(s->rootfs);
        strv_free(s->argv);
        strv_free(s->environment);
        free(s->working_dir);
        free(s->user);
        free(s->group);
        strv_free(s->groups);
        free(s->time_zone);
        free(s->machine_id);
        free(s->mounts);
        strv_free(s->networks);
        free(s->addresses);
        free(s->publish);
        free(s->hosts);
        free(s->dns);
        strv_free(s->dns_search);
        strv_free(s->dns_options);
        seccomp_profile_free(s->seccomp.profile);
        strv_free(s->seccomp.allow);
        strv_free(s->seccomp.deny);
        id_map_clear(&s->ids);
        strv_free(s->masked_paths);
        strv_free(s->protected_paths);
        free(s->devices);
        free(s->sysctls);
        free(s->rlimits);
        strv_free(s->labels);
        strv_free(s->annotations);
        free(s);
}
