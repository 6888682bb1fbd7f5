/* What a container may do: capabilities, system calls, devices, and what is hidden from it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/capability.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/confine.h"
#include "spec/spec-making.h"
#include "spec/syscall-groups.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"

/* Podman's order: drop, then add; but of "AddCapability=ALL" what is dropped by name stays dropped. */
static uint64_t make_capabilities(const Making *m) {
        uint64_t all = capability_all(), add = m->section->confine->add_capabilities;
        uint64_t drop = m->section->confine->drop_capabilities;

        if (drop == all)
                return add;
        if (add == all)
                return all & ~drop;
        return (m->config->security.capabilities & ~drop) | add;
}

static int expand(const Making *m, char *const *names, char ***ret) {
        int r = syscall_names_expand(names, ret);

        /* What the check of the unit has let through. */
        if (r == -ENOENT)
                return diag_error(m->diag, unit_place(m->unit, "Container", "SystemCallFilter"), -EINVAL,
                                  "SystemCallFilter=: unknown group of system calls");
        return r;
}

static int make_seccomp(const Making *m, ContainerSpec *s) {
        const ContainerSection *c = m->section;
        int r = 0;

        s->seccomp.enabled =
                c->confine->seccomp.path || (m->config->security.seccomp && !c->confine->seccomp.unconfined);
        s->seccomp.families = c->confine->address_families;
        s->seccomp.suppress_sync = c->confine->suppress_sync;
        if (c->confine->seccomp.path && m->sources->seccomp)
                r = seccomp_profile_parse(m->sources->seccomp, c->confine->seccomp.path, s->capabilities,
                                          m->diag, &s->seccomp.profile);
        if (r == 0)
                r = expand(m, c->confine->system_calls.allow, &s->seccomp.allow);
        return r < 0 ? r : expand(m, c->confine->system_calls.deny, &s->seccomp.deny);
}

static int make_file_label(const ContainerSection *c, const char *level, char **ret) {
        const char *type = c->confine->security_label_file_type;

        if (asprintf(ret, "system_u:object_r:%s:%s", type ? type : "container_file_t", level ? level : "s0") <
            0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return 0;
}

/* What podman gives a container of the same keys; without them the policy's own transition counts. */
static int make_labels(const Making *m, ContainerSpec *s) {
        const ContainerSection *c = m->section;
        const char *type = c->confine->security_label_type, *level = c->confine->security_label_level;
        LabelSpec *l = &s->security_labels;

        if (c->confine->app_armor && !streq(c->confine->app_armor, "unconfined") &&
            spec_copy_text(c->confine->app_armor, &l->app_armor) < 0)
                return -ENOMEM;
        if (c->confine->security_label_disable)
                return 0;
        if (make_file_label(c, level, &l->own_files) < 0 || make_file_label(c, NULL, &l->shared_files) < 0)
                return -ENOMEM;
        if (!type && !level)
                return 0;
        if (asprintf(&l->selinux, "system_u:system_r:%s:%s", type ? type : "container_t",
                     level ? level : "s0") < 0) {
                l->selinux = NULL;
                return -ENOMEM;
        }
        return 0;
}

static int make_devices(const Making *m, ContainerSpec *s) {
        const DeviceList *list = &m->section->files->devices;

        if (list->n == 0)
                return 0;
        s->devices = calloc(list->n, sizeof(*s->devices));
        if (!s->devices)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++) {
                DeviceSpec *to = &s->devices[s->n_devices++];

                *to = list->items[i];
                to->host = strdup(list->items[i].host);
                to->container = strdup(list->items[i].container);
                if (!to->host || !to->container)
                        return -ENOMEM;
        }
        return 0;
}

int spec_make_confinement(const Making *m, ContainerSpec *s) {
        const ContainerSection *c = m->section;
        int r;

        s->capabilities = make_capabilities(m) | c->confine->ambient_capabilities;
        s->ambient_capabilities = c->confine->ambient_capabilities;
        /* A system that boots has services that change their user, and people who use su. */
        s->no_new_privileges = c->confine->no_new_privileges == TOGGLE_UNSET
                                       ? m->config->security.no_new_privileges && !c->boot
                                       : c->confine->no_new_privileges == TOGGLE_ON;
        r = make_seccomp(m, s);
        if (r == 0)
                r = make_labels(m, s);
        if (r == 0)
                r = make_devices(m, s);
        if (r == 0)
                r = confine_paths_make(m->config->security.mask_paths && !c->confine->unmask.all,
                                       c->confine->unmask.paths, c->confine->mask, &s->masked_paths,
                                       &s->protected_paths);
        return r;
}
