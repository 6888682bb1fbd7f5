/*
 * The jobs, on disk: a line for each that comes, changes or ends, so that the next manager goes on with them,
 * and whoever waits for one can ask what became of it.
 */
#pragma once

#include "basic/cleanup.h"
#include "supervise/job.h"

typedef struct JobLog JobLog;

/* A job that had not ended when the log was read. */
typedef struct LoggedJob {
        uint32_t id;
        JobType type;
        bool ignore_order;
        bool told;
        usec_t due; /* as in Job, like .told */
        char *unit; /* its name; NULL once the job was taken */
        char *by;   /* as in Job */
} LoggedJob;

/**
 * job_log_open() - read what an earlier manager has left, and go on in the same file
 * @path: made when missing
 *
 * Lines that make no sense are passed over, and so is what was written before this boot. Returns 0 or a
 * negative errno.
 */
int job_log_open(const char *path, const char *boot_id, JobLog **ret);

/** job_log_free() - NULL is fine. */
void job_log_free(JobLog *l);

AUTOPTR_DEFINE(JobLog, job_log_free);

/** job_log_last_id() - the highest number that was ever given. */
uint32_t job_log_last_id(const JobLog *l);

/** job_log_find() - what was read about @unit, or of any unit when that is NULL; NULL when there is nothing.
 */
LoggedJob *job_log_find(JobLog *l, const char *unit);

/** job_log_take() - it is in the queue again, or will never be. */
void job_log_take(LoggedJob *j);

/** job_log_write() - a change of @job, whose unit is @unit. @result: JOB_RESULT_INVALID_ = it has not ended.
 */
void job_log_write(JobLog *l, const Job *job, const char *unit, JobResult result);

/** job_log_write_asker() - that .by of @job is known now. */
void job_log_write_asker(JobLog *l, const Job *job);

/** job_log_result() - of one of the last jobs that have ended; JOB_RESULT_INVALID_ when it is not known. */
JobResult job_log_result(const JobLog *l, uint32_t id);

/** job_log_is_long() - is it time for job_log_begin_anew()? Also when something could not be written. */
bool job_log_is_long(const JobLog *l);

/** job_log_begin_anew() - write the log anew, with the jobs of @q, whose units are of @g. One warning says
 * that it fails. */
void job_log_begin_anew(JobLog *l, const JobQueue *q, const Graph *g);
