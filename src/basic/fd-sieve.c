/* Descriptors of others, looked at by a child. */
#include "basic/fd-sieve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/cleanup.h"

/* <linux/major.h>: the ends of pseudo terminals that programs have. */
#define PTY_MAJOR_FIRST 136
#define PTY_MAJOR_LAST  143

/* What the child does for an answer waits for nobody; this is for one that was stopped by somebody. */
#define PATIENCE_SECONDS 10

/* Room for the child's own pidfd. */
#define PASSED_MAX (FD_MESSAGE_MAX - 1)

/* What the child says first: how much it holds back. */
typedef struct Answer {
        size_t n_lost;
} Answer;

static bool has_path(int fd) {
        char proc[sizeof("/proc/self/fd/") + 10], target[PATH_MAX];

        (void) snprintf(proc, sizeof(proc), "/proc/self/fd/%i", fd);
        return readlink(proc, target, sizeof(target)) <= 0 || target[0] == '/';
}

FdKind fd_kind(int fd) {
        struct statx st;

        if (fcntl(fd, F_GETPIPE_SZ) > 0)
                return FD_KIND_STREAM;
        /* Files in memory alone have seals. */
        if (fcntl(fd, F_GET_SEALS) >= 0)
                return FD_KIND_OBJECT;
        if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0)
                return FD_KIND_FILE;
        if (S_ISCHR(st.stx_mode))
                return st.stx_rdev_major >= PTY_MAJOR_FIRST && st.stx_rdev_major <= PTY_MAJOR_LAST
                               ? FD_KIND_STREAM
                               : FD_KIND_OBJECT;
        if (has_path(fd))
                return FD_KIND_FILE;
        return S_ISSOCK(st.stx_mode) ? FD_KIND_STREAM : FD_KIND_OBJECT;
}

/* --- the child -------------------------------------------------------------------------------------- */

void fd_close_all_but(int a, int b) {
        const unsigned low = (unsigned) (a < b ? a : b), high = (unsigned) (a < b ? b : a);

        if (low > 0)
                (void) syscall(SYS_close_range, 0, low - 1, 0);
        if (low + 1 < high)
                (void) syscall(SYS_close_range, low + 1, high - 1, 0);
        (void) syscall(SYS_close_range, high + 1, ~0U, 0);
}

static int answer(int channel, const FdMessage *m) {
        int fds[FD_MESSAGE_MAX] = { (int) syscall(SYS_pidfd_open, getpid(), 0) };
        Answer a = { .n_lost = m->n_lost };
        const struct iovec part = { .iov_base = &a, .iov_len = sizeof(a) };
        size_t n = 1;

        for (size_t i = 0; i < m->n_fds; i++)
                if (n <= PASSED_MAX && fd_kind(m->fds[i]) != FD_KIND_FILE)
                        fds[n++] = m->fds[i];
                else
                        a.n_lost++;
        return fd_message_send(channel, 0, &part, 1, fds, n);
}

/* To be asked to take the message, and to be left by the one who asks: then all that it has is closed already
 * and this is the last close. */
static void __attribute__((noreturn)) be_child(int channel, int fd) {
        char byte;
        FdMessage m = { .data = &byte, .size = 1 };

        fd_close_all_but(channel, fd);
        if (fd_message_receive(fd, MSG_DONTWAIT | MSG_PEEK, &m) >= 0 && answer(channel, &m) >= 0 &&
            read(channel, &byte, 1) == 1) {
                m.size = 1;
                (void) fd_message_receive(fd, MSG_DONTWAIT, &m);
                (void) !write(channel, &byte, 1);
                (void) !read(channel, &byte, 1);
        }
        _exit(0);
}

/* --- and its parent --------------------------------------------------------------------------------- */

/* Nobody's child: it is never waited for. Returns the channel. */
static int start_child(int fd) {
        const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
        int pair[2];
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        (void) setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        pid = fork();
        if (pid == 0) {
                if (fork() == 0)
                        be_child(pair[1], fd);
                _exit(0);
        }
        (void) close(pair[1]);
        if (pid < 0) {
                (void) close(pair[0]);
                return -EAGAIN;
        }
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                continue;
        return pair[0];
}

/* Room for another child; NULL when there is none. */
static int *find_room(FdSieve *s) {
        for (size_t i = 0; i < FD_SIEVE_CHILDREN; i++) {
                struct pollfd p = { .fd = s->pidfds[i], .events = POLLIN };

                if (p.fd >= 0 && poll(&p, 1, 0) > 0)
                        replace_fd(&s->pidfds[i], -EBADF);
                if (s->pidfds[i] < 0)
                        return &s->pidfds[i];
        }
        return NULL;
}

int fd_sieve_busy(FdSieve *s) {
        replace_fd(&s->busy, -EBADF);
        if (find_room(s))
                return -EBADF;
        /* Whichever ends first: one may hang for ever. */
        s->busy = epoll_create1(EPOLL_CLOEXEC);
        for (size_t i = 0; i < FD_SIEVE_CHILDREN; i++) {
                struct epoll_event event = { .events = EPOLLIN };

                if (epoll_ctl(s->busy, EPOLL_CTL_ADD, s->pidfds[i], &event) < 0)
                        return s->pidfds[0];
        }
        return s->busy;
}

static int hear_answer(FdSieve *s, int *room, FdMessage *m) {
        Answer a = {};
        FdMessage got = { .data = (char *) &a, .size = sizeof(a) };
        int r = fd_message_receive(s->channel, 0, &got);

        if (r <= 0 || got.n_fds == 0) {
                fd_message_close(&got);
                return r < 0 ? r : -ECHILD;
        }
        *room = got.fds[0];
        m->n_fds = got.n_fds - 1;
        m->n_lost = a.n_lost;
        memcpy(m->fds, got.fds + 1, m->n_fds * sizeof(*m->fds));
        return 0;
}

void fd_sieve_init(FdSieve *s) {
        s->channel = s->busy = -EBADF;
        for (size_t i = 0; i < FD_SIEVE_CHILDREN; i++)
                s->pidfds[i] = -EBADF;
}

int fd_sieve_look(FdSieve *s, int fd, FdMessage *m) {
        int *room = find_room(s), r;

        if (!room)
                return -EBUSY;
        r = fd_message_peek(fd, m);
        if (r < 0 || m->n_lost == 0)
                return r;

        replace_fd(&s->channel, start_child(fd));
        if (s->channel < 0 || hear_answer(s, room, m) < 0)
                replace_fd(&s->channel, -EBADF);
        return r;
}

void fd_sieve_take(FdSieve *s, int fd, FdMessage *m) {
        char byte = 0;

        /* Without a child the kernel lets go of what came along. */
        if (s->channel < 0 || write(s->channel, &byte, 1) != 1 || read(s->channel, &byte, 1) != 1)
                (void) recv(fd, &byte, 1, MSG_DONTWAIT);
        fd_message_close(m);
        replace_fd(&s->channel, -EBADF);
}

void fd_sieve_done(FdSieve *s) {
        replace_fd(&s->channel, -EBADF);
        replace_fd(&s->busy, -EBADF);
        for (size_t i = 0; i < FD_SIEVE_CHILDREN; i++)
                replace_fd(&s->pidfds[i], -EBADF);
}
