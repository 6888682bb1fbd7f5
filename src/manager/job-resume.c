/* Jobs of an earlier manager: taken up where they were. */
#include "basic/log.h"
#include "manager/internal.h"

static void on_job_changed(const Job *job, JobResult result, void *data) {
        Manager *m = data;

        job_log_write(m->job_log, job, m->graph->nodes[job->unit].name, result);
        if (job_log_is_long(m->job_log))
                job_log_begin_anew(m->job_log, m->jobs, m->graph);
}

int manager_open_job_log(Manager *m, Fault *fault) {
        autofree char *path = NULL;
        int r;

        if (asprintf(&path, "%s/jobs", m->config->paths.run) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = job_log_open(path, m->boot_id, &m->job_log);
        if (r < 0)
                return fault_set(fault, "jobs", r, "%s", path);
        job_queue_begin_after(m->jobs, job_log_last_id(m->job_log));
        job_queue_observe(m->jobs, on_job_changed, m);
        return 0;
}

/* Was the machine told, and does it owe the answer? Else the job is to be run, perhaps again: what is done
 * already is not done twice by that. */
static bool is_under_way(const Unit *u, JobType type) {
        switch (type) {
        case JOB_START:
                return u->machine.start_asked || u->machine.start_queued;
        case JOB_STOP:
        case JOB_RESTART:
                return u->machine.stop_asked;
        case JOB_RELOAD:
                return u->machine.reload_asked;
        case JOB_VERIFY_ACTIVE:
        case JOB_TYPE_N_:
        case JOB_TYPE_INVALID_:
                break;
        }
        return false;
}

static void resume(Manager *m, LoggedJob *logged, Unit *u) {
        const Job job = {
                .id = logged->id,
                .unit = u->index,
                .type = logged->type,
                .state = is_under_way(u, logged->type) ? JOB_RUNNING : JOB_WAITING,
                .ignore_order = logged->ignore_order,
                .told = logged->told,
                .due = logged->due,
                .by = logged->by,
        };

        if (job_queue_restore(m->jobs, &job) < 0)
                log_message(LOG_WARNING, u->name, "a %s job is lost", job_type_to_string(job.type));
        else
                unit_arm_job(u, &job);
        job_log_take(logged);
        manager_schedule_jobs(m);
}

bool unit_resume_job(Unit *u) {
        LoggedJob *logged = job_log_find(u->manager->job_log, u->name);

        if (logged)
                resume(u->manager, logged, u);
        return job_queue_of_unit(u->manager->jobs, u->index);
}

void manager_resume_jobs(Manager *m) {
        LoggedJob *logged;
        Unit *u;

        while ((logged = job_log_find(m->job_log, NULL)))
                if (manager_load_unit_anyway(m, logged->unit, &u) >= 0)
                        resume(m, logged, u);
                else
                        job_log_take(logged);
}

JobResult manager_job_result(const Manager *m, uint32_t id) {
        return job_log_result(m->job_log, id);
}
