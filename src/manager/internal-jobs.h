/* The part of internal.h about jobs, links of the host in containers, and programs in them. Comes with that.
 */
#pragma once

#include "manager/internal.h"

/* job-resume.c */
int manager_open_job_log(Manager *m, Fault *fault);
/* Before the unit is adopted: the job that it had. Is there one? */
bool unit_resume_job(Unit *u);
/* Those of units that are at rest. */
void manager_resume_jobs(Manager *m);

/* strays.c */
/* When all units are adopted, and before anything else is begun. */
void manager_follow_strays(Manager *m);
void manager_free_strays(Manager *m);

/* job-timer.c */
/* Of a job that is new, or begins to run. */
void unit_arm_job(Unit *u, const Job *job);
void unit_disarm_job(Unit *u);

/* jobs.c */
/* Conditions and asserts, tested now. False with what that makes of a start job in @ret, which may be NULL.
 */
bool unit_may_start(Unit *u, JobResult *ret);
/* For the manager's own ends: refused by no RefuseManualStart=. */
int manager_enqueue_one(Manager *m, const char *name, JobType type, JobMode mode, Fault *fault);
/* With the number of its job, 0 when there is nothing to be done. */
int manager_enqueue_job(Manager *m, const char *name, JobType type, JobMode mode, uint32_t *ret_id,
                        Fault *fault);
int manager_jobs_setup(Manager *m);
void manager_job_finished(Manager *m, Unit *u, JobType type, JobResult result);
/* The next one that can run, and what has ended. */
void manager_run_job(Manager *m);

/* turns.c */
int manager_turns_setup(Manager *m);
void manager_schedule_jobs(Manager *m);
/* The wait for it is over. */
void unit_queue_restart(Unit *u);
void unit_forget_restart(Unit *u);

/* links.c */
int unit_make_links(Unit *u, Fault *fault);
void unit_drop_links(Unit *u);
/* In memory only. */
void unit_forget_links(Unit *u);
/* A new reference. */
json_t *unit_links_to_json(const Unit *u);
int unit_adopt_links(Unit *u, const json_t *saved, size_t n_extra);

/* exec.c */
/* As manager_exec(), for who follows the process by himself. */
int unit_exec(const ExecCall *call, ExecResult *ret, Fault *fault);
void manager_exec_free_all(Manager *m);
/* As manager_exec_forget(), but the program goes on to its end. */
void manager_exec_leave(Manager *m, void *data);
