/*
 * One process followed through its pidfd: our own child, or one that an earlier manager started.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"

typedef struct Child Child;

/* How a process ended. */
typedef struct ChildExit {
        bool known; /* false: the kernel cannot tell any more (pidfd exit info needs Linux 6.15) */
        int code;   /* CLD_EXITED, CLD_KILLED or CLD_DUMPED */
        int status; /* exit status or signal number */
} ChildExit;

/**
 * ChildExitFn - told once, when the process has ended and was reaped
 * @child: about to be freed by its owner; the callback may do that itself
 */
typedef void (*ChildExitFn)(Child *child, const ChildExit *how, void *data);

typedef struct ChildInfo {
        int pidfd;             /* taken over on success, still the caller's on failure */
        pid_t pid;             /* as seen by us, for reports; never used to send a signal */
        const char *name;      /* unit name, for dumps; copied */
        const char *hold_path; /* where exit_hold() keeps the status, or NULL; copied */
} ChildInfo;

/**
 * child_watch() - follow a process
 * @event: borrowed, must outlive the child
 *
 * Returns: 0, -ENOMEM, or the negative errno of sd-event.
 */
int child_watch(sd_event *event, const ChildInfo *info, ChildExitFn fn, void *data, Child **ret);

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

/** child_free() - stop watching; does not kill. NULL is fine. */
void child_free(Child *child);

AUTOPTR_DEFINE(Child, child_free);
