/* Rules over several keys. Each says at the key that is to be changed what it does not go together with. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/publish.h"
#include "spec/unit-check.h"

/* Where @key was assigned last; else the section's head; else the file. */
static Where place_of(const UnitSpec *u, const char *section, const char *key) {
        const RawValue *v = key ? unit_raw_value(u->raw, section, key) : NULL;

        if (v)
                return v->at;
        for (size_t i = 0; i < u->raw->n_sections; i++)
                if (streq(u->raw->sections[i].name, section))
                        return u->raw->sections[i].at;
        return (Where){ .file = u->raw->fragment };
}

static int check_root(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;

        /* A value that is there but bad has been reported already. */
        if (!unit_spec_is_set(u, "Container", "Image") && !unit_spec_is_set(u, "Container", "Rootfs"))
                return diag_error(diag, place_of(u, "Container", NULL), -EINVAL,
                                  "neither Image= nor Rootfs= says what the container is made from");
        if (c->image && c->rootfs)
                return diag_error(diag, place_of(u, "Container", "Rootfs"), -EINVAL,
                                  "Rootfs= does not go together with Image=");
        if (c->rootfs && !c->exec && !c->entrypoint.words)
                diag_warning(diag, place_of(u, "Container", "Rootfs"),
                             "a directory does not say what to run: Exec= is missing");
        return 0;
}

static int check_process(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        int bad = 0;

        if (c->group && !c->user)
                bad = diag_error(diag, place_of(u, "Container", "Group"), -EINVAL, "Group= needs User=");
        if (c->host_name && strlen(c->host_name) >= sizeof(((struct utsname *) 0)->nodename))
                bad = diag_error(diag, place_of(u, "Container", "HostName"), -EINVAL,
                                 "HostName=: a host name has at most 64 letters");
        return bad;
}

static int check_service(const UnitSpec *u, Diag *diag) {
        const ServiceSection *s = &u->service;
        int bad = 0;

        if (s->type == SERVICE_ONESHOT && (s->restart == RESTART_ALWAYS || s->restart == RESTART_ON_SUCCESS))
                bad = diag_error(diag, place_of(u, "Service", "Restart"), -EINVAL,
                                 "Restart=%s does not go together with Type=oneshot",
                                 restart_policy_to_string(s->restart));

        if (s->restart_steps > 0 && s->restart_max_delay == USEC_INFINITY)
                diag_warning(diag, place_of(u, "Service", "RestartSteps"),
                             "RestartSteps= does nothing without RestartMaxDelaySec=");
        else if (s->restart_steps == 0 && s->restart_max_delay != USEC_INFINITY)
                diag_warning(diag, place_of(u, "Service", "RestartMaxDelaySec"),
                             "RestartMaxDelaySec= does nothing without RestartSteps=");
        else if (s->restart_steps > 0 && s->restart_max_delay < s->restart_sec)
                diag_warning(diag, place_of(u, "Service", "RestartMaxDelaySec"),
                             "RestartMaxDelaySec= is shorter than RestartSec=, and does nothing");
        return bad;
}

static int check_network_of_container(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        const char *mode = network_mode_to_string(c->network.mode);
        int bad = 0;

        if (!c->network.set || c->network.mode == NETWORK_MODE_PRIVATE)
                return 0;

        if (c->ip4.family != AF_UNSPEC)
                bad = diag_error(diag, place_of(u, "Container", "IP"), -EINVAL,
                                 "IP= does not go together with Network=%s", mode);
        if (c->ip6.family != AF_UNSPEC)
                bad = diag_error(diag, place_of(u, "Container", "IP6"), -EINVAL,
                                 "IP6= does not go together with Network=%s", mode);
        for (size_t i = 0; i < c->publish.n; i++)
                diag_warning(diag, c->publish.items[i].at, "PublishPort= does nothing with Network=%s", mode);
        for (size_t i = 0; i < c->sysctls.n && c->network.mode == NETWORK_MODE_HOST; i++)
                if (startswith(c->sysctls.items[i].path, "net/"))
                        bad = diag_error(diag, place_of(u, "Container", "Sysctl"), -EINVAL,
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

/* A unit that another key names is started first, and without it we are not. */
static int add_dependency(UnitSpec *u, const char *name) {
        static const UnitDependency kinds[] = { UNIT_DEP_REQUIRES, UNIT_DEP_AFTER };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(kinds) && r == 0; i++)
                if (!strv_contains(u->unit.dependencies[kinds[i]], name))
                        r = strv_add(&u->unit.dependencies[kinds[i]], name);
        return r;
}

static int add_dependencies(UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        UnitKind kind = c->image ? unit_name_kind(c->image) : UNIT_KIND_INVALID_;
        int r = 0;

        if (kind == UNIT_IMAGE || kind == UNIT_BUILD) {
                diag_warning(diag, place_of(u, "Container", "Image"), ".%s units are not supported yet",
                             unit_kind_to_string(kind));
                r = add_dependency(u, c->image);
        }

        STRV_FOREACH (name, c->network.names)
                if (r == 0 && unit_name_kind(*name) == UNIT_NETWORK)
                        r = add_dependency(u, *name);

        for (size_t i = 0; i < c->volumes.n && r == 0; i++) {
                const MountSpec *m = &c->volumes.items[i];

                if (m->kind == MOUNT_VOLUME && m->source && unit_name_kind(m->source) == UNIT_VOLUME)
                        r = add_dependency(u, m->source);
        }
        for (size_t i = 0; i < c->mounts.n && r == 0; i++) {
                const MountSpec *m = &c->mounts.items[i];

                if (m->kind == MOUNT_VOLUME && m->source && unit_name_kind(m->source) == UNIT_VOLUME)
                        r = add_dependency(u, m->source);
        }
        return r;
}

/* systemd drops such a dependency too. */
static void drop_self_dependencies(UnitSpec *u, Diag *diag) {
        for (UnitDependency d = 0; d < UNIT_DEP_N_; d++) {
                const char *key = unit_dependency_to_string(d);

                if (!strv_contains(u->unit.dependencies[d], u->name))
                        continue;
                diag_warning(diag, place_of(u, "Unit", key), "%s= names the unit itself", key);
                strv_remove(u->unit.dependencies[d], u->name);
        }
}

static int check_network_unit(const UnitSpec *u, Diag *diag) {
        const NetworkSection *n = u->network;
        char address[INET_TEXT_MAX], subnet[INET_TEXT_MAX];
        int bad = 0;

        if (n->n_gateways > n->n_subnets)
                bad = diag_error(diag, place_of(u, "Network", "Gateway"), -EINVAL,
                                 "there are more Gateway= than Subnet=");

        for (size_t i = 0; i < MIN_OF(n->n_gateways, n->n_subnets); i++)
                if (!inet_contains(&n->subnets[i], &n->gateways[i]))
                        bad = diag_error(diag, place_of(u, "Network", "Gateway"), -EINVAL,
                                         "Gateway=%s is not inside Subnet=%s",
                                         inet_format(&n->gateways[i], address),
                                         inet_format_prefix(&n->subnets[i], subnet));

        for (size_t i = 0; i < n->n_subnets; i++)
                for (size_t j = 0; j < i; j++)
                        if (inet_overlap(&n->subnets[i], &n->subnets[j]))
                                bad = diag_error(diag, place_of(u, "Network", "Subnet"), -EINVAL,
                                                 "Subnet=%s is given twice, or inside another",
                                                 inet_format_prefix(&n->subnets[i], subnet));
        return bad;
}

static int check_container(UnitSpec *u, Diag *diag) {
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

int unit_check(UnitSpec *u, Diag *diag) {
        int r, bad = 0;

        u->service.timeout_start_set = unit_spec_is_set(u, "Service", "TimeoutStartSec");
        u->service.timeout_stop_set = unit_spec_is_set(u, "Service", "TimeoutStopSec");
        if (u->service.type == SERVICE_ONESHOT && !u->service.timeout_start_set)
                u->service.timeout_start = USEC_INFINITY;

        if (u->container)
                bad = check_container(u, diag);
        else if (u->network)
                bad = check_network_unit(u, diag);
        else if (!u->volume)
                diag_warning(diag, (Where){ .file = u->raw->fragment }, ".%s units are not supported yet",
                             unit_kind_to_string(u->kind));
        if (bad == -ENOMEM)
                return bad;

        drop_self_dependencies(u, diag);
        r = check_service(u, diag);
        return r < 0 ? r : bad;
}
