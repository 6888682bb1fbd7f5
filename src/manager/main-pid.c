/*
 * MAINPID=: a container's first process may be a wrapper, and say which of its processes the service is. That
 * one gets the signals, is shown, and its end is that of the service, whose exit status it is. The
 * container's life stays that of its first process: with the service's, it is ended too.
 */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "manager/internal.h"
#include "manager/priority.h"
#include "runtime/exit-store.h"
#include "runtime/process.h"

/* For each, all processes of the container are looked at: who asks more often asks to no end. */
#define LOOKUPS_MAX 64

static void end_container(Unit *u) {
        u->held.cgroup_spent = true;
        if (u->held.cgroup_fd < 0 || cgroup_kill(u->held.cgroup_fd) < 0)
                if (u->main)
                        (void) child_signal(u->main, SIGKILL);
}

static void ended(Unit *u, const ChildExit *how) {
        /* What it has said before its end counts before its end. */
        notify_socket_drain(u->notify);
        log_message(LOG_INFO, u->name, "main process %i, named by MAINPID=, has ended", u->named.pid);
        u->named.source = sd_event_source_disable_unref(u->named.source);
        replace_fd(&u->named.pidfd, -EBADF);
        u->named.ended = true;
        u->named.end = *how;
        if (unit_save(u) < 0)
                log_message(LOG_WARNING, u->name, "cannot save its state: %m");
        end_container(u);
}

/* Its parent is inside, and may never reap it. */
static ChildExit exit_of(const Unit *u, int pidfd) {
        autofree char *hold = held_path(u, "named");
        ExitStatus status = {};
        bool known = exit_status(pidfd, hold, &status) == EXIT_STATE_KNOWN ||
                     exit_status_of_zombie(pidfd, u->named.pid, &status) == EXIT_STATE_KNOWN ||
                     exit_status(pidfd, hold, &status) == EXIT_STATE_KNOWN;

        return (ChildExit){ .known = known, .code = status.code, .status = status.status };
}

static int on_ended(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Unit *u = userdata;
        const ChildExit how = exit_of(u, fd);

        ended(u, &how);
        return 0;
}

/* The process that has the number @inner where @sender is. It is one of the container's, or there is none. */
static pid_t find_process(const Unit *u, pid_t inner, pid_t sender) {
        autofree pid_t *pids = NULL;
        size_t n = 0;

        if (u->held.cgroup_fd < 0 || cgroup_pids(u->held.cgroup_fd, &pids, &n) < 0)
                return 0;
        for (size_t i = 0; i < n; i++) {
                pid_t found;

                if (process_inner_pid(pids[i], &found) >= 0 && found == inner &&
                    process_same_pid_namespace(pids[i], sender))
                        return pids[i];
        }
        return 0;
}

/* Takes over @pidfd on success. */
static int watch(Unit *u, int pidfd, pid_t pid) {
        int r;

        r = sd_event_add_io(u->manager->event, &u->named.source, pidfd, EPOLLIN, on_ended, u);
        if (r >= 0)
                r = sd_event_source_set_priority(u->named.source, PRIORITY_CHILD_EXIT);
        if (r < 0)
                return r;
        u->named.pidfd = pidfd;
        u->named.pid = pid;
        return 0;
}

static int name_process(Unit *u, pid_t pid) {
        autofree char *hold = held_path(u, "named");
        autoclose int pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        Fault lost = {};
        int r;

        if (pidfd < 0)
                return -errno;
        if (!hold)
                return -ENOMEM;
        unit_forget_named(u);
        if (pidfd_identity(pidfd, &u->named.identity) < 0 || u->named.identity == 0)
                (void) process_start_time(pid, &u->named.identity);
        /* Where the kernel keeps no status of it, a manager that was away will not know how it ended. */
        (void) exit_hold(pidfd, hold, false, &lost);
        r = watch(u, pidfd, pid);
        if (r < 0)
                return r;
        (void) take_fd(pidfd);
        return 0;
}

void unit_name_main(Unit *u, const char *text, pid_t sender) {
        pid_t inner, pid;
        int r;

        if (!u->main || parse_int(text, &inner) < 0 || inner <= 0 || ++u->named.lookups > LOOKUPS_MAX)
                return;
        pid = find_process(u, inner, sender);
        /* Found by number, and held after: the second look is at what is held. */
        if (pid == u->main_pid)
                unit_forget_named(u);
        else if (pid > 0 && pid != u->named.pid) {
                r = name_process(u, pid);
                if (r >= 0 && find_process(u, inner, sender) != pid)
                        unit_forget_named(u);
        } else if (pid == 0)
                log_message(LOG_WARNING, u->name, "MAINPID=%s is no process of its container", text);
        if (unit_save(u) < 0)
                log_message(LOG_WARNING, u->name, "cannot save its state: %m");
        manager_tell_changed(u->manager, u);
}

void unit_adopt_named(Unit *u, int pidfd, pid_t pid, uint64_t identity) {
        const ChildExit unknown = {};

        u->named.identity = identity;
        u->named.pid = pid;
        if (pidfd >= 0 && watch(u, pidfd, pid) >= 0)
                return;
        if (pidfd >= 0)
                (void) close(pidfd);
        ended(u, &unknown);
}

void unit_forget_named(Unit *u) {
        autofree char *hold = u->named.pid > 0 ? held_path(u, "named") : NULL;

        (void) sd_event_source_disable_unref(u->named.source);
        cleanup_close_(&u->named.pidfd);
        u->named = (NamedMain){ .pidfd = -EBADF, .lookups = u->named.lookups };
        if (hold)
                (void) exit_release(hold);
}

pid_t unit_main_pid(const Unit *u) {
        if (!u->main)
                return 0;
        return u->named.pidfd >= 0 ? u->named.pid : child_pid(u->main);
}

pid_t unit_last_main_pid(const Unit *u) {
        return u->named.pid > 0 ? u->named.pid : u->main_pid;
}

int unit_signal_main(const Unit *u, int sig) {
        if (!u->main)
                return -ESRCH;
        if (u->named.pidfd < 0)
                return child_signal(u->main, sig);
        return syscall(SYS_pidfd_send_signal, u->named.pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}
