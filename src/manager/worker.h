/* Slow work in a child process: nsunitd runs itself. */
#pragma once

#include "manager/manager.h"

typedef struct Worker Worker;

#define WORKER_FDS_MAX 4

typedef struct WorkerCall {
        char *const *args;                          /* nsunitd --worker ARGS... */
        int fd;                                     /* inherited as descriptor 3 when >= 0 */
        const int *more_fds;                        /* then these, as 4, 5, ...; all of them >= 0 */
        size_t n_more_fds;                          /* at most WORKER_FDS_MAX - 1 */
        void (*line)(const char *line, void *data); /* each line that it says; may be NULL */
        ManagerReplyFn reply;                       /* once, at its end; not when it was cancelled */
        void *data;
} WorkerCall;

/* @ret, which may be NULL, is good until the reply. */
int worker_run(Manager *m, const WorkerCall *call, Worker **ret);
void worker_cancel(Worker *w);
/* Runs `nsunitd --worker ARGS...`; @reply once at its end. @fd: inherited as descriptor 3 when >= 0. */
int worker_start(Manager *m, char *const *args, int fd, ManagerReplyFn reply, void *data);
