/*
 * MACHINE_SPAWN: one launch of what PREPARE has made. This alone is repeated by a restart, so it does
 * nothing that could have been done before: clone the mounts, open the logs, clone3, watch. What has changed
 * since the last launch is renewed first (renew.c).
 */
#include <fcntl.h>
#include <systemd/sd-id128.h>

#include "basic/file.h"
#include "basic/log.h"
#include "cgroup/limits.h"
#include "manager/freeze.h"
#include "manager/launch.h"
#include "manager/standby.h"
#include "runtime/exit-store.h"

int unit_resolve_identity(const Unit *u, int root_fd, Identity *ret, Fault *fault) {
        const ContainerSpec *spec = u->held.spec;
        autoidentity Identity i = {};
        int r;

        r = identity_resolve(root_fd, spec->user, spec->group, fault, &i);
        if (r >= 0)
                r = identity_add_groups(root_fd, spec->groups, fault, &i);
        if (r < 0)
                return r;
        *ret = i;
        i = (Identity){};
        return 0;
}

int unit_open_root(const Unit *u, Fault *fault) {
        const char *inner = u->held.spec->pivot_root;
        autofree char *path = held_path(u, "root");
        autoclose int root = -EBADF;
        int fd;

        if (!path)
                return -ENOMEM;
        root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return fault_set(fault, "open root", -errno, "%s", path);
        if (!inner)
                return take_fd(root);
        fd = path_in_root_open(root, inner, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        return fd < 0 ? fault_set(fault, "pivot root", fd, "%s", inner) : fd;
}

void unit_begin_invocation(Unit *u) {
        sd_id128_t id;

        if (sd_id128_randomize(&id) >= 0)
                memcpy(u->invocation, &id, sizeof(u->invocation));
        u->status_errno = 0;
        u->died = false;
        json_decref(take_ptr(u->sent));
}

char *unit_invocation(const Unit *u, char text[static INVOCATION_TEXT_MAX]) {
        for (size_t i = 0; i < sizeof(u->invocation); i++)
                (void) snprintf(text + 2 * i, 3, "%02x", u->invocation[i]);
        return text;
}

static int run(const Unit *u, const Launch *l, LaunchResult *ret, Fault *fault) {
        const LaunchRequest request = launch_request(u, l);
        autoptr(Plan) plan = NULL;
        int r;

        r = launch_plan(&request, fault, &plan);
        return r < 0 ? r : launch_run(plan, fault, ret);
}

static int supervise(Unit *u, const LaunchResult *result, Fault *fault) {
        autofree char *hold = held_path(u, "pid");
        Fault lost = {};
        int r;

        if (pidfd_identity(result->pidfd, &u->pid_identity) < 0 || u->pid_identity == 0)
                (void) process_start_time(result->pid, &u->pid_identity);

        r = hold ? exit_hold(result->pidfd, hold,
                             namespace_is_own(container_spec_space(u->held.spec, SPACE_PID)), &lost)
                 : -ENOMEM;
        if (r < 0)
                log_message(LOG_WARNING, u->name, "should the manager die, the exit status may be lost: %s",
                            strerror(-r));

        r = unit_watch_main(u, result->pidfd, result->pid, false);
        if (r < 0)
                return fault_set(fault, "watch", r, NULL);
        /* Who may wait for seconds before it is started again is in no hurry, and volumes are in use
         * meanwhile. */
        if (u->policy->restart.policy != RESTART_NO &&
            restart_delay(&u->policy->restart, UINT_MAX, UINT32_MAX) <= USEC_PER_SEC)
                unit_hold_mounts(u);
        else
                unit_drop_mounts(u);
        return 0;
}

static int launch(Unit *u, Launch *l, bool again, LaunchResult *ret, Fault *fault) {
        int r;

        r = launch_take_setup(u, l, again, fault);
        if (r >= 0)
                r = manager_injected_fault(u->manager, "launch", fault);
        if (r < 0)
                return r;
        unit_kill_as_whole(u, false);
        r = run(u, l, ret, fault);
        /* What it began with may have been the reason: the next one begins without. */
        if (r < 0)
                unit_drop_base(u);
        else
                unit_hold_base(u, ret->base_fd);
        return r;
}

int unit_spawn(Unit *u, Fault *fault) {
        autolaunch Launch l = LAUNCH_INIT;
        LaunchResult result = { .pidfd = -EBADF };
        const bool again = !u->held.fresh;
        int r;

        unit_forget_named(u);
        u->named.lookups = 0;
        if (!u->held.spec)
                return fault_set(fault, "spawn", -ENOENT,
                                 "what it was started from was lost with the last manager");

        r = manager_injected_fault(u->manager, "spawn", fault);
        if (r >= 0)
                r = unit_renew(u, fault);
        if (r >= 0)
                r = unit_renew_cgroup(u, fault);
        if (r >= 0)
                unit_thaw(u);
        if (r >= 0)
                r = launch_take_root(u, &l, fault);
        if (r >= 0)
                r = launch_take_program(u, &l, fault);
        if (r >= 0)
                r = unit_use_standby(u, &l, &result, fault);
        if (r == 0)
                r = launch(u, &l, again, &result, fault);
        mount_scraps_clear(&u->held.scraps);
        if (r < 0)
                return fault_set(fault, "spawn", r, NULL);

        /* Its owner may switch on controllers, and then nothing can be started in the cgroup itself. */
        u->held.cgroup_spent |= u->held.spec->delegate;
        result.pidfd = fd_move_up(result.pidfd);
        r = supervise(u, &result, fault);
        if (r < 0)
                child_put_down(result.pidfd);
        return r;
}

int unit_plan_text(Unit *u, char **ret, Fault *fault) {
        autolaunch Launch l = LAUNCH_INIT;
        autoptr(Plan) plan = NULL;
        LaunchRequest request;
        autofree char *text = NULL;
        size_t size;
        FILE *f;
        int r;

        if (!u->held.root)
                return fault_set(fault, "plan", -ESRCH, "%s is not started", u->name);

        r = launch_take_root(u, &l, fault);
        if (r >= 0)
                r = launch_name_setup(u, &l, fault);
        if (r < 0)
                return r;

        request = launch_request(u, &l);
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
