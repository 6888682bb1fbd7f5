/*
 * Pipes in place of the journal's sockets, for containers that open their output by name: images link their
 * log files to /dev/stdout, and a socket cannot be opened like that. A program reads them (log-reader.h),
 * one for each launch.
 */
#pragma once

#include "basic/fault.h"
#include "manager/unit.h"

/** log_pipe_wanted() - does LogPipe= say so, or the looks of the root? */
bool log_pipe_wanted(Unit *u, int root_fd);

/**
 * log_pipe_open() - pipes, and the program behind them
 * @identifier: SYSLOG_IDENTIFIER=
 * @uid, @gid: host ids of the container's user, who may open them anew
 * @ret_fds: stdout and stderr; the caller closes them
 *
 * Returns: 0 or a negative errno with @fault filled.
 */
int log_pipe_open(const Unit *u, const char *identifier, uid_t uid, gid_t gid, int ret_fds[2], Fault *fault);
