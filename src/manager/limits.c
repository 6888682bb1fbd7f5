/*
 * What a running container's cgroup keeps: which limits are in effect, devices, and what follows when the
 * kernel has killed for want of memory.
 */
#include <sys/epoll.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/message-id.h"
#include "cgroup/device-rules.h"
#include "cgroup/limits.h"
#include "cgroup/packets.h"
#include "manager/internal.h"
#include "manager/priority.h"

/* --- limits ----------------------------------------------------------------------------------------- */

static const LimitSpec *limits_in(const ContainerSpec *spec, MachineState state) {
        bool starting = machine_active_state(state) == ACTIVE_STATE_ACTIVATING;

        return starting && spec->starting_limits ? spec->starting_limits : spec->limits;
}

const LimitSpec *unit_limits(const Unit *u) {
        return u->held.spec ? limits_in(u->held.spec, u->machine.state) : NULL;
}

void unit_warn_of_weights(const Unit *u) {
        const LimitSpec *l = unit_limits(u);

        if (l && l->io_weight != UINT64_MAX && !cgroup_weighs_io(u->held.cgroup_fd))
                log_message(LOG_WARNING, u->name, "IOWeight= is left out: the kernel has no io.weight");
}

static void drop_default_limits(const Unit *u, const UnitSpec *from, LimitSpec *limits) {
        const CgroupRoot *cgroups = u->manager->cgroups;

        if (!cgroup_root_supports(cgroups, CGROUP_MEMORY) &&
            !unit_spec_is_set(from, "Service", "MemoryMax") && !unit_spec_is_set(from, "Container", "Memory"))
                limits->memory_max = UINT64_MAX;
        if (!cgroup_root_supports(cgroups, CGROUP_PIDS) && !unit_spec_is_set(from, "Service", "TasksMax") &&
            !unit_spec_is_set(from, "Container", "PidsLimit"))
                limits->tasks_max = UINT64_MAX;
}

int unit_drop_default_limits(const Unit *u, const UnitSpec *from, ContainerSpec *spec) {
        const LimitSpec *kept = NULL;
        LimitSpec l;
        int r;

        r = limit_spec_copy(spec->limits, &l);
        if (r >= 0) {
                drop_default_limits(u, from, &l);
                kept = limit_spec_share(&l);
        }
        limit_spec_done(&l);
        if (!kept)
                return -ENOMEM;
        limit_spec_release(spec->limits);
        spec->limits = kept;
        if (spec->starting_limits)
                drop_default_limits(u, from, spec->starting_limits);
        return 0;
}

int unit_check_limits(const Unit *u, const ContainerSpec *spec, Fault *fault) {
        int r;

        r = cgroup_root_check(u->manager->cgroups, spec->limits, fault);
        if (r >= 0 && spec->starting_limits)
                r = cgroup_root_check(u->manager->cgroups, spec->starting_limits, fault);
        return r;
}

void unit_adapt_limits(Unit *u, MachineState before) {
        const ContainerSpec *spec = u->held.spec;
        const LimitSpec *from = spec ? limits_in(spec, before) : NULL, *to = unit_limits(u);
        autofree char *text = NULL;
        Fault fault = {};

        if (from == to || u->held.cgroup_fd < 0)
                return;
        if (cgroup_root_enable(u->manager->cgroups, to, &fault) >= 0 &&
            cgroup_apply(u->held.cgroup_fd, from, to, &fault) >= 0)
                return;
        text = fault_to_string(&fault);
        log_message(LOG_WARNING, u->name, "cannot change its limits: %s", strempty(text));
}

int unit_change_limits(Unit *u, const ContainerSpec *wanted, bool anew, Fault *fault) {
        const LimitSpec *from = unit_limits(u), *to = limits_in(wanted, u->machine.state);
        int fd = u->held.cgroup_fd, r;

        r = unit_check_limits(u, wanted, fault);
        if (r >= 0)
                r = cgroup_root_enable(u->manager->cgroups, to, fault);
        if (r < 0)
                return r;

        r = anew ? cgroup_apply_anew(fd, to, fault) : cgroup_apply(fd, from, to, fault);
        if (r >= 0 && (anew || !limit_spec_same_devices(from, to)))
                r = unit_restrict_devices(u, to, false, fault);
        if (r >= 0 && (anew || !limit_spec_same_packets(from, to)))
                r = cgroup_restrict_packets(fd, to, fault);
        /* All or nothing, as for a start. */
        if (r < 0)
                (void) cgroup_apply(fd, to, from, NULL);
        if (r < 0 && !anew && !limit_spec_same_devices(from, to))
                (void) unit_restrict_devices(u, from, false, NULL);
        if (r < 0 && !anew && !limit_spec_same_packets(from, to))
                (void) cgroup_restrict_packets(fd, from, NULL);
        return r;
}

/* --- devices ---------------------------------------------------------------------------------------- */

/* File permissions mean little to a container's root: less than reading and writing needs a program. */
static bool needs_rule(const DeviceSpec *d, bool closed) {
        return closed || !d->read || !d->write;
}

static int add_own_devices(const Unit *u, bool closed, DeviceRule **rules, size_t *n, Fault *fault) {
        const ContainerSpec *spec = u->held.spec;
        autodevices DeviceNodes nodes = {};
        bool any = false;
        DeviceRule *grown;
        int r;

        for (size_t i = 0; i < spec->n_devices; i++)
                any |= needs_rule(&spec->devices[i], closed);
        if (!any)
                return 0;

        r = device_nodes_find(spec->devices, spec->n_devices, fault, &nodes);
        if (r < 0)
                return r;
        grown = reallocarray(*rules, *n + nodes.n + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        *rules = grown;
        for (size_t i = 0; i < nodes.n; i++) {
                const DeviceNode *node = &nodes.items[i];

                if (needs_rule(node->spec, closed))
                        grown[(*n)++] = (DeviceRule){ .block = S_ISBLK(node->mode),
                                                      .number = node->number,
                                                      .read = node->spec->read,
                                                      .write = node->spec->write,
                                                      .make = node->spec->make };
        }
        return 0;
}

int unit_restrict_devices(Unit *u, const LimitSpec *limits, bool fresh, Fault *fault) {
        bool closed = device_rules_are_closed(limits);
        autofree DeviceRule *rules = NULL;
        size_t n = 0;
        int r;

        r = closed ? device_rules_find(limits, &rules, &n) : 0;
        if (r >= 0)
                r = add_own_devices(u, closed, &rules, &n, fault);
        if (r < 0)
                return r;
        if (closed || n > 0)
                return cgroup_restrict_devices(u->held.cgroup_fd, rules, n, !closed, fault);

        /* There may have been a program until now; where the kernel has none, there was not. */
        if (!fresh)
                (void) cgroup_release_devices(u->held.cgroup_fd);
        return 0;
}

/* --- want of memory --------------------------------------------------------------------------------- */

static int on_memory_event(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        CgroupMemoryEvents events;
        Unit *u = userdata;

        if (cgroup_read_memory_events(fd, &events) < 0) {
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
                return 0;
        }
        if (events.oom_kill <= u->oom_seen)
                return 0;

        u->oom_seen = events.oom_kill;
        log_entry(LOG_WARNING, u->name, EXPLAINED(MESSAGE_MEMORY),
                  "the kernel has killed a process of it for want of memory");
        if (u->held.spec && u->held.spec->oom_policy == OOM_POLICY_STOP)
                unit_event(u, &(MachineEvent){ .type = EVENT_FAIL, .result = RESULT_OOM_KILL });
        return 0;
}

void unit_unwatch_oom(Unit *u) {
        u->oom_watch = sd_event_source_disable_unref(u->oom_watch);
}

void unit_kill_as_whole(const Unit *u, bool whole) {
        if (u->held.spec->oom_policy == OOM_POLICY_KILL && u->held.cgroup_fd >= 0)
                (void) cgroup_kill_as_whole(u->held.cgroup_fd, whole);
}

void unit_watch_oom(Unit *u) {
        CgroupMemoryEvents events;
        int fd, r;

        unit_unwatch_oom(u);
        if (!u->held.spec || u->held.cgroup_fd < 0)
                return;
        /* It tells by its end. During the launch that was off. */
        if (u->held.spec->oom_policy == OOM_POLICY_KILL) {
                unit_kill_as_whole(u, true);
                return;
        }
        fd = fd_move_up(cgroup_open_memory_events(u->held.cgroup_fd));
        if (fd < 0)
                return;

        r = sd_event_add_io(u->manager->event, &u->oom_watch, fd, EPOLLPRI, on_memory_event, u);
        if (r < 0) {
                (void) close(fd);
                return;
        }
        (void) sd_event_source_set_io_fd_own(u->oom_watch, true);
        (void) sd_event_source_set_priority(u->oom_watch, PRIORITY_CGROUP);
        u->oom_seen = cgroup_read_memory_events(fd, &events) == 0 ? events.oom_kill : 0;
}
