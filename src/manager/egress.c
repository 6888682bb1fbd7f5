#include "manager/egress.h"

#include "basic/log.h"
#include "basic/strv.h"
#include "manager/dns.h"
#include "manager/helper.h"
#include "network/dns-message.h"
#include "network/gate.h"

/* A gate that ends is started again after this time. */
#define RETRY_DELAY (500 * USEC_PER_MSEC)

#define PEERS_MAX 256

/* Words of the gate's command line before those that make a difference: its descriptor is another each time.
 */
#define VARYING_WORDS 2

struct Gate {
        Unit *unit;
        char *cgroup;
        char **argv;
        Child *child;
        sd_event_source *timer;
};

static void start_gate(Gate *g);

static bool names_hosts(const ContainerSpec *spec) {
        for (size_t i = 0; spec->egress_closed && i < spec->egress.n; i++)
                if (spec->egress.items[i].host)
                        return true;
        return false;
}

bool unit_has_gate(const Unit *u) {
        const Attachment *a = unit_attachment(u);
        const Unit *owner = a ? manager_get_unit(u->manager, a->unit) : NULL;

        return owner && owner->held.spec && names_hosts(owner->held.spec);
}

/* -- the gate -- */

static int on_retry(sd_event_source *s, uint64_t usec, void *userdata) {
        start_gate(userdata);
        return 0;
}

static void try_later(Gate *g) {
        g->timer = sd_event_source_disable_unref(g->timer);
        (void) sd_event_add_time(g->unit->manager->event, &g->timer, CLOCK_MONOTONIC,
                                 clock_now(CLOCK_MONOTONIC) + RETRY_DELAY, USEC_PER_MSEC, on_retry, g);
}

static void on_end(Child *child, const ChildExit *how, void *data) {
        Gate *g = data;

        child_free(take_ptr(g->child));
        log_message(LOG_WARNING, g->unit->name,
                    "its gate for names of EgressAllow= has ended, and is started again");
        try_later(g);
}

static Helper helper_of(Gate *g) {
        return (Helper){ .manager = g->unit->manager,
                         .cgroup = g->cgroup,
                         .log_unit = g->unit->name,
                         .fn = on_end,
                         .data = g };
}

static int make_arguments(const Unit *u, int fd, char ***ret) {
        const ContainerSpec *spec = u->held.spec;
        InetAddress found[DNS_SERVERS_MAX];
        const InetAddress *servers = spec->dns;
        size_t n_servers = spec->n_dns;
        autostrv char **names = NULL;

        for (size_t i = 0; i < spec->egress.n; i++)
                if (strv_add(&names, spec->egress.items[i].host ? spec->egress.items[i].host : GATE_NONE) < 0)
                        return -ENOMEM;
        if (n_servers == 0) {
                servers = found;
                n_servers = unit_dns_servers(u, found);
        }
        return gate_arguments(fd, u->held.attachment->links[0].host_name, servers, n_servers, names, ret);
}

static int execute_gate(Gate *g, Fault *fault) {
        autoclose int fd = gate_socket(g->unit->held.netns_fd);
        const Helper helper = helper_of(g);
        autofree char *dir = unit_files_path(g->unit, NULL);
        autostrv char **argv = NULL;
        char path[PROGRAM_PATH_MAX];
        int r;

        if (!dir)
                return -ENOMEM;
        if (fd < 0)
                return fault_set(fault, "gate", fd, "%s", GATE_ADDRESS);
        r = make_arguments(g->unit, fd, &argv);
        if (r >= 0)
                r = helper_save_arguments(dir, argv);
        if (r < 0)
                return fault_set(fault, "gate", r, "%s", g->unit->name);
        strv_free(g->argv);
        g->argv = take_ptr(argv);
        r = program_path(&g->unit->manager->programs, PROGRAM_GATE, path);
        if (r < 0)
                return fault_set(fault, "gate", r, "%s", program_file(PROGRAM_GATE));
        return helper_start(&helper, path, g->argv, &g->child, fault);
}

/* Without it names of EgressAllow= are found by nobody: closed, not open. */
static void start_gate(Gate *g) {
        Fault fault = {};

        if (execute_gate(g, &fault) < 0) {
                autofree char *text = fault_to_string(&fault);

                log_message(LOG_WARNING, g->unit->name, "%s", strempty(text));
                try_later(g);
        }
}

static void gate_free(Gate *g) {
        if (!g)
                return;
        (void) sd_event_source_disable_unref(g->timer);
        child_free(g->child);
        strv_free(g->argv);
        free(g->cgroup);
        free(g);
}

AUTOPTR_DEFINE(Gate, gate_free);

static int gate_new(Unit *u) {
        autoptr(Gate) g = calloc(1, sizeof(*g));

        if (!g)
                return -ENOMEM;
        g->unit = u;
        if (asprintf(&g->cgroup, "%s.gate", u->name) < 0) {
                g->cgroup = NULL;
                return -ENOMEM;
        }
        u->gate = take_ptr(g);
        return 0;
}

static void end_gate(Unit *u) {
        Helper helper;

        if (!u->gate)
                return;
        helper = helper_of(u->gate);
        helper_end(&helper, take_ptr(u->gate->child));
        gate_free(take_ptr(u->gate));
}

void unit_forget_gate(Unit *u) {
        gate_free(take_ptr(u->gate));
}

static bool same_arguments(char *const *a, char *const *b) {
        return strv_length(a) > VARYING_WORDS && strv_length(b) > VARYING_WORDS &&
               strv_equal(a + VARYING_WORDS, b + VARYING_WORDS);
}

void unit_renew_gate(Unit *u) {
        autostrv char **argv = NULL;

        if (!u->gate || !u->held.attachment || make_arguments(u, -1, &argv) < 0 ||
            same_arguments(argv, u->gate->argv))
                return;
        end_gate(u);
        if (gate_new(u) >= 0)
                start_gate(u->gate);
}

/* -- the whole -- */

static int ensure_gate(Unit *u, Fault *fault) {
        int r;

        if (!names_hosts(u->held.spec)) {
                end_gate(u);
                return 0;
        }
        if (u->gate) {
                unit_renew_gate(u);
                return 0;
        }
        r = gate_new(u);
        return r < 0 ? r : execute_gate(u->gate, fault);
}

int unit_close_egress(Unit *u, Fault *fault) {
        const ContainerSpec *spec = u->held.spec;
        int r;

        if (!u->held.attachment)
                return 0;
        if (!spec->egress_closed) {
                unit_open_egress(u);
                return 0;
        }
        r = network_close_egress(u->manager->network, u->held.attachment, spec->egress.items, spec->egress.n,
                                 false, fault);
        return r < 0 ? r : ensure_gate(u, fault);
}

void unit_open_egress(Unit *u) {
        end_gate(u);
        if (u->held.attachment)
                network_open_egress(u->manager->network, u->held.attachment);
}

int unit_change_egress(Unit *u, ContainerSpec *wanted, Fault *fault) {
        ContainerSpec *spec = u->held.spec;
        int r;

        SWAP(spec->egress, wanted->egress);
        SWAP(spec->egress_closed, wanted->egress_closed);
        r = unit_close_egress(u, fault);
        if (r < 0) {
                SWAP(spec->egress, wanted->egress);
                SWAP(spec->egress_closed, wanted->egress_closed);
                (void) unit_close_egress(u, NULL);
        }
        return r;
}

/* The one that runs, if it is the right one. */
static void adopt_gate(Unit *u) {
        autofree char *dir = unit_files_path(u, NULL);
        Helper helper;

        if (!dir || gate_new(u) < 0)
                return;
        helper = helper_of(u->gate);
        helper_adopt(&helper, &u->gate->child);
        (void) helper_load_arguments(dir, &u->gate->argv);
        if (u->gate->child)
                unit_renew_gate(u);
        else
                start_gate(u->gate);
}

void manager_adopt_egress(Manager *m) {
        for (Unit *u = m->units; u; u = u->hh.next) {
                const ContainerSpec *spec = u->held.spec;
                Fault fault = {};

                if (!u->machine.prepared || !u->held.attachment || !spec || !spec->egress_closed)
                        continue;
                if (network_close_egress(m->network, u->held.attachment, spec->egress.items, spec->egress.n,
                                         true, &fault) < 0) {
                        autofree char *text = fault_to_string(&fault);

                        log_message(LOG_ERR, u->name, "%s", strempty(text));
                }
                if (names_hosts(spec))
                        adopt_gate(u);
        }
        network_settle_egress(m->network);
}

/* -- names that are not asked for -- */

static size_t add_hosts(const Unit *u, const char *pattern, InetAddress *ret, size_t n) {
        const ContainerSpec *spec = u->held.spec;
        const NetworkLink *first = &u->held.attachment->links[0];

        for (size_t i = 0; i < spec->n_hosts && n < PEERS_MAX; i++) {
                const HostEntry *e = &spec->hosts[i];

                if (!dns_name_matches(e->name, pattern))
                        continue;
                if (e->address.family != AF_UNSPEC)
                        ret[n++] = e->address;
                else if (first->n_addresses > 0 && first->gateways[0].family != AF_UNSPEC)
                        ret[n++] = first->gateways[0];
        }
        return n;
}

void unit_renew_egress_peers(Unit *u, const NameTable *t) {
        const ContainerSpec *spec = u->held.spec;
        const Attachment *a = u->held.attachment;
        autofree char **networks = NULL;

        if (!a || !a->egress || !spec->egress_closed || a->n_links == 0)
                return;
        networks = calloc(a->n_links + 1, sizeof(*networks));
        for (size_t i = 0; networks && i < a->n_links; i++)
                networks[i] = a->links[i].network;
        for (size_t i = 0; networks && i < spec->egress.n; i++) {
                const char *host = spec->egress.items[i].host;
                InetAddress addresses[PEERS_MAX];
                size_t n;

                if (!host)
                        continue;
                n = name_table_addresses(t, networks, host, addresses, PEERS_MAX);
                n = add_hosts(u, host, addresses, n);
                if (network_set_egress_peers(u->manager->network, u->held.attachment, i, addresses, n) < 0)
                        log_message(LOG_WARNING, u->name, "EgressAllow=%s: cannot allow its addresses", host);
        }
}
