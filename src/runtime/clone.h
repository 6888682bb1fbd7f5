/*
 * Children that share the caller's memory: a clone costs the same however large the manager is.
 *
 * What runs in such a child must use nothing but raw_syscall() and plain memory functions.
 */
#pragma once

#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>

/* Enough for the path buffers of two stages; only touched pages cost anything. */
#define CLONE_STACK_SIZE ((size_t) 128 * 1024)

typedef int (*CloneFn)(void *argument);

/**
 * clone_call() - clone3(2) with a function to run
 * @args: stack and stack_size must be set; they may be used again once a CLONE_VFORK child is gone
 *
 * The child ends with the function's result as exit status. Uses no libc; may be called in such a child.
 * Returns: the child's pid or a negative errno.
 */
long clone_call(struct clone_args *args, CloneFn fn, void *argument);

/**
 * helper_run() - run @fn in a short-lived child that shares memory and descriptors with the caller, all
 * signals blocked, and wait for it
 *
 * Descriptors that the child opens are the caller's. Namespaces that it enters are its own.
 * Returns: what @fn returned (0 or a negative errno), or the negative errno of making the child.
 */
int helper_run(CloneFn fn, void *argument);
