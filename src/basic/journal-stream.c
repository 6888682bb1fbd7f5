/* See journal-stream.h. */
#include "basic/journal-stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "basic/cleanup.h"

/* As systemd does: a burst of lines must not make the writer wait for journald. */
#define STREAM_BUFFER (8 * 1024 * 1024)

static int stream_connect(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        autoclose int fd = -EBADF;
        int buffer = STREAM_BUFFER;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        memcpy(address.sun_path, path, strlen(path) + 1);

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
int journal_stream_open(const char *path, const char *identifier, int priority) {
        autofree char *header = NULL;
        autoclose int fd = -EBADF;
        int n;

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
        return take_fd(fd);
}
