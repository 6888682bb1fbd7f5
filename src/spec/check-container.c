/* Do the keys of a .container unit go together? */
#include <string.h>
#include <sys/utsname.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/publish.h"
#include "spec/unit-check.h"

static int check_root(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;

        /* A value that is there but bad has been reported already. */
        if (!unit_spec_is_set(u, "Container", "Image") && !unit_spec_is_set(u, "Container", "Rootfs"))
                return diag_error(diag, check_place(u, "Container", NULL), -EINVAL,
                                  "neither Image= nor Rootfs= says what the container is made from");
        if (c->image && c->rootfs)
                return diag_error(diag, check_place(u, "Container", "Rootfs"), -EINVAL,
                                  "Rootfs= does not go together with Image=");
        if (c->rootfs && !c->exec && !c->entrypoint.words)
                diag_warning(diag, check_place(u, "Container", "Rootfs"),
                             "a directory does not say what to run: Exec= is missing");
        return 0;
}

static int check_process(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        int bad = 0;

        if (c->group && !c->user)
                bad = diag_error(diag, check_place(u, "Container", "Group"), -EINVAL, "Group= needs User=");
        if (c->host_name && strlen(c->host_name) >= sizeof(((struct utsname *) 0)->nodename))
                bad = diag_error(diag, check_place(u, "Container", "HostName"), -EINVAL,
                                 "HostName=: a host name has at most 64 letters");
        return bad;
}

static int check_network_of_container(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        const char *mode = network_mode_to_string(c->network.mode);
        int bad = 0;

        if (!c->network.set || c->network.mode == NETWORK_MODE_PRIVATE)
                return 0;

        if (c->ip4.family != AF_UNSPEC)
                bad = diag_error(diag, check_place(u, "Container", "IP"), -EINVAL,
                                 "IP= does not go together with Network=%s", mode);
        if (c->ip6.family != AF_UNSPEC)
                bad = diag_error(diag, check_place(u, "Container", "IP6"), -EINVAL,
                                 "IP6= does not go together with Network=%s", mode);
        for (size_t i = 0; i < c->publish.n; i++)
                diag_warning(diag, c->publish.items[i].at, "PublishPort= does nothing with Network=%s", mode);
        for (size_t i = 0; i < c->sysctls.n && c->network.mode == NETWORK_MODE_HOST; i++)
                if (startswith(c->sysctls.items[i].path, "net/"))
                        bad = diag_error(diag, check_place(u, "Container", "Sysctl"), -EINVAL,
                                         "Sysctl=%s would change the host's network, because of Network=host",
                                         c->sysctls.items[i].path);
        return bad;
}

static int check_ports(const UnitSpec *u, Diag *diag) {
        const PublishList *list = &u->container->publish;
        int bad = 0;

        for (size_t i = 0; i < list->n; i++)
                for (size_t j = 0; j < i; j++)
                        if (publish_overlap(&list->items[i], &list->items[j])) {
                                bad = diag_error(diag, list->items[i].at, -EINVAL,
                                                 "PublishPort=: host port %u is published in line %u already",
                                                 MAX_OF(list->items[i].host_port, list->items[j].host_port),
                                                 list->items[j].at.line);
                                break;
                        }
        return bad;
}

/* Volume=, Mount= and Tmpfs= on one place: within one key the later line has won already. */
static int check_mounts(const UnitSpec *u, Diag *diag) {
        const MountList *lists[] = { &u->container->volumes, &u->container->mounts, &u->container->tmpfses };
        int bad = 0;

        for (size_t a = 0; a < ELEMENTSOF(lists); a++)
                for (size_t b = 0; b < a; b++)
                        for (size_t i = 0; i < lists[a]->n; i++)
                                for (size_t j = 0; j < lists[b]->n; j++)
                                        if (streq(lists[a]->items[i].destination,
                                                  lists[b]->items[j].destination))
                                                bad = diag_error(diag, lists[a]->items[i].at, -EINVAL,
                                                                 "line %u mounts something on %s already",
                                                                 lists[b]->items[j].at.line,
                                                                 lists[a]->items[i].destination);
        return bad;
}

static int add_dependencies(UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        UnitKind kind = c->image ? unit_name_kind(c->image) : UNIT_KIND_INVALID_;
        int r = 0;

        if (kind == UNIT_IMAGE || kind == UNIT_BUILD) {
                diag_warning(diag, check_place(u, "Container", "Image"), ".%s units are not supported yet",
                             unit_kind_to_string(kind));
                r = check_add_requirement(u, c->image);
        }

        STRV_FOREACH (name, c->network.names)
                if (r == 0 && unit_name_kind(*name) == UNIT_NETWORK)
                        r = check_add_requirement(u, *name);

        for (size_t i = 0; i < c->volumes.n && r == 0; i++) {
                const MountSpec *m = &c->volumes.items[i];

                if (m->kind == MOUNT_VOLUME && m->source && unit_name_kind(m->source) == UNIT_VOLUME)
                        r = check_add_requirement(u, m->source);
        }
        for (size_t i = 0; i < c->mounts.n && r == 0; i++) {
                const MountSpec *m = &c->mounts.items[i];

                if (m->kind == MOUNT_VOLUME && m->source && unit_name_kind(m->source) == UNIT_VOLUME)
                        r = check_add_requirement(u, m->source);
        }
        return r;
}

int check_container(UnitSpec *u, Diag *diag) {
        int (*const checks[])(const UnitSpec *, Diag *) = {
                check_root, check_process, check_network_of_container, check_ports, check_mounts,
        };
        int bad = 0, r;

        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                r = checks[i](u, diag);
                if (r < 0)
                        bad = r;
        }

        r = add_dependencies(u, diag);
        return r < 0 ? r : bad;
}
