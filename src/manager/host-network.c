/* The network of all containers, in the manager's loop: made at startup, and told when others change it. */
#include "basic/log.h"
#include "manager/internal.h"
#include "manager/priority.h"

/* How often changes of the network are looked at. */
#define NETWORK_INTERVAL (1 * USEC_PER_SEC)
#define NETWORK_BURST    500

/* The kernel's table of connections grows with the host's memory, not with what is in it: each look takes
 * some milliseconds. */
#define PURGE_DELAY (200 * USEC_PER_MSEC)

/* Links go some 40 ms after their namespace; of a thousand at once, some seconds. */
#define KEPT_DELAY (5 * USEC_PER_SEC)

static int on_network_changed(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Manager *m = userdata;
        int r = network_process_monitor(m->network);

        if (r > 0 && r & NETWORK_TABLE_RESTORED)
                log_notice("somebody changed table inet nsunits; it was made again");
        if (r > 0 && r & NETWORK_LINKS_RESTORED)
                log_notice("somebody changed links, addresses or routes of ours; they were made again");
        if (r < 0)
                log_warning("cannot restore the network: %s", strerror(-r));
        return 0;
}

static int on_purge(sd_event_source *s, uint64_t usec, void *userdata) {
        Manager *m = userdata;
        int r = network_purge(m->network);

        if (r < 0)
                log_debug("cannot look for connections to former targets: %s", strerror(-r));
        else if (r > 0)
                log_debug("%d connections led to former targets of published ports", r);
        return 0;
}

/* Behind whatever has changed ports, and once for many changes. */
static int on_ports_changed(sd_event_source *s, void *userdata) {
        Manager *m = userdata;

        if (network_wants_purge(m->network))
                manager_arm_delay(m, &m->purge_timer, PURGE_DELAY, on_purge);
        return 0;
}

static int on_kept(sd_event_source *s, uint64_t usec, void *userdata) {
        Manager *m = userdata;

        if (network_delete_kept(m->network))
                manager_schedule_kept(m);
        return 0;
}

void manager_schedule_kept(Manager *m) {
        manager_arm_delay(m, &m->kept_timer, KEPT_DELAY, on_kept);
}

int manager_setup_network(Manager *m, Fault *fault) {
        const ManagerConfig *c = m->config;
        NetworkSettings settings = {
                .subnet4 = c->network.subnet,
                .subnet6 = c->network.ipv6 ? c->network.subnet6 : (InetPrefix){},
                .pool4 = c->network.pool,
                .pool6 = c->network.pool6,
                .own_table = c->network.table_owner,
                .publish_localhost = c->network.localhost_publish,
                .cgroup = cgroup_root_mount(m->cgroups),
        };
        int r;

        (void) snprintf(settings.bridge, sizeof(settings.bridge), "%s", c->network.bridge);
        r = network_new(&settings, fault, &m->network);
        if (r < 0)
                return r;

        r = sd_event_add_io(m->event, &m->network_source, network_monitor_fd(m->network), EPOLLIN,
                            on_network_changed, m);
        if (r >= 0)
                r = sd_event_add_post(m->event, &m->purge_source, on_ports_changed, m);
        if (r >= 0)
                r = sd_event_source_set_priority(m->network_source, PRIORITY_NETWORK);
        /* Whoever takes away again and again what we restore shall not keep us from all else. */
        if (r >= 0)
                r = sd_event_source_set_ratelimit(m->network_source, NETWORK_INTERVAL, NETWORK_BURST);
        return r < 0 ? fault_set(fault, "event loop", r, NULL) : 0;
}

void manager_settle_network(Manager *m) {
        autofree char *text = NULL;
        Fault fault = {};

        if (network_settle(m->network, &fault) >= 0)
                return;
        text = fault_to_string(&fault);
        log_warning("cannot bring the network into order: %s", text ? text : "out of memory");
}
