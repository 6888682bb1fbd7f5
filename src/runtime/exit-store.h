/*
 * Exit status without being the parent, so that none is lost while no manager runs.
 *
 * Linux >= 6.14 can bind a pidfd onto a file; the kernel then keeps the process's identity, and since
 * 6.15 its exit status, with no process and no descriptor alive. Before that, the kernel's process
 * accounting writes the status of the container's PID 1 into a file. Which one is used is probed, and
 * what neither can know is reported as unknown, never guessed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/fault.h"

typedef enum ExitState {
        EXIT_STATE_ALIVE,
        EXIT_STATE_ENDING,  /* dead, its foreign parent has not reaped it yet: wait for EPOLLHUP on the pidfd
                             */
        EXIT_STATE_KNOWN,   /* dead, status known */
        EXIT_STATE_UNKNOWN, /* dead, and nobody can tell how it ended */
} ExitState;

typedef struct ExitStatus {
        int code;   /* CLD_EXITED, CLD_KILLED or CLD_DUMPED */
        int status; /* exit status or signal number */
} ExitStatus;

/**
 * exit_hold() - keep identity and exit status of a process at @path
 * @pidfd: PID 1 of a container, a child of the caller
 * @path:  must not exist; its directory must lie on a mount that is not shared
 * @own_namespace: it is PID 1 of a pid namespace of its own; in another, accounting would not be about it
 *
 * Returns: 1 when a pidfd is held there, 0 when an accounting file is (then keep pid and start time
 * elsewhere: exit_open() cannot bring the pidfd back), or a negative errno with @f filled.
 */
int exit_hold(int pidfd, const char *path, bool own_namespace, Fault *f);

/**
 * exit_account() - the second way of exit_hold() alone: process accounting into the file @path
 *
 * For the whole pid namespace of @pidfd: 64 bytes for each process that ends in it.
 * Returns: 0, -ESRCH when the process has ended, or another negative errno (no accounting in the kernel).
 */
int exit_account(int pidfd, const char *path);

/** exit_open() - the pidfd held at @path; -ENOENT when nothing is, -ENOTSUP for an accounting file. */
int exit_open(const char *path);

/**
 * exit_status() - what became of a process
 * @pidfd: of a child (it is reaped when dead) or of a foreign process; -1 = gone, only @path can tell
 * @path:  where exit_hold() put it, or NULL
 * @ret:   set for EXIT_STATE_KNOWN; may be NULL
 *
 * Returns: an ExitState, or a negative errno.
 */
int exit_status(int pidfd, const char *path, ExitStatus *ret);

/**
 * exit_status_of_zombie() - of a process that has ended and was not reaped, by whoever should have
 *
 * Returns: EXIT_STATE_KNOWN, or EXIT_STATE_UNKNOWN when it is no zombie (any more).
 */
int exit_status_of_zombie(int pidfd, pid_t pid, ExitStatus *ret);

/**
 * exit_trim() - give back what an accounting file has taken for processes other than PID 1
 *
 * Each process that ends in the container adds 64 bytes, in memory: to be called now and then.
 *
 * Returns: 1, 0 when there is no accounting file at @path, or a negative errno.
 */
int exit_trim(const char *path);

/** exit_release() - undo exit_hold(); what is gone already is fine. */
int exit_release(const char *path);

/**
 * pidfd_identity() - inode number of a pidfd
 *
 * On Linux >= 6.9 unique for the boot; 0 on older kernels, whose pidfds have no identity.
 */
int pidfd_identity(int pidfd, uint64_t *ret);

/** process_start_time() - field 22 of /proc/PID/stat: identity of a process on older kernels. */
int process_start_time(pid_t pid, uint64_t *ret);
