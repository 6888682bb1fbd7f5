/*
 * Pieces of work that do not depend on one another, each in a forked process, as many at a time as there are
 * processors. For processes with one thread.
 */
#pragma once

#include <stddef.h>

#include "basic/fault.h"

typedef struct Jobs {
        size_t n;

        /* The @k-th piece, in a process of its own which ends with this one; it sees the memory as it was,
         * and tells what it has found in memory that is shared (jobs_shared()). Its children keep @life open.
         */
        int (*run)(size_t k, int life, Fault *fault, void *data);

        void (*tick)(void *data); /* ten times a second; may be NULL */
        void *data;
} Jobs;

/**
 * jobs_run() - do all of it; after a failure the rest is killed
 *
 * Returns: 0, or the result of the one that failed first, told in @fault. No process of it is left, nor one
 * of their children that kept its @life.
 */
int jobs_run(const Jobs *jobs, Fault *fault);

/** jobs_shared() - zeroed memory that the pieces share with the caller: jobs_shared_free(). NULL when out of
 * memory. */
void *jobs_shared(size_t size);

/** jobs_shared_free() - NULL is fine. */
void jobs_shared_free(void *memory, size_t size);
