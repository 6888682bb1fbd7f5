/*
 * A pidfd becomes readable when its process has ended. For our own child waitid(2) then tells how; a process
 * of an earlier manager is reaped by somebody else (PID 1), who may take his time. Until then the zombie has
 * the status, and afterwards the kernel keeps it with the pidfd, on which that is a hang-up.
 */
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "manager/child.h"
#include "manager/priority.h"
#include "runtime/exit-store.h"

struct Children {
        int epoll_fd;
        sd_event_source *source;
        bool telling;
        void (*follow_up)(void *data);
        void *data;
};

struct Child {
        int pidfd;
        pid_t pid;
        int epoll_fd; /* borrowed */
        char *hold_path;
        ChildExitFn fn;
        void *data;
};

/* A pidfd stays readable for ever after the end. */
static void forget(Child *c) {
        if (c->epoll_fd >= 0)
                (void) epoll_ctl(c->epoll_fd, EPOLL_CTL_DEL, c->pidfd, NULL);
        c->epoll_fd = -EBADF;
}

static void report(Child *c, const ChildExit *how) {
        forget(c);

        /* Last touch of @c: the callback may free it. */
        c->fn(c, how, c->data);
}

/* Another process is the parent. */
static int on_foreign_exit(Child *c) {
        struct epoll_event hang_up = { .data.ptr = c };
        ExitStatus status = {};
        int r;

        r = exit_status(c->pidfd, c->hold_path, &status);
        if (r < 0)
                return r;
        if ((r == EXIT_STATE_ENDING || r == EXIT_STATE_UNKNOWN) &&
            exit_status_of_zombie(c->pidfd, c->pid, &status) == EXIT_STATE_KNOWN)
                r = EXIT_STATE_KNOWN;
        if (r == EXIT_STATE_ALIVE || r == EXIT_STATE_ENDING)
                /* EPOLLIN would wake us without end; the hang-up at the reaping is always reported. */
                return epoll_ctl(c->epoll_fd, EPOLL_CTL_MOD, c->pidfd, &hang_up) < 0 ? -errno : 0;

        report(c,
               &(ChildExit){ .known = r == EXIT_STATE_KNOWN, .code = status.code, .status = status.status });
        return 0;
}

static int on_exit_ready(Child *c) {
        ChildExit how = { .known = true };
        siginfo_t si = {};

        if (waitid(P_PIDFD, (id_t) c->pidfd, &si, WEXITED | WNOHANG) < 0)
                return errno == ECHILD ? on_foreign_exit(c) : -errno;
        if (si.si_pid == 0) /* woken too early, the next wake-up will tell */
                return 0;

        how.code = si.si_code;
        how.status = si.si_status;
        report(c, &how);
        return 0;
}

/* One in each turn of the loop, that which has ended first: what it has said, and all else that is more
 * urgent, comes before the next one. */
static int on_ready(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Children *children = userdata;
        struct epoll_event e;
        int r;

        if (epoll_wait(fd, &e, 1, 0) <= 0)
                return 0;
        children->telling = true;
        r = on_exit_ready(e.data.ptr);
        children->telling = false;
        if (r < 0)
                forget(e.data.ptr);
        if (children->follow_up)
                children->follow_up(children->data);
        return 0;
}

int children_new(sd_event *event, Children **ret) {
        autoptr(Children) c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (c->epoll_fd < 0)
                return -errno;
        r = sd_event_add_io(event, &c->source, c->epoll_fd, EPOLLIN, on_ready, c);
        if (r >= 0)
                r = sd_event_source_set_priority(c->source, PRIORITY_CHILD_EXIT);
        if (r < 0)
                return r;

        (void) sd_event_source_set_description(c->source, "children");
        *ret = take_ptr(c);
        return 0;
}

void children_follow_up(Children *children, void (*fn)(void *data), void *data) {
        children->follow_up = fn;
        children->data = data;
}

bool children_are_told_of(const Children *children) {
        return children->telling;
}

void children_free(Children *children) {
        if (!children)
                return;

        (void) sd_event_source_disable_unref(children->source);
        if (children->epoll_fd >= 0)
                (void) close(children->epoll_fd);
        free(children);
}

int child_watch(const Children *children, const ChildInfo *info, ChildExitFn fn, void *data, Child **ret) {
        autoptr(Child) c = calloc(1, sizeof(*c));
        struct epoll_event readable = { .events = EPOLLIN, .data.ptr = c };

        if (!c)
                return -ENOMEM;
        c->pidfd = c->epoll_fd = -EBADF; /* not ours before all has worked */
        c->pid = info->pid;
        c->fn = fn;
        c->data = data;

        if (info->hold_path) {
                c->hold_path = strdup(info->hold_path);
                if (!c->hold_path)
                        return -ENOMEM;
        }

        if (epoll_ctl(children->epoll_fd, EPOLL_CTL_ADD, info->pidfd, &readable) < 0)
                return -errno;
        c->epoll_fd = children->epoll_fd;
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

int child_give_pidfd(Child *child) {
        forget(child);
        return take_fd(child->pidfd);
}

void child_free(Child *child) {
        if (!child)
                return;

        forget(child);
        if (child->pidfd >= 0)
                (void) close(child->pidfd);
        free(child->hold_path);
        free(child);
}
