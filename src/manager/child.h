/*
 * Processes followed through their pidfds: our own children, or those that an earlier manager started. All of
 * them are one event source: a thousand of their own would take more memory than anything else of a process.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"

typedef struct Children Children;
typedef struct Child Child;

/* How a process ended. */
typedef struct ChildExit {
        bool known; /* false: the kernel cannot tell any more (pidfd exit info needs Linux 6.15) */
        int code;   /* CLD_EXITED, CLD_KILLED or CLD_DUMPED */
        int status; /* exit status or signal number */
} ChildExit;

/**
 * ChildExitFn - told once, when the process has ended; one that is our child was reaped
 * @child: about to be freed by its owner; the callback may do that itself
 */
typedef void (*ChildExitFn)(Child *child, const ChildExit *how, void *data);

typedef struct ChildInfo {
        int pidfd;             /* taken over on success, still the caller's on failure */
        pid_t pid;             /* as seen by us, for reports and to read of; never used to send a signal */
        const char *hold_path; /* of one that is not our child: where exit_hold() keeps the status; copied */
} ChildInfo;

/** children_new() - nobody is followed yet. Returns 0, or a negative errno. */
int children_new(sd_event *event, Children **ret);

/** children_follow_up() - call @fn each time that somebody was told of an end, and has done what he does. */
void children_follow_up(Children *children, void (*fn)(void *data), void *data);

/** children_are_told_of() - is this a call by a ChildExitFn, from the loop? */
bool children_are_told_of(const Children *children);

/** children_free() - when no child is left. NULL is fine. */
void children_free(Children *children);

AUTOPTR_DEFINE(Children, children_free);

/**
 * child_watch() - follow a process
 * @children: borrowed, must outlive the child
 *
 * Returns: 0, -ENOMEM, or the negative errno of epoll_ctl(2).
 */
int child_watch(const Children *children, const ChildInfo *info, ChildExitFn fn, void *data, Child **ret);

/** child_signal() - send @sig. Returns 0, -ESRCH when it is gone already, or another negative errno. */
int child_signal(const Child *child, int sig);

/**
 * child_put_down() - kill a child of ours that cannot be followed, reap it, and close its @pidfd
 *
 * What nobody supervises must not go on. Waits for its end, which SIGKILL brings at once.
 */
void child_put_down(int pidfd);

pid_t child_pid(const Child *child);

/** child_pidfd() - borrowed. */
int child_pidfd(const Child *child);

/** child_give_pidfd() - stop watching; the pidfd is the caller's from then on, and @child good for
 * child_free() alone. */
int child_give_pidfd(Child *child);

/** child_free() - stop watching; does not kill. NULL is fine. */
void child_free(Child *child);

AUTOPTR_DEFINE(Child, child_free);
