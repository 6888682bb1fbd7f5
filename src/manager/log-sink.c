/* Opens a container's standard output and error: journald's streams, or the file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/unit-name.h"
#include "manager/log-file.h"
#include "manager/log-sink.h"

#define JOURNAL_STREAM "/run/systemd/journal/stdout"

/* As systemd does: a burst of lines must not make the writer wait for journald. */
#define STREAM_BUFFER (8 * 1024 * 1024)

static int stream_connect(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        autoclose int fd = -EBADF;
        int buffer = STREAM_BUFFER;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        memcpy(address.sun_path, path, strlen(path) + 1);

        /* Without blocking: a journald that hangs must not hang the manager too. */
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        if (shutdown(fd, SHUT_RD) < 0)
                return -errno;

        if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer)) < 0)
                (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
        return take_fd(fd);
}

/* The stream's header, a line each: identifier, unit (ours to leave empty), priority, whether "<N>" sets the
 * priority of a line, and copies to syslog, kmsg and console (systemd, src/journal/journald-stream.c). */
static int stream_open(const char *path, const char *identifier, int priority) {
        autofree char *header = NULL;
        autoclose int fd = -EBADF;
        int n, flags;

        if (strchr(identifier, '\n'))
                return -EINVAL;
        fd = stream_connect(path);
        if (fd < 0)
                return fd;

        n = asprintf(&header, "%s\n\n%d\n1\n0\n0\n0\n", identifier, priority);
        if (n < 0) {
                header = NULL;
                return -ENOMEM;
        }
        if (send(fd, header, (size_t) n, MSG_NOSIGNAL) != n)
                return errno > 0 ? -errno : -EIO;

        /* The container's programs expect their output to wait, not to fail. */
        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
                return -errno;
        return take_fd(fd);
}

static int open_journal(const LogSinkRequest *q, int ret_fds[2]) {
        const char *path = q->journal ? q->journal : JOURNAL_STREAM;
        autofree char *stem = q->identifier ? strdup(q->identifier) : unit_name_stem(q->unit);
        autoclose int out_fd = -EBADF, err_fd = -EBADF;

        if (!stem)
                return -ENOMEM;

        out_fd = stream_open(path, stem, LOG_INFO);
        if (out_fd < 0)
                return out_fd;
        err_fd = stream_open(path, stem, LOG_ERR);
        if (err_fd < 0)
                return err_fd;

        ret_fds[0] = take_fd(out_fd);
        ret_fds[1] = take_fd(err_fd);
        return LOG_TARGET_JOURNAL;
}

static int open_file(const LogSinkRequest *q, int ret_fds[2]) {
        autoclose int out_fd = -EBADF, err_fd = -EBADF;

        out_fd = log_file_open(q->logs_dir, q->unit, q->uid, q->gid);
        if (out_fd < 0)
                return out_fd;
        err_fd = fcntl(out_fd, F_DUPFD_CLOEXEC, 3);
        if (err_fd < 0)
                return -errno;

        ret_fds[0] = take_fd(out_fd);
        ret_fds[1] = take_fd(err_fd);
        return LOG_TARGET_FILE;
}

int log_sink_open(const LogSinkRequest *q, int ret_fds[2]) {
        int r;

        switch (q->target) {
        case LOG_TARGET_JOURNAL:
                return open_journal(q, ret_fds);
        case LOG_TARGET_FILE:
                return open_file(q, ret_fds);
        case LOG_TARGET_AUTO:
                r = open_journal(q, ret_fds);
                return r < 0 ? open_file(q, ret_fds) : r;
        case LOG_TARGET_N_:
        case LOG_TARGET_INVALID_:
                break;
        }
        return -EINVAL;
}
