/*
 * Transactions in, jobs out. The queue decides what may run; the loop takes one job at a time when nothing
 * more urgent waits, so that a start of many units starves no event of those that run.
 */
#include "basic/log.h"
#include "basic/strv.h"
#include "manager/internal.h"
#include "manager/priority.h"
#include "supervise/transaction.h"

static JobInfo info_of(const Manager *m, uint32_t id, unsigned unit, JobType type, JobState state) {
        return (JobInfo){ .id = id, .unit = m->by_index[unit], .type = type, .state = state };
}

/* Tells of the jobs that have ended since the last call. */
static void tell_ends(Manager *m) {
        JobEnd end;

        while (job_queue_next_end(m->jobs, &end)) {
                const JobInfo info = info_of(m, end.id, end.unit, end.type, JOB_RUNNING);

                if (!info.unit)
                        continue;
                /* The second half of a restart that never came: what was kept for it goes. */
                if (end.result != JOB_RESULT_DONE && info.unit->machine.prepared && unit_at_rest(info.unit))
                        unit_event(info.unit, &(MachineEvent){ .type = EVENT_STOP });
                /* Who does not want the start does not want what it fetches. */
                if (end.result == JOB_RESULT_CANCELED && info.unit->pull &&
                    !job_queue_of_unit(m->jobs, info.unit->index))
                        unit_event(info.unit, &(MachineEvent){ .type = EVENT_STOP });
                if (end.result == JOB_RESULT_DEPENDENCY)
                        log_message(LOG_WARNING, info.unit->name,
                                    "not started: a unit that it requires has failed");
                if (m->listener && m->listener->job_removed)
                        m->listener->job_removed(&info, job_result_to_string(end.result), m->listener_data);
        }
}

void manager_schedule_jobs(Manager *m) {
        (void) sd_event_source_set_enabled(m->jobs_source, SD_EVENT_ONESHOT);
}

/* A restart keeps what is prepared if a new start would prepare the same. */
static bool may_keep(Unit *u) {
        return u->held.spec && u->held.fingerprint == u->fingerprint && unit_image_stays(u);
}

static void run_job(Manager *m, const Job *job) {
        Unit *u = m->by_index[job->unit];
        MachineEvent event = { .type = EVENT_START };

        switch (job->type) {
        case JOB_START:
                break;
        case JOB_STOP:
                event.type = EVENT_STOP;
                break;
        case JOB_RESTART:
                if (unit_at_rest(u)) {
                        job_queue_finished(m->jobs, job->unit, JOB_STOP, JOB_RESULT_DONE);
                        return;
                }
                event.type = EVENT_STOP;
                event.keep = may_keep(u);
                break;
        case JOB_VERIFY_ACTIVE:
                job_queue_finished(m->jobs, job->unit, job->type,
                                   machine_active_state(u->machine.state) == ACTIVE_STATE_ACTIVE
                                           ? JOB_RESULT_DONE
                                           : JOB_RESULT_FAILED);
                return;
        case JOB_RELOAD:
                job_queue_finished(m->jobs, job->unit, job->type, JOB_RESULT_SKIPPED);
                return;
        case JOB_TYPE_N_:
        case JOB_TYPE_INVALID_:
                return;
        }

        unit_event(u, &event);
}

static int on_jobs(sd_event_source *s, void *userdata) {
        Manager *m = userdata;
        Job job;

        if (!job_queue_next(m->jobs, &job)) {
                tell_ends(m);
                return 0;
        }

        if (m->by_index[job.unit])
                run_job(m, &job);
        else
                job_queue_finished(m->jobs, job.unit, job.type, JOB_RESULT_FAILED);
        tell_ends(m);
        manager_schedule_jobs(m);
        return 0;
}

int manager_jobs_setup(Manager *m) {
        int r;

        r = sd_event_add_defer(m->event, &m->jobs_source, on_jobs, m);
        if (r >= 0)
                r = sd_event_source_set_priority(m->jobs_source, PRIORITY_JOBS);
        if (r >= 0)
                r = sd_event_source_set_enabled(m->jobs_source, SD_EVENT_OFF);
        return r;
}

void manager_job_finished(Manager *m, Unit *u, JobType type, JobResult result) {
        job_queue_finished(m->jobs, u->index, type, result);
        manager_schedule_jobs(m);
}

/* Loads the named units and says why one of them cannot be started. */
static int check_units(Manager *m, char *const *names, JobType type, unsigned *units, Fault *fault) {
        bool starts = type == JOB_START || type == JOB_RESTART;

        for (size_t i = 0; names[i]; i++) {
                Unit *u;
                int r;

                r = manager_load_unit(m, names[i], &u);
                if (r < 0) {
                        (void) fault_set(fault, "find unit", r, "%s", names[i]);
                        fault_advise(
                                fault,
                                "no such file in the search path; after writing it: nsctl daemon-reload");
                        return r;
                }
                units[i] = u->index;
                if (!starts || u->load_state == LOAD_LOADED)
                        continue;
                if (u->load_state == LOAD_MASKED)
                        return fault_set(fault, "unit is masked", -ERFKILL, "%s", u->name);
                (void) fault_set(fault, "unit file has errors", -EBADMSG, "%s", u->name);
                fault_advise(fault, "%.*s", (int) strcspn(strempty(u->load_error), "\n"),
                             strempty(u->load_error));
                return -EBADMSG;
        }
        return 0;
}

/* Dependencies may name units that are loaded by nobody yet (templates' instances). */
static void load_dependencies(Manager *m, const unsigned *units, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const Unit *u = m->by_index[units[i]];
                char **const lists[] = { u->spec ? u->spec->unit.dependencies[UNIT_DEP_REQUIRES] : NULL,
                                         u->spec ? u->spec->unit.dependencies[UNIT_DEP_WANTS] : NULL };

                for (size_t j = 0; j < ELEMENTSOF(lists); j++)
                        STRV_FOREACH (name, lists[j]) {
                                Unit *ignored;

                                if (unit_name_kind(*name) >= 0 && !manager_get_unit(m, *name))
                                        (void) manager_load_unit(m, *name, &ignored);
                        }
        }
}

static void tell_new(Manager *m, const uint32_t *ids, size_t n) {
        for (size_t i = 0; i < n && m->listener && m->listener->job_new; i++) {
                const Job *job = job_queue_find(m->jobs, ids[i]);

                if (job && m->by_index[job->unit]) {
                        const JobInfo info = info_of(m, job->id, job->unit, job->type, job->state);

                        m->listener->job_new(&info, m->listener_data);
                }
        }
}

int manager_enqueue(Manager *m, char *const *names, JobType type, JobMode mode, uint32_t **ret_ids,
                    Fault *fault) {
        size_t n = strv_length(names);
        autofree unsigned *units = calloc(n + 1, sizeof(unsigned));
        autofree uint32_t *ids = NULL, *answers = calloc(n + 1, sizeof(uint32_t));
        autoptr(Transaction) t = NULL;
        int r;

        if (!units || !answers)
                return -ENOMEM;

        r = check_units(m, names, type, units, fault);
        if (r < 0)
                return r;
        load_dependencies(m, units, n);

        r = transaction_build(m->graph, m->jobs, units, n, type, mode, fault, &t);
        if (r < 0)
                return r;
        for (size_t i = 0; i < t->n_dropped; i++)
                log_warning("left out to break an ordering cycle: %s", m->graph->nodes[t->dropped[i]].name);

        ids = calloc(t->n_jobs + 1, sizeof(uint32_t));
        if (!ids)
                return -ENOMEM;
        r = job_queue_install(m->jobs, t, ids);
        if (r < 0)
                return r;

        tell_new(m, ids, t->n_jobs);
        for (size_t i = 0; i < n; i++) {
                const Job *job = job_queue_of_unit(m->jobs, units[i]);

                answers[i] = job ? job->id : 0;
        }
        /* Jobs that this one replaced are told of from the loop: the caller knows his job's number first. */
        manager_schedule_jobs(m);
        *ret_ids = take_ptr(answers);
        return 0;
}

int manager_next_job(const Manager *m, uint32_t id, JobInfo *ret) {
        const Job *job = job_queue_each(m->jobs, id > 0 ? job_queue_find(m->jobs, id) : NULL);

        /* @id may have ended meanwhile: go on behind where it was. */
        if (id > 0 && !job_queue_find(m->jobs, id))
                while (job && job->id <= id)
                        job = job_queue_each(m->jobs, job);
        if (!job)
                return 0;

        *ret = info_of(m, job->id, job->unit, job->type, job->state);
        return 1;
}

int manager_cancel_job(Manager *m, uint32_t id) {
        int r = job_queue_cancel(m->jobs, id);

        manager_schedule_jobs(m);
        return r;
}

int manager_kill_unit(Manager *m, Unit *u, KillWhom whom, int signal) {
        int r;

        if (whom == KILL_MAIN)
                return u->main ? child_signal(u->main, signal) : -ESRCH;
        if (u->held.cgroup_fd < 0)
                return -ESRCH;

        r = cgroup_signal(u->held.cgroup_fd, signal);
        return r < 0 ? r : r == 0 ? -ESRCH : 0;
}

void manager_reset_failed(Manager *m, Unit *u) {
        const MachineEvent event = { .type = EVENT_RESET_FAILED };

        if (u) {
                unit_event(u, &event);
                return;
        }
        for (u = m->units; u; u = u->hh.next)
                unit_event(u, &event);
}
