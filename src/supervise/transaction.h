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
 * What a job means for other units is in the table of rules in the source, by the effects of dependencies. A
 * required unit that cannot be started is an error; a wanted one is left out, with what requires it.
 *
 * Returns: 0; -ENOENT, -ERFKILL or -EBADMSG when an asked-for or required unit is missing, masked or has
 *          mistakes; -EDEADLK for an ordering cycle; -EINVAL when a unit would be both started and stopped;
 *          -EEXIST when mode fail meets a conflicting queued job; -ENOMEM.
 */
int transaction_build(const Graph *g, const JobQueue *queue, const unsigned *units, size_t n_units,
                      JobType type, JobMode mode, Fault *fault, Transaction **ret);
