/*
 * Changes of a unit's text, and what they reach. A daemon-reload brings live keys to what runs; a launch in
 * what is held takes all that a launch makes; keys with KEY_RECREATE wait for a new container. Which key is
 * which is said in spec/ *-keys.def, and `nsctl diff` tells it to people: what is done here must agree.
 */
#include <sys/stat.h>

#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/strv.h"
#include "manager/dns.h"
#include "manager/egress.h"
#include "manager/internal.h"
#include "manager/names.h"
#include "manager/standby.h"
#include "spec/container-section.h"
#include "spec/spec-make.h"
#include "spec/unit-diff.h"

/* -- what may be kept -- */

/* The first changed key that needs a new container; NULL when there is none. */
static int find_recreate(Unit *u, const char **ret) {
        autoptr(UnitSpec) started = NULL;
        UnitChange *changes;
        size_t n;
        int r;

        *ret = NULL;
        if (u->held.fingerprint == u->fingerprint)
                return 0;
        r = unit_load_started(u, &started, NULL);
        if (r >= 0)
                r = unit_diff(started, started, u->spec, &changes, &n);
        if (r < 0)
                return r;

        for (size_t i = 0; i < n && !*ret; i++)
                if (changes[i].key->flags & KEY_RECREATE)
                        *ret = changes[i].key->name;
        unit_changes_free(changes, n);
        return 0;
}

static bool text_keeps(Unit *u) {
        const char *key;

        return u->spec && find_recreate(u, &key) >= 0 && !key;
}

static bool is_to_be_restarted(const Unit *u) {
        const Job *job = job_queue_of_unit(u->manager->jobs, u->index);

        return job && job->type == JOB_RESTART;
}

/* A network that is made anew has other subnets than the addresses that are held on it. */
static bool networks_stay(const Unit *u) {
        STRV_FOREACH (name, u->held.spec->networks) {
                Unit *n = manager_get_unit(u->manager, *name);

                if (n && is_to_be_restarted(n) && !text_keeps(n))
                        return false;
        }
        return true;
}

static bool same_namespace(int a, int b) {
        struct stat x, y;

        return fstat(a, &x) >= 0 && fstat(b, &y) >= 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Is what is shared still the other's, and will it be? */
static bool shared_stays(const Unit *u, Space space) {
        const NamespaceChoice *c = container_spec_space(u->held.spec, space);
        Unit *other = c->mode == NAMESPACE_UNIT ? manager_get_unit(u->manager, c->unit) : NULL;
        int ours = space == SPACE_USER ? u->held.userns_fd : u->held.netns_fd;
        int theirs;

        if (!other)
                return true;
        theirs = space == SPACE_USER ? other->held.userns_fd : other->held.netns_fd;
        if (ours >= 0 && theirs >= 0 && !same_namespace(ours, theirs))
                return false;
        return !is_to_be_restarted(other) || unit_may_keep(other);
}

bool unit_spaces_stay(const Unit *u) {
        return !u->held.spec || (shared_stays(u, SPACE_USER) && shared_stays(u, SPACE_NETWORK));
}

bool unit_may_keep(Unit *u) {
        return u->held.spec && (u->held.root || u->held.pod_spaces) && text_keeps(u) && unit_image_stays(u) &&
               networks_stay(u) && unit_spaces_stay(u);
}

/* -- what reaches a running container -- */

static bool same_port(const NetworkPort *p, const PublishSpec *wanted) {
        const InetAddress *a = &p->host_address, *b = &wanted->host_address;

        return p->protocol == wanted->protocol && p->container_port == wanted->container_port &&
               p->count == wanted->count && (wanted->host_port == 0 || p->host_port == wanted->host_port) &&
               (a->family == AF_UNSPEC ? b->family == AF_UNSPEC : inet_equal(a, b));
}

static bool same_ports(const Attachment *a, const ContainerSpec *wanted) {
        if (a->n_ports != wanted->n_publish)
                return false;
        for (size_t i = 0; i < a->n_ports; i++)
                if (!same_port(&a->ports[i], &wanted->publish[i]))
                        return false;
        return true;
}

static int change_ports(Unit *u, const ContainerSpec *wanted, Fault *fault) {
        Network *n = u->manager->network;
        Attachment *a = u->held.attachment;
        int r;

        if (!a || same_ports(a, wanted))
                return 0;
        r = manager_injected_fault(u->manager, "ports", fault);
        if (r >= 0)
                r = network_set_ports(n, a, wanted->publish, wanted->n_publish, fault);
        if (r < 0)
                return r;
        if (unit_save(u) < 0)
                log_message(LOG_WARNING, u->name, "cannot save its state: %m");
        return 0;
}

/* Nobody has removed it. */
static bool has_cgroup(const Held *h) {
        return h->cgroup_fd >= 0 && cgroup_populated(h->cgroup_fd) >= 0;
}

static int change_limits(Unit *u, const ContainerSpec *wanted, bool anew, Fault *fault) {
        int r;

        /* A cgroup that is made for the next launch begins with what is in the spec. */
        if (!has_cgroup(&u->held))
                return 0;
        r = manager_injected_fault(u->manager, "limits", fault);
        return r < 0 ? r : unit_change_limits(u, wanted, anew, fault);
}

/* @r and @fault: of what could not be done. Said here, and shown by `nsctl status`. */
static bool succeeds(Unit *u, int r, const char *what, const Fault *fault) {
        if (r >= 0)
                return true;
        u->change_failed = true;
        unit_set_fault(u, fault);
        log_message(LOG_ERR, u->name, "%s cannot be changed while it runs, which it does as before: %s", what,
                    strempty(u->fault_text));
        return false;
}

static void take_limits(Unit *u, ContainerSpec *from) {
        ContainerSpec *to = u->held.spec;

        SWAP(to->limits, from->limits);
        SWAP(to->starting_limits, from->starting_limits);
        to->oom_policy = from->oom_policy;
        unit_watch_oom(u);
}

static int change_bandwidth(Unit *u, const ContainerSpec *wanted, Fault *fault) {
        int r = 0;

        if (u->held.attachment && u->held.spec->bandwidth_max != wanted->bandwidth_max)
                r = network_limit(u->manager->network, u->held.attachment, u->held.netns_fd,
                                  wanted->bandwidth_max, fault);
        if (r >= 0)
                u->held.spec->bandwidth_max = wanted->bandwidth_max;
        return r;
}

/* The rest is only looked at, or is the policy, which counts as it was read. */
static void change_words(ContainerSpec *to, ContainerSpec *from) {
        char **labels = to->labels, **annotations = to->annotations;

        to->labels = from->labels;
        to->annotations = from->annotations;
        SWAP(to->aliases, from->aliases);
        SWAP(to->n_aliases, from->n_aliases);
        from->labels = labels;
        from->annotations = annotations;
        to->stop_signal = from->stop_signal;
        to->start_timeout = from->start_timeout;
        to->stop_timeout = from->stop_timeout;
}

static void note_success(Unit *u) {
        u->live = u->fingerprint;
        u->change_failed = false;
}

static int make_running_spec(Unit *u, ContainerSpec **ret, Fault *fault) {
        const SpecRequest q = { .from = u->spec, .image = u->held.image, .running = true };

        return unit_make_spec(u, &q, NULL, ret, fault);
}

/* @anew: whatever was in effect is not known. */
static void apply_live(Unit *u, bool anew) {
        Fault of_spec = {}, of_limits = {}, of_ports = {}, of_egress = {}, of_bandwidth = {};
        autoptr(ContainerSpec) wanted = NULL;
        bool failed = u->change_failed, good;

        if (!succeeds(u, make_running_spec(u, &wanted, &of_spec), "it", &of_spec))
                return;
        /* Until all is done nobody knows what is in effect; a next manager must not believe what was. */
        u->live = 0;
        if (unit_save(u) < 0)
                log_message(LOG_WARNING, u->name, "cannot save its state: %m");
        good = succeeds(u, change_limits(u, wanted, anew, &of_limits), "its limits", &of_limits);
        if (good)
                take_limits(u, wanted);
        good = succeeds(u, change_ports(u, wanted, &of_ports), "PublishPort=", &of_ports) && good;
        good = succeeds(u, change_bandwidth(u, wanted, &of_bandwidth), "BandwidthMax=", &of_bandwidth) &&
               good;
        good = succeeds(u, unit_change_egress(u, wanted, &of_egress), "EgressAllow=", &of_egress) && good;
        change_words(u->held.spec, wanted);
        unit_change_names(u);
        manager_renew_resolv(u->manager);
        if (!good)
                return;
        if (failed)
                unit_set_fault(u, NULL);
        note_success(u);
        if (unit_save(u) < 0)
                log_message(LOG_WARNING, u->name, "cannot save its state: %m");
}

static bool wants_changes(const Unit *u) {
        return u->machine.prepared && u->machine.state != MACHINE_CLEANING && u->spec && u->held.spec &&
               (u->live != u->fingerprint || u->change_failed);
}

/* A network that no container is on is what its file says; else it waits for a restart. */
static void apply_to_network(Unit *u) {
        Fault fault = {};
        int r;

        if (unit_name_kind(u->name) != UNIT_NETWORK || !u->machine.prepared || !u->spec ||
            u->held.fingerprint == u->fingerprint)
                return;
        r = unit_prepare_plain(u, u->spec, &fault);
        if (r == 0) {
                u->held.fingerprint = u->fingerprint;
                r = unit_save_text(u, &fault);
        }
        (void) succeeds(u, r, "it", &fault);
}

/* What works is kept; of what does not, apply_live() will tell. */
static void try_ports(Unit *u) {
        autoptr(ContainerSpec) wanted = NULL;

        if (make_running_spec(u, &wanted, NULL) >= 0)
                (void) change_ports(u, wanted, NULL);
}

void manager_apply_live(Manager *m) {
        for (Unit *u = m->units; u; u = u->hh.next)
                apply_to_network(u);
        /* A port may be free only when another unit has given it up. */
        for (Unit *u = m->units; u; u = u->hh.next)
                if (wants_changes(u))
                        try_ports(u);
        for (Unit *u = m->units; u; u = u->hh.next)
                if (wants_changes(u))
                        apply_live(u, false);
        manager_dns_settle(m);
}

void unit_apply_live_anew(Unit *u) {
        /* Started from the very text that is read now, and never changed: its cgroup is as it was left.
         * Limits that follow the state may be those of the state before. */
        if (u->held.fingerprint != u->fingerprint || !u->held.spec || u->held.spec->starting_limits)
                u->live = 0;
        if (wants_changes(u))
                apply_live(u, true);
}

/* -- what reaches a launch -- */

/* Is more than the unit's text to be read at a start? */
bool unit_reads_files(const Unit *u) {
        return spec_environment_files(u->spec) || unit_spec_is_set(u->spec, "Container", "SeccompProfile");
}

static int take_over(Unit *u, ContainerSpec **spec, Fault *fault) {
        Held *h = &u->held;
        int r;

        r = unit_add_mount_points(u, *spec, fault);
        if (r >= 0)
                r = change_ports(u, *spec, fault);
        if (r >= 0)
                r = change_bandwidth(u, *spec, fault);
        if (r >= 0 && !h->cgroup_spent)
                r = change_limits(u, *spec, false, fault);
        if (r < 0)
                return r;

        unit_drop_standby(u);
        h->cgroup_spent |= h->spec->delegate != (*spec)->delegate;
        container_spec_free(h->spec);
        h->spec = take_ptr(*spec);
        h->watchdog = u->spec->service.watchdog;
        h->volumes_filled = h->volumes_filled && h->fingerprint == u->fingerprint;
        unit_set_policy(u, u->spec);
        r = unit_close_egress(u, fault);
        if (r >= 0)
                r = unit_make_files(u, fault);
        if (r >= 0 && !h->cgroup_spent && has_cgroup(h))
                r = unit_restrict_devices(u, h->spec->limits, false, fault);
        unit_change_names(u);
        return r < 0 ? r : unit_save_text(u, fault);
}

int unit_renew(Unit *u, Fault *fault) {
        const SpecRequest q = { .from = u->spec, .image = u->held.image };
        autoptr(ContainerSpec) spec = NULL;
        const char *key;
        int r;

        if (u->held.fresh || !u->spec) {
                u->held.fresh = false;
                return 0;
        }
        if (u->held.fingerprint == u->fingerprint && !unit_reads_files(u))
                return 0;
        r = find_recreate(u, &key);
        if (r < 0 || key) {
                log_entry(LOG_NOTICE, u->name, EXPLAINED(MESSAGE_OLD_SETTINGS),
                          "started again as it was: %s%s", key ? key : "its text",
                          key ? "= needs a new container" : " of the last start cannot be read");
                return 0;
        }

        r = manager_injected_fault(u->manager, "renew", fault);
        if (r >= 0)
                r = unit_make_spec(u, &q, NULL, &spec, fault);
        if (r >= 0)
                r = take_over(u, &spec, fault);
        if (r < 0)
                return fault_set(fault, "renew", r, NULL);
        u->held.fingerprint = u->fingerprint;
        note_success(u);
        return 0;
}
