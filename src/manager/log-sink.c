/* Opens a container's standard output and error: journald's streams, or the file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/journal-stream.h"
#include "basic/macro.h"
#include "basic/unit-name.h"
#include "manager/log-file.h"
#include "manager/log-sink.h"

/* The container's programs expect their output to wait, not to fail. */
static int stream_open(const char *path, const char *identifier, int priority) {
        autoclose int fd = journal_stream_open(path, identifier, priority);
        int flags = fd < 0 ? fd : fcntl(fd, F_GETFL);

        if (fd < 0)
                return fd;
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
