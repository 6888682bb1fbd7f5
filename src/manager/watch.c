/* How a container ends, seen from outside: its main process by the pidfd, the rest by the cgroup. */
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/epoll.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "manager/death.h"
#include "manager/internal.h"
#include "manager/priority.h"
#include "manager/standby.h"
#include "runtime/exit-store.h"
#include "runtime/process.h"

/* Not to be told from a failed start by its result alone. */
static void explain_unknown_exit(Unit *u) {
        Fault fault = {};

        (void) fault_set(&fault, "main process", -ESRCH, "exit status unknown");
        fault_advise(&fault, "it ended while no manager ran, and the kernel kept no status");
        unit_set_fault(u, &fault);
}

/* nsunits-init, being PID 1, cannot end by its program's signal; it ends with 128 and the signal's number. */
static void see_through_init(const Unit *u, MainExit *e) {
        if (!u->held.spec || !u->held.spec->run_init || e->kind != EXIT_KIND_EXITED || e->status <= 128)
                return;

        e->kind = EXIT_KIND_KILLED;
        e->status -= 128;
}

MainExit unit_exit_in_words(const ChildExit *how) {
        if (!how->known)
                return (MainExit){ .kind = EXIT_KIND_UNKNOWN };
        return (MainExit){
                .kind = how->code == CLD_EXITED   ? EXIT_KIND_EXITED
                        : how->code == CLD_DUMPED ? EXIT_KIND_DUMPED
                                                  : EXIT_KIND_KILLED,
                .status = how->status,
        };
}

MainExit unit_main_exit(Unit *u, const ChildExit *how) {
        CgroupMemoryEvents events;
        MainExit e;

        /* The service was another process, and this one was ended for its end. */
        if (u->named.ended)
                how = &u->named.end;
        e = unit_exit_in_words(how);
        if (!how->known)
                explain_unknown_exit(u);
        else if (!u->named.ended)
                see_through_init(u, &e);
        /* With OOMPolicy=continue it is a signal like any other. */
        if (u->held.cgroup_fd >= 0 && u->held.spec && u->held.spec->oom_policy != OOM_POLICY_CONTINUE &&
            cgroup_memory_events(u->held.cgroup_fd, &events) == 0)
                e.oom = events.oom_kill > u->oom_kills;
        return e;
}

static int on_cgroup_event(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Unit *u = userdata;
        CgroupEvents events;

        if (cgroup_read_events(fd, &events) == 0 && events.populated)
                return 0;

        (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        unit_event(u, &(MachineEvent){ .type = EVENT_CGROUP_EMPTY });
        return 0;
}

void unit_unwatch_cgroup(Unit *u) {
        u->cgroup_watch = sd_event_source_disable_unref(u->cgroup_watch);
        replace_fd(&u->cgroup_events_fd, -EBADF);
}

int unit_watch_cgroup(Unit *u) {
        CgroupEvents events;
        int r;

        unit_unwatch_cgroup(u);
        u->cgroup_events_fd = cgroup_open_events(u->held.cgroup_fd);
        if (u->cgroup_events_fd < 0)
                return u->cgroup_events_fd;

        r = sd_event_add_io(u->manager->event, &u->cgroup_watch, u->cgroup_events_fd, EPOLLPRI,
                            on_cgroup_event, u);
        if (r >= 0)
                r = sd_event_source_set_priority(u->cgroup_watch, PRIORITY_CGROUP);
        if (r < 0)
                return r;

        /* Reading arms the notification; what happened before is in what we read. */
        r = cgroup_read_events(u->cgroup_events_fd, &events);
        if (r < 0 || !events.populated)
                unit_event(u, &(MachineEvent){ .type = EVENT_CGROUP_EMPTY });
        return 0;
}

void unit_hold_mounts(Unit *u) {
        int fd = process_mounts(child_pidfd(u->main));

        replace_fd(&u->mounts_fd, fd < 0 ? -EBADF : fd_move_up(fd));
}

void unit_drop_mounts(Unit *u) {
        replace_fd(&u->mounts_fd, -EBADF);
}

/* What PivotRoot= names is looked for each time. And who may mount can open namespaces of its own users by
 * their numbers, open_by_handle_at(2): what it mounted there would be in all launches to come. */
bool unit_may_have_base(const Unit *u) {
        const ContainerSpec *s = u->held.spec;
        const bool mounts = s->capabilities & UINT64_C(1) << CAP_SYS_ADMIN;

        return !s->pivot_root && !(mounts && u->held.userns_fd >= 0);
}

/* By a low number: the container's process copies our table of descriptors as far as it needs it. */
int unit_lend_base(const Unit *u) {
        return u->base_fd < 0 ? -EBADF : fcntl(u->base_fd, F_DUPFD_CLOEXEC, 3);
}

void unit_hold_base(Unit *u, int fd) {
        if (fd >= 0)
                replace_fd(&u->base_fd, fd_move_up(fd));
}

void unit_drop_base(Unit *u) {
        replace_fd(&u->base_fd, -EBADF);
}

static void on_main_exit(Child *child, const ChildExit *how, void *data) {
        autofree char *hold = NULL;
        Unit *u = data;
        MachineEvent event = { .type = EVENT_MAIN_EXITED, .cgroup_empty = true };

        /* What the process said before it ended counts before its end. */
        notify_socket_drain(u->notify);

        event.exit = unit_main_exit(u, how);
        if (unit_lives_on(u)) {
                event.cgroup_empty = false;
                unit_dismiss_standby(u);
        }

        /* What fills its memory may be files in a tmpfs of its own, and the next launch needs some. */
        if (event.exit.oom)
                unit_drop_mounts(u);
        unit_death_begin(u, &event.exit, child_pid(u->main));
        child_free(u->main);
        u->main = NULL;
        unit_event(u, &event);

        /* Saved by now, so the kernel need not keep the status any longer. Where what is held stays, the next
         * main process takes the place of this one, or it goes with the rest: an unmount takes its time. */
        hold = u->main || u->machine.prepared ? NULL : held_path(u, "pid");
        if (hold) {
                (void) exit_release(hold);
                if (!u->machine.restart)
                        unit_drop_mounts(u);
        }
        if (!event.cgroup_empty && u->held.cgroup_fd >= 0 && !u->main)
                (void) unit_watch_cgroup(u);
}

int unit_watch_main(Unit *u, int pidfd, pid_t pid, bool adopted) {
        autofree char *hold = adopted ? held_path(u, "pid") : NULL;
        const ChildInfo info = { .pidfd = pidfd, .pid = pid, .hold_path = hold };

        if (adopted && !hold)
                return -ENOMEM;
        unit_watch_oom(u);
        u->main_pid = pid;
        u->accounted = true;
        return child_watch(u->manager->children, &info, on_main_exit, u, &u->main);
}
