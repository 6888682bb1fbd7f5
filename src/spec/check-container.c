/* Do the keys of a .container unit go together? */
#include <string.h>

#include "basic/inet.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/confine.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"

static int check_root(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;

        /* A value that is there but bad has been reported already. */
        if (!unit_spec_is_set(u, "Container", "Image") && !unit_spec_is_set(u, "Container", "Rootfs"))
                return diag_error(diag, unit_place(u, "Container", NULL), -EINVAL,
                                  "neither Image= nor Rootfs= says what the container is made from");
        if (c->image && c->rootfs)
                return diag_error(diag, unit_place(u, "Container", "Rootfs"), -EINVAL,
                                  "Rootfs= does not go together with Image=");
        if (c->boot && (c->run_init || c->entrypoint.set))
                return diag_error(
                        diag, unit_place(u, "Container", "Boot"), -EINVAL,
                        "Boot= does not go together with %s=", c->run_init ? "RunInit" : "Entrypoint");
        if (c->rootfs && !c->exec && !c->entrypoint.words && !c->boot)
                diag_warning(diag, unit_place(u, "Container", "Rootfs"),
                             "a directory does not say what to run: Exec= is missing");
        return 0;
}

static int check_sockets(const UnitSpec *u, Diag *diag) {
        const ListenKeys *keys = u->container->listen;

        for (size_t i = 0; i < keys->sequential.n; i++)
                if (!keys->sequential.items[i].path)
                        return diag_error(
                                diag, unit_place(u, "Container", "ListenSequentialPacket"), -EINVAL,
                                "ListenSequentialPacket= is for sockets of the file system, not for ports");
        if (!keys->accept)
                return 0;
        (void) diag_error(diag, unit_place(u, "Container", "Accept"), -EINVAL,
                          "Accept=yes is not supported: the container takes connections itself");
        diag_hint(diag, "let the program listen on the sockets that it is handed, as with Accept=no");
        return -EINVAL;
}

/* What is written there, and never comes. */
static int check_timer(const UnitSpec *u, Diag *diag) {
        const TimerKeys *t = u->container->timer;
        bool begins = t->calendars.n > 0 || t->on_boot.n > 0 || t->on_startup.n > 0 || t->on_active.n > 0;
        const char *again = t->on_unit_active.n > 0     ? "OnUnitActiveSec"
                            : t->on_unit_inactive.n > 0 ? "OnUnitInactiveSec"
                                                        : NULL;

        if (again && !begins) {
                diag_warning(diag, unit_place(u, "Container", again),
                             "%s= counts from an earlier run, and nothing starts the first one", again);
                diag_hint(diag, "add OnActiveSec= or OnBootSec=");
        }
        if (t->persistent && t->calendars.n == 0)
                diag_warning(diag, unit_place(u, "Container", "Persistent"),
                             "Persistent= does nothing without OnCalendar=");
        return 0;
}

static int check_process(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        int bad = 0;

        if (c->group && !c->user)
                bad = diag_error(diag, unit_place(u, "Container", "Group"), -EINVAL, "Group= needs User=");
        return bad;
}

/* What would reach through to the host, or to another container. */
static int check_sysctls(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        const bool network = c->network.choice.mode != NETWORK_MODE_HOST &&
                             c->network.choice.shared.mode == NAMESPACE_DEFAULT;
        int bad = 0;

        for (size_t i = 0; i < c->system->sysctls.n; i++) {
                const char *path = c->system->sysctls.items[i].path;

                if (confine_sysctl_is_own(path, network, namespace_is_own(&c->spaces->ipc),
                                          namespace_is_own(&c->spaces->uts)))
                        continue;
                bad = diag_error(diag, unit_place(u, "Container", "Sysctl"), -EINVAL,
                                 "Sysctl=%s is of a namespace that is not the container's own", path);
        }
        return bad;
}

/* What a namespace of another has already. */
static int check_namespaces(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        const struct {
                const char *key;
                bool wanted;
                const NamespaceChoice *space;
                const char *other;
        } pairs[] = {
                { "HostName", c->network.more->host_name != NULL, &c->spaces->uts, "UtsNS" },
                { "RunInit", c->run_init, &c->spaces->pid, "PidNS" },
                { "Boot", c->boot, &c->spaces->pid, "PidNS" },
                { "Boot", c->boot, &c->spaces->cgroup, "CgroupNS" },
                { "TimeOffsetMonotonic", c->spaces->monotonic_offset != 0, &c->spaces->time, "TimeNS" },
                { "TimeOffsetBoottime", c->spaces->boottime_offset != 0, &c->spaces->time, "TimeNS" },
        };
        int bad = 0;

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                if (pairs[i].wanted && !namespace_is_own(pairs[i].space))
                        bad = diag_error(diag, unit_place(u, "Container", pairs[i].key), -EINVAL,
                                         "%s= needs a namespace of its own: it does not go together with %s=",
                                         pairs[i].key, pairs[i].other);
        return bad;
}

/* What a pod does not hold: it has no process. */
static int check_pods_namespaces(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        const struct {
                const char *key;
                const NamespaceChoice *space;
        } keys[] = { { "PidNS", &c->spaces->pid },
                     { "CgroupNS", &c->spaces->cgroup },
                     { "TimeNS", &c->spaces->time } };
        int bad = 0;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const NamespaceChoice *s = keys[i].space;

                if (s->mode != NAMESPACE_UNIT || unit_name_kind(s->unit) != UNIT_POD)
                        continue;
                bad = diag_error(diag, s->at, -EINVAL, "%s=%s: a pod has no namespace of this kind",
                                 keys[i].key, s->unit);
                diag_hint(diag, "its containers have one each");
        }
        return bad;
}

static int check_reload(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;

        if (c->reload_command && c->reload_signal > 0)
                return diag_error(diag, unit_place(u, "Container", "ReloadSignal"), -EINVAL,
                                  "ReloadSignal= does not go together with ReloadCmd=");
        return 0;
}

static int check_health(const UnitSpec *u, Diag *diag) {
        const HealthKeys *h = u->container->health;
        const ProbeChoice *p = &u->container->health->probe;
        bool command = h->command.set && !h->command.none;
        InetAddress address;
        int r = 0;

        if (h->startup_command.set && !h->startup_command.none && !command && p->kind == PROBE_NONE)
                r = diag_error(diag, unit_place(u, "Container", "HealthStartupCmd"), -EINVAL,
                               "HealthStartupCmd= needs HealthCmd=");
        if (command && p->kind != PROBE_NONE)
                r = diag_error(diag, unit_place(u, "Container", "Probe"), -EINVAL,
                               "Probe= does not go together with HealthCmd=");
        if (p->host && !streq(p->host, "localhost") && inet_parse(p->host, &address) < 0) {
                r = diag_error(diag, unit_place(u, "Container", "Probe"), -EINVAL,
                               "Probe=: \"%s\" is not an address", p->host);
                diag_hint(diag, "without one, it is the container's own 127.0.0.1 or ::1");
        }
        return r;
}

static int check_health_log(const UnitSpec *u, Diag *diag) {
        const char *to = strempty(u->container->health->log_destination);

        if (streq(to, "local") || streq(to, "events_logger") || to[0] == '/')
                return 0;
        return diag_error(diag, unit_place(u, "Container", "HealthLogDestination"), -EINVAL,
                          "HealthLogDestination=: \"%s\" is none of local, events_logger and /DIRECTORY", to);
}

/* In Quadlet's files Type= is always notify or oneshot, and Notify= says who notifies: by default podman, as
 * soon as the program runs. */
static void settle_type(UnitSpec *u, Diag *diag) {
        static const ServiceType types[NOTIFY_N_] = {
                [NOTIFY_YES] = SERVICE_NOTIFY, [NOTIFY_HEALTHY] = SERVICE_HEALTHY
        };
        NotifyMode notify = u->container->notify;
        ServiceType *type = &u->service.type;

        if (notify == NOTIFY_NO && *type == SERVICE_NOTIFY) {
                *type = SERVICE_EXEC;
                if (unit_spec_is_set(u, "Container", "Notify"))
                        return;
                diag_warning(
                        diag, unit_place(u, "Service", "Type"),
                        "Type=notify without Notify=yes: the container is ready as soon as its program runs");
                diag_hint(diag, "as in Quadlet; Notify=yes in [Container] waits for the program's READY=1");
                return;
        }
        /* Of a value that is none, its key has told. */
        if (notify == NOTIFY_NO || notify == NOTIFY_INVALID_ || *type == types[notify])
                return;
        if (!unit_spec_is_set(u, "Service", "Type") || *type == SERVICE_NOTIFY)
                *type = types[notify];
        else
                diag_warning(diag, unit_place(u, "Container", "Notify"),
                             "Notify=%s does nothing with Type=%s", notify_mode_to_string(notify),
                             service_type_to_string(*type));
}

/* What a container of a pod shares with the others is the pod's to say. */
static int check_pod_member(const UnitSpec *u, Diag *diag) {
        static const char *const keys[] = { "AddHost", "BandwidthMax", "EgressAllow", "EgressDefault",
                                            "GIDMap",  "HostName",     "IP",          "IP6",
                                            "Network", "PublishPort",  "SubGIDMap",   "SubUIDMap",
                                            "UIDMap",  "UserNS" };
        int bad = 0;

        for (size_t i = 0; i < ELEMENTSOF(keys) && u->container->pod; i++)
                if (unit_spec_is_set(u, "Container", keys[i])) {
                        bad = diag_error(diag, unit_place(u, "Container", keys[i]), -EINVAL,
                                         "%s= does not go together with Pod=", keys[i]);
                        diag_hint(diag, "it belongs in %s", u->container->pod);
                }
        return bad;
}

/* Volume=, Mount= and Tmpfs= on one place: within one key the later line has won already. */
static int check_mounts(const UnitSpec *u, Diag *diag) {
        const MountList *lists[] = { &u->container->volumes, &u->container->files->mounts,
                                     &u->container->files->tmpfses };
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

static int require_namespaces(UnitSpec *u) {
        const ContainerSection *c = u->container;
        const NamespaceChoice *choices[] = { &c->spaces->pid, &c->spaces->ipc, &c->spaces->uts,
                                             &c->spaces->cgroup, &c->spaces->time };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(choices) && r == 0; i++)
                if (choices[i]->mode == NAMESPACE_UNIT)
                        r = check_add_requirement(u, choices[i]->unit);
        return r;
}

/* A container goes down with its pod, however that ended. */
static int bind_to_pod(UnitSpec *u) {
        const char *pod = u->container->pod;
        int r;

        if (!pod)
                return 0;
        r = check_add_dependency(u, UNIT_DEP_BINDS_TO, pod);
        return r < 0 ? r : check_add_dependency(u, UNIT_DEP_AFTER, pod);
}

static int add_dependencies(UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        UnitKind kind = c->image ? unit_name_kind(c->image) : UNIT_KIND_INVALID_;
        int r = 0;

        if (kind == UNIT_IMAGE || kind == UNIT_BUILD)
                r = check_add_requirement(u, c->image);

        if (r == 0)
                r = check_require_network(u, &c->network.choice);
        if (r == 0)
                r = check_require_users(u, &c->users->namespace);
        if (r == 0)
                r = require_namespaces(u);
        if (r == 0)
                r = check_require_mounts(u, &c->volumes);
        if (r == 0)
                r = check_require_mounts(u, &c->files->mounts);
        return r < 0 ? r : bind_to_pod(u);
}

/* Links of its own need a network of its own: else they would be the host's, or another unit's. */
static int check_links(const UnitSpec *u, Diag *diag) {
        static const char *const keys[] = { "IPVLAN", "Interface", "MACVLAN", "VirtualEthernetExtra" };
        const NetworkChoice *c = &u->container->network.choice;
        const char *other = u->container->pod                     ? "Pod="
                            : c->shared.mode != NAMESPACE_DEFAULT ? "Network= of another"
                            : c->mode == NETWORK_MODE_HOST        ? "Network=host"
                                                                  : NULL;
        int bad = 0;

        for (size_t i = 0; other && i < ELEMENTSOF(keys); i++)
                if (unit_spec_is_set(u, "Container", keys[i]))
                        bad = diag_error(diag, unit_place(u, "Container", keys[i]), -EINVAL,
                                         "%s= does not go together with %s", keys[i], other);
        return bad;
}

/* Names of which nobody can have another image. */
static int check_update(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        const Where at = unit_place(u, "Container", "AutoUpdate");

        if (c->auto_update < 0)
                return 0;
        if (!c->image)
                diag_warning(diag, at, "AutoUpdate= does nothing without Image=");
        else if (strchr(c->image, '@'))
                diag_warning(diag, at,
                             "AutoUpdate= does nothing: the digest in Image= means one image for ever");
        else if (c->auto_update == AUTO_UPDATE_REGISTRY &&
                 (unit_name_kind(c->image) == UNIT_BUILD || startswith(c->image, "localhost/"))) {
                diag_warning(diag, at, "AutoUpdate=registry fails: no registry has %s", c->image);
                diag_hint(diag, "local is for images that are made here");
        }
        return 0;
}

int check_container(UnitSpec *u, Diag *diag) {
        int (*const checks[])(const UnitSpec *, Diag *) = {
                check_root,       check_sockets,         check_timer,  check_process, check_sysctls,
                check_namespaces, check_pods_namespaces, check_reload, check_health,  check_health_log,
                check_pod_member, check_mounts,          check_links,  check_update,
        };
        ContainerSection *c = u->container;
        int bad, r;

        settle_type(u, diag);
        /* Written to only with RemapUsers=, by which this part is the unit's own. */
        r = check_users(u, "Container", (UserKeys *) c->users, diag);
        if (r == -ENOMEM)
                return r;
        bad = r;
        r = check_network_keys(u, "Container", &c->network, diag);
        bad = r < 0 ? r : bad;
        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                r = checks[i](u, diag);
                if (r < 0)
                        bad = r;
        }

        r = check_confinement(u, diag);
        bad = r < 0 ? r : bad;
        r = check_later(u, diag);
        bad = r < 0 ? r : bad;
        r = add_dependencies(u, diag);
        return r < 0 ? r : bad;
}
