/* One unit: its file, and how it looks from outside. */
#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/shared.h"
#include "basic/strv.h"
#include "cgroup/packets.h"
#include "manager/egress.h"
#include "manager/internal.h"
#include "manager/links.h"
#include "manager/standby.h"
#include "spec/unit-place.h"

ENUM_DEFINE(LoadState, load_state, LOAD_STATE, LOAD_STATE_LIST)

int unit_new(Manager *m, const char *name, Unit **ret) {
        Unit *u;
        int r;

        u = calloc(1, sizeof(*u));
        if (!u)
                return -ENOMEM;
        u->manager = m;
        u->held = HELD_INIT;
        u->named.pidfd = u->mounts_fd = u->base_fd = -EBADF;
        u->cgroup_events_fd = u->hook_cgroup_fd = -EBADF;
        u->lent.fds[0] = u->lent.fds[1] = u->lent.fds[2] = -EBADF;
        u->load_state = LOAD_NOT_FOUND;
        machine_init(&u->machine);

        u->policy = shared_take(&(MachinePolicy){}, sizeof(*u->policy));
        u->name = strdup(name);
        r = u->policy && u->name ? manager_graph_index(m, name, &u->index) : -ENOMEM;
        if (r < 0) {
                unit_free(u);
                return r;
        }

        *ret = u;
        return 0;
}

void unit_free(Unit *u) {
        if (!u)
                return;

        if (u->looking)
                worker_cancel(u->looking);
        unit_health_end(u);
        unit_forget_gate(u);
        unit_trigger_free(u->trigger);
        unit_forget_restart(u);
        unit_drop_standby(u);
        child_free(u->main);
        child_free(u->hook);
        (void) sd_event_source_disable_unref(u->named.source);
        cleanup_close_(&u->named.pidfd);
        cleanup_close_(&u->mounts_fd);
        cleanup_close_(&u->base_fd);
        notify_socket_free(u->notify);
        unit_fds_free(u);
        (void) sd_event_source_disable_unref(u->timer);
        (void) sd_event_source_disable_unref(u->job_timer);
        (void) sd_event_source_disable_unref(u->cgroup_watch);
        (void) sd_event_source_disable_unref(u->oom_watch);
        cleanup_close_(&u->cgroup_events_fd);
        cleanup_close_(&u->hook_cgroup_fd);
        cleanup_close_(&u->held.userns_fd);
        cleanup_close_(&u->held.netns_fd);
        cleanup_close_(&u->held.cgroup_fd);
        image_unref(u->held.image);
        unit_drop_mount_images(u);
        container_spec_free(u->held.spec);
        unit_forget_links(u);
        id_map_clear(&u->held.ids);
        unit_spec_free(u->spec);
        unit_update_drop(u);
        raw_unit_free(u->raw_bad);
        free(u->load_error);
        free(u->fault_text);
        free(u->status_text);
        json_decref(u->sent);
        free(u->unmet);
        manager_return_stdio(u);
        json_decref(u->death);
        json_decref(u->death_due);
        strv_free(u->monitor);
        shared_drop(u->policy);
        free(u->name);
        free(u);
}

/* Containers follow [Service]; a network, a volume or a pod is there or not, as an ended oneshot is. A build
 * is done each time it is asked for. */
static MachinePolicy policy_of(const UnitSpec *spec) {
        MachinePolicy p = machine_policy_from_unit(spec);

        if (spec->kind != UNIT_CONTAINER) {
                p.restart.type = SERVICE_ONESHOT;
                p.restart.policy = RESTART_NO;
                p.remain_after_exit = p.remain_after_exit || spec->kind != UNIT_BUILD;
                p.start_limit_interval = 0;
        }
        return p;
}

void unit_set_policy(Unit *u, const UnitSpec *spec) {
        MachinePolicy p = policy_of(spec);
        const MachinePolicy *shared;

        unit_take_pod_policy(u, spec, &p);
        if (u->machine.prepared && u->held.spec && spec->kind == UNIT_CONTAINER) {
                /* It knows nothing of a keep-alive that it was not told to send. */
                p.restart.type = u->held.spec->type;
                p.watchdog = u->held.watchdog;
        }
        shared = shared_take(&p, sizeof(p));
        if (!shared) {
                log_message(LOG_ERR, u->name, "goes by what its file has said before: %s", strerror(ENOMEM));
                return;
        }
        shared_drop(u->policy);
        u->policy = shared;
}

/* Reads text into a spec. Whatever is wrong with it ends up in @diag and in the load state. */
static int load_spec(Unit *u, Diag *diag, UnitSpec **ret) {
        autoptr(RawUnit) raw = NULL;
        int r;

        *ret = NULL;
        r = unit_path_load(u->manager->path, u->name, diag, &raw);
        if (r == -ENOMEM)
                return r;
        /* A link that leads nowhere is a mistake that somebody should hear of. */
        if (r == -ENOENT) {
                u->load_state = diag_count_errors(diag) > 0 ? LOAD_BAD_SETTING : LOAD_NOT_FOUND;
                return 0;
        }
        if (r == -ERFKILL) {
                u->load_state = LOAD_MASKED;
                return 0;
        }

        /* What has become an alias is no unit of its own any more. */
        if (raw && !streq(raw->name, u->name)) {
                u->load_state = LOAD_NOT_FOUND;
                return 0;
        }

        u->load_state = LOAD_BAD_SETTING;
        if (r < 0) {
                u->raw_bad = take_ptr(raw);
                return 0;
        }

        r = unit_spec_load(raw, host_specifiers_context(u->manager->specifiers), diag, ret);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                u->raw_bad = take_ptr(raw);
                return 0;
        }

        (void) take_ptr(raw);
        unit_spec_set_defaults(*ret, u->manager->config);
        u->load_state = LOAD_LOADED;
        return 0;
}

/* What the unit calls a service, and has no file of ours, is the host's: its order is kept by the generator.
 */
static bool is_host_service(const Unit *u, const char *name) {
        autofree char *path = NULL;

        return unit_names_service(u->spec, name) && unit_path_find(u->manager->path, name, &path) == -ENOENT;
}

/* Into the graph; names that are not ours are the generator's business. */
static int enter_all(Unit *u, Dependency kind, char *const *names) {
        STRV_FOREACH (name, names) {
                unsigned to;
                int r;

                if (unit_name_kind(*name) < 0 || is_host_service(u, *name))
                        continue;
                r = manager_graph_index(u->manager, *name, &to);
                if (r >= 0)
                        r = graph_add_dependency(u->manager->graph, u->index, kind, to);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int enter_dependencies(Unit *u) {
        static const struct {
                Dependency kind;
                UnitDependency key;
        } lists[] = {
                { DEPENDENCY_AFTER, UNIT_DEP_AFTER },
                { DEPENDENCY_BEFORE, UNIT_DEP_BEFORE },
                { DEPENDENCY_REQUIRES, UNIT_DEP_REQUIRES },
                { DEPENDENCY_REQUISITE, UNIT_DEP_REQUISITE },
                { DEPENDENCY_WANTS, UNIT_DEP_WANTS },
                { DEPENDENCY_BINDS_TO, UNIT_DEP_BINDS_TO },
                { DEPENDENCY_PART_OF, UNIT_DEP_PART_OF },
                { DEPENDENCY_UPHOLDS, UNIT_DEP_UPHOLDS },
                { DEPENDENCY_CONFLICTS, UNIT_DEP_CONFLICTS },
                { DEPENDENCY_ON_FAILURE, UNIT_DEP_ON_FAILURE },
                { DEPENDENCY_ON_SUCCESS, UNIT_DEP_ON_SUCCESS },
                { DEPENDENCY_PROPAGATES_RELOAD_TO, UNIT_DEP_PROPAGATES_RELOAD_TO },
                { DEPENDENCY_RELOAD_PROPAGATED_FROM, UNIT_DEP_RELOAD_PROPAGATED_FROM },
                { DEPENDENCY_PROPAGATES_STOP_TO, UNIT_DEP_PROPAGATES_STOP_TO },
                { DEPENDENCY_STOP_PROPAGATED_FROM, UNIT_DEP_STOP_PROPAGATED_FROM },
        };

        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                int r = enter_all(u, lists[i].kind, u->spec->unit.dependencies[lists[i].key]);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* A start of a pod starts its containers. */
static int enter_pod(Unit *u) {
        const ContainerSection *c = u->spec->container;
        char *const pod[] = { c ? c->pod : NULL, NULL };

        return c && c->start_with_pod ? enter_all(u, DEPENDENCY_WANTED_BY, pod) : 0;
}

/* What the unit's own [Install] says of others: it is pulled in by them. */
static int enter_install(Unit *u) {
        const InstallSection *install = &u->spec->install;
        int r;

        r = enter_all(u, DEPENDENCY_WANTED_BY, install->wanted_by);
        if (r >= 0)
                r = enter_all(u, DEPENDENCY_REQUIRED_BY, install->required_by);
        if (r >= 0)
                r = enter_all(u, DEPENDENCY_UPHELD_BY, install->upheld_by);
        return r < 0 ? r : enter_pod(u);
}

/* What there was to complain of is complained of each time. */
static bool is_current(const Unit *u) {
        return u->spec && !u->load_error && u->load_state == LOAD_LOADED &&
               unit_path_is_current(u->manager->path, u->spec->raw);
}

static int read_text(Unit *u) {
        autoptr(Diag) diag = diag_new();
        UnitSpec *spec;
        int r;

        if (!diag)
                return -ENOMEM;

        raw_unit_free(take_ptr(u->raw_bad));
        r = load_spec(u, diag, &spec);
        if (r < 0)
                return r;

        unit_spec_free(u->spec);
        u->spec = spec;
        free(u->load_error);
        u->load_error = diag_count(diag) > 0 ? diag_to_string(diag) : NULL;
        if (u->load_state == LOAD_BAD_SETTING && u->load_error)
                log_entry(LOG_ERR, u->name, EXPLAINED(MESSAGE_UNIT_FILE), "%.*s",
                          (int) strlen(u->load_error) - 1, u->load_error);
        if (u->spec)
                u->fingerprint = raw_unit_fingerprint(u->spec->raw);
        return 0;
}

int unit_load(Unit *u) {
        static const int unusable[LOAD_STATE_N_] = {
                [LOAD_NOT_FOUND] = -ENOENT,
                [LOAD_BAD_SETTING] = -EBADMSG,
                [LOAD_MASKED] = -ERFKILL,
        };
        int r = is_current(u) ? 0 : read_text(u);

        if (r < 0)
                return r;
        graph_set_usable(u->manager->graph, u->index, unusable[u->load_state]);
        if (!u->spec)
                return 0;

        unit_set_policy(u, u->spec);
        r = enter_dependencies(u);
        return r < 0 ? r : enter_install(u);
}

void unit_set_fault(Unit *u, const Fault *fault) {
        free(u->fault_text);
        u->fault_text = NULL;
        if (fault && fault->error < 0)
                u->fault_text = fault_to_string(fault);
}

bool unit_at_rest(const Unit *u) {
        return u->machine.state == MACHINE_DEAD || u->machine.state == MACHINE_FAILED;
}

bool unit_can_reload(const Unit *u) {
        return u->policy->n_hooks[HOOK_RELOAD] > 0 || u->policy->reload_signal;
}

const char *unit_name(const Unit *u) {
        return u->name;
}

static const RawUnit *raw_of(const Unit *u) {
        return u->spec ? u->spec->raw : u->raw_bad;
}

bool unit_has_install(const Unit *u) {
        static const char *const keys[] = { "WantedBy", "RequiredBy", "UpheldBy" };
        RawValue v;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (unit_raw_value(raw_of(u), "Install", keys[i], &v) && v.value[0] != '\0')
                        return true;
        }
        return false;
}

static unsigned start_count(const Unit *u) {
        usec_t end = usec_add(u->machine.limit_begin, u->policy->start_limit_interval);

        return u->machine.limit_count > 0 && clock_now(CLOCK_BOOTTIME) < end ? u->machine.limit_count : 0;
}

void unit_status(Unit *u, UnitStatus *ret) {
        TriggerTimes times = {};
        const RawUnit *raw = raw_of(u);
        const Job *job = job_queue_of_unit(u->manager->jobs, u->index);

        *ret = (UnitStatus){
                .name = u->name,
                .description = u->spec && u->spec->unit.description ? u->spec->unit.description : u->name,
                .load_state = u->load_state,
                .load_error = u->load_error,
                .spec = u->spec,
                .fragment = raw ? raw->fragment : NULL,
                .drop_ins = raw ? raw->drop_ins : NULL,
                .machine = &u->machine,
                .active_state = unit_active_state(u),
                .sub_state = unit_sub_state(u),
                .main_pid = unit_main_pid(u),
                .last_main_pid = unit_last_main_pid(u),
                .status_text = u->status_text,
                .fault = u->fault_text,
                .image_id = u->held.image ? u->held.image->id : NULL,
                .container_name = u->held.spec ? u->held.spec->name : NULL,
                .job_id = job ? job->id : 0,
                .job_type = job ? job->type : JOB_TYPE_INVALID_,
                .holds_cgroup = u->held.cgroup_fd >= 0,
                .condition_result = u->condition_result,
                .assert_result = u->assert_result,
                .unmet = u->unmet,
                .start_count = start_count(u),
                .can_reload = unit_can_reload(u),
                .status_errno = u->status_errno,
                .n_stored_fds = (unsigned) u->fds.n,
        };
        memcpy(ret->invocation, u->invocation, sizeof(ret->invocation));
        unit_health_status(u, ret);
        (void) unit_trigger_times(u, &times);
        ret->next_trigger = times.next;
        ret->last_trigger = times.last;
}

bool unit_needs_reload(const Unit *u) {
        const RawUnit *raw = raw_of(u);

        return unit_path_is_stale(u->manager->path) || (raw && unit_path_needs_reload(u->manager->path, raw));
}

int unit_addresses(const Unit *u, char ***ret) {
        const Attachment *a = u->held.attachment;
        autostrv char **texts = NULL;

        for (size_t i = 0; a && i < a->n_links; i++)
                for (size_t j = 0; j < a->links[i].n_addresses; j++) {
                        char text[INET_TEXT_MAX];

                        if (strv_add(&texts, inet_format_prefix(&a->links[i].addresses[j], text)) < 0)
                                return -ENOMEM;
                }
        *ret = take_ptr(texts);
        return 0;
}

int unit_ports(const Unit *u, char ***ret) {
        const Attachment *a = u->held.attachment;
        autostrv char **texts = NULL;

        for (size_t i = 0; a && i < a->n_ports; i++)
                if (strv_take(&texts, network_port_to_string(&a->ports[i])) < 0)
                        return -ENOMEM;
        *ret = take_ptr(texts);
        return 0;
}

char *unit_cgroup(const Unit *u) {
        return u->held.cgroup_fd >= 0 ? cgroup_path(u->manager->cgroups, u->name) : NULL;
}

Unit *manager_find_by_pid(const Manager *m, pid_t pid) {
        autofree char *path = NULL;

        if (cgroup_of_process(pid, &path) < 0)
                return NULL;
        for (Unit *u = m->units; u; u = u->hh.next) {
                autofree char *own = unit_cgroup(u);
                const char *rest = own ? startswith(path, own) : NULL;

                if (rest && (!*rest || *rest == '/'))
                        return u;
        }
        return NULL;
}

/* As its sockets have it, when somebody has asked for that; else of its own links: a container in a pod has
 * none. */
static void add_traffic(const Unit *u, UnitUsage *ret) {
        PacketCount in, out;
        NetworkTraffic t;

        if (u->held.cgroup_fd >= 0 && unit_limits(u) && unit_limits(u)->ip_accounting &&
            cgroup_count_packets(u->held.cgroup_fd, &in, &out) >= 0) {
                ret->ip_ingress_bytes = in.bytes;
                ret->ip_ingress_packets = in.packets;
                ret->ip_egress_bytes = out.bytes;
                ret->ip_egress_packets = out.packets;
                return;
        }
        if (!u->held.attachment || !network_traffic(u->manager->network, u->held.attachment, &t))
                return;
        ret->ip_ingress_bytes = t.received_bytes;
        ret->ip_ingress_packets = t.received_packets;
        ret->ip_egress_bytes = t.sent_bytes;
        ret->ip_egress_packets = t.sent_packets;
}

void unit_usage(Unit *u, UnitUsage *ret) {
        const LimitSpec *limits = unit_limits(u);
        CgroupStats stats;

        memset(ret, 0xff, sizeof(*ret));
        if (u->held.cgroup_fd < 0)
                add_traffic(u, ret); /* a pod */
        if (u->held.cgroup_fd < 0 || cgroup_stats(u->held.cgroup_fd, &stats) < 0)
                return;

        *ret = (UnitUsage){
                .ip_ingress_bytes = UINT64_MAX,
                .ip_ingress_packets = UINT64_MAX,
                .ip_egress_bytes = UINT64_MAX,
                .ip_egress_packets = UINT64_MAX,
                .memory_current = stats.memory_current,
                .memory_peak = stats.memory_peak,
                .memory_swap_current = stats.swap_current,
                .memory_swap_peak = stats.swap_peak,
                .memory_zswap_current = stats.zswap_current,
                .cpu_usage_nsec =
                        stats.cpu_usage == UINT64_MAX ? UINT64_MAX : stats.cpu_usage * NSEC_PER_USEC,
                .tasks_current = stats.tasks,
                .io_read_bytes = stats.io_read_bytes,
                .io_read_operations = stats.io_reads,
                .io_write_bytes = stats.io_written_bytes,
                .io_write_operations = stats.io_writes,
                .effective_memory_high = limits ? limits->memory_high : UINT64_MAX,
                .effective_memory_max = limits ? limits->memory_max : UINT64_MAX,
                .effective_tasks_max = limits ? limits->tasks_max : UINT64_MAX,
        };
        add_traffic(u, ret);
}
