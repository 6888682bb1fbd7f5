/* From START to running, what keeps it there, and reloads. */
#include "supervise/machine-internal.h"

/* An interval begins with the first start after the end of the one before, as systemd counts. */
static bool start_limit_allows(Machine *m, const MachinePolicy *p, usec_t now) {
        if (p->start_limit_interval == 0 || p->start_limit_burst == 0)
                return true;

        if (m->limit_count == 0 || now - m->limit_begin > p->start_limit_interval) {
                m->limit_begin = now;
                m->limit_count = 0;
        }
        if (m->limit_count >= p->start_limit_burst)
                return false;

        m->limit_count++;
        return true;
}

static usec_t start_deadline(const Step *s) {
        return usec_add(s->now, s->p->timeout_start);
}

static void spawn(Step *s) {
        s->m->cgroup_empty = false;
        s->actions |= MACHINE_SPAWN;
        machine_enter(s, MACHINE_SPAWNING, s->m->timer);
}

static void prepare(Step *s) {
        s->m->timer = start_deadline(s);
        if (s->m->prepared && !s->p->look)
                return spawn(s);

        s->actions |= s->m->prepared ? MACHINE_LOOK : MACHINE_PREPARE;
        machine_enter(s, MACHINE_PREPARING, s->m->timer);
}

static void start_pre(Step *s) {
        if (machine_run_hook(s, HOOK_START_PRE, 0))
                machine_enter(s, MACHINE_START_PRE, start_deadline(s));
        else
                prepare(s);
}

/* What went wrong before stays the reason: nothing was tried. */
static void refuse(Step *s) {
        Machine *m = s->m;

        m->limited = true;
        machine_blame(m, RESULT_START_LIMIT_HIT);
        if (m->prepared)
                return machine_clean(s);
        machine_answer_start(s, MACHINE_START_FAILED);
        machine_enter(s, MACHINE_FAILED, USEC_INFINITY);
}

/* A new invocation. Called at rest, or when the wait for a restart is over. */
static void begin(Step *s) {
        Machine *m = s->m;

        m->keep = m->restart = m->given_up = m->spoilt = false;
        if (!start_limit_allows(m, s->p, s->now))
                return refuse(s);

        s->actions |= MACHINE_BEGIN;
        m->result = RESULT_SUCCESS;
        m->exit = (MainExit){};
        m->main_start = m->main_exit = 0;
        m->dice = s->p->dice;
        m->ready = m->limited = false;
        m->hook = HOOK_NONE;
        m->post_due = m->cgroup_empty = true;
        if (machine_run_hook(s, HOOK_CONDITION, 0))
                machine_enter(s, MACHINE_CONDITION, start_deadline(s));
        else
                start_pre(s);
}

void machine_begin_asked(Step *s) {
        s->m->wanted = s->m->start_asked = true;
        s->m->start_queued = false;
        s->m->n_restarts = s->m->n_delays = 0;
        s->m->cause = (MainExit){};
        begin(s);
}

static void begin_automatically(Step *s) {
        s->m->n_restarts++;
        s->m->n_delays++;
        s->m->cause = s->m->exit;
        begin(s);
}

void machine_on_start_starting(Step *s) {
        /* The stop will be carried out, and the start after it. */
        if (s->m->stop_asked)
                s->m->start_queued = true;
        else
                s->m->start_asked = true;
        s->m->wanted = true;
}

void machine_on_start_active(Step *s) {
        s->m->wanted = true;
        s->actions |= MACHINE_START_DONE;
}

void machine_on_start_waiting(Step *s) {
        if (!s->e->automatic)
                return machine_begin_asked(s); /* "hurry up" */

        s->m->start_asked = true;
        begin_automatically(s);
}

void machine_on_timeout_waiting(Step *s) {
        begin_automatically(s);
}

void machine_on_hook_condition(Step *s) {
        UnitResult r = machine_take_hook(s);

        if (r != RESULT_SUCCESS)
                machine_stop_processes(s, r);
        else if (machine_next_hook(s))
                machine_enter(s, MACHINE_CONDITION, start_deadline(s));
        else
                start_pre(s);
}

void machine_on_hook_start_pre(Step *s) {
        UnitResult r = machine_take_hook(s);

        if (r != RESULT_SUCCESS)
                machine_stop_processes(s, r);
        else if (machine_next_hook(s))
                machine_enter(s, MACHINE_START_PRE, start_deadline(s));
        else
                prepare(s);
}

void machine_on_defer(Step *s) {
        machine_enter(s, MACHINE_PREPARING, s->e->usec == 0 ? USEC_INFINITY : usec_add(s->now, s->e->usec));
}

void machine_on_prepared(Step *s) {
        s->m->prepared = true;
        if (s->m->timer == USEC_INFINITY)
                s->m->timer = start_deadline(s);
        spawn(s);
}

void machine_on_prepare_failed(Step *s) {
        machine_stop_processes(s, s->e->result == RESULT_SUCCESS ? RESULT_RESOURCES : s->e->result);
}

static void start_post(Step *s) {
        if (machine_run_hook(s, HOOK_START_POST, 0))
                machine_enter(s, MACHINE_START_POST, start_deadline(s));
        else
                machine_enter_running(s);
}

void machine_on_spawned(Step *s) {
        Machine *m = s->m;

        m->main_alive = true;
        m->main_start = s->now;
        if (m->result != RESULT_SUCCESS)
                return machine_kill(s, MACHINE_STOP_SIGKILL);
        if (m->stop_asked)
                return machine_stop_processes(s, RESULT_SUCCESS);

        switch (s->p->restart.type) {
        case SERVICE_SIMPLE:
        case SERVICE_EXEC:
                return start_post(s);
        case SERVICE_NOTIFY:
        case SERVICE_NOTIFY_RELOAD:
        case SERVICE_HEALTHY:
                return m->ready ? start_post(s) : machine_enter(s, MACHINE_STARTING, m->timer);
        case SERVICE_ONESHOT:
                return machine_enter(s, MACHINE_STARTING, m->timer);
        case SERVICE_TYPE_N_:
        case SERVICE_TYPE_INVALID_:
                break;
        }

        __builtin_unreachable();
}

void machine_on_spawn_failed(Step *s) {
        bool was_child = s->e->exit.kind != EXIT_KIND_NONE;

        s->m->exit = s->e->exit;
        s->m->cgroup_empty = true;
        if (was_child)
                s->m->main_start = s->m->main_exit = s->now;
        if (was_child && s->p->restart.type == SERVICE_SIMPLE)
                machine_answer_start(s, MACHINE_START_DONE);
        machine_stop_processes(s, was_child ? RESULT_EXIT_CODE : RESULT_RESOURCES);
}

void machine_on_ready_spawning(Step *s) {
        s->m->ready = true;
}

void machine_on_ready_starting(Step *s) {
        s->m->ready = true;
        if (service_type_waits(s->p->restart.type))
                start_post(s);
}

void machine_on_exit_starting(Step *s) {
        UnitResult r = machine_take_exit(s);

        if (r == RESULT_SUCCESS && s->p->restart.type == SERVICE_ONESHOT)
                return start_post(s);

        /* A service that ends before it was ready has broken its word, in whatever order. */
        machine_stop_processes(s, r == RESULT_SUCCESS ? RESULT_PROTOCOL : r);
}

void machine_on_hook_start_post(Step *s) {
        UnitResult r = machine_take_hook(s);

        if (r != RESULT_SUCCESS)
                machine_stop_processes(s, r);
        else if (machine_next_hook(s))
                machine_enter(s, MACHINE_START_POST, start_deadline(s));
        else
                machine_enter_running(s);
}

usec_t machine_running_deadline(const Step *s) {
        ActiveState state = machine_active_state(s->m->state);
        bool was_up = state == ACTIVE_STATE_ACTIVE || state == ACTIVE_STATE_RELOADING;
        usec_t end = USEC_INFINITY;

        if (s->p->runtime_max > 0)
                end = usec_add(was_up ? s->m->active_enter : s->now,
                               usec_add(s->p->runtime_max, part_of(s->p->runtime_extra, s->m->dice)));
        if (s->m->watchdog_due == 0 && s->p->watchdog > 0)
                s->m->watchdog_due = usec_add(s->now, s->p->watchdog);
        return s->m->watchdog_due == 0 ? end : MIN_OF(end, s->m->watchdog_due);
}

void machine_enter_running(Step *s) {
        Machine *m = s->m;

        if (m->result != RESULT_SUCCESS)
                return machine_stop_processes(s, m->result);

        machine_answer_start(s, MACHINE_START_DONE);
        if (m->main_alive) {
                m->watchdog_due = 0;
                return machine_enter(s, MACHINE_RUNNING, machine_running_deadline(s));
        }
        if (!s->p->remain_after_exit)
                return machine_stop(s, RESULT_SUCCESS);

        if (!m->cgroup_empty)
                s->actions |= MACHINE_KILL_ALL;
        machine_enter(s, MACHINE_EXITED, USEC_INFINITY);
}

void machine_on_exit_running(Step *s) {
        machine_blame(s->m, machine_take_exit(s));
        machine_enter_running(s);
}

/* The command goes on, and what comes after it finds out. */
void machine_on_exit_beside_hook(Step *s) {
        machine_blame(s->m, machine_take_exit(s));
}

void machine_on_timeout_starting(Step *s) {
        machine_blame(s->m, RESULT_TIMEOUT);
        machine_stop_as(s, s->p->timeout_start_mode);
}

void machine_on_timeout_preparing(Step *s) {
        machine_blame(s->m, RESULT_TIMEOUT);
        machine_clean(s);
}

void machine_on_timeout_spawning(Step *s) {
        machine_blame(s->m, RESULT_TIMEOUT);
        s->actions |= MACHINE_KILL_ALL;
        machine_enter(s, MACHINE_SPAWNING, USEC_INFINITY);
}

void machine_on_timeout_running(Step *s) {
        if (s->m->watchdog_due != 0 && s->m->watchdog_due <= s->now)
                machine_abort(s, RESULT_WATCHDOG);
        else
                machine_stop(s, RESULT_TIMEOUT);
}

void machine_on_keep_alive(Step *s) {
        s->m->watchdog_due = 0;
        s->m->timer = machine_running_deadline(s);
}

static void reload(Step *s);

static void end_reload(Step *s) {
        Machine *m = s->m;
        bool again = m->reload_again;

        if (!again)
                machine_answer_reload(s, m->reload_failed ? MACHINE_RELOAD_FAILED : MACHINE_RELOAD_DONE);
        machine_enter_running(s);
        if (again && (m->state == MACHINE_RUNNING || m->state == MACHINE_EXITED))
                reload(s);
}

/* What is to be run has run: is its word still to come? */
static void reload_post(Step *s) {
        Machine *m = s->m;
        bool waits = s->p->reload_ready && !m->ready && m->main_alive && m->hook != HOOK_RELOAD_POST;

        if (!m->reload_failed && waits)
                machine_enter(s, MACHINE_RELOADING, start_deadline(s));
        else if (!m->reload_failed && machine_run_hook(s, HOOK_RELOAD_POST, 0))
                machine_enter(s, MACHINE_RELOADING, start_deadline(s));
        else
                end_reload(s);
}

static void reload(Step *s) {
        Machine *m = s->m;

        m->reload_again = m->reload_failed = false;
        m->hook = HOOK_NONE;
        m->ready = !s->p->reload_ready;
        if (s->p->reload_signal && m->main_alive)
                s->actions |= MACHINE_SEND_RELOAD_SIGNAL;
        if (machine_run_hook(s, HOOK_RELOAD, 0))
                machine_enter(s, MACHINE_RELOADING, start_deadline(s));
        else
                reload_post(s);
}

void machine_on_reload(Step *s) {
        s->m->reload_asked = true;
        reload(s);
}

/* Which text the one under way has read, nobody knows. */
void machine_on_reload_reloading(Step *s) {
        s->m->reload_asked = s->m->reload_again = true;
}

/* It reads its configuration again of its own accord. */
void machine_on_reloading(Step *s) {
        s->m->ready = false;
        s->m->hook = HOOK_NONE;
        machine_enter(s, MACHINE_RELOADING, start_deadline(s));
}

void machine_on_ready_reloading(Step *s) {
        s->m->ready = true;
        if (!s->m->hook_alive)
                reload_post(s);
}

void machine_on_hook_reload(Step *s) {
        if (machine_take_hook(s) != RESULT_SUCCESS)
                s->m->reload_failed = true;

        if (!s->m->reload_failed && machine_next_hook(s))
                machine_enter(s, MACHINE_RELOADING, start_deadline(s));
        else if (s->m->hook == HOOK_RELOAD)
                reload_post(s);
        else
                end_reload(s);
}

void machine_on_exit_reloading(Step *s) {
        machine_blame(s->m, machine_take_exit(s));
        if (s->m->hook_alive)
                return;

        s->m->reload_failed = true;
        end_reload(s);
}

/* The service runs on as it was. */
void machine_on_timeout_reloading(Step *s) {
        s->m->reload_failed = true;
        if (!s->m->hook_alive)
                return end_reload(s);

        s->actions |= MACHINE_KILL_HOOK;
        machine_enter(s, MACHINE_RELOADING, USEC_INFINITY);
}
