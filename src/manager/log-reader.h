/*
 * The programs that read the pipes of containers into the journal (runtime/logger): started, and replaced
 * when they are killed. The manager has the ends to read from as well, so that nobody who writes gets EPIPE
 * meanwhile, and what is in a pipe goes to the next one; it never reads itself. The next manager finds them
 * by their cgroups.
 */
#pragma once

#include "basic/fault.h"
#include "cgroup/cgroup-root.h"
#include "manager/manager.h"

typedef struct LogReader LogReader;

/* Whose lines they are. */
typedef struct LogOwner {
        const char *service;    /* as journald knows the unit */
        const char *identifier; /* SYSLOG_IDENTIFIER= */
        uid_t uid;              /* host ids of the container's user */
        gid_t gid;
} LogOwner;

/**
 * log_reader_start() - one for a launch; it ends by itself with the last writer
 * @owner: copied
 * @fds: ends to read stdout and stderr from; taken over on success
 *
 * Returns: 0 or a negative errno with @fault filled.
 */
int log_reader_start(Manager *m, const LogOwner *owner, int fds[2], Fault *fault);

/** log_reader_adopt_all() - those of an earlier manager. Before strays are followed. */
void log_reader_adopt_all(Manager *m);

bool log_reader_is(const Manager *m, pid_t pid);

/** log_reader_collect() - remove the cgroups of those that have ended. */
void log_reader_collect(const CgroupRoot *cgroups);

/** log_reader_free_all() - they go on. */
void log_reader_free_all(Manager *m);
