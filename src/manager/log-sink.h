/*
 * Where standard output and error of a container go: descriptors that need no process of ours to be
 * drained, so that the manager's death neither blocks the container nor costs a line.
 *
 *      journal: a stream socket to journald each, SYSLOG_IDENTIFIER= "web" if not another one, stdout with
 *               PRIORITY=6, stderr with PRIORITY=3; a "<N>" at the start of a line overrides. The unit's
 *               stdout cannot be opened again by path (/dev/stdout: ENXIO); who needs that gets pipes
 * (log-pipe.h). file:    <logs dir>/<unit>.log, both appending (log-file.h)
 */
#pragma once

#include <sys/types.h>

#include "config/manager-config.h"

typedef struct LogSinkRequest {
        LogTarget target;       /* auto: the journal if journald answers at once, else the file */
        const char *unit;       /* "web.container" */
        const char *identifier; /* SYSLOG_IDENTIFIER= in the journal; NULL = the unit's stem */
        const char *logs_dir;   /* /var/log/nsunits; made when needed, 0750 */
        const char *journal;    /* journald's stream socket; NULL = /run/systemd/journal/stdout */
        uid_t uid;              /* host ids of the container's user: the file belongs to it, so that it can */
        gid_t gid;              /* open /dev/stdout and /dev/stderr by path; -1: whosever it is */
} LogSinkRequest;

/**
 * log_sink_open() - open the two descriptors for one launch
 * @ret_fds: stdout and stderr; the caller closes them
 *
 * Returns: the target that was chosen (LOG_TARGET_JOURNAL, LOG_TARGET_FILE), or a negative errno.
 */
int log_sink_open(const LogSinkRequest *q, int ret_fds[2]);
