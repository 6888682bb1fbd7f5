/*
 * What an earlier manager has left: read (saved.c), compared with what is really there, and gone on with.
 * What cannot be gone on with is removed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <sys/syscall.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/strv.h"
#include "manager/death.h"
#include "manager/egress.h"
#include "manager/freeze.h"
#include "manager/internal.h"
#include "manager/links.h"
#include "runtime/exit-store.h"
#include "runtime/userns.h"
#include "storage/root.h"

/* For processes that were killed to be gone; the manager waits for it, before it serves anybody. */
#define KILL_TIMEOUT_MS 1000

static void machine_from_json(Machine *machine, const json_t *o) {
        const char *name;
        json_t *value;

        json_object_foreach((json_t *) o, name, value) {
                const MachineField f = {
                        .name = name,
                        .text = json_string_value(value),
                        .number = (uint64_t) json_integer_value(value),
                };

                (void) machine_set_field(machine, &f);
        }
}

static void parse_invocation(Unit *u, const char *text) {
        for (size_t i = 0; text && strlen(text) == 32 && i < sizeof(u->invocation); i++) {
                unsigned byte = 0;

                (void) sscanf(text + 2 * i, "%2x", &byte);
                u->invocation[i] = (uint8_t) byte;
        }
}

/* The spec of the container that runs, from the text and the image that it was started from. */
static int adopt_spec(Unit *u, const json_t *saved, Fault *fault) {
        const char *image = json_string_value(json_object_get(saved, "image"));
        SpecRequest q = { .running = true };
        autoptr(UnitSpec) started = NULL;
        int r;

        /* What it was started from is mostly what its file says. */
        q.from = u->spec && u->held.fingerprint == u->fingerprint ? u->spec : NULL;
        if (!q.from) {
                r = unit_load_started(u, &started, fault);
                if (r < 0)
                        return r;
                q.from = started;
        }
        if (image)
                (void) image_store_resolve(u->manager->images, image, &u->held.image, fault);

        q.image = u->held.image;
        r = unit_make_spec(u, &q, NULL, &u->held.spec, fault);
        if (r < 0)
                return r;
        (void) unit_find_mount_images(u, NULL);
        u->held.watchdog = q.from->service.watchdog;
        unit_set_policy(u, u->spec ? u->spec : q.from);
        return 0;
}

/* Networks and volumes: what is on them was made for the text that they were started from. */
static void adopt_plain(Unit *u, const json_t *saved) {
        autoptr(UnitSpec) started = NULL;
        Fault fault = {};

        u->held.fingerprint = (uint64_t) json_integer_value(json_object_get(saved, "fingerprint"));
        if (!u->machine.prepared)
                return;
        if (unit_load_started(u, &started, &fault) < 0 && !u->spec)
                return;
        (void) unit_prepare_plain(u, started ? started : u->spec, &fault);
        if (!u->spec)
                unit_set_policy(u, started);
}

static int adopt_namespace(Unit *u, const char *name, int *fd) {
        autofree char *path = held_path(u, name);
        int r;

        if (!path)
                return -ENOMEM;
        r = ns_open(path);
        if (r >= 0)
                *fd = fd_move_up(r);
        return 0;
}

/* A container goes on without: its processes are what must not be lost. */
static void adopt_network(Unit *u, const json_t *saved) {
        autofree char *text = NULL;
        Fault fault = {};

        if (network_adopt(u->manager->network, saved, &fault, &u->held.attachment) >= 0)
                return;
        text = fault_to_string(&fault);
        log_message(LOG_WARNING, u->name, "has lost its network: %s", text ? text : "out of memory");
}

static int adopt_held(Unit *u, const json_t *saved) {
        autofree char *root = NULL;
        const json_t *network = json_object_get(saved, "network");
        int r;

        r = adopt_namespace(u, "user", &u->held.userns_fd);
        if (r >= 0)
                r = adopt_namespace(u, "net", &u->held.netns_fd);
        if (r < 0)
                return r;

        u->held.id_base = (uint32_t) json_integer_value(json_object_get(saved, "id_base"));
        r = ids_from_json(json_object_get(json_object_get(saved, "ids"), "uids"), &u->held.ids.uids);
        if (r >= 0)
                r = ids_from_json(json_object_get(json_object_get(saved, "ids"), "gids"), &u->held.ids.gids);
        if (r < 0)
                return r;
        if (u->held.id_base > 0)
                u->manager->ids.shared |=
                        id_pool_take_at(&u->manager->ids, u->manager->config, u->held.id_base) < 0;
        u->held.fingerprint = (uint64_t) json_integer_value(json_object_get(saved, "fingerprint"));
        u->held.volumes_filled = json_is_true(json_object_get(saved, "volumes_filled"));
        u->held.cgroup_fd = fd_move_up(cgroup_open(u->manager->cgroups, u->name));
        unit_end_commit(u);
        u->held.cgroup_spent = true; /* it may have been */
        unit_adopt_freezer(u);
        r = unit_is_pod(u) ? unit_adopt_pod_spaces(u) : 0;
        if (r < 0)
                return r;
        root = held_path(u, "root");
        u->held.root = root && root_is_held(root);
        if (network)
                adopt_network(u, network);
        return unit_links_adopt(u, saved);
}

/* A pidfd kept by the kernel at @name, or found by number and proven by its start time. */
static int open_saved(const Unit *u, const char *name, pid_t pid, uint64_t wanted) {
        autofree char *hold = held_path(u, name);
        autoclose int fd = -EBADF;
        uint64_t found = 0;

        if (!hold)
                return -ENOMEM;
        fd = exit_open(hold);
        if (fd >= 0)
                return pidfd_identity(fd, &found) == 0 && found == wanted ? take_fd(fd) : -ESRCH;

        /* Opened first, compared then: the number cannot have been given to another process in between. */
        fd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (fd < 0)
                return -ESRCH;
        if ((pidfd_identity(fd, &found) == 0 && found == wanted) ||
            (process_start_time(pid, &found) == 0 && found == wanted))
                return take_fd(fd);
        return -ESRCH;
}

static void resume_named(Unit *u, const json_t *saved) {
        const json_t *o = json_object_get(saved, "named");
        const pid_t pid = (pid_t) json_integer_value(json_object_get(o, "pid"));
        const uint64_t identity = (uint64_t) json_integer_value(json_object_get(o, "identity"));

        if (pid <= 0)
                return;
        if (!json_is_true(json_object_get(o, "ended"))) {
                unit_adopt_named(u, open_saved(u, "named", pid, identity), pid, identity);
                return;
        }
        u->named = (NamedMain){
                .pidfd = -EBADF,
                .pid = pid,
                .ended = true,
                .end = { .known = json_is_true(json_object_get(o, "known")),
                         .code = (int) json_integer_value(json_object_get(o, "code")),
                         .status = (int) json_integer_value(json_object_get(o, "status")) },
        };
}

/* Ended while no manager ran, and no descriptor of it is left: what was kept beside it is all there is. */
static void report_lost_exit(Unit *u, pid_t pid) {
        MachineEvent event = { .type = EVENT_MAIN_EXITED, .cgroup_empty = true };
        autofree char *hold = held_path(u, "pid");
        ExitStatus status = {};
        ChildExit how = {};

        if (hold && exit_status(-1, hold, &status) == EXIT_STATE_KNOWN)
                how = (ChildExit){ .known = true, .code = status.code, .status = status.status };
        event.exit = unit_main_exit(u, &how);
        if (u->held.cgroup_fd >= 0)
                event.cgroup_empty = cgroup_populated(u->held.cgroup_fd) <= 0;

        log_message(LOG_WARNING, u->name, "its main process has ended while no manager ran (%s, status %i)",
                    exit_kind_to_string(event.exit.kind), event.exit.status);
        unit_death_begin(u, &event.exit, pid);
        unit_event(u, &event);
        if (!event.cgroup_empty && u->held.cgroup_fd >= 0 && !u->main)
                (void) unit_watch_cgroup(u);
}

/* Its main process ended, or was never seen; others of the container may be left, or about to go. */
static void resume_without_main(Unit *u) {
        unit_adopted(u);
        if (u->main || u->machine.cgroup_empty)
                return;

        if (u->held.cgroup_fd < 0)
                unit_event(u, &(MachineEvent){ .type = EVENT_CGROUP_EMPTY });
        else
                (void) unit_watch_cgroup(u);
}

static void resume_hook(Unit *u, const json_t *saved) {
        if (u->machine.hook_alive && !u->hook)
                unit_hook_adopt(u, (pid_t) json_integer_value(json_object_get(saved, "hook_pid")),
                                (uint64_t) json_integer_value(json_object_get(saved, "hook_identity")));
}

static int resume(Unit *u, const json_t *saved) {
        autoclose int pidfd = -EBADF;
        int r;

        u->main_pid = (pid_t) json_integer_value(json_object_get(saved, "pid"));
        if (u->main_pid == 0)
                u->main_pid = (pid_t) json_integer_value(json_object_get(saved, "last_pid"));
        u->pid_identity = (uint64_t) json_integer_value(json_object_get(saved, "pid_identity"));
        unit_fds_adopt(u);
        r = unit_adopt_notify(u);
        /* It runs, and has only lost its voice. */
        if (r < 0)
                log_message(LOG_WARNING, u->name, "what it says on its notify socket is not heard: %s",
                            strerror(-r));
        if (!u->machine.main_alive) {
                resume_without_main(u);
                resume_hook(u, saved);
                return 0;
        }

        pidfd = fd_move_up(open_saved(u, "pid", u->main_pid, u->pid_identity));
        if (pidfd < 0) {
                resume_named(u, saved);
                unit_adopted(u);
                /* What it has said before its end comes before its end. */
                unit_hear_missed(u);
                notify_socket_drain(u->notify);
                report_lost_exit(u, u->main_pid);
                resume_hook(u, saved);
                return 0;
        }

        r = unit_watch_main(u, pidfd, u->main_pid, true);
        if (r < 0)
                return r;
        (void) take_fd(pidfd);
        resume_named(u, saved);
        manager_schedule_trim(u->manager);
        unit_health_adopt(u, json_object_get(saved, "health"));
        unit_adopted(u);
        unit_hear_missed(u);
        resume_hook(u, saved);
        return 0;
}

static int adopt_unit(Unit *u, const json_t *saved) {
        const char *text;
        Fault fault = {};
        int r;

        machine_from_json(&u->machine, json_object_get(saved, "machine"));
        if (machine_check(&u->machine) < 0)
                return -EBADMSG;
        parse_invocation(u, json_string_value(json_object_get(saved, "invocation")));
        u->oom_kills = (uint64_t) json_integer_value(json_object_get(saved, "oom_kills"));
        u->live = (uint64_t) json_integer_value(json_object_get(saved, "live"));
        u->log_file = json_is_true(json_object_get(saved, "log_file"));
        u->hook_identity = (uint64_t) json_integer_value(json_object_get(saved, "hook_identity"));
        u->status_errno = (int) json_integer_value(json_object_get(saved, "errno"));
        u->condition_result = json_is_true(json_object_get(saved, "condition_result"));
        u->assert_result = json_is_true(json_object_get(saved, "assert_result"));
        unit_death_adopt(u, saved);
        text = json_string_value(json_object_get(saved, "status"));
        u->status_text = text ? strdup(text) : NULL;
        text = json_string_value(json_object_get(saved, "fault"));
        u->fault_text = text ? strdup(text) : NULL;

        if (!unit_holds(u)) {
                adopt_plain(u, saved);
                unit_adopted(u);
                resume_hook(u, saved);
                return 0;
        }

        r = adopt_held(u, saved);
        if (r < 0)
                return r;
        /* One that is being released is not started from it any more, and it may be gone already. */
        if (u->machine.prepared && u->machine.state != MACHINE_CLEANING && adopt_spec(u, saved, &fault) < 0)
                log_message(LOG_WARNING, u->name, "runs on, but cannot be restarted as it was: %s",
                            fault.object);
        return 0;
}

/* Processes that nobody can supervise any more; while they live, nothing else of their unit would go. */
static void kill_left_over(const Manager *m, const char *name) {
        autoclose int fd = cgroup_open(m->cgroups, name), events_fd = -EBADF;
        struct pollfd p = { .events = POLLPRI };
        CgroupEvents events;

        if (fd < 0 || cgroup_populated(fd) <= 0 || cgroup_kill(fd) < 0)
                return;

        log_entry(LOG_WARNING, name, EXPLAINED(MESSAGE_LEFT_OVER),
                  "processes of it were left, and have been killed");
        events_fd = cgroup_open_events(fd);
        p.fd = events_fd;
        while (cgroup_read_events(events_fd, &events) == 0 && events.populated)
                if (poll(&p, 1, KILL_TIMEOUT_MS) <= 0)
                        break;
}

/* Rubbish of a manager that was killed, or of an earlier boot on a file system that outlived it. */
static void discard(Manager *m, const char *name) {
        Unit *u;

        if (manager_load_unit_anyway(m, name, &u) < 0)
                return;
        if (unit_name_kind(name) == UNIT_CONTAINER)
                kill_left_over(m, name);
        machine_init(&u->machine);
        unit_trigger_free(u->trigger);
        u->trigger = NULL;
        unit_release(u);
        unit_forget(u);
        if (u->load_state == LOAD_NOT_FOUND)
                manager_drop_unit(m, u);
}

static void discard_unusable(Manager *m, const char *name, int error) {
        log_entry(LOG_WARNING, name, EXPLAINED(MESSAGE_STATE_LOST),
                  "its saved state cannot be used (%s); what is left of it is removed", strerror(-error));
        discard(m, name);
}

/* What resume() wants to know: of a thousand units the rest would be many megabytes, in the midst of what
 * stays. */
static json_t *shorten(json_t *saved) {
        static const char *const keys[] = { "pid",           "last_pid", "pid_identity", "hook_pid",
                                            "hook_identity", "health",   "named" };
        json_t *o = json_object();

        for (size_t i = 0; o && i < ELEMENTSOF(keys); i++) {
                json_t *value = json_object_get(saved, keys[i]);

                if (value)
                        (void) json_object_set(o, keys[i], value);
        }
        json_decref(saved);
        return o;
}

/* Returns what was saved, for resume(); NULL when nothing is to be resumed. */
static json_t *adopt_file(Manager *m, const char *name, Unit **ret) {
        json_t *saved = NULL;
        int r;

        r = state_read(m, name, &saved);
        if (r >= 0)
                r = manager_load_unit_anyway(m, name, ret);
        if (r >= 0) {
                unit_trigger_adopt(*ret, json_object_get(saved, "trigger"));
                (*ret)->trigger_due = json_is_true(json_object_get(saved, "trigger_due"));
        }
        if (r >= 0)
                r = adopt_unit(*ret, saved);
        if (r >= 0) {
                saved = shorten(saved);
                if (saved)
                        return saved;
                r = -ENOMEM;
        }

        json_decref(saved);
        discard_unusable(m, name, r);
        return NULL;
}

/* Names of the entries of @parent/@directory that are units; @suffix is cut off. */
static int list_units(const char *parent, const char *directory, const char *suffix, char ***ret) {
        autofree char *path = NULL;
        autoclosedir DIR *d = NULL;
        autostrv char **names = NULL;
        struct dirent *e;

        if (asprintf(&path, "%s/%s", parent, directory) < 0)
                return -ENOMEM;
        d = opendir(path);
        if (!d)
                return errno == ENOENT ? 0 : -errno;

        while ((e = readdir(d))) {
                const char *end = endswith(e->d_name, suffix);
                char *name;
                int r;

                if (!end)
                        continue;
                name = strndup(e->d_name, (size_t) (end - e->d_name));
                if (name && !unit_name_valid(name)) {
                        free(name);
                        continue;
                }
                r = strv_take(&names, name);
                if (r < 0)
                        return r;
        }

        strv_sort(names);
        *ret = take_ptr(names);
        return 0;
}

/* What one unit begins anew must not take the ids or addresses of another that is not looked at yet: all are
 * adopted before the first of them goes on. */
static int adopt_containers(Manager *m, char *const *names) {
        /* What a container was started from is made with the help of its pod. */
        static const UnitKind kinds[] = { UNIT_POD, UNIT_CONTAINER };
        size_t n = strv_length(names);
        autofree Unit **units = calloc(n + 1, sizeof(*units));
        autofree json_t **saved = calloc(n + 1, sizeof(json_t *));

        if (!units || !saved)
                return -ENOMEM;

        for (size_t k = 0; k < ELEMENTSOF(kinds); k++)
                for (size_t i = 0; i < n; i++)
                        if (unit_name_kind(names[i]) == kinds[k])
                                saved[i] = adopt_file(m, names[i], &units[i]);
        manager_settle_network(m);
        manager_adopt_egress(m);

        for (size_t i = 0; i < n; i++) {
                int r = saved[i] ? resume(units[i], saved[i]) : 0;

                json_decref(saved[i]);
                if (r < 0)
                        discard_unusable(m, names[i], r);
                else if (units[i])
                        unit_apply_live_anew(units[i]);
        }
        manager_adopt_resting_fds(m);
        manager_adopt_sockets(m);
        keeper_settle(m->keeper);
        return 0;
}

int manager_adopt_all(Manager *m) {
        const char *run = m->config->paths.run;
        autostrv char **names = NULL, **held = NULL, **written = NULL;
        Unit *ignored;
        size_t n;
        int r;

        r = list_units(run, "state", ".json", &names);
        if (r >= 0)
                r = list_units(run, "held", "", &held);
        if (r >= 0)
                r = list_units(m->config->paths.store, "containers", "", &written);
        if (r >= 0)
                r = strv_add_all(&held, written);
        if (r < 0)
                return r;

        n = strv_length(names);
        /* A manager that died half-way, or the time before a reboot. */
        STRV_FOREACH (name, held)
                if (!strv_find_sorted(names, n, *name))
                        discard(m, *name);

        /* Networks before those that are on them. */
        STRV_FOREACH (name, names)
                if (unit_name_kind(*name) != UNIT_CONTAINER && unit_name_kind(*name) != UNIT_POD)
                        json_decref(adopt_file(m, *name, &ignored));
        return adopt_containers(m, names);
}
