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
        u->job_due = USEC_INFINITY;
}

void unit_arm_job(Unit *u, const Job *job) {
        const UnitSection *s = u->spec ? &u->spec->unit : NULL;
        usec_t now = clock_now(CLOCK_BOOTTIME), due;
        int r;

        if (!s)
                return;
        if (u->timed_job != job->id)
                unit_disarm_job(u);
        u->timed_job = job->id;

        due = usec_add(now, job->state == JOB_RUNNING ? s->job_running_timeout : s->job_timeout);
        if (due >= u->job_due)
                return;
        u->job_due = due;
        u->job_timer = sd_event_source_disable_unref(u->job_timer);
        r = sd_event_add_time(u->manager->event, &u->job_timer, CLOCK_BOOTTIME, due, USEC_PER_MSEC, on_due,
                              u);
        if (r >= 0)
                r = sd_event_source_set_priority(u->job_timer, PRIORITY_TIMER);
        if (r < 0)
                log_message(LOG_ERR, u->name, "cannot arm the timer of its job: %s", strerror(-r));
}
