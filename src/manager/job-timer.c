/* JobTimeoutSec=, JobRunningTimeoutSec=: how long a job may take. The unit goes on as it is; only who waits
 * for the job learns that it has taken too long. */
#include "basic/log.h"
#include "basic/message-id.h"
#include "manager/internal.h"
#include "manager/priority.h"

static int on_due(sd_event_source *s, uint64_t usec, void *userdata) {
        Unit *u = userdata;
        const Job *job = job_queue_of_unit(u->manager->jobs, u->index);

        if (!job)
                return 0;
        log_entry(LOG_WARNING, u->name, EXPLAINED(MESSAGE_JOB_TIMEOUT), "its %s job has taken too long",
                  job_type_to_string(job->type));
        (void) job_queue_end(u->manager->jobs, job->id, JOB_RESULT_TIMEOUT);
        unit_job_emergency(u);
        manager_schedule_jobs(u->manager);
        return 0;
}

void unit_disarm_job(Unit *u) {
        u->job_timer = sd_event_source_disable_unref(u->job_timer);
}

/* What is left of its time is the job's, whichever manager it is that counts. */
static usec_t due_of(const Unit *u, const Job *job) {
        const UnitSection *s = u->spec ? &u->spec->unit : NULL;
        const usec_t known = job->due > 0 ? job->due : USEC_INFINITY;

        return s ? MIN_OF(known, usec_add(clock_now(CLOCK_BOOTTIME), job->state == JOB_RUNNING
                                                                             ? s->actions->job_running_timeout
                                                                             : s->actions->job_timeout))
                 : known;
}

void unit_arm_job(Unit *u, const Job *job) {
        const usec_t due = due_of(u, job);
        int r;

        unit_disarm_job(u);
        if (due == USEC_INFINITY)
                return;
        job_queue_set_due(u->manager->jobs, job->id, due);
        r = sd_event_add_time(u->manager->event, &u->job_timer, CLOCK_BOOTTIME, due, USEC_PER_MSEC, on_due,
                              u);
        if (r >= 0)
                r = sd_event_source_set_priority(u->job_timer, PRIORITY_TIMER);
        if (r < 0)
                log_message(LOG_ERR, u->name, "cannot arm the timer of its job: %s", strerror(-r));
}
