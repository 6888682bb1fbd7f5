/* dnsmasq as a child per network: its arguments, its life, and the file that it has the names from. */
#include "manager/dns.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/queue.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "manager/helper.h"
#include "manager/names.h"
#include "manager/priority.h"
#include "network/dnsmasq.h"
#include "network/inside.h"
#include "runtime/host-exec.h"
#include "spec/network-section.h"

/* A server that ends by itself is started again after this time, which doubles. */
#define RETRY_FIRST (100 * USEC_PER_MSEC)
#define RETRY_LAST  (60 * USEC_PER_SEC)

/* One that has lived so long has not ended for a reason that is still there. */
#define LIFE_LONG (10 * USEC_PER_SEC)

/* For a container's first question; a server takes some 4 ms to begin. */
#define READY_TIMEOUT (2 * USEC_PER_SEC)

struct DnsServer {
        Manager *manager;
        char *network, *directory;
        char **argv;  /* of the process that runs, or is to */
        Child *child; /* NULL = none runs */
        bool ready;   /* it answers, or did until it ended */
        bool failed;  /* it has ended before it answered: containers ask the host's servers */
        bool told;    /* ... and `nsctl status` of the network says so */
        bool ending;  /* it was killed: what comes then is decided at its end */
        usec_t began, retry_delay;
        sd_event_source *watch, *timer;
        LIST_ENTRY(DnsServer) link;
};

static void start(DnsServer *s);
static void remove_server(DnsServer *s);

static DnsServer *find(const Manager *m, const char *network) {
        DnsServer *s;

        LIST_FOREACH (s, &m->dns, link)
                if (streq(s->network, network))
                        return s;
        return NULL;
}

static char *path_in(const DnsServer *s, const char *name) {
        char *path;

        return asprintf(&path, "%s/%s", s->directory, name) < 0 ? NULL : path;
}

/* -- what is wanted -- */

static const NetworkSection *section_of(const Manager *m, const char *network) {
        const Unit *u = manager_get_unit(m, network);

        return u && u->spec && u->spec->kind == UNIT_NETWORK ? u->spec->network : NULL;
}

/* As with podman, the default network has none. With some drivers the gateway is another machine. */
static bool wants_server(const Manager *m, const char *network, NetworkFace *face) {
        const NetworkSection *section = section_of(m, network);

        return !streq(network, NETWORK_DEFAULT_NAME) && !(section && section->disable_dns) &&
               network_face(m->network, network, face) && face->n > 0 && host_has_address(&face->gateways[0]);
}

static int make_arguments(const DnsServer *s, const NetworkFace *face, char ***ret) {
        const NetworkSection *section = section_of(s->manager, s->network);

        return dnsmasq_arguments(s->directory, face, section ? section->dns.items : NULL,
                                 section ? section->dns.n : 0, ret);
}

/* -- a server's life -- */

static void release_waiting(Manager *m, const char *network) {
        Unit *u, *next;

        HASH_ITER (hh, m->units, u, next) {
                const Attachment *a = u->awaits_dns ? unit_attachment(u) : NULL;

                for (size_t i = 0; a && i < a->n_links; i++)
                        if (streq(a->links[i].network, network)) {
                                u->awaits_dns = false;
                                break;
                        }
                if (a && !u->awaits_dns && !unit_wait_for_dns(u))
                        unit_event(u, &(MachineEvent){ .type = EVENT_PREPARED });
        }
}

static void set_failure(DnsServer *s, const Fault *fault) {
        Unit *u = manager_get_unit(s->manager, s->network);

        if (fault) {
                autofree char *text = fault_to_string(fault);

                log_message(LOG_WARNING, s->network, "%s", strempty(text));
        }
        if (u && (fault || s->told))
                unit_set_fault(u, fault);
        s->told = fault != NULL;
}

static void on_ready(DnsServer *s) {
        bool news = !s->ready || s->failed;

        s->watch = sd_event_source_disable_unref(s->watch);
        s->timer = sd_event_source_disable_unref(s->timer);
        s->ready = true;
        s->failed = false;
        if (s->told)
                set_failure(s, NULL);
        if (news)
                manager_renew_resolv(s->manager);
        release_waiting(s->manager, s->network);
}

/* It writes the file when its sockets are there. */
static int on_pid_file(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        DnsServer *s = userdata;

        /* One that was killed may have come so far before that. */
        if (event->len > 0 && streq(event->name, "pid") && !s->ending)
                on_ready(s);
        return 0;
}

static void fail(DnsServer *s, const Fault *fault) {
        bool news = !s->failed;

        if (!s->child)
                s->watch = sd_event_source_disable_unref(s->watch);
        s->ready = false;
        s->failed = true;
        if (!s->told)
                set_failure(s, fault);
        if (news)
                manager_renew_resolv(s->manager);
        release_waiting(s->manager, s->network);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        DnsServer *s = userdata;

        if (!s->child)
                start(s);
        else if (!s->ready) {
                Fault fault = {};

                (void) fault_set(&fault, "name server", -ETIMEDOUT, "dnsmasq of %s", s->network);
                fail(s, &fault);
        }
        return 0;
}

static void arm(DnsServer *s, usec_t delay) {
        s->timer = sd_event_source_disable_unref(s->timer);
        (void) sd_event_add_time(s->manager->event, &s->timer, CLOCK_MONOTONIC,
                                 clock_now(CLOCK_MONOTONIC) + delay, USEC_PER_MSEC, on_retry, s);
}

static void describe_end(const DnsServer *s, const ChildExit *how, Fault *fault) {
        if (how->known && how->code == CLD_EXITED && how->status == HOST_EXEC_STATUS_EXEC) {
                (void) fault_set(fault, "name server", -ENOENT, "dnsmasq");
                fault_advise(fault, "containers find each other by /etc/hosts alone; install dnsmasq, or set "
                                    "DisableDNS=yes");
                return;
        }
        (void) fault_set(fault, "name server", -ECONNRESET, "dnsmasq of %s has ended by %s %i", s->network,
                         how->code == CLD_EXITED ? "status" : "signal", how->status);
        fault_advise(fault, "\"nsctl logs %s\" has its words; containers find each other by /etc/hosts alone",
                     s->network);
}

/* To be started again, the later the shorter it has lived. */
static void try_again(DnsServer *s) {
        usec_t delay = s->retry_delay;

        if (clock_now(CLOCK_MONOTONIC) - s->began >= LIFE_LONG) {
                s->retry_delay = RETRY_FIRST;
                start(s);
                return;
        }
        arm(s, delay);
        s->retry_delay = 2 * delay > RETRY_LAST ? RETRY_LAST : 2 * delay;
}

static void on_end(Child *child, const ChildExit *how, void *data) {
        bool missing = how->known && how->code == CLD_EXITED && how->status == HOST_EXEC_STATUS_EXEC;
        DnsServer *s = data;
        NetworkFace face;
        Fault fault = {};

        child_free(take_ptr(s->child));
        s->timer = sd_event_source_disable_unref(s->timer);
        if (s->ending) {
                s->ending = false;
                if (wants_server(s->manager, s->network, &face))
                        start(s);
                else
                        remove_server(s);
                return;
        }
        if (s->ready) {
                log_message(LOG_NOTICE, s->network, "its name server has ended, and is started again");
                try_again(s);
                return;
        }
        describe_end(s, how, &fault);
        fail(s, &fault);
        if (!missing)
                try_again(s);
}

static Helper helper_of(DnsServer *s) {
        return (Helper){
                .manager = s->manager, .cgroup = s->network, .log_unit = s->network, .fn = on_end, .data = s
        };
}

static void start(DnsServer *s) {
        autofree char *pid_file = path_in(s, "pid");
        const Helper helper = helper_of(s);
        Fault fault = {};
        int r = pid_file ? 0 : -ENOMEM;

        if (r >= 0) {
                (void) unlink(pid_file);
                s->began = clock_now(CLOCK_MONOTONIC);
                s->watch = sd_event_source_disable_unref(s->watch);
                r = sd_event_add_inotify(s->manager->event, &s->watch, s->directory, IN_CLOSE_WRITE,
                                         on_pid_file, s);
        }
        if (r >= 0)
                r = helper_save_arguments(s->directory, s->argv);
        if (r >= 0)
                r = helper_start(&helper, s->argv[0], s->argv, &s->child, &fault);
        if (r >= 0) {
                arm(s, READY_TIMEOUT);
                return;
        }
        (void) fault_set(&fault, "name server", r, "%s", s->network);
        fail(s, &fault);
        arm(s, RETRY_LAST);
}

static void server_free(DnsServer *s) {
        if (!s)
                return;
        (void) sd_event_source_disable_unref(s->watch);
        (void) sd_event_source_disable_unref(s->timer);
        child_free(s->child);
        strv_free(s->argv);
        free(s->directory);
        free(s->network);
        free(s);
}

AUTOPTR_DEFINE(DnsServer, server_free);

static int server_new(Manager *m, const char *network, DnsServer **ret) {
        autoptr(DnsServer) s = calloc(1, sizeof(*s));
        autofree char *hosts = NULL;
        Helper helper;
        int r;

        if (!s)
                return -ENOMEM;
        s->manager = m;
        s->retry_delay = RETRY_FIRST;
        s->network = strdup(network);
        if (!s->network || asprintf(&s->directory, "%s/dns/%s", m->config->paths.run, network) < 0)
                return -ENOMEM;
        hosts = path_in(s, "hosts");
        if (!hosts)
                return -ENOMEM;
        r = dir_make(AT_FDCWD, hosts, 0755);
        if (r < 0)
                return r;

        if (helper_load_arguments(s->directory, &s->argv) < 0)
                return -ENOMEM;
        helper = helper_of(s);
        helper_adopt(&helper, &s->child);
        s->ready = s->child != NULL;
        r = manager_names_changed(m, network);
        if (r < 0)
                return r;
        LIST_INSERT_HEAD(&m->dns, s, link);
        *ret = take_ptr(s);
        return 0;
}

static void remove_server(DnsServer *s) {
        LIST_REMOVE(s, link);
        set_failure(s, NULL);
        (void) tree_remove(AT_FDCWD, s->directory);
        (void) cgroup_remove(s->manager->cgroups, s->network);
        server_free(s);
}

/* It has nothing that would be lost. */
static void end(DnsServer *s) {
        if (!s->child) {
                remove_server(s);
                return;
        }
        s->ending = true;
        /* Who starts now waits for the next one. */
        s->ready = false;
        (void) child_signal(s->child, SIGKILL);
}

/* One for the network, and of the right arguments. */
static int ensure(Manager *m, const char *network, const NetworkFace *face) {
        DnsServer *s = find(m, network);
        autostrv char **argv = NULL;
        int r = 0;

        if (!s)
                r = server_new(m, network, &s);
        if (r >= 0)
                r = make_arguments(s, face, &argv);
        if (r < 0)
                return r;
        if (strv_equal(s->argv, argv) && (s->child || s->timer))
                return 0;

        strv_free(s->argv);
        s->argv = take_ptr(argv);
        if (s->child)
                end(s); /* which starts the next one */
        else
                start(s);
        return 0;
}

static void settle_network(Manager *m, const char *network) {
        DnsServer *s = find(m, network);
        NetworkFace face;
        int r = 0;

        if (wants_server(m, network, &face))
                r = ensure(m, network, &face);
        else if (s) {
                end(s);
                manager_renew_resolv(m);
        }
        if (r < 0)
                log_message(LOG_WARNING, network, "cannot start its name server: %s", strerror(-r));
}

void manager_dns_open(Manager *m, char *const *networks) {
        STRV_FOREACH (network, networks)
                if (!find(m, *network))
                        settle_network(m, *network);
}

/* Networks that containers are on, each once. */
static int list_networks(const Manager *m, char ***ret) {
        autostrv char **list = NULL;

        for (const Unit *u = m->units; u; u = u->hh.next)
                for (size_t i = 0; u->has_names && u->held.attachment && i < u->held.attachment->n_links;
                     i++) {
                        const char *network = u->held.attachment->links[i].network;

                        if (!strv_contains(list, network) && strv_add(&list, network) < 0)
                                return -ENOMEM;
                }
        *ret = take_ptr(list);
        return 0;
}

void manager_dns_settle(Manager *m) {
        autostrv char **networks = NULL;
        DnsServer *s, *next;

        for (s = LIST_FIRST(&m->dns); s; s = next) {
                next = LIST_NEXT(s, link);
                settle_network(m, s->network);
        }
        if (list_networks(m, &networks) < 0)
                return;
        STRV_FOREACH (network, networks)
                settle_network(m, *network);
}

void manager_dns_adopt(Manager *m) {
        autofree char *path = NULL;
        autoclosedir DIR *d = NULL;
        struct dirent *e;
        DnsServer *s;

        if (asprintf(&path, "%s/dns", m->config->paths.run) < 0)
                return;
        d = opendir(path);
        while (d && (e = readdir(d)))
                if (unit_name_valid(e->d_name) && !find(m, e->d_name) && server_new(m, e->d_name, &s) < 0)
                        log_message(LOG_WARNING, e->d_name, "cannot take over its name server");
        manager_dns_settle(m);
}

void manager_dns_free(Manager *m) {
        while (!LIST_EMPTY(&m->dns)) {
                DnsServer *s = LIST_FIRST(&m->dns);

                LIST_REMOVE(s, link);
                server_free(s);
        }
}

void manager_dns_end(Manager *m) {
        while (!LIST_EMPTY(&m->dns)) {
                DnsServer *s = LIST_FIRST(&m->dns);
                const Helper helper = helper_of(s);

                helper_end(&helper, take_ptr(s->child));
                remove_server(s);
        }
}

/* -- names -- */

/* In another directory first: the server looks at every file of its own. */
static int write_hosts(const DnsServer *s, const char *text) {
        autofree char *new = path_in(s, "next"), *path = path_in(s, "hosts/names");
        int r;

        if (!new || !path)
                return -ENOMEM;
        r = file_replace(AT_FDCWD, new, text, strlen(text), 0644, false);
        return r < 0 || rename(new, path) == 0 ? r : -errno;
}

/* A name with a dot may have been asked of others before, and their "no" is remembered. */
static bool may_be_cached(const char *text) {
        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line != '\0') {
                const char *names = line + strcspn(line, "\t"), *end = line + strcspn(line, "\n");

                if (names < end && memchr(names, '.', (size_t) (end - names)))
                        return true;
        }
        return false;
}

void manager_dns_publish(Manager *m, const NameTable *t, char *const *networks) {
        STRV_FOREACH (network, networks) {
                char *one[] = { *network, NULL };
                autofree char *text = name_table_hosts(t, one, NULL);
                DnsServer *s;
                int r;

                settle_network(m, *network);
                s = find(m, *network);
                if (!s)
                        continue;
                r = text ? write_hosts(s, text) : -ENOMEM;
                if (r < 0)
                        log_message(LOG_WARNING, *network, "cannot give names to its server: %s",
                                    strerror(-r));
                else if (s->child && may_be_cached(text))
                        (void) child_signal(s->child, SIGHUP);
        }
}

size_t unit_dns_servers(const Unit *u, InetAddress ret[DNS_SERVERS_MAX]) {
        const Attachment *a = unit_attachment(u);
        size_t n = 0;

        for (size_t i = 0; a && i < a->n_links; i++) {
                const char *network = a->links[i].network;
                const DnsServer *s = find(u->manager, network);
                NetworkFace face;

                if ((s && s->failed) || !wants_server(u->manager, network, &face))
                        continue;
                for (size_t j = 0; j < face.n && n < DNS_SERVERS_MAX; j++)
                        ret[n++] = face.gateways[j];
        }
        return n;
}

bool unit_wait_for_dns(Unit *u) {
        const Attachment *a = unit_attachment(u);

        for (size_t i = 0; a && i < a->n_links; i++) {
                const DnsServer *s;

                settle_network(u->manager, a->links[i].network);
                s = find(u->manager, a->links[i].network);
                if (s && !s->ready && !s->failed)
                        u->awaits_dns = true;
        }
        return u->awaits_dns;
}
