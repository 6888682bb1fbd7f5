/*
 * A pidfd becomes readable when its process has ended. For our own child waitid(2) then tells how; for
 * a process of an earlier manager somebody else reaps it (PID 1), and the kernel keeps the status with
 * the pidfd: readable ends with a hang-up once it was reaped.
 */
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "manager/child.h"
#include "manager/priority.h"
#include "runtime/exit-store.h"

struct Child {
        int pidfd;
        pid_t pid;
        char *hold_path;
        sd_event_source *source;
        ChildExitFn fn;
        void *data;
};

static void report(Child *c, const ChildExit *how) {
        /* A pidfd stays readable for ever after the end. */
        (void) sd_event_source_set_enabled(c->source, SD_EVENT_OFF);

        /* Last touch of @c: the callback may free it. */
        c->fn(c, how, c->data);
}

/* Another process is the parent: wait for it to reap, then ask what was kept. */
static int on_foreign_exit(Child *c) {
        ExitStatus status = {};
        int r;

        r = exit_status(c->pidfd, c->hold_path, &status);
        if (r < 0)
                return r;
        if (r == EXIT_STATE_ALIVE || r == EXIT_STATE_ENDING)
                /* EPOLLIN would wake us without end; the hang-up at the reaping is always reported. */
                return sd_event_source_set_io_events(c->source, 0);

        report(c,
               &(ChildExit){ .known = r == EXIT_STATE_KNOWN, .code = status.code, .status = status.status });
        return 0;
}

static int on_exit_ready(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Child *c = userdata;
        ChildExit how = { .known = true };
        siginfo_t si = {};

        if (waitid(P_PIDFD, (id_t) fd, &si, WEXITED | WNOHANG) < 0)
                return errno == ECHILD ? on_foreign_exit(c) : -errno;
        if (si.si_pid == 0) /* woken too early, the next wake-up will tell */
                return 0;

        how.code = si.si_code;
        how.status = si.si_status;
        report(c, &how);
        return 0;
}

int child_watch(sd_event *event, const ChildInfo *info, ChildExitFn fn, void *data, Child **ret) {
        autoptr(Child) c = NULL;
        int r;

        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->pidfd = -EBADF; /* not ours before all has worked */
        c->pid = info->pid;
        c->fn = fn;
        c->data = data;

        if (info->hold_path) {
                c->hold_path = strdup(info->hold_path);
                if (!c->hold_path)
                        return -ENOMEM;
        }

        r = sd_event_add_io(event, &c->source, info->pidfd, EPOLLIN, on_exit_ready, c);
        if (r < 0)
                return r;

        r = sd_event_source_set_priority(c->source, PRIORITY_CHILD_EXIT);
        if (r < 0)
                return r;

        (void) sd_event_source_set_description(c->source, info->name);

        c->pidfd = info->pidfd;
        *ret = take_ptr(c);
        return 0;
}

int child_signal(const Child *child, int sig) {
        return syscall(SYS_pidfd_send_signal, child->pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

void child_put_down(int pidfd) {
        siginfo_t si;

        (void) syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
        (void) waitid(P_PIDFD, (id_t) pidfd, &si, WEXITED);
        (void) close(pidfd);
}

pid_t child_pid(const Child *child) {
        return child->pid;
}

int child_pidfd(const Child *child) {
        return child->pidfd;
}

void child_free(Child *child) {
        if (!child)
                return;

        (void) sd_event_source_disable_unref(child->source);
        if (child->pidfd >= 0)
                (void) close(child->pidfd);
        free(child->hold_path);
        free(child);
}
