/*
 * Can a set of jobs be brought into an order at all? Used by transaction.c, which knows what the set will be.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"
#include "supervise/graph.h"
#include "supervise/job.h"

/* A ring of units: each job waits for that of the next, the last for the first. */
typedef struct Ordering {
        size_t n_cycle;
        unsigned cycle[];
} Ordering;

static inline void ordering_free(Ordering *o) {
        free(o);
}

AUTOPTR_DEFINE(Ordering, ordering_free);

/** OrderingJobFn - what will be the type of the job of @unit? False when it has none that takes part. */
typedef bool (*OrderingJobFn)(void *data, unsigned unit, JobType *ret);

/**
 * ordering_check() - look for a ring that can be reached from @units
 *
 * Returns: 0 when there is none, 1 with *ret set when there is one, -ENOMEM.
 */
int ordering_check(const Graph *g, const unsigned *units, size_t n_units, OrderingJobFn job, void *data,
                   Ordering **ret);
