/* See launch.h. */
#include "manager/launch.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "build-config.h"
#include "manager/journal-unit.h"
#include "manager/log-pipe.h"
#include "manager/log-sink.h"
#include "storage/root.h"

#define INIT_PATH LIBEXECDIR "/nsunits-init"

void launch_clear(Launch *l) {
        identity_clear(&l->identity);
        cleanup_close_(&l->root_fd);
        cleanup_close_(&l->base_fd);
        prepared_mounts_free(l->mounts);
        free(l->launch_mounts);
        cleanup_close_(&l->old_root_fd);
        cleanup_close_(&l->output[0]);
        cleanup_close_(&l->output[1]);
        cleanup_close_(&l->input);
        strv_free(l->environment);
        unit_files_clear(&l->files);
        free(l->passed_fds);
        device_nodes_clear(&l->devices);
        unit_close_spaces(l->spaces);
        free(l->shm);
        cleanup_close_(&l->subgroup_fd);
}

/* -- what is set up -- */

/* As systemd-nspawn looks for one; what the path means inside, no matter where its links lead. */
static int find_init(Unit *u, int root_fd, Fault *fault) {
        static const char *const places[] = { "/usr/lib/systemd/systemd", "/lib/systemd/systemd",
                                              "/sbin/init" };

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                autoclose int fd = path_in_root_open(root_fd, places[i], O_PATH | O_CLOEXEC, 0);
                char *path;

                if (fd < 0)
                        continue;
                path = strdup(places[i]);
                if (!path)
                        return -ENOMEM;
                free(u->held.spec->argv[0]);
                u->held.spec->argv[0] = path;
                return 0;
        }
        (void) fault_set(fault, "init", -ENOENT, "%s", places[ELEMENTSOF(places) - 1]);
        fault_advise(fault, "Boot= needs a systemd or another init in the container");
        return -ENOENT;
}

int launch_take_root(Unit *u, Launch *l, Fault *fault) {
        l->root_fd = unit_open_root(u, fault);
        if (l->root_fd < 0)
                return l->root_fd;
        if (u->held.spec->boot) {
                int r = find_init(u, l->root_fd, fault);

                if (r < 0)
                        return r;
        }
        return unit_resolve_identity(u, l->root_fd, &l->identity, fault);
}

/* PivotRoot= with a place for the old one: the first of the mounts, for the others may lie on it. */
static int take_old_root(Unit *u, Launch *l, Fault *fault) {
        autofree char *path = held_path(u, "root");

        if (!u->held.spec->old_root)
                return 0;
        if (!path)
                return -ENOMEM;
        l->old_root_fd = root_clone(path);
        if (l->old_root_fd < 0)
                return fault_set(fault, "old root", l->old_root_fd, "%s", path);
        l->launch_mounts[l->n_mounts++] = (LaunchMount){
                .fd = l->old_root_fd,
                .destination = u->held.spec->old_root,
                .is_directory = true,
        };
        return 0;
}

static int take_mounts(Unit *u, Launch *l, Fault *fault) {
        const ManagerConfig *c = u->manager->config;
        autofree char *volumes = NULL, *staging = NULL, *dir = unit_container_dir(u);
        MountLayers *layers;
        MountMap *maps;
        int r;

        if (!dir || asprintf(&volumes, "%s/volumes", c->paths.store) < 0 ||
            asprintf(&staging, "%s/held/.staging", c->paths.run) < 0)
                return -ENOMEM;

        r = unit_make_mount_maps(u, &maps, fault);
        if (r < 0)
                return r;
        r = unit_open_mount_layers(u, &layers, fault);
        if (r < 0) {
                unit_close_mount_maps(u, maps);
                return r;
        }

        const MountsRequest request = {
                .spec = u->held.spec,
                .volumes_dir = volumes,
                .container_dir = dir,
                .layers = layers,
                .maps = maps,
                .staging = staging,
                .root_fd = l->root_fd,
                .userns_fd = u->held.userns_fd >= 0 ? u->held.userns_fd : -1,
                .ids = held_ids(u),
                .uid = l->identity.uid,
                .gid = l->identity.gid,
                .restart = u->held.volumes_filled,
        };
        r = prepared_mounts_make(&request, fault, &l->mounts);
        unit_close_mount_layers(u, layers);
        unit_close_mount_maps(u, maps);
        if (r < 0)
                return r;
        u->held.volumes_filled = true;

        l->launch_mounts = calloc(l->mounts->n + 1, sizeof(*l->launch_mounts));
        if (!l->launch_mounts)
                return -ENOMEM;
        r = take_old_root(u, l, fault);
        for (size_t i = 0; r == 0 && i < l->mounts->n; i++)
                l->launch_mounts[l->n_mounts++] = (LaunchMount){
                        .fd = l->mounts->items[i].fd,
                        .destination = l->mounts->items[i].spec->destination,
                        .is_directory = l->mounts->items[i].directory,
                };
        return r;
}

/* Is there a socket on which the container can say something? NotifyAccess= may ask for one; a missing one is
 * implied by what cannot do without. */
static bool hears(const Unit *u) {
        const ServiceSection *s = u->spec ? &u->spec->service : NULL;

        if (service_type_notifies(u->held.spec->type) || u->held.watchdog > 0)
                return true;
        return s && (s->notify_access > NOTIFY_ACCESS_NONE || s->fd_store_max > 0);
}

static int name_files(const Unit *u, Launch *l) {
        int r;

        r = unit_files_name(u, &l->files);
        if (r < 0 || !hears(u))
                return r;
        r = unit_files_add(u, "notify", NOTIFY_DIRECTORY_INSIDE, &l->files);
        if (r >= 0)
                l->files.items[l->files.n - 1].is_directory = true;
        return r;
}

static int take_notify(Unit *u, Fault *fault) {
        int r;

        if (!hears(u) || u->notify)
                return 0;
        r = unit_open_notify(u);
        return r < 0 ? fault_set(fault, "notify socket", r, "%s", u->name) : 0;
}

static int take_spaces(const Unit *u, Launch *l, Fault *fault) {
        int r = unit_open_spaces(u, l->spaces, fault);

        return r < 0 ? r : unit_pod_shm(u, &l->shm);
}

static int take_subgroup(const Unit *u, Launch *l, Fault *fault) {
        const char *name = u->held.spec->delegate_subgroup;
        char path[NAME_MAX + 32];

        if (!name || u->held.cgroup_fd < 0)
                return 0;
        (void) snprintf(path, sizeof(path), "%s/cgroup.procs", name);
        l->subgroup_fd = openat(u->held.cgroup_fd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        return l->subgroup_fd < 0 ? fault_set(fault, "delegate", -errno, "%s", name) : 0;
}

int launch_name_setup(const Unit *u, Launch *l, Fault *fault) {
        int r;

        r = name_files(u, l);
        if (r >= 0)
                r = device_nodes_find(u->held.spec->devices, u->held.spec->n_devices, fault, &l->devices);
        if (r >= 0)
                r = take_spaces(u, l, fault);
        return r < 0 ? r : take_subgroup(u, l, fault);
}

static void take_base(Unit *u, Launch *l, bool again) {
        if (!unit_may_have_base(u))
                return unit_drop_base(u);
        l->base_fd = unit_lend_base(u);
        l->keep_base = again && l->base_fd < 0;
}

int launch_take_setup(Unit *u, Launch *l, bool again, Fault *fault) {
        int r;

        take_base(u, l, again);
        r = take_mounts(u, l, fault);
        if (r >= 0)
                r = take_notify(u, fault);
        return r < 0 ? r : launch_name_setup(u, l, fault);
}

/* -- what the program is told -- */

/* LogDriver= in our terms. Podman's files have a form of their own, ours are plain lines. */
static LogTarget log_target(const Unit *u) {
        switch (u->held.spec->log_driver) {
        case LOG_DRIVER_K8S_FILE:
        case LOG_DRIVER_JSON_FILE:
                return LOG_TARGET_FILE;
        case LOG_DRIVER_JOURNALD:
                /* Where there is no journald, a file is better than no log. */
                return LOG_TARGET_AUTO;
        case LOG_DRIVER_NONE:
        case LOG_DRIVER_PASSTHROUGH:
        case LOG_DRIVER_PASSTHROUGH_TTY:
        case LOG_DRIVER_N_:
        case LOG_DRIVER_INVALID_:
                break;
        }
        return u->manager->config->logs.target;
}

/* The manager's own output. */
static int pass_output(Launch *l, Fault *fault) {
        for (int i = 0; i < 2; i++) {
                l->output[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 3);
                if (l->output[i] < 0)
                        return fault_set(fault, "logs", -errno, "output of the manager");
        }
        return 0;
}

/* The terminal was made for this: it may be opened by its user again. Files are somebody else's. */
static void take_lent(Unit *u, Launch *l, uid_t owner) {
        l->input = take_fd(u->lent.fds[0]);
        l->output[0] = take_fd(u->lent.fds[1]);
        l->output[1] = take_fd(u->lent.fds[2]);
        l->controlling = u->lent.terminal;
        if (l->controlling && fchown(l->input, owner, (gid_t) -1) < 0)
                log_message(LOG_DEBUG, u->name, "cannot give its terminal to its user: %m");
        manager_return_stdio(u);
}

/* Without it, journald treats the lines as anybody's. */
static void tell_journal(const Unit *u) {
        char invocation[INVOCATION_TEXT_MAX];
        const JournalUnit j = {
                .unit = u->name,
                .name = u->held.spec->name,
                .invocation = unit_invocation(u, invocation),
                .exec = u->spec ? u->spec->service.exec : NULL,
                .interval_set = u->spec && unit_spec_is_set(u->spec, "Service", "LogRateLimitIntervalSec"),
                .burst_set = u->spec && unit_spec_is_set(u->spec, "Service", "LogRateLimitBurst"),
        };
        int r = journal_unit_write(JOURNAL_UNITS_DIR, &j);

        if (r < 0)
                log_message(LOG_WARNING, u->name, "cannot tell the journal about it: %s", strerror(-r));
}

/* What is written is not lost without them, only where it is opened by name. */
static void take_pipes(const Unit *u, Launch *l, const LogSinkRequest *q) {
        autofree char *stem = unit_name_stem(u->name);
        Fault fault = {};
        int fds[2];

        if (log_pipe_open(u, q->identifier ? q->identifier : strempty(stem), q->uid, q->gid, fds, &fault) <
            0) {
                log_message(LOG_WARNING, u->name, "its output cannot be opened by name: %s: %s", fault.object,
                            strerror(-fault.error));
                return;
        }
        for (size_t i = 0; i < 2; i++)
                replace_fd(&l->output[i], fds[i]);
}

static int take_output(Unit *u, Launch *l, Fault *fault) {
        const LogDriver driver = u->held.spec->log_driver;
        const ManagerConfig *c = u->manager->config;
        const IdPair owner = id_map_outside(held_ids(u), (IdPair){ l->identity.uid, l->identity.gid });
        const LogSinkRequest request = {
                .target = log_target(u),
                .unit = u->name,
                .identifier = u->spec ? u->spec->service.exec->syslog_identifier : NULL,
                .logs_dir = c->paths.logs,
                .uid = owner.uid,
                .gid = owner.gid,
        };
        int r;

        u->log_file = false;
        if (u->lent.fds[0] >= 0) {
                take_lent(u, l, owner.uid);
                return 0;
        }
        if (driver == LOG_DRIVER_NONE)
                return 0;
        if (driver == LOG_DRIVER_PASSTHROUGH || driver == LOG_DRIVER_PASSTHROUGH_TTY)
                return pass_output(l, fault);

        r = log_sink_open(&request, l->output);
        if (r < 0)
                return fault_set(fault, "logs", r, "%s", c->paths.logs);

        u->log_file = r == LOG_TARGET_FILE;
        if (r == LOG_TARGET_JOURNAL) {
                tell_journal(u);
                if (log_pipe_wanted(u, l->root_fd))
                        take_pipes(u, l, &request);
        }
        manager_schedule_trim(u->manager);
        return 0;
}

/* What the program is told of this one start. */
static int name_invocation(const Unit *u, Launch *l) {
        const ServiceSection *s = u->spec ? &u->spec->service : NULL;
        char text[INVOCATION_TEXT_MAX];
        int r;

        r = strv_addf(&l->environment, "INVOCATION_ID=%s", unit_invocation(u, text));
        if (r >= 0)
                r = strv_add_all(&l->environment, u->monitor);
        if (r >= 0 && u->held.watchdog > 0 && u->held.watchdog != USEC_INFINITY)
                r = strv_addf(&l->environment, "WATCHDOG_USEC=%" PRIu64, u->held.watchdog);
        if (r >= 0 && s && s->restart_mode == RESTART_MODE_DEBUG && u->machine.n_restarts > 0)
                r = strv_add(&l->environment, "DEBUG_INVOCATION=1");
        return r;
}

int launch_take_program(Unit *u, Launch *l, Fault *fault) {
        int r;

        r = take_output(u, l, fault);
        if (r >= 0)
                r = name_invocation(u, l);
        if (r >= 0 && hears(u))
                r = strv_add(&l->environment, "NOTIFY_SOCKET=" NOTIFY_SOCKET_INSIDE);
        return r < 0 ? r : unit_fds_pass(u, &l->passed_fds, &l->n_passed_fds, &l->environment);
}

LaunchRequest launch_request(const Unit *u, const Launch *l) {
        const Held *h = &u->held;
        LaunchRequest q = LAUNCH_REQUEST_INIT;

        q.spec = h->spec;
        q.identity = &l->identity;
        q.template_fd = u->manager->template_fd;
        q.root_fd = l->root_fd;
        q.root_clone = true;
        q.base_fd = l->base_fd >= 0 ? l->base_fd : -1;
        q.keep_base = l->keep_base;
        q.userns_fd = h->userns_fd >= 0 ? h->userns_fd : -1;
        q.netns_fd = h->netns_fd >= 0 ? h->netns_fd : -1;
        q.cgroup_fd = h->cgroup_fd >= 0 ? h->cgroup_fd : -1;
        q.subgroup_fd = l->subgroup_fd >= 0 ? l->subgroup_fd : -1;
        q.ids = held_ids(u);
        q.stdin_fd = l->input >= 0 ? l->input : -1;
        q.controlling_terminal = l->controlling;
        q.stdout_fd = l->output[0] >= 0 ? l->output[0] : -1;
        q.stderr_fd = l->output[1] >= 0 ? l->output[1] : -1;
        q.mounts = l->launch_mounts;
        q.n_mounts = l->n_mounts;
        q.files = l->files.items;
        q.n_files = l->files.n;
        memcpy(q.space_fds, l->spaces, sizeof(q.space_fds));
        q.shm = l->shm;
        q.cgroup_root = cgroup_root_mount(u->manager->cgroups);
        q.passed_fds = l->passed_fds;
        q.n_passed_fds = l->n_passed_fds;
        q.scrap_fds = h->scraps.fds;
        q.n_scraps = h->scraps.n;
        q.devices = l->devices.items;
        q.n_devices = l->devices.n;
        q.environment = l->environment;
        q.init_path = INIT_PATH;
        return q;
}
