/*
 * nsunits-logger UID GID IDENTIFIER - from the pipes that a container writes to into the journal
 *
 * For containers that open their output by name (/dev/stdout): a pipe can be opened again, a socket of the
 * journal's cannot. One for each launch of such a container, at an end of pipes that nobody else reads: it
 * needs no manager, and ends when nobody can write any more and all is said.
 *
 * The journal takes its lines for the container's by the cgroup in which it was started, and by the
 * container's user, which it becomes. It waits for a journal that is not there, and so do writers when the
 * pipe is full; what it has handed to a journal that ends is that one's affair.
 *
 * Its standard output and error are the ends to read those of the container from.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <linux/capability.h>

#include "basic/cleanup.h"
#include "basic/journal-stream.h"
#include "basic/macro.h"
#include "basic/parse.h"

/* Longer than the journal's LineMax= by default, which is 48K: it cuts lines, not we. */
#define BUFFER_SIZE (64 * 1024)

/* Until the journal is looked for again. */
#define RETRY_MS 500

/* Of a container that has ended, while there is no journal. */
#define RETRIES_AT_END 240

typedef struct Stream {
        int fd; /* of the pipe; -EBADF at its end */
        int priority;
        int journal_fd;
        char *buffer;      /* lines, of which ... */
        size_t used, sent; /* ... so much is on its way: it goes when the line does */
} Stream;

typedef struct Logger {
        const char *identifier;
        Stream streams[2];
        bool lacking; /* there is no journal */
        unsigned retries;
} Logger;

/* Whole lines; what is left at the end, or fills the buffer, is one. */
static size_t ready(const Stream *s) {
        const char *end = memrchr(s->buffer, '\n', s->used);

        if (s->fd < 0 || s->used == BUFFER_SIZE)
                return s->used;
        return end ? (size_t) (end + 1 - s->buffer) : 0;
}

static void take_away(Stream *s, size_t n) {
        memmove(s->buffer, s->buffer + n, s->used - n);
        s->used -= n;
        s->sent -= n;
}

/* The journal has ended, or has no room for us: lines that it has got are its affair, the one that was begun
 * is said again. */
static void disconnect(Stream *s) {
        const char *end = memrchr(s->buffer, '\n', s->sent);

        if (end)
                take_away(s, (size_t) (end + 1 - s->buffer));
        s->sent = 0;
        replace_fd(&s->journal_fd, -EBADF);
}

/* Returns -EAGAIN when it has to wait for the journal's socket, -ENOTCONN when there is no journal. */
static int send_lines(Logger *l, Stream *s) {
        size_t n;

        while ((n = ready(s)) > s->sent) {
                ssize_t done;

                if (s->journal_fd < 0)
                        s->journal_fd = journal_stream_open(JOURNAL_STREAM, l->identifier, s->priority);
                if (s->journal_fd < 0)
                        return -ENOTCONN;
                done = send(s->journal_fd, s->buffer + s->sent, n - s->sent, MSG_NOSIGNAL);
                if (done < 0 && errno == EAGAIN)
                        return -EAGAIN;
                if (done < 0) {
                        disconnect(s);
                        return -ENOTCONN;
                }
                s->sent += (size_t) done;
                if (s->sent == n)
                        take_away(s, n);
        }
        return 0;
}

static void receive(Stream *s) {
        ssize_t n = read(s->fd, s->buffer + s->used, BUFFER_SIZE - s->used);

        if (n > 0)
                s->used += (size_t) n;
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
                replace_fd(&s->fd, -EBADF);
}

static bool is_done(const Logger *l) {
        for (size_t i = 0; i < ELEMENTSOF(l->streams); i++)
                if (l->streams[i].fd >= 0 || l->streams[i].used > 0)
                        return l->retries > RETRIES_AT_END;
        return true;
}

static bool has_ended(const Logger *l) {
        return l->streams[0].fd < 0 && l->streams[1].fd < 0;
}

static void turn(Logger *l) {
        struct pollfd p[2 * ELEMENTSOF(l->streams)] = {};

        l->lacking = false;
        for (size_t i = 0; i < ELEMENTSOF(l->streams); i++) {
                Stream *s = &l->streams[i];
                int r = send_lines(l, s);

                l->lacking |= r == -ENOTCONN;
                p[2 * i] = (struct pollfd){ .fd = s->used < BUFFER_SIZE ? s->fd : -1, .events = POLLIN };
                p[2 * i + 1] = (struct pollfd){ .fd = r == -EAGAIN ? s->journal_fd : -1, .events = POLLOUT };
        }
        l->retries = l->lacking && has_ended(l) ? l->retries + 1 : 0;
        if (is_done(l))
                return;

        if (poll(p, ELEMENTSOF(p), l->lacking ? RETRY_MS : -1) > 0)
                for (size_t i = 0; i < ELEMENTSOF(l->streams); i++)
                        if (p[2 * i].revents)
                                receive(&l->streams[i]);
}

/* A user without privileges, of whom another of that name, in a container that sees the host's processes,
 * must not take possession. */
static int become(uid_t uid, gid_t gid) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
            setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ||
            prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || syscall(SYS_capset, &header, none) < 0)
                return -errno;
        return 0;
}

static int stream_setup(Stream *s, int fd, int priority) {
        *s = (Stream){ .fd = fd, .priority = priority, .journal_fd = -EBADF, .buffer = malloc(BUFFER_SIZE) };
        if (!s->buffer)
                return -ENOMEM;
        return fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

int main(int argc, char *argv[]) {
        uint64_t uid, gid;
        sigset_t all;
        Logger l = {};

        /* Who stops a service, or closes a terminal, does not mean us. */
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, NULL);

        if (argc != 4 || parse_u64(argv[1], &uid) < 0 || parse_u64(argv[2], &gid) < 0 ||
            stream_setup(&l.streams[0], STDOUT_FILENO, LOG_INFO) < 0 ||
            stream_setup(&l.streams[1], STDERR_FILENO, LOG_ERR) < 0 || become((uid_t) uid, (gid_t) gid) < 0)
                return EXIT_FAILURE;
        l.identifier = argv[3];
        do
                turn(&l);
        while (!is_done(&l));

        for (size_t i = 0; i < ELEMENTSOF(l.streams); i++)
                free(l.streams[i].buffer);
        return EXIT_SUCCESS;
}
