/*
 * Transactions in, jobs out. The queue decides what may run; the loop takes one job at a time when nothing
 * more urgent waits, so that a start of many units starves no event of those that run.
 */
#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/strv.h"
#include "manager/condition.h"
#include "manager/death.h"
#include "manager/internal.h"
#include "manager/transient.h"
#include "manager/update.h"
#include "supervise/transaction.h"

static JobInfo info_of(const Manager *m, uint32_t id, unsigned unit, JobType type, JobState state) {
        return (JobInfo){ .id = id, .unit = m->by_index[unit], .type = type, .state = state };
}

static bool restart_is_due(const Unit *u) {
        return u->machine.state == MACHINE_AUTO_RESTART && u->machine.timer <= clock_now(CLOCK_BOOTTIME);
}

/* A job that was the half of something, and has not come to its end: what waits for the other half goes on.
 */
static void let_go(Manager *m, Unit *u, JobResult result) {
        if (unit_at_rest(u) && (u->machine.prepared || u->machine.restart))
                unit_event(u, &(MachineEvent){ .type = EVENT_STOP });
        /* Who does not want the start does not want what it fetches. */
        if (result == JOB_RESULT_CANCELED && u->pull && !job_queue_of_unit(m->jobs, u->index))
                unit_event(u, &(MachineEvent){ .type = EVENT_STOP });
        if (restart_is_due(u) && !job_queue_of_unit(m->jobs, u->index))
                unit_event(u, &(MachineEvent){ .type = EVENT_TIMEOUT });
}

/* What a start waited for outside of the manager, or was told not to wait for. */
static void forget_host(Unit *u, uint32_t job) {
        const ManagerListener *l = u->manager->listener;

        u->host_ready = false;
        if (u->awaiting_job != job)
                return;
        u->awaiting_job = 0;
        if (l && l->start_dropped)
                l->start_dropped(u, u->manager->listener_data);
}

void manager_tell_ends(Manager *m) {
        JobEnd end;

        while (job_queue_next_end(m->jobs, &end)) {
                const JobInfo info = info_of(m, end.id, end.unit, end.type, JOB_RUNNING);

                if (!info.unit)
                        continue;
                if (!job_queue_of_unit(m->jobs, end.unit)) {
                        unit_disarm_job(info.unit);
                        unit_trigger_done(info.unit);
                        /* In the midst of an event it is not forgotten. */
                        if (!info.unit->in_event)
                                unit_death_write(info.unit);
                }
                if (end.result != JOB_RESULT_DONE)
                        let_go(m, info.unit, end.result);
                unit_note_tried(info.unit);
                forget_host(info.unit, end.id);
                if (end.result == JOB_RESULT_DEPENDENCY)
                        log_entry(LOG_WARNING, info.unit->name, EXPLAINED(MESSAGE_DEPENDENCY),
                                  "not started: a unit that it requires has failed");
                unit_update_job_ended(info.unit, end.id, end.result);
                if (m->listener && m->listener->job_removed)
                        m->listener->job_removed(&info, job_result_to_string(end.result), m->listener_data);
        }
}

static void note_unmet(Unit *u, const char *word, const Condition *c) {
        autofree char *value = c ? condition_to_string(c) : NULL;

        free(u->unmet);
        if (!c || asprintf(&u->unmet, "%s%s=%s", word, condition_name(c->type), strempty(value)) < 0)
                u->unmet = NULL;
}

bool unit_may_start(Unit *u, JobResult *ret) {
        ConditionOutcome outcome = { .verdict = CONDITION_MET };
        const char *word;

        u->condition_result = u->assert_result = true;
        note_unmet(u, NULL, NULL);
        if (!u->spec)
                return true;
        if (condition_test_all(&u->spec->unit, &outcome) < 0)
                outcome.verdict = ASSERT_UNMET;
        if (outcome.verdict == CONDITION_MET)
                return true;

        /* Where a condition is not met, no assert was asked. */
        u->condition_result = outcome.verdict != CONDITION_UNMET;
        u->assert_result = false;
        word = outcome.verdict == ASSERT_UNMET ? "Assert" : "Condition";
        note_unmet(u, word, outcome.unmet);
        log_entry(outcome.verdict == ASSERT_UNMET ? LOG_WARNING : LOG_INFO, u->name,
                  EXPLAINED(MESSAGE_CONDITION), "not started: %s%s= is not met", word,
                  outcome.unmet ? condition_name(outcome.unmet->type) : "");
        manager_tell_changed(u->manager, u);
        if (ret)
                *ret = outcome.verdict == ASSERT_UNMET ? JOB_RESULT_ASSERT : JOB_RESULT_DONE;
        return false;
}

static void reset_failed(Unit *u) {
        /* Of one that runs the counter changes, and no state. */
        const bool counted = u->machine.state != MACHINE_FAILED && u->machine.n_restarts > 0;

        if (u->machine.state == MACHINE_FAILED)
                u->condition_result = u->assert_result = false;
        unit_event(u, &(MachineEvent){ .type = EVENT_RESET_FAILED });
        unit_trigger_forgive(u);
        if (counted)
                manager_tell_changed(u->manager, u);
}

static int arm(Unit *u) {
        Fault fault = {};
        int r = unit_arm(u, &fault);

        if (r < 0) {
                unit_set_fault(u, &fault);
                log_entry(LOG_ERR, u->name, EXPLAINED(MESSAGE_NOT_STARTED), "cannot start: %s",
                          strempty(u->fault_text));
        }
        return r;
}

/* A unit with a timer or sockets is started by being armed; what these start is its container. Returns false
 * when that is what is wanted. */
static bool run_arm(Manager *m, Unit *u) {
        int r;

        if (!unit_has_trigger(u) || u->trigger_due || restart_is_due(u))
                return false;
        if (u->machine.state == MACHINE_FAILED)
                reset_failed(u);
        r = u->trigger && unit_active_state(u) != ACTIVE_STATE_FAILED ? 0 : arm(u);
        job_queue_finished(m->jobs, u->index, JOB_START, r < 0 ? JOB_RESULT_FAILED : JOB_RESULT_DONE);
        return true;
}

/* A start that was waited for by others: what has to be true is looked at now, not when it was asked for. */
static void begin_start(Manager *m, Unit *u, bool begins) {
        JobResult result = JOB_RESULT_DEPENDENCY;

        if (!begins || (unit_may_start(u, &result) && unit_is_bound_well(u))) {
                /* What is begun is saved with that; what is not is forgotten with the job. */
                u->trigger_due &= !begins;
                unit_event(u, &(MachineEvent){ .type = EVENT_START, .automatic = restart_is_due(u) });
                return;
        }
        job_queue_finished(m->jobs, u->index, JOB_START, result);
        if (restart_is_due(u))
                unit_event(u, &(MachineEvent){ .type = EVENT_STOP });
}

static bool is_down(const Unit *u) {
        ActiveState state = machine_active_state(u->machine.state);

        return state == ACTIVE_STATE_INACTIVE || state == ACTIVE_STATE_FAILED;
}

static void refuse_start(Unit *u, const Fault *fault) {
        unit_set_fault(u, fault);
        log_entry(LOG_ERR, u->name, EXPLAINED(MESSAGE_NOT_STARTED), "cannot start: %s",
                  strempty(u->fault_text));
        job_queue_finished(u->manager->jobs, u->index, JOB_START, JOB_RESULT_DEPENDENCY);
}

/* Units of the host come first. True when the start goes on later, or not at all. */
static bool await_host(Manager *m, Unit *u, uint32_t job) {
        const ManagerListener *l = m->listener;
        Fault fault = {};
        int r;

        if (u->host_ready || !l || !l->before_start)
                return false;
        unit_set_fault(u, NULL);
        r = l->before_start(u, &fault, m->listener_data);
        u->awaiting_job = r > 0 ? job : 0;
        if (r < 0)
                refuse_start(u, &fault);
        return r != 0;
}

static void run_start(Manager *m, Unit *u, uint32_t job) {
        if (run_arm(m, u))
                return;
        if (is_down(u) && await_host(m, u, job))
                return;
        begin_start(m, u, is_down(u) || restart_is_due(u));
}

void manager_may_start(Unit *u, int r, const Fault *fault) {
        Manager *m = u->manager;
        const Job *job = job_queue_of_unit(m->jobs, u->index);

        if (!job || job->id != u->awaiting_job || job->type != JOB_START || job->state != JOB_RUNNING)
                return;
        u->awaiting_job = 0;
        if (r < 0)
                refuse_start(u, fault);
        else
                begin_start(m, u, is_down(u) || restart_is_due(u));
        manager_schedule_jobs(m);
}

void manager_note_host(Unit *u) {
        u->host_ready = true;
}

static void run_restart(Manager *m, Unit *u) {
        /* A restart by policy that others take part in: it has ended already. */
        if (unit_at_rest(u) && u->trigger)
                (void) arm(u);
        u->trigger_due |= !unit_at_rest(u);
        if (unit_at_rest(u) || (restart_is_due(u) && unit_spaces_stay(u)))
                job_queue_finished(m->jobs, u->index, JOB_STOP, JOB_RESULT_DONE);
        else
                unit_event(u,
                           &(MachineEvent){ .type = EVENT_STOP, .restart = true, .keep = unit_may_keep(u) });
}

static void run_reload(Manager *m, Unit *u) {
        ActiveState state = machine_active_state(u->machine.state);

        if (state != ACTIVE_STATE_ACTIVE && state != ACTIVE_STATE_RELOADING)
                job_queue_finished(m->jobs, u->index, JOB_RELOAD, JOB_RESULT_INVALID);
        else if (!unit_can_reload(u))
                job_queue_finished(m->jobs, u->index, JOB_RELOAD, JOB_RESULT_SKIPPED);
        else
                unit_event(u, &(MachineEvent){ .type = EVENT_RELOAD });
}

static void run_job(Manager *m, const Job *job) {
        Unit *u = m->by_index[job->unit];
        ActiveState state = unit_active_state(u);

        switch (job->type) {
        case JOB_START:
                return run_start(m, u, job->id);
        case JOB_STOP:
                unit_disarm(u);
                return unit_event(u, &(MachineEvent){ .type = EVENT_STOP });
        case JOB_RESTART:
                return run_restart(m, u);
        case JOB_RELOAD:
                return run_reload(m, u);
        case JOB_VERIFY_ACTIVE:
                job_queue_finished(m->jobs, job->unit, job->type,
                                   state == ACTIVE_STATE_ACTIVE || state == ACTIVE_STATE_RELOADING
                                           ? JOB_RESULT_DONE
                                           : JOB_RESULT_FAILED);
                return;
        case JOB_TYPE_N_:
        case JOB_TYPE_INVALID_:
                return;
        }
}

bool unit_run_job(Unit *u) {
        Manager *m = u->manager;
        Job job;

        if (!job_queue_next_of(m->jobs, u->index, &job))
                return false;
        unit_arm_job(u, &job);
        run_job(m, &job);
        return true;
}

void manager_run_job(Manager *m) {
        Job job;

        if (!job_queue_next(m->jobs, &job)) {
                manager_tell_ends(m);
                manager_settle_exit(m);
                return;
        }

        if (m->by_index[job.unit]) {
                unit_arm_job(m->by_index[job.unit], &job);
                run_job(m, &job);
        } else
                job_queue_finished(m->jobs, job.unit, job.type, JOB_RESULT_FAILED);
        manager_tell_ends(m);
        manager_schedule_jobs(m);
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
        static const UnitDependency pulling[] = { UNIT_DEP_REQUIRES, UNIT_DEP_WANTS, UNIT_DEP_BINDS_TO,
                                                  UNIT_DEP_UPHOLDS, UNIT_DEP_REQUISITE };

        for (size_t i = 0; i < n; i++) {
                const Unit *u = m->by_index[units[i]];

                for (size_t j = 0; u->spec && j < ELEMENTSOF(pulling); j++)
                        STRV_FOREACH (name, u->spec->unit.dependencies[pulling[j]]) {
                                Unit *ignored;

                                if (unit_name_kind(*name) >= 0 && !manager_get_unit(m, *name))
                                        (void) manager_load_unit(m, *name, &ignored);
                        }
        }
}

static void tell_new(Manager *m, const uint32_t *ids, size_t n) {
        for (size_t i = 0; i < n; i++) {
                const Job *job = job_queue_find(m->jobs, ids[i]);

                if (job && m->by_index[job->unit]) {
                        unit_arm_job(m->by_index[job->unit], job);
                        const JobInfo info = info_of(m, job->id, job->unit, job->type, job->state);

                        if (m->listener && m->listener->job_new)
                                m->listener->job_new(&info, m->listener_data);
                }
        }
}

static int enqueue(Manager *m, char *const *names, JobType type, JobMode mode, uint32_t **ret_ids,
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

/* What only dependencies may do with a unit, and what cannot be done with it at all. */
static int refuse(Manager *m, const char *name, JobType type, Fault *fault) {
        Unit *u = manager_get_unit(m, name);
        const UnitSection *s = u && u->spec ? &u->spec->unit : NULL;
        bool starts = type == JOB_START || type == JOB_RESTART,
             stops = type == JOB_STOP || type == JOB_RESTART;

        if (!s)
                return 0;
        if ((starts && s->refuse_manual_start) || (stops && s->refuse_manual_stop))
                return fault_set(fault, "refused", -EACCES, "%s", name);
        if (type != JOB_RELOAD || unit_can_reload(u))
                return 0;

        (void) fault_set(fault, "reload", -EOPNOTSUPP, "%s", name);
        fault_advise(fault, "its unit file has no ExecReload=");
        return -EOPNOTSUPP;
}

int manager_enqueue(Manager *m, char *const *names, JobType type, JobMode mode, uint32_t **ret_ids,
                    Fault *fault) {
        STRV_FOREACH (name, names) {
                int r = refuse(m, *name, type, fault);

                if (r < 0)
                        return r;
        }
        return enqueue(m, names, type, mode, ret_ids, fault);
}

int manager_enqueue_job(Manager *m, const char *name, JobType type, JobMode mode, uint32_t *ret_id,
                        Fault *fault) {
        char *const names[] = { (char *) name, NULL };
        autofree uint32_t *ids = NULL;
        int r;

        r = enqueue(m, names, type, mode, &ids, fault);
        if (r == 0)
                *ret_id = ids[0];
        return r;
}

int manager_enqueue_one(Manager *m, const char *name, JobType type, JobMode mode, Fault *fault) {
        uint32_t ignored;

        return manager_enqueue_job(m, name, type, mode, &ignored, fault);
}

uint32_t manager_pass_job(Manager *m, Unit *u, JobType type) {
        return job_queue_pass(m->jobs, u->index, type);
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

void manager_note_asker(Manager *m, uint32_t id, const char *by) {
        const Job *job = id > 0 ? job_queue_set_asker(m->jobs, id, by) : NULL;

        if (job)
                job_log_write_asker(m->job_log, job);
}

int manager_next_obstacle(const Manager *m, uint32_t of, uint32_t id, JobInfo *ret) {
        const Job *second = job_queue_find(m->jobs, of);
        int r;

        while (second && (r = manager_next_job(m, id, ret)) > 0) {
                id = ret->id;
                if (job_queue_is_behind(m->jobs, second, job_queue_find(m->jobs, id)))
                        return 1;
        }
        return 0;
}

int manager_cancel_job(Manager *m, uint32_t id) {
        int r = job_queue_end(m->jobs, id, JOB_RESULT_CANCELED);

        manager_schedule_jobs(m);
        return r;
}

int manager_kill_unit(Manager *m, Unit *u, KillWhom whom, int signal, const char *by) {
        int r;

        if (u->main) {
                unit_note_signal(u, signal, by);
                (void) unit_save(u);
        }

        if (whom == KILL_MAIN)
                return unit_signal_main(u, signal);
        /* "All of them" may be none. */
        r = u->held.cgroup_fd < 0 ? 0 : cgroup_signal(u->held.cgroup_fd, signal);
        return r < 0 ? r : 0;
}

void manager_reset_failed(Manager *m, Unit *u) {
        if (u)
                return reset_failed(u);
        for (u = m->units; u; u = u->hh.next)
                reset_failed(u);
}
