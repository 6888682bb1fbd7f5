/*
 * Waiting for jobs without a gap: the signals are subscribed to before the jobs are asked for, so that
 * none can end unseen.
 */
#pragma once

#include "ctl/client.h"

typedef struct JobWait JobWait;

/** job_wait_new() - begin to listen; c->bus must be open. Returns 0 or a negative errno with @error filled.
 */
int job_wait_new(Ctl *c, sd_bus_error *error, JobWait **ret);

/** job_wait_free() - NULL is fine. */
void job_wait_free(JobWait *w);

AUTOPTR_DEFINE(JobWait, job_wait_free);

/** job_wait_add() - wait for this job, too. @path: of the job. Both strings are copied. 0 or -ENOMEM. */
int job_wait_add(JobWait *w, const char *path, const char *unit);

/** job_wait_run() - return when all jobs have ended, or a negative errno when the connection broke off. */
int job_wait_run(JobWait *w);

/** job_wait_next_failed() - walk the jobs that ended badly. @i: 0 at first. Returns 1 with both set, or 0 at
 * the end. */
int job_wait_next_failed(const JobWait *w, size_t *i, const char **ret_unit, const char **ret_result);
