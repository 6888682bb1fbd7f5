/*
 * Jobs: what is to be done with units, in which order. At most one job per unit; a new one is merged with it
 * or replaces it. Pure: the manager takes runnable jobs out, feeds the units' machines, and reports what
 * became of them; the queue answers with the jobs that have ended, those it failed by itself included.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/clock.h"
#include "basic/strtab.h"
#include "supervise/graph.h"

#define JOB_TYPE_LIST(X)                      \
        X(JOB_START, "start")                 \
        X(JOB_VERIFY_ACTIVE, "verify-active") \
        X(JOB_STOP, "stop")                   \
        X(JOB_RELOAD, "reload")               \
        X(JOB_RESTART, "restart")

ENUM_DECLARE(JobType, job_type, JOB_TYPE, JOB_TYPE_LIST);

/* What to do about a conflicting job that is queued already, and whether dependencies count. */
#define JOB_MODE_LIST(X)               \
        X(JOB_MODE_REPLACE, "replace") \
        X(JOB_MODE_FAIL, "fail")       \
        X(JOB_MODE_IGNORE_DEPENDENCIES, "ignore-dependencies")

ENUM_DECLARE(JobMode, job_mode, JOB_MODE, JOB_MODE_LIST);

/* systemd's words (org.freedesktop.systemd1(5), JobRemoved). */
#define JOB_RESULT_LIST(X)                     \
        X(JOB_RESULT_DONE, "done")             \
        X(JOB_RESULT_CANCELED, "canceled")     \
        X(JOB_RESULT_TIMEOUT, "timeout")       \
        X(JOB_RESULT_FAILED, "failed")         \
        X(JOB_RESULT_DEPENDENCY, "dependency") \
        X(JOB_RESULT_SKIPPED, "skipped")       \
        X(JOB_RESULT_INVALID, "invalid")       \
        X(JOB_RESULT_ASSERT, "assert")

ENUM_DECLARE(JobResult, job_result, JOB_RESULT, JOB_RESULT_LIST);

#define JOB_STATE_LIST(X)         \
        X(JOB_WAITING, "waiting") \
        X(JOB_RUNNING, "running")

ENUM_DECLARE(JobState, job_state, JOB_STATE, JOB_STATE_LIST);

/* A queued job, for listings and for running. A restart becomes a start, under the same number, when its stop
 * is complete. */
typedef struct Job {
        uint32_t id; /* never 0, never used again */
        unsigned unit;
        JobType type;
        JobState state;
        bool ignore_order;
        bool told;      /* of a stop: the processes have been told of it */
        usec_t due;     /* the caller's: when it has taken too long; 0 = never */
        const char *by; /* who has asked for it, in words; NULL = nobody has said. Valid as long as the job */
} Job;

/* A job that is no more. @type is the type it had at its end. */
typedef struct JobEnd {
        uint32_t id;
        unsigned unit;
        JobType type;
        JobResult result;
} JobEnd;

typedef struct JobQueue JobQueue;
typedef struct Transaction Transaction;

/**
 * job_merge() - one job that does what both ask for
 * @active: is the unit active?
 *
 * Returns: the type, or JOB_TYPE_INVALID_ when they contradict one another (stop and anything else).
 */
JobType job_merge(JobType a, JobType b, bool active);

/** job_is_redundant() - has the unit in @state already got what @type asks for? */
bool job_is_redundant(JobType type, ActiveState state);

/** job_stops() - is it the stop of its unit that is under way, or the first half of a restart? */
bool job_stops(const Job *job);

/**
 * job_goes_first() - of two jobs of units where "@first Before=@second", does the one of @first run first?
 *
 * Starts run in the order given, stops in the reverse one, and a stop always before a start.
 */
bool job_goes_first(JobType first, JobType second);

/** job_queue_new() - empty; @g is borrowed and must outlive it. NULL when out of memory. */
JobQueue *job_queue_new(const Graph *g);

/** job_queue_free() - NULL is fine. */
void job_queue_free(JobQueue *q);

AUTOPTR_DEFINE(JobQueue, job_queue_free);

/* Told of each job that is new, has become one of another type, has another .due or .told, or has ended with
 * @result, while that happens;
 * @result is JOB_RESULT_INVALID_ for one that is queued. */
typedef void (*JobObserverFn)(const Job *job, JobResult result, void *data);

/** job_queue_set_due() - of a job that there is; the observer is told. */
void job_queue_set_due(JobQueue *q, uint32_t id, usec_t due);

/** job_queue_set_told() - what @unit's job has under way is a stop, and its processes know; the observer is
 * told once. Any other job, or none, is fine. */
void job_queue_set_told(JobQueue *q, unsigned unit);

/** job_queue_set_asker() - @by has asked for this job, if there is such a one. Returns it, or NULL; the
 * observer is not told. */
const Job *job_queue_set_asker(JobQueue *q, uint32_t id, const char *by);

/** job_queue_observe() - from now on; one observer. */
void job_queue_observe(JobQueue *q, JobObserverFn fn, void *data);

/**
 * job_queue_restore() - a job of an earlier queue, with its number and state
 *
 * New ones get higher numbers. Nobody is told. Takes a copy of .by. Returns 0, -EEXIST when the unit has a
 * job, -ENOMEM.
 */
int job_queue_restore(JobQueue *q, const Job *job);

/** job_queue_begin_after() - numbers up to @id are spent. */
void job_queue_begin_after(JobQueue *q, uint32_t id);

/** job_queue_pass() - the number of a job for which there is nothing to do: it is told as done, and never
 * queued. */
uint32_t job_queue_pass(JobQueue *q, unsigned unit, JobType type);

/**
 * job_queue_install() - take over a transaction, all of it or nothing
 * @ret_ids: one per job of the transaction: a new number, or that of the queued job it was merged into
 *
 * A conflicting queued job ends as canceled (unless the transaction was built to fail then). Returns 0 or
 * -ENOMEM.
 */
int job_queue_install(JobQueue *q, const Transaction *t, uint32_t *ret_ids);

/**
 * job_queue_next() - take a job that nothing stands before, and mark it as running
 *
 * JOB_START, JOB_VERIFY_ACTIVE, JOB_RELOAD: do that. JOB_STOP: stop the unit. JOB_RESTART: stop the unit, its
 * start will follow (EVENT_STOP with .keep); if the unit is at rest, report job_queue_finished() at once.
 *
 * Returns: false when nothing can run now.
 */
bool job_queue_next(JobQueue *q, Job *ret);

/** job_queue_next_of() - the same for the job of @unit, provided that no other one could be run now. */
bool job_queue_next_of(JobQueue *q, unsigned unit, Job *ret);

/**
 * job_queue_finished() - what became of what the unit was told
 * @type:   JOB_START, JOB_VERIFY_ACTIVE, JOB_RELOAD or JOB_STOP (also for the first half of a restart)
 *
 * Ignored unless the unit has a running job that waits for just that. The failure of a start fails the starts
 * of those that cannot do without the unit and are ordered after it.
 */
void job_queue_finished(JobQueue *q, unsigned unit, JobType type, JobResult result);

/** job_queue_end() - end a job before its time, as canceled or timeout; starts that wait for it fail. 0 or
 * -ENOENT. */
int job_queue_end(JobQueue *q, uint32_t id, JobResult result);

/** job_queue_next_end() - take the next job that has ended, in order. False when there is none. */
bool job_queue_next_end(JobQueue *q, JobEnd *ret);

/** job_queue_of_unit() - the unit's job, or NULL. Valid until the queue is next changed. */
const Job *job_queue_of_unit(const JobQueue *q, unsigned unit);

/** job_queue_find() - by number; NULL when there is none. Valid until the queue is next changed. */
const Job *job_queue_find(const JobQueue *q, uint32_t id);

/** job_queue_each() - all queued jobs, in order of their numbers: NULL gives the first, the last gives NULL.
 */
const Job *job_queue_each(const JobQueue *q, const Job *previous);

/** job_queue_is_behind() - does @second wait for the end of @first, both being queued? */
bool job_queue_is_behind(const JobQueue *q, const Job *second, const Job *first);
