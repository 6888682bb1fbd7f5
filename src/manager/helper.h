/*
 * A program that works for the manager and goes on without it: a name server, a gate. It runs in a cgroup of
 * its own, and by that the next manager finds it, whatever else it remembers.
 */
#pragma once

#include "manager/internal.h"

typedef struct Helper {
        Manager *manager;
        const char *cgroup;   /* name of its own */
        const char *log_unit; /* whose log has what it says */
        ChildExitFn fn;
        void *data;
} Helper;

/** helper_start() - @path: as HostExec.path. 0, or a negative errno with @fault filled. */
int helper_start(const Helper *h, const char *path, char *const *argv, Child **ret, Fault *fault);

/** helper_adopt() - the one that the last manager has started; *ret stays NULL when there is none. */
void helper_adopt(const Helper *h, Child **ret);

/** helper_end() - kill it and wait until it is gone, which is at once. @child is freed. */
void helper_end(const Helper *h, Child *child);

/** helper_save_arguments() - what it was started with, in @directory, for the next manager. 0 or negative
 * errno. */
int helper_save_arguments(const char *directory, char *const *argv);

/** helper_load_arguments() - *ret stays NULL when there are none. 0 or -ENOMEM. */
int helper_load_arguments(const char *directory, char ***ret);
