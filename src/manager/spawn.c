/*
 * MACHINE_SPAWN: one launch of what PREPARE has made. This alone is repeated by a restart, so it does
 * nothing that could have been done before: clone the mounts, open the logs, clone3, watch.
 */
#include <fcntl.h>
#include <systemd/sd-id128.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "build-config.h"
#include "manager/internal.h"
#include "manager/log-sink.h"
#include "runtime/exit-store.h"
#include "runtime/identity.h"
#include "runtime/launch.h"
#include "storage/mounts.h"

#define INIT_PATH LIBEXECDIR "/nsunits-init"

/* What one launch needs beside what is held. */
typedef struct Launch {
        Identity identity;
        int root_fd;
        PreparedMounts *mounts;
        LaunchMount *launch_mounts;
        int output[2];
        char **environment;
        char *hosts, *resolv, *host_name, *notify;
        LaunchFile files[4];
        size_t n_files;
} Launch;

static void launch_clear(Launch *l) {
        identity_clear(&l->identity);
        cleanup_close_(&l->root_fd);
        prepared_mounts_free(l->mounts);
        free(l->launch_mounts);
        cleanup_close_(&l->output[0]);
        cleanup_close_(&l->output[1]);
        strv_free(l->environment);
        free(l->hosts);
        free(l->resolv);
        free(l->host_name);
        free(l->notify);
}

#define autolaunch __attribute__((cleanup(launch_clear)))

static int take_root(Unit *u, Launch *l, Fault *fault) {
        autofree char *path = held_path(u, "root");

        if (!path)
                return -ENOMEM;

        l->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (l->root_fd < 0)
                return fault_set(fault, "open root", -errno, "%s", path);

        return identity_resolve(l->root_fd, u->held.spec->user, u->held.spec->group, fault, &l->identity);
}

static int take_mounts(Unit *u, Launch *l, Fault *fault) {
        autofree char *volumes = NULL;
        int r;

        if (asprintf(&volumes, "%s/volumes", u->manager->config->paths.store) < 0)
                return -ENOMEM;

        const MountsRequest request = {
                .spec = u->held.spec,
                .volumes_dir = volumes,
                .container_dir = u->held.container_dir,
                .root_fd = l->root_fd,
                .userns_fd = u->held.userns_fd >= 0 ? u->held.userns_fd : -1,
                .id_base = u->held.id_base,
                .uid = l->identity.uid,
                .gid = l->identity.gid,
                .restart = u->held.volumes_filled,
        };
        r = prepared_mounts_make(&request, fault, &l->mounts);
        if (r < 0)
                return r;
        u->held.volumes_filled = true;

        l->launch_mounts = calloc(l->mounts->n + 1, sizeof(*l->launch_mounts));
        if (!l->launch_mounts)
                return -ENOMEM;
        for (size_t i = 0; i < l->mounts->n; i++)
                l->launch_mounts[i] = (LaunchMount){
                        .fd = l->mounts->items[i].fd,
                        .destination = l->mounts->items[i].spec->destination,
                        .is_directory = l->mounts->items[i].directory,
                };
        return 0;
}

static int take_output(Unit *u, Launch *l, Fault *fault) {
        const ManagerConfig *c = u->manager->config;
        const LogSinkRequest request = {
                .target = c->logs.target,
                .unit = u->name,
                .logs_dir = c->paths.logs,
                .uid = u->held.id_base + l->identity.uid,
                .gid = u->held.id_base + l->identity.gid,
        };
        int r;

        r = log_sink_open(&request, l->output);
        if (r < 0)
                return fault_set(fault, "logs", r, "%s", c->paths.logs);

        u->log_file = r == LOG_TARGET_FILE;
        manager_schedule_rotation(u->manager);
        return 0;
}

static int add_file(Unit *u, Launch *l, char **source, const char *name, const char *destination,
                    bool directory) {
        if (asprintf(source, "%s/%s", u->held.files_dir, name) < 0) {
                *source = NULL;
                return -ENOMEM;
        }

        l->files[l->n_files++] = (LaunchFile){
                .source = *source,
                .destination = destination,
                .is_directory = directory,
                /* They lie in the host's memory: nobody fills it from inside. A socket takes messages all the
                   same. */
                .read_only = true,
        };
        return 0;
}

/* A mount of the unit's own at one of our files' places wins. */
static bool is_mounted_over(const Unit *u, const char *destination) {
        for (size_t i = 0; i < u->held.spec->n_mounts; i++)
                if (streq(u->held.spec->mounts[i].destination, destination))
                        return true;
        return false;
}

static int name_files(Unit *u, Launch *l) {
        int r = 0;

        if (!is_mounted_over(u, "/etc/hosts"))
                r = add_file(u, l, &l->hosts, "hosts", "/etc/hosts", false);
        if (r >= 0 && !is_mounted_over(u, "/etc/resolv.conf"))
                r = add_file(u, l, &l->resolv, "resolv.conf", "/etc/resolv.conf", false);
        if (r >= 0 && !is_mounted_over(u, "/etc/hostname"))
                r = add_file(u, l, &l->host_name, "hostname", "/etc/hostname", false);
        if (r >= 0 && service_type_notifies(u->held.spec->type)) {
                r = add_file(u, l, &l->notify, "notify", NOTIFY_DIRECTORY_INSIDE, true);
                if (r >= 0)
                        r = strv_add(&l->environment, "NOTIFY_SOCKET=" NOTIFY_SOCKET_INSIDE);
        }
        return r;
}

static int take_notify(Unit *u, Launch *l, Fault *fault) {
        int r;

        if (!l->notify || u->notify)
                return 0;
        r = notify_socket_open(u->manager->event, l->notify, unit_on_notify, u, &u->notify);
        return r < 0 ? fault_set(fault, "notify socket", r, "%s", l->notify) : 0;
}

void unit_begin_invocation(Unit *u) {
        sd_id128_t id;

        if (sd_id128_randomize(&id) >= 0)
                memcpy(u->invocation, &id, sizeof(u->invocation));
        u->status_errno = 0;
}

static int name_invocation(const Unit *u, Launch *l) {
        char text[SD_ID128_STRING_MAX];
        sd_id128_t id;

        memcpy(&id, u->invocation, sizeof(id));
        return strv_addf(&l->environment, "INVOCATION_ID=%s", sd_id128_to_string(id, text));
}

static LaunchRequest request_of(const Unit *u, const Launch *l) {
        const Held *h = &u->held;
        LaunchRequest q = LAUNCH_REQUEST_INIT;

        q.spec = h->spec;
        q.identity = &l->identity;
        q.template_fd = u->manager->template_fd;
        q.root_fd = l->root_fd;
        q.root_clone = true;
        q.userns_fd = h->userns_fd >= 0 ? h->userns_fd : -1;
        q.netns_fd = h->netns_fd >= 0 ? h->netns_fd : -1;
        q.cgroup_fd = h->cgroup_fd >= 0 ? h->cgroup_fd : -1;
        q.uid_base = h->id_base;
        q.gid_base = h->id_base;
        q.stdout_fd = l->output[0];
        q.stderr_fd = l->output[1];
        q.mounts = l->launch_mounts;
        q.n_mounts = l->mounts ? l->mounts->n : 0;
        q.files = l->files;
        q.n_files = l->n_files;
        q.environment = l->environment;
        q.init_path = INIT_PATH;
        return q;
}

static int run(Unit *u, const Launch *l, LaunchResult *ret, Fault *fault) {
        const LaunchRequest request = request_of(u, l);
        autoptr(Plan) plan = NULL;
        int r;

        r = launch_plan(&request, fault, &plan);
        if (r < 0)
                return r;
        return launch_run(plan, fault, ret);
}

static int supervise(Unit *u, const LaunchResult *result, Fault *fault) {
        autofree char *hold = held_path(u, "pid");
        Fault lost = {};
        int r;

        if (pidfd_identity(result->pidfd, &u->pid_identity) < 0 || u->pid_identity == 0)
                (void) process_start_time(result->pid, &u->pid_identity);

        if (hold)
                (void) exit_release(hold);
        r = hold ? exit_hold(result->pidfd, hold, &lost) : -ENOMEM;
        if (r < 0)
                log_message(LOG_WARNING, u->name, "should the manager die, the exit status may be lost: %s",
                            strerror(-r));

        r = unit_watch_main(u, result->pidfd, result->pid);
        if (r < 0)
                return fault_set(fault, "watch", r, NULL);
        return 0;
}

int unit_spawn(Unit *u, Fault *fault) {
        autolaunch Launch l = { .root_fd = -EBADF, .output = { -EBADF, -EBADF } };
        LaunchResult result = { .pidfd = -EBADF };
        int r;

        if (!u->held.spec)
                return fault_set(fault, "spawn", -ENOENT,
                                 "what it was started from was lost with the last manager");

        r = manager_injected_fault(u->manager, "spawn", fault);
        if (r >= 0)
                r = unit_renew_cgroup(u, fault);
        if (r >= 0)
                r = take_root(u, &l, fault);
        if (r >= 0)
                r = take_mounts(u, &l, fault);
        if (r >= 0)
                r = take_output(u, &l, fault);
        if (r >= 0)
                r = name_invocation(u, &l);
        if (r >= 0)
                r = name_files(u, &l);
        if (r >= 0)
                r = take_notify(u, &l, fault);
        if (r >= 0)
                r = manager_injected_fault(u->manager, "launch", fault);
        if (r >= 0)
                r = run(u, &l, &result, fault);
        if (r < 0)
                return fault_set(fault, "spawn", r, NULL);

        r = supervise(u, &result, fault);
        if (r < 0)
                child_put_down(result.pidfd);
        return r;
}

int unit_plan_text(Unit *u, char **ret, Fault *fault) {
        autolaunch Launch l = { .root_fd = -EBADF, .output = { -EBADF, -EBADF } };
        autoptr(Plan) plan = NULL;
        LaunchRequest request;
        autofree char *text = NULL;
        size_t size;
        FILE *f;
        int r;

        if (!u->held.root)
                return fault_set(fault, "plan", -ESRCH, "%s is not started", u->name);

        r = take_root(u, &l, fault);
        if (r >= 0)
                r = name_files(u, &l);
        if (r < 0)
                return r;

        request = request_of(u, &l);
        r = launch_plan(&request, fault, &plan);
        if (r < 0)
                return r;

        f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        plan_print(plan, f);
        if (fclose(f) != 0)
                return -ENOMEM;
        *ret = take_ptr(text);
        return 0;
}
