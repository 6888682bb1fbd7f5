#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/confine.h"
#include "spec/container-spec.h"

ENUM_DEFINE(MountKind, mount_kind, MOUNT_KIND, MOUNT_KIND_LIST)
ENUM_DEFINE(NetworkMode, network_mode, NETWORK_MODE, NETWORK_MODE_LIST)
ENUM_DEFINE(ExtraLinkKind, extra_link_kind, EXTRA_LINK, EXTRA_LINK_LIST)

void mount_spec_done(MountSpec *m) {
        free(m->source);
        free(m->destination);
        strv_free(m->lowers);
        free(m->upper);
        free(m->work);
        free(m->subpath);
        free(m->title);
        free(m->digest);
        free(m->uid_map.items);
        free(m->gid_map.items);
        *m = (MountSpec){};
}

static int copy_map(const IdMapList *from, IdMapList *to) {
        *to = (IdMapList){};
        if (from->n == 0)
                return 0;
        to->items = reallocarray(NULL, from->n, sizeof(*to->items));
        if (!to->items)
                return -ENOMEM;
        memcpy(to->items, from->items, from->n * sizeof(*to->items));
        to->n = from->n;
        return 0;
}

int mount_spec_copy(const MountSpec *from, MountSpec *to) {
        static const size_t texts[] = {
                offsetof(MountSpec, source), offsetof(MountSpec, destination), offsetof(MountSpec, upper),
                offsetof(MountSpec, work),   offsetof(MountSpec, subpath),     offsetof(MountSpec, title),
                offsetof(MountSpec, digest),
        };
        int r, bad = 0;

        *to = *from;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                const char *text = *(char *const *) ((const char *) from + texts[i]);
                char *copy = text ? strdup(text) : NULL;

                if (text && !copy)
                        bad = -ENOMEM;
                *(char **) ((char *) to + texts[i]) = copy;
        }
        to->lowers = NULL;
        r = strv_add_all(&to->lowers, from->lowers);
        bad = r < 0 ? r : bad;
        r = copy_map(&from->uid_map, &to->uid_map);
        bad = r < 0 ? r : bad;
        r = copy_map(&from->gid_map, &to->gid_map);
        return r < 0 ? r : bad;
}

const NamespaceChoice *container_spec_space(const ContainerSpec *s, Space space) {
        static const NamespaceChoice own;

        return s->spaces ? &s->spaces[space] : &own;
}

const ScheduleSpec *container_spec_schedule(const ContainerSpec *s) {
        static const ScheduleSpec none;

        return s->schedule ? s->schedule : &none;
}

void container_spec_free(ContainerSpec *s) {
        if (!s)
                return;

        for (size_t i = 0; i < s->n_mounts; i++)
                mount_spec_done(&s->mounts[i]);
        for (size_t i = 0; i < s->n_hosts; i++)
                free(s->hosts[i].name);
        for (size_t i = 0; i < s->egress.n; i++)
                free(s->egress.items[i].host);
        free(s->egress.items);
        for (size_t i = 0; i < s->n_aliases; i++) {
                free(s->aliases[i].name);
                free(s->aliases[i].network);
        }
        for (size_t i = 0; i < s->n_sysctls; i++) {
                free(s->sysctls[i].path);
                free(s->sysctls[i].value);
        }

        for (size_t i = 0; i < s->n_devices; i++) {
                free(s->devices[i].host);
                free(s->devices[i].container);
        }

        for (size_t i = 0; s->spaces && i < SPACE_N_; i++) {
                free(s->spaces[i].unit);
                free(s->spaces[i].path);
        }

        free(s->spaces);
        if (s->health)
                health_spec_clear(s->health);
        free(s->health);
        free(s->schedule);
        free(s->unit);
        free(s->name);
        free(s->host_name);
        free(s->image);
        free(s->rootfs);
        free(s->pivot_root);
        free(s->old_root);
        strv_free(s->argv);
        strv_free(s->environment);
        free(s->working_dir);
        free(s->user);
        free(s->group);
        strv_free(s->groups);
        free(s->time_zone);
        free(s->machine_id);
        free(s->mounts);
        for (size_t i = 0; s->joins && i < strv_length(s->networks); i++) {
                free(s->joins[i].interface_name);
                free(s->joins[i].host_interface_name);
        }
        free(s->joins);
        for (size_t i = 0; i < s->n_links; i++) {
                free(s->links[i].host);
                free(s->links[i].inside);
        }
        free(s->links);
        strv_free(s->networks);
        free(s->addresses);
        free(s->publish);
        free(s->aliases);
        free(s->hosts);
        free(s->dns);
        strv_free(s->dns_search);
        strv_free(s->dns_options);
        seccomp_profile_free(s->seccomp.profile);
        strv_free(s->seccomp.allow);
        strv_free(s->seccomp.deny);
        free(s->security_labels.app_armor);
        free(s->security_labels.selinux);
        free(s->security_labels.own_files);
        free(s->security_labels.shared_files);
        id_map_clear(&s->ids);
        confine_paths_free(s->masked_paths);
        confine_paths_free(s->protected_paths);
        free(s->devices);
        free(s->sysctls);
        free(s->rlimits);
        limit_spec_release(s->limits);
        if (s->starting_limits)
                limit_spec_done(s->starting_limits);
        free(s->starting_limits);
        free(s->delegate_subgroup);
        strv_free(s->labels);
        strv_free(s->annotations);
        free(s);
}
