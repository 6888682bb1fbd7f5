/* The manager: the object, its table of units, taking possession of the system, and reload. */
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mount.h>

#include "basic/bus-names.h"
#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "manager/death.h"
#include "manager/dns.h"
#include "manager/internal.h"
#include "manager/log-file.h"
#include "manager/log-reader.h"
#include "manager/names.h"
#include "manager/priority.h"
#include "manager/standby.h"
#include "manager/transient.h"
#include "runtime/seccomp.h"
#include "runtime/template.h"

#define LOCK_TIMEOUT  (3 * USEC_PER_SEC)
#define LOCK_INTERVAL (2 * USEC_PER_MSEC)

int manager_new(sd_event *event, const ManagerConfig *config, Manager **ret) {
        autoptr(Manager) m = NULL;
        int r;

        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->template_fd = -EBADF;
        m->programs = PROGRAMS_NONE;
        m->lock_fd = -EBADF;
        m->event = sd_event_ref(event);
        m->config = config;
        TAILQ_INIT(&m->updates);
        m->fail_step = getenv("NSUNITSD_FAIL_STEP");

        m->graph = graph_new();
        m->jobs = m->graph ? job_queue_new(m->graph) : NULL;
        m->specifiers = host_specifiers_new();
        if (!m->jobs || !m->specifiers)
                return -ENOMEM;

        r = children_new(event, &m->children);
        if (r >= 0)
                r = manager_names_new(m);
        if (r >= 0)
                r = id_pool_init(&m->ids, config);
        if (r >= 0)
                r = unit_path_dirs(&m->unit_dirs);
        if (r >= 0)
                r = manager_turns_setup(m);
        if (r < 0)
                return r;

        *ret = take_ptr(m);
        return 0;
}

/* A manager that goes and leaves nothing running takes its own traces with it. One that could not start does
 * not know what runs: what is held may be another's. */
static void leave(Manager *m) {
        autofree char *held = NULL, *pid_file = NULL;

        if (!m->adopted)
                return;
        for (Unit *u = m->units; u; u = u->hh.next)
                if (u->machine.prepared || u->main)
                        return;

        if (asprintf(&held, "%s/held", m->config->paths.run) < 0 ||
            asprintf(&pid_file, "%s/pid", m->config->paths.run) < 0)
                return;
        if (m->network)
                network_collect(m->network, NULL);
        manager_dns_end(m);
        (void) umount2(held, MNT_DETACH);
        (void) rmdir(held);
        (void) unlink(pid_file);
        keeper_end(m->keeper);
        if (m->cgroups) {
                log_reader_collect(m->cgroups);
                cgroup_root_remove(m->cgroups);
        }
}

void manager_free(Manager *m) {
        Unit *u, *next;

        if (!m)
                return;

        leave(m);
        log_ask_invocation(NULL, NULL);

        manager_dns_free(m);
        manager_names_free(m);
        manager_exec_free_all(m);
        manager_update_free_all(m);
        manager_pull_free_all(m);
        manager_free_strays(m);
        log_reader_free_all(m);
        spares_free(m->spares);
        standbys_free(m);
        HASH_ITER (hh, m->units, u, next) {
                HASH_DEL(m->units, u);
                unit_free(u);
        }
        (void) sd_event_source_disable_unref(m->jobs_source);
        (void) sd_event_source_disable_unref(m->restarts_source);
        (void) sd_event_source_disable_unref(m->turn_tick);
        (void) sd_event_source_disable_unref(m->network_source);
        (void) sd_event_source_disable_unref(m->purge_source);
        (void) sd_event_source_disable_unref(m->purge_timer);
        (void) sd_event_source_disable_unref(m->kept_timer);
        (void) sd_event_source_disable_unref(m->trash_timer);
        (void) sd_event_source_disable_unref(m->collect_timer);
        (void) sd_event_source_disable_unref(m->trim_timer);
        (void) sd_event_source_disable_unref(m->trim_watch);
        clock_watch_free(m->clock_watch);
        emergency_free(m->emergency);
        keeper_free(m->keeper);
        network_free(m->network);
        cgroup_root_free(m->cgroups);
        image_store_free(m->images);
        job_queue_free(m->jobs);
        job_log_free(m->job_log);
        graph_free(m->graph);
        unit_path_free(m->path);
        host_specifiers_free(m->specifiers);
        strv_free(m->unit_dirs);
        cleanup_close_(&m->template_fd);
        programs_close(&m->programs);
        cleanup_close_(&m->lock_fd);
        seccomp_forget();
        free(m->by_index);
        free(m->ids.used);
        children_free(m->children);
        sd_event_unref(m->event);
        free(m);
}

void manager_set_program(Manager *m, const char *path) {
        m->program = path;
}

int manager_reexecute(Manager *m, Fault *fault) {
        if (!m->program || access(m->program, X_OK) < 0)
                return fault_set(fault, "execute", m->program ? -errno : -ENOENT, "%s", strempty(m->program));
        log_notice("to be executed anew, from %s", m->program);
        /* It leaves everything to itself. */
        m->adopted = false;
        return sd_event_exit(m->event, MANAGER_EXIT_AGAIN);
}

void manager_set_listener(Manager *m, const ManagerListener *listener, void *data) {
        m->listener = listener;
        m->listener_data = data;
}

const ManagerConfig *manager_config(const Manager *m) {
        return m->config;
}

static int by_name(const Unit *a, const Unit *b) {
        return strcmp(a->name, b->name);
}

Unit *manager_next_unit(const Manager *m, const Unit *unit) {
        return unit ? unit->hh.next : m->units;
}

int manager_graph_index(Manager *m, const char *name, unsigned *ret) {
        Unit *u = manager_get_unit(m, name), **grown;
        autofree char *real = NULL;
        int r;

        if (u) {
                *ret = u->index;
                return 0;
        }
        r = manager_real_name(m, name, &real);
        if (r < 0 && r != -EINVAL)
                return r;
        name = real ?: name;
        for (unsigned i = 0; i < m->n_by_index; i++)
                if (!m->by_index[i] && streq(m->graph->nodes[i].name, name)) {
                        *ret = i;
                        return 0;
                }

        grown = reallocarray(m->by_index, m->n_by_index + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        m->by_index = grown;

        r = graph_add_unit(m->graph, name, ret);
        if (r < 0)
                return r;
        m->by_index[m->n_by_index++] = NULL;
        return 0;
}

static int add_unit(Manager *m, const char *name, Unit **ret) {
        Unit *u, *last;
        int r;

        r = unit_new(m, name, &u);
        if (r < 0)
                return r;

        r = unit_load(u);
        if (r < 0) {
                unit_free(u);
                return r;
        }

        m->by_index[u->index] = u;
        /* Mostly they come in order, and a walk through all others for each would be long. */
        last = m->units ? ELMT_FROM_HH(m->units->hh.tbl, m->units->hh.tbl->tail) : NULL;
        if (!last || by_name(last, u) < 0)
                HASH_ADD_KEYPTR(hh, m->units, u->name, strlen(u->name), u);
        else
                HASH_ADD_KEYPTR_INORDER(hh, m->units, u->name, strlen(u->name), u, by_name);
        if (m->listener && m->listener->unit_new)
                m->listener->unit_new(u, m->listener_data);
        *ret = u;
        return 0;
}

void manager_drop_unit(Manager *m, Unit *u) {
        unit_fds_drop(u);
        unit_leave_names(u);
        HASH_DEL(m->units, u);
        m->by_index[u->index] = NULL;
        graph_set_usable(m->graph, u->index, -ENOENT);
        if (m->listener && m->listener->unit_removed)
                m->listener->unit_removed(u, m->listener_data);
        unit_forget_deaths(u);
        unit_free(u);
}

/* An index that is out of date would hide a file that has just been written. */
static int refresh_path(Manager *m) {
        return m->path && !unit_path_is_stale(m->path) ? 0 : manager_scan_units(m);
}

int manager_load_unit(Manager *m, const char *name, Unit **ret) {
        Unit *u = manager_get_unit(m, name);
        autofree char *real = NULL;
        int r;

        if (u) {
                *ret = u;
                return 0;
        }
        if (!unit_name_valid(name))
                return -EINVAL;

        r = refresh_path(m);
        if (r == 0)
                r = manager_real_name(m, name, &real);
        if (r < 0)
                return r;
        u = manager_get_unit(m, real);
        r = u ? 0 : add_unit(m, real, &u);
        if (r < 0)
                return r;
        if (u->load_state == LOAD_NOT_FOUND) {
                manager_drop_unit(m, u);
                return -ENOENT;
        }

        *ret = u;
        return 0;
}

int manager_load_unit_anyway(Manager *m, const char *name, Unit **ret) {
        Unit *u = manager_get_unit(m, name);

        if (!u)
                return add_unit(m, name, ret);
        *ret = u;
        return 0;
}

void manager_tell_changed(Manager *m, Unit *u) {
        if (m->listener && m->listener->unit_changed)
                m->listener->unit_changed(u, m->listener_data);
}

/* All unit files, whether started or not: `nsctl list` shows them and dependencies may name them. */
static int load_all(Manager *m) {
        autostrv char **names = NULL;
        int r;

        r = unit_path_list(m->path, &names);
        if (r < 0)
                return r;

        STRV_FOREACH (name, names) {
                autofree char *real = NULL;
                Unit *u;

                if (unit_name_is_template(*name) || manager_get_unit(m, *name))
                        continue;
                r = manager_real_name(m, *name, &real);
                if (r == 0)
                        r = add_unit(m, real, &u);
                if (r < 0)
                        return r;
        }
        return 0;
}

int manager_reload(Manager *m) {
        Unit *u, *next;
        int r;

        r = manager_scan_units(m);
        if (r < 0)
                return r;

        if (m->listener && m->listener->reloading)
                m->listener->reloading(true, m->listener_data);

        graph_clear_dependencies(m->graph);
        HASH_ITER (hh, m->units, u, next) {
                r = unit_load(u);
                if (r < 0)
                        break;
                /* A unit whose file has gone is kept while something of it runs. */
                if (u->load_state == LOAD_NOT_FOUND && unit_at_rest(u) && !u->trigger &&
                    !job_queue_of_unit(m->jobs, u->index))
                        manager_drop_unit(m, u);
        }
        if (r >= 0)
                r = load_all(m);
        if (r >= 0)
                manager_take_pod_policies(m);
        if (r >= 0)
                manager_apply_live(m);
        if (r >= 0)
                manager_settle_triggers(m);
        for (u = m->units; u; u = u->hh.next)
                manager_tell_changed(m, u);

        if (m->listener && m->listener->reloading)
                m->listener->reloading(false, m->listener_data);
        return r;
}

/* What is held has to lie on a mount of its own that nobody else sees: the kernel refuses to bind
 * namespaces onto shared mounts' copies, and other mount namespaces would keep them alive. */
static int setup_held(const char *run, Fault *fault) {
        autofree char *path = NULL;
        int r;

        if (asprintf(&path, "%s/held", run) < 0)
                return -ENOMEM;

        r = dir_make(AT_FDCWD, path, 0700);
        if (r < 0)
                return fault_set(fault, "run directory", r, "%s", path);

        if (mount(NULL, path, NULL, MS_PRIVATE, NULL) == 0)
                return 0; /* an earlier manager's */

        /* Not a mount point yet. A tmpfs of its own: pidfds and namespaces can be bound onto its files. */
        if (mount("nsunits", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700") < 0)
                return fault_set(fault, "mount", -errno, "%s", path);
        if (mount(NULL, path, NULL, MS_PRIVATE, NULL) < 0)
                return fault_set(fault, "mount private", -errno, "%s", path);
        return 0;
}

/* Two managers would take each other's containers for left-overs. Helpers that share descriptors with a
 * manager that was killed may hold its lock for a moment longer. */
static int lock_run_directory(Manager *m, Fault *fault) {
        const char *run = m->config->paths.run;
        usec_t end = usec_add(clock_now(CLOCK_MONOTONIC), LOCK_TIMEOUT);
        int r;

        r = dir_make(AT_FDCWD, run, 0755);
        if (r < 0)
                return fault_set(fault, "run directory", r, "%s", run);
        m->lock_fd = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (m->lock_fd < 0)
                return fault_set(fault, "run directory", -errno, "%s", run);

        while (flock(m->lock_fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno == EWOULDBLOCK && clock_now(CLOCK_MONOTONIC) < end) {
                        (void) usleep(LOCK_INTERVAL);
                        continue;
                }
                r = fault_set(fault, "lock", -errno, "%s", run);
                fault_advise(fault, "another manager may be running");
                return r;
        }
        return 0;
}

static int make_private(const Manager *m, const char *name, Fault *fault) {
        autofree char *path = NULL;
        int r;

        if (asprintf(&path, "%s/%s", m->config->paths.run, name) < 0)
                return -ENOMEM;
        r = dir_make(AT_FDCWD, path, 0700);
        return r < 0 ? fault_set(fault, "run directory", r, "%s", path) : 0;
}

/* Whoever finds the same text in its place knows that this directory is the one that it names. */
static int keep_config(const Manager *m, Fault *fault) {
        const char *text = m->config->text;
        autofree char *path = NULL;
        int r;

        if (asprintf(&path, "%s/" BUS_PRIVATE_CONFIG, m->config->paths.run) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (text)
                r = file_replace(AT_FDCWD, path, text, strlen(text), 0600, false);
        else
                r = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
        return r < 0 ? fault_set(fault, "run directory", r, "%s", path) : 0;
}

static int setup_run_directory(Manager *m, Fault *fault) {
        autofree char *units = NULL, *pid_file = NULL, *pid = NULL;
        int r;

        r = lock_run_directory(m, fault);
        if (r < 0)
                return r;

        if (asprintf(&units, "%s/units", m->config->paths.run) < 0)
                return -ENOMEM;
        r = dir_make(AT_FDCWD, units, 0755);
        if (r < 0)
                return fault_set(fault, "run directory", r, "%s", units);

        r = make_private(m, "state", fault);
        if (r >= 0)
                r = make_private(m, "deaths", fault);
        if (r >= 0)
                r = keep_config(m, fault);
        if (r < 0)
                return r;

        if (asprintf(&pid_file, "%s/pid", m->config->paths.run) < 0 || asprintf(&pid, "%i\n", getpid()) < 0)
                return -ENOMEM;
        r = file_replace(AT_FDCWD, pid_file, pid, strlen(pid), 0644, false);
        if (r < 0)
                return fault_set(fault, "run directory", r, "%s", pid_file);

        return setup_held(m->config->paths.run, fault);
}

static void on_collected(int r, const char *text, void *data) {
        if (r < 0)
                log_warning("cannot collect left-over files of the image store: %s", text);
}

static bool invocation_of(const char *name, void *data, char ret[static INVOCATION_TEXT_MAX]) {
        static const uint8_t never[16];
        const Manager *m = data;
        const Unit *u;

        HASH_FIND_STR(m->units, name, u);
        if (!u || memcmp(u->invocation, never, sizeof(never)) == 0)
                return false;
        (void) unit_invocation(u, ret);
        return true;
}

int manager_startup(Manager *m, Fault *fault) {
        autofree char *boot_id = NULL;
        char *collect[] = { (char *) "collect", m->config->paths.store, NULL };
        Unit *u, *next;
        int r;

        r = file_read_line(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &boot_id);
        if (r < 0)
                return fault_set(fault, "boot id", r, NULL);
        (void) snprintf(m->boot_id, sizeof(m->boot_id), "%s", boot_id);

        log_ask_invocation(invocation_of, m);
        programs_open(&m->programs);
        r = setup_run_directory(m, fault);
        if (r >= 0)
                r = manager_open_job_log(m, fault);
        if (r >= 0)
                r = manager_note_begin(m);
        if (r >= 0)
                r = cgroup_root_open(NULL, fault, &m->cgroups);
        if (r >= 0)
                r = keeper_new(m->event, m->children, m->cgroups, m->config->paths.run, &m->keeper);
        if (r >= 0)
                r = image_store_open(m->config->paths.store, &m->images, fault);
        if (r >= 0)
                r = manager_setup_network(m, fault);
        if (r >= 0)
                r = m->template_fd = template_create(fault);
        if (r >= 0)
                r = refresh_path(m);
        if (r >= 0)
                r = load_all(m);
        if (r >= 0)
                r = manager_adopt_all(m);
        if (r < 0)
                return fault_set(fault, "startup", r, NULL);
        m->adopted = true;
        m->spares = spares_new(m);
        standbys_setup(m);
        manager_settle_names(m);
        log_reader_adopt_all(m);
        manager_follow_strays(m);
        manager_resume_jobs(m);
        manager_settle_triggers(m);
        manager_settle_pods(m);
        manager_resume_updates(m);
        HASH_ITER (hh, m->units, u, next)
                unit_collect(u, true);

        manager_schedule_purge(m);
        /* What dead imports and removals left behind; the manager does not wait for it. */
        return worker_start(m, PROGRAM_WORKER, collect, -EBADF, on_collected, NULL);
}
