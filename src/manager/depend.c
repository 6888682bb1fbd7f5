/*
 * What the end of one unit means for others beyond the jobs of a request: OnFailure=, OnSuccess=, BindsTo=,
 * Upholds=, StopWhenUnneeded=, and restarts by policy that others take part in. Each comes to a job of its
 * own; nothing is done at once, the queue runs when all is quiet.
 */
#include <systemd/sd-id128.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "manager/internal.h"

/* A unit that is held up but ends at once is not started without end; as systemd has it. */
#define HOLD_INTERVAL (10 * USEC_PER_SEC)
#define HOLD_BURST    16

static ActiveState state_of(const Manager *m, unsigned unit) {
        return m->graph->nodes[unit].state;
}

static bool is_up(ActiveState s) {
        return s == ACTIVE_STATE_ACTIVE || s == ACTIVE_STATE_RELOADING;
}

static bool is_going(ActiveState s) {
        return is_up(s) || s == ACTIVE_STATE_ACTIVATING;
}

static bool is_at_rest(ActiveState s) {
        return s == ACTIVE_STATE_INACTIVE || s == ACTIVE_STATE_FAILED;
}

static JobType job_of(const Manager *m, unsigned unit) {
        const Job *job = job_queue_of_unit(m->jobs, unit);

        return job ? job->type : JOB_TYPE_INVALID_;
}

static void enqueue(Unit *why, unsigned unit, JobType type, JobMode mode) {
        Manager *m = why->manager;
        const char *name = m->graph->nodes[unit].name;
        autofree char *text = NULL;
        Fault fault = {};

        if (manager_enqueue_one(m, name, type, mode, &fault) >= 0)
                return;
        text = fault_to_string(&fault);
        log_message(LOG_WARNING, why->name, "cannot %s %s: %s", job_type_to_string(type), name,
                    text ? text : "out of memory");
}

/* Did it end, and how? A restart by policy counts as an end, unless RestartMode=direct hides it. */
static bool has_ended(const Unit *u, bool *ret_well) {
        const Machine *m = &u->machine;
        bool restarts = m->state == MACHINE_AUTO_RESTART &&
                        !(u->spec && u->spec->service.restart_mode == RESTART_MODE_DIRECT);

        *ret_well = m->state == MACHINE_DEAD || (restarts && m->result == RESULT_SUCCESS);
        return m->state == MACHINE_DEAD || m->state == MACHINE_FAILED || restarts;
}

static int add_exit(const MainExit *e, char ***env) {
        const char *name = e->kind == EXIT_KIND_EXITED ? NULL : signal_to_name(e->status);
        int r;

        if (e->kind == EXIT_KIND_NONE || e->kind == EXIT_KIND_UNKNOWN)
                return 0;
        r = strv_addf(env, "MONITOR_EXIT_CODE=%s", exit_kind_to_string(e->kind));
        if (r < 0)
                return r;
        if (name)
                return strv_addf(env, "MONITOR_EXIT_STATUS=%s",
                                 startswith(name, "SIG") ? name + strlen("SIG") : name);
        return strv_addf(env, "MONITOR_EXIT_STATUS=%i", e->status);
}

/* Tells a unit that is about to start whom it is started for (systemd.exec(5), "MONITOR_SERVICE_RESULT="). */
static void tell_follower(const Unit *u, Unit *follower) {
        autostrv char **env = NULL;
        char text[INVOCATION_TEXT_MAX];
        int r;

        r = strv_addf(&env, "MONITOR_UNIT=%s", u->name);
        if (r >= 0)
                r = strv_addf(&env, "MONITOR_INVOCATION_ID=%s", unit_invocation(u, text));
        if (r >= 0)
                r = strv_addf(&env, "MONITOR_SERVICE_RESULT=%s", unit_result_to_string(u->machine.result));
        if (r >= 0)
                r = add_exit(&u->machine.exit, &env);
        if (r < 0)
                return;
        strv_free(follower->monitor);
        follower->monitor = take_ptr(env);
}

static void start_followers(Unit *u, MachineState before) {
        ActiveState from = machine_active_state(before);
        Manager *m = u->manager;
        const GraphUnits *list;
        OnJobMode mode;
        bool well;

        if (is_at_rest(from) || !has_ended(u, &well))
                return;
        /* What was never up has not ended well, only not begun. */
        if (well && u->machine.result != RESULT_SUCCESS)
                return;

        list = graph_units(m->graph, u->index, well ? DEPENDENCY_ON_SUCCESS : DEPENDENCY_ON_FAILURE);
        if (list->n == 0 || !u->spec)
                return;
        mode = well ? u->spec->unit.on_success_job_mode : u->spec->unit.on_failure_job_mode;
        for (size_t i = 0; i < list->n; i++) {
                Unit *follower = NULL;

                enqueue(u, list->units[i], JOB_START,
                        mode == ON_JOB_FAIL                  ? JOB_MODE_FAIL
                        : mode == ON_JOB_IGNORE_DEPENDENCIES ? JOB_MODE_IGNORE_DEPENDENCIES
                                                             : JOB_MODE_REPLACE);
                follower = m->by_index[list->units[i]];
                if (follower && unit_at_rest(follower))
                        tell_follower(u, follower);
        }
}

/* It has ended by itself: nobody has told those that cannot be without it. */
static void stop_bound(Unit *u) {
        Manager *m = u->manager;

        if (!u->machine.wanted)
                return;
        GRAPH_FOREACH (m->graph, u->index, EFFECT_DIED, other)
                if (is_going(state_of(m, *other)))
                        enqueue(u, *other, JOB_STOP, JOB_MODE_REPLACE);
}

static bool hold_allowed(Unit *u) {
        usec_t now = clock_now(CLOCK_BOOTTIME);

        if (u->hold_begin == 0 || now - u->hold_begin > HOLD_INTERVAL) {
                u->hold_begin = now;
                u->hold_count = 0;
        }
        if (u->hold_count == HOLD_BURST)
                log_message(LOG_WARNING, u->name, "ends again and again, and is held up no more for a while");
        return u->hold_count++ < HOLD_BURST;
}

static void start_held(Unit *u) {
        Manager *m = u->manager;
        const GraphUnits *list = graph_units(m->graph, u->index, DEPENDENCY_UPHELD_BY);

        for (size_t i = 0; i < list->n; i++) {
                unsigned holder = list->units[i];

                if (!is_up(state_of(m, holder)) || job_of(m, holder) == JOB_STOP || u->machine.limited)
                        continue;
                if (hold_allowed(u))
                        enqueue(u, u->index, JOB_START, JOB_MODE_FAIL);
                return;
        }
}

static bool is_needed(const Manager *m, unsigned unit) {
        for (Dependency d = 0; d < DEPENDENCY_N_; d++) {
                const GraphUnits *list = graph_units(m->graph, unit, dependency_reverse(d));

                for (size_t i = 0; i < list->n && dependency_effects(d) & EFFECT_NEED; i++) {
                        JobType job = job_of(m, list->units[i]);

                        if (is_going(state_of(m, list->units[i])) || job == JOB_START || job == JOB_RESTART)
                                return true;
                }
        }
        return false;
}

static void stop_unneeded(Unit *why, unsigned unit) {
        const Manager *m = why->manager;
        const Unit *u = m->by_index[unit];

        if (!u || !u->spec || !u->spec->unit.stop_when_unneeded || !is_up(state_of(m, unit)))
                return;
        if (job_of(m, unit) == JOB_TYPE_INVALID_ && !is_needed(m, unit))
                enqueue(why, unit, JOB_STOP, JOB_MODE_FAIL);
}

void unit_tell_dependents(Unit *u, MachineState before) {
        /* While it is armed, nobody has to be told that its container comes and goes. */
        ActiveState to = unit_active_state(u);
        ActiveState from =
                u->trigger && before == MACHINE_DEAD ? ACTIVE_STATE_ACTIVE : machine_active_state(before);
        Manager *m = u->manager;

        if (is_at_rest(to) && !is_at_rest(from))
                unit_tell_pod(u);
        if (!m->adopted || before == u->machine.state)
                return;

        start_followers(u, before);
        if (is_at_rest(to) && !is_at_rest(from)) {
                u->monitor = strv_free(u->monitor);
                stop_bound(u);
                start_held(u);
                GRAPH_FOREACH (m->graph, u->index, EFFECT_NEED, other)
                        stop_unneeded(u, *other);
        }
        if (is_up(to) && !is_up(from))
                stop_unneeded(u, u->index);
}

void unit_tell_disarmed(Unit *u) {
        if (!u->manager->adopted || !unit_at_rest(u))
                return;
        unit_tell_pod(u);
        GRAPH_FOREACH (u->manager->graph, u->index, EFFECT_NEED, other)
                stop_unneeded(u, *other);
}

bool unit_restarts_alone(const Unit *u) {
        const Manager *m = u->manager;

        if (job_of(m, u->index) != JOB_TYPE_INVALID_)
                return false;
        if (u->spec && u->spec->service.restart_mode == RESTART_MODE_DIRECT)
                return true;
        GRAPH_FOREACH (m->graph, u->index, EFFECT_RESTART, other)
                if (is_going(state_of(m, *other)))
                        return false;
        return true;
}

bool unit_restart_by_job(Unit *u) {
        Manager *m = u->manager;

        /* Whoever has asked for that will see to it. */
        if (job_of(m, u->index) != JOB_TYPE_INVALID_)
                return true;
        if (!unit_may_start(u, NULL)) {
                unit_event(u, &(MachineEvent){ .type = EVENT_STOP });
                return true;
        }

        if (unit_restarts_alone(u))
                return false;
        return manager_enqueue_one(m, u->name, JOB_RESTART, JOB_MODE_REPLACE, NULL) >= 0;
}

bool unit_is_bound_well(const Unit *u) {
        const Manager *m = u->manager;

        GRAPH_FOREACH (m->graph, u->index, EFFECT_BOUND, other)
                if (graph_has(m->graph, u->index, DEPENDENCY_AFTER, *other) && !is_up(state_of(m, *other)))
                        return false;
        return true;
}
