/*
 * Pulls and builds under way: one worker process for all who wait for the same, ended when the last of them
 * goes. There are image.parallel-pulls of the former and one of the latter at a time; others wait for their
 * turn, in the order in which they were asked for.
 *
 * A pull dies with the manager (the worker has it from the kernel). Units that waited for it are begun again
 * by the next manager, and so is the pull, with what it had fetched.
 */
#pragma once

#include "image/build-request.h"
#include "image/pull-event.h"
#include "image/pull-request.h"
#include "manager/manager.h"

typedef struct Pull Pull;
typedef struct PullWaiter PullWaiter;

typedef struct PullWatch {
        void (*event)(const PullEvent *event, void *data); /* may be NULL; also from pull_join() itself */
        ManagerReplyFn done;                               /* once, from the loop; the waiter is no more */
        void *data;
} PullWatch;

/** pull_join() - wait for a pull, which is begun if there is none for the same request. 0 or a negative
 * errno. */
int pull_join(Manager *m, const PullRequest *q, const PullWatch *watch, PullWaiter **ret);

/** pull_join_build() - the same for a build. @log_fd: what it says goes there; not taken over. */
int pull_join_build(Manager *m, const BuildRequest *q, int log_fd, const PullWatch *watch, PullWaiter **ret);

/** pull_leave() - before done() was called. NULL is fine. */
void pull_leave(PullWaiter *w);
