/*
 * From "start these units" to a consistent set of jobs: what is required and wanted is pulled in, what is
 * redundant is left out, ordering cycles are broken or refused. Pure; the set is carried out by a JobQueue.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"
#include "basic/fault.h"
#include "basic/strtab.h"
#include "supervise/graph.h"
#include "supervise/job.h"

typedef struct TransactionJob {
        unsigned unit;
        JobType type;
        bool anchor;       /* asked for by name */
        bool ignore_order; /* mode ignore-dependencies */
} TransactionJob;

typedef struct Transaction {
        JobMode mode;
        TransactionJob *jobs; /* the anchors first, in the order given, each unit once */
        size_t n_jobs;
        unsigned *dropped; /* wanted units that were left out to break an ordering cycle */
        size_t n_dropped;
} Transaction;

/** transaction_free() - NULL is fine. */
void transaction_free(Transaction *t);

AUTOPTR_DEFINE(Transaction, transaction_free);

/**
 * transaction_build() - all jobs that @type on @units means
 * @queue: the jobs that are queued already: they take part in ordering, and a conflict with one of them is
 *         settled by @mode
 * @units: one or more; doubles are fine
 * @fault: filled on failure, with the name of the unit or the cycle; may be NULL
 *
 * START pulls in what is required (an error if it is missing) and what is wanted (left out if it, or
 * something it requires, is missing). STOP and RESTART reach those that require the unit, as far as they are
 * active.
 *
 * Returns: 0; -ENOENT when an asked-for or required unit is missing; -EDEADLK for an ordering cycle;
 *          -EEXIST when mode fail meets a conflicting queued job; -ENOMEM.
 */
int transaction_build(const Graph *g, const JobQueue *queue, const unsigned *units, size_t n_units,
                      JobType type, JobMode mode, Fault *fault, Transaction **ret);
