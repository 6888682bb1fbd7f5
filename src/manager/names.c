/*
 * Names of containers: who has one, and everybody else's /etc/hosts and resolv.conf, kept current in the
 * files that running containers have mounted. The name servers of networks (dns.c) get the same records.
 *
 * A name is there from the moment its container is prepared, address and all, until that is released; a
 * restart changes nothing. What a container starts with is complete; what others have follows a moment later,
 * once for all that has changed by then.
 */
#include "manager/names.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/inotify.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "manager/dns.h"
#include "manager/egress.h"
#include "manager/priority.h"
#include "network/gate.h"
#include "network/names.h"

#define RESOLV_DIRECTORY "/etc"
#define RESOLV_NAME      "resolv.conf"
#define RESOLV_PATH      RESOLV_DIRECTORY "/" RESOLV_NAME
/* What systemd-resolved itself asks, for who cannot ask it. */
#define RESOLV_UPLINK "/run/systemd/resolve/resolv.conf"

/* More containers than that find one another by DNS alone: else their files would grow with the square of
 * their number. */
#define PEERS_MAX 500

/* At most one part in so many of the manager's time goes into files of names; of that of a manager which has
 * launches to make, which come first, at most the other one. */
#define FLUSH_SHARE      10
#define FLUSH_SHARE_BUSY 50

typedef enum Watched {
        WATCH_DIRECTORY, /* for a file that is replaced */
        WATCH_FILE,      /* for one that is written to */
        WATCH_TARGET,    /* the directory that a link leads to */
        WATCHED_N_,
} Watched;

struct Names {
        TAILQ_HEAD(, Unit) units; /* that have names */
        NameTable *table;         /* of all of them, from the first need until all have been told; or NULL */
        sd_event_source *timer, *limit; /* the one waits for launches, the other does not */
        usec_t next, latest;            /* not before then */
        char **changed;                 /* networks */
        sd_event_source *watches[WATCHED_N_];
};

/* -- who is called what -- */

static int add_link(NameTable *t, const Unit *u, const NetworkLink *link) {
        const ContainerSpec *spec = u->held.spec;
        autofree char **names = calloc(spec->n_aliases + 2, sizeof(*names));
        NameRecord record = { .unit = u->name, .network = link->network, .n_addresses = link->n_addresses };
        size_t n = 0;

        if (!names)
                return -ENOMEM;
        names[n++] = spec->name;
        for (size_t i = 0; i < spec->n_aliases; i++)
                if (!spec->aliases[i].network || streq(spec->aliases[i].network, link->network))
                        names[n++] = spec->aliases[i].name;

        record.names = names;
        for (size_t i = 0; i < link->n_addresses; i++)
                record.addresses[i] = link->addresses[i].address;
        return name_table_add(t, &record);
}

static int add_unit(NameTable *t, const Unit *u) {
        const Attachment *a = u->held.spec ? unit_attachment(u) : NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && a && i < a->n_links; i++)
                r = add_link(t, u, &a->links[i]);
        return r;
}

/* What is in it is borrowed of units and their networks: it goes before any of that does. */
static void drop_table(Names *n) {
        name_table_free(take_ptr(n->table));
}

static int get_table(const Manager *m, const NameTable **ret) {
        autoptr(NameTable) t = NULL;
        const Unit *u;
        int r = 0;

        *ret = m->names->table;
        if (*ret)
                return 0;
        t = name_table_new();
        if (!t)
                return -ENOMEM;
        TAILQ_FOREACH (u, &m->names->units, names_list)
                if (r >= 0)
                        r = add_unit(t, u);
        if (r < 0)
                return r;
        *ret = m->names->table = take_ptr(t);
        return 0;
}

/* Borrowed names in an array to be freed. */
static int networks_of(const Unit *u, char ***ret) {
        const Attachment *a = unit_attachment(u);
        size_t n = a ? a->n_links : 0;
        char **names = calloc(n + 1, sizeof(*names));

        if (!names)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                names[i] = a->links[i].network;
        *ret = names;
        return 0;
}

static bool is_on(const Unit *u, char *const *networks) {
        const Attachment *a = unit_attachment(u);

        for (size_t i = 0; a && i < a->n_links; i++)
                if (strv_contains(networks, a->links[i].network))
                        return true;
        return false;
}

/* -- the texts of one container -- */

/* Own addresses, and the gateway by which the container reaches the host. */
static size_t own_addresses(const Attachment *a, InetAddress *addresses, size_t max,
                            InetAddress *ret_gateway) {
        size_t n = 0;

        for (size_t i = 0; a && i < a->n_links; i++)
                for (size_t j = 0; j < a->links[i].n_addresses; j++) {
                        if (n < max)
                                addresses[n++] = a->links[i].addresses[j].address;
                        if (ret_gateway->family == AF_UNSPEC)
                                *ret_gateway = a->links[i].gateways[j];
                }
        return n;
}

static bool is_crowded(const Manager *m, char *const *networks) {
        NetworkFace face;
        size_t n = 0;

        STRV_FOREACH (network, networks)
                n += network_face(m->network, *network, &face) ? face.n_links : 0;
        return n > PEERS_MAX;
}

char *unit_hosts_text(const Unit *u) {
        const ContainerSpec *spec = u->held.spec;
        autofree char **networks = NULL;
        autofree char *peers = NULL;
        const NameTable *t;
        InetAddress addresses[16];
        HostsRequest request = {
                .name = spec->name,
                .host_name = spec->host_name,
                .addresses = addresses,
                .entries = spec->hosts,
                .n_entries = spec->n_hosts,
        };

        if (networks_of(u, &networks) < 0)
                return NULL;
        if (networks[0] && !is_crowded(u->manager, networks)) {
                if (get_table(u->manager, &t) < 0)
                        return NULL;
                peers = name_table_hosts(t, networks, u->name);
                if (!peers)
                        return NULL;
        }
        request.peers = peers;
        request.n_addresses =
                own_addresses(unit_attachment(u), addresses, ELEMENTSOF(addresses), &request.gateway);
        return names_hosts(&request);
}

/* The host's own; where it names nobody that a container can ask, what systemd-resolved asks. */
static char *host_resolv_conf(void) {
        char *text = NULL, *uplink = NULL;

        (void) file_read(AT_FDCWD, RESOLV_PATH, NAMES_RESOLV_MAX, &text, NULL);
        if (names_have_server(text) ||
            file_read(AT_FDCWD, RESOLV_UPLINK, NAMES_RESOLV_MAX, &uplink, NULL) < 0)
                return text;
        if (!names_have_server(uplink)) {
                free(uplink);
                return text;
        }
        free(text);
        return uplink;
}

char *unit_resolv_text(const Unit *u) {
        const ContainerSpec *spec = u->held.spec;
        autofree char *host = host_resolv_conf();
        InetAddress servers[DNS_SERVERS_MAX];
        ResolvRequest request = {
                .dns = spec->dns,
                .n_dns = spec->n_dns,
                .search = spec->dns_search,
                .options = spec->dns_options,
                .host_text = host,
        };

        if (unit_has_gate(u)) {
                request.dns = servers;
                request.n_dns = inet_parse(GATE_ADDRESS, &servers[0]) == 0;
        } else if (spec->n_dns == 0) {
                request.dns = servers;
                request.n_dns = unit_dns_servers(u, servers);
        }
        return names_resolv_conf(&request);
}

/* -- what running containers have -- */

static void rewrite(const Unit *u, const char *name, const char *text) {
        autofree char *path = text ? unit_files_path(u, name) : NULL, *now = NULL;
        int r;

        if (!path)
                return;
        if (file_read(AT_FDCWD, path, SIZE_MAX, &now, NULL) >= 0 && streq(now, text))
                return;
        r = file_rewrite(AT_FDCWD, path, text, strlen(text));
        if (r < 0 && r != -ENOENT)
                log_message(LOG_WARNING, u->name, "cannot change its %s: %s", name, strerror(-r));
}

void manager_renew_resolv(Manager *m) {
        for (Unit *u = m->units; u; u = u->hh.next) {
                autofree char *text = NULL;

                unit_renew_gate(u);

                if (!u->has_names || !u->held.spec || u->held.spec->resolv != RESOLV_CONF_AUTO)
                        continue;
                text = unit_resolv_text(u);
                rewrite(u, "resolv.conf", text);
        }
}

static int flush(Manager *m) {
        autostrv char **changed = take_ptr(m->names->changed);
        const NameTable *t;
        Unit *u;
        int r;

        r = get_table(m, &t);
        if (r < 0)
                return r;
        TAILQ_FOREACH (u, &m->names->units, names_list) {
                autofree char *text = NULL;
                uint64_t hash;

                if (!u->held.spec || !is_on(u, changed))
                        continue;
                unit_renew_egress_peers(u, t);
                text = unit_hosts_text(u);
                hash = text ? text_fingerprint(text) : 0;
                /* Of many, most are as they were. */
                if (!text || u->hosts_hash == hash)
                        continue;
                u->hosts_hash = hash;
                rewrite(u, "hosts", text);
        }
        manager_dns_publish(m, t, changed);
        drop_table(m->names);
        return 0;
}

/* A manager that had to wait for a processor in the midst has not worked for that long. */
static int on_flush(sd_event_source *s, uint64_t usec, void *userdata) {
        usec_t begin = clock_now(CLOCK_THREAD_CPUTIME_ID), cost;
        Manager *m = userdata;
        Names *n = m->names;
        int r;

        (void) sd_event_source_set_enabled(n->timer, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(n->limit, SD_EVENT_OFF);
        r = flush(m);
        if (r < 0)
                log_warning("cannot tell containers each other's names: %s", strerror(-r));
        cost = clock_now(CLOCK_THREAD_CPUTIME_ID) - begin;
        n->next = clock_now(CLOCK_MONOTONIC) + FLUSH_SHARE * cost;
        n->latest = n->next + (FLUSH_SHARE_BUSY - FLUSH_SHARE) * cost;
        return 0;
}

static int arm(Manager *m, sd_event_source **source, usec_t due, int64_t priority) {
        int r;

        if (*source) {
                r = sd_event_source_set_time(*source, due);
                return r < 0 ? r : sd_event_source_set_enabled(*source, SD_EVENT_ONESHOT);
        }
        r = sd_event_add_time(m->event, source, CLOCK_MONOTONIC, due, 1, on_flush, m);
        return r < 0 ? r : sd_event_source_set_priority(*source, priority);
}

static int schedule(Manager *m) {
        usec_t now = clock_now(CLOCK_MONOTONIC);
        Names *n = m->names;
        int r;

        r = arm(m, &n->timer, now < n->next ? n->next : now, PRIORITY_NAMES);
        return r < 0 ? r : arm(m, &n->limit, now < n->latest ? n->latest : now, PRIORITY_NETWORK);
}

int manager_names_changed(Manager *m, const char *network) {
        int r = 0;

        if (!strv_contains(m->names->changed, network))
                r = strv_add(&m->names->changed, network);
        return r < 0 ? r : schedule(m);
}

/* Those of its networks have to be told. */
static int tell(Unit *u) {
        const Attachment *a = unit_attachment(u);
        int r = 0;

        for (size_t i = 0; r >= 0 && a && i < a->n_links; i++)
                r = manager_names_changed(u->manager, a->links[i].network);
        return r;
}

int unit_enter_names(Unit *u, Fault *fault) {
        Names *n = u->manager->names;
        int r;

        /* Whoever comes is added; what else changes is seen by making a new one. */
        if (u->has_names || (n->table && add_unit(n->table, u) < 0))
                drop_table(n);
        if (!u->has_names)
                TAILQ_INSERT_TAIL(&n->units, u, names_list);
        u->has_names = true;
        u->hosts_hash = 0;
        if (u->held.attachment && u->held.attachment->egress) {
                const NameTable *t;

                r = get_table(u->manager, &t);
                if (r < 0)
                        return r;
                unit_renew_egress_peers(u, t);
        }
        r = tell(u);
        return r < 0 ? fault_set(fault, "names", r, NULL) : 0;
}

void unit_leave_names(Unit *u) {
        if (!u->has_names)
                return;
        drop_table(u->manager->names);
        TAILQ_REMOVE(&u->manager->names->units, u, names_list);
        u->has_names = false;
        u->awaits_dns = false;
        (void) tell(u);
}

void unit_change_names(Unit *u) {
        u->hosts_hash = 0;
        drop_table(u->manager->names);
        if (u->has_names && tell(u) < 0)
                log_message(LOG_WARNING, u->name, "cannot tell others its names");
}

/* -- the host's resolv.conf -- */

static void watch_resolv(Manager *m);

static int on_resolv(sd_event_source *s, const struct inotify_event *event, void *userdata) {
        Manager *m = userdata;

        /* /etc holds much else. */
        if (event->len > 0 && s == m->names->watches[WATCH_DIRECTORY] && !streq(event->name, RESOLV_NAME))
                return 0;
        manager_renew_resolv(m);
        if (!(event->mask & IN_MODIFY))
                watch_resolv(m);
        return 0;
}

/* Anew after each change: the link may lead elsewhere, and the file be another. What is not there is not
 * watched; the directory tells when it comes. */
static void watch_resolv(Manager *m) {
        const uint32_t of_directory = IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_CLOSE_WRITE | IN_ONLYDIR;
        autofree char *target = realpath(RESOLV_PATH, NULL);
        char *slash = target ? strrchr(target, '/') : NULL;
        Names *n = m->names;

        if (slash && slash > target)
                *slash = '\0';
        for (size_t i = 0; i < WATCHED_N_; i++)
                n->watches[i] = sd_event_source_disable_unref(n->watches[i]);
        (void) sd_event_add_inotify(m->event, &n->watches[WATCH_DIRECTORY], RESOLV_DIRECTORY, of_directory,
                                    on_resolv, m);
        (void) sd_event_add_inotify(m->event, &n->watches[WATCH_FILE], RESOLV_PATH,
                                    IN_CLOSE_WRITE | IN_MODIFY, on_resolv, m);
        if (slash && !streq(target, RESOLV_DIRECTORY))
                (void) sd_event_add_inotify(m->event, &n->watches[WATCH_TARGET], target, of_directory,
                                            on_resolv, m);
}

/* -- the whole -- */

int manager_names_new(Manager *m) {
        m->names = calloc(1, sizeof(*m->names));
        if (!m->names)
                return -ENOMEM;
        TAILQ_INIT(&m->names->units);
        return 0;
}

void manager_names_free(Manager *m) {
        Names *n = m->names;

        if (!n)
                return;
        drop_table(n);
        (void) sd_event_source_disable_unref(n->timer);
        (void) sd_event_source_disable_unref(n->limit);
        for (size_t i = 0; i < WATCHED_N_; i++)
                (void) sd_event_source_disable_unref(n->watches[i]);
        strv_free(n->changed);
        free(n);
        m->names = NULL;
}

void manager_settle_names(Manager *m) {
        for (Unit *u = m->units; u; u = u->hh.next)
                if (u->machine.prepared && u->held.spec && u->machine.state != MACHINE_CLEANING)
                        (void) unit_enter_names(u, NULL);
        watch_resolv(m);
        manager_dns_adopt(m);
        manager_renew_resolv(m);
}

int manager_resolve(Manager *m, const char *name, const char *network, char **ret) {
        const NameTable *t;
        json_t *list;
        int r;

        r = get_table(m, &t);
        if (r < 0)
                return r;
        list = name_table_find(t, name, network);
        *ret = list ? json_dumps(list, JSON_COMPACT) : NULL;
        json_decref(list);
        /* Nobody will take it away when there is nothing to be told. */
        if (!m->names->changed)
                drop_table(m->names);
        return *ret ? 0 : -ENOMEM;
}
