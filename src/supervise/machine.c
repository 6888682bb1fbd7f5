/*
 * The life of one container unit. Each cell of the table at the end is what one event means in one state; an
 * empty cell means "ignored here". Must not know: system calls, the clock, the log.
 */
#include "supervise/machine.h"
#include "basic/macro.h"

typedef struct Step {
        Machine *m;
        const MachinePolicy *p;
        const MachineEvent *e;
        usec_t now;
        unsigned actions;
} Step;

typedef void (*Handler)(Step *s);

static bool is_rest(ActiveState s) {
        return s == ACTIVE_STATE_INACTIVE || s == ACTIVE_STATE_FAILED;
}

static void enter(Step *s, MachineState state, usec_t timer) {
        Machine *m = s->m;
        ActiveState from = machine_active_state(m->state), to = machine_active_state(state);

        if (is_rest(from) && !is_rest(to))
                m->inactive_exit = s->now;
        if (!is_rest(from) && is_rest(to))
                m->inactive_enter = s->now;
        if (from != ACTIVE_STATE_ACTIVE && to == ACTIVE_STATE_ACTIVE)
                m->active_enter = s->now;
        if (from == ACTIVE_STATE_ACTIVE && to != ACTIVE_STATE_ACTIVE)
                m->active_exit = s->now;
        if (m->state != state)
                m->state_change = s->now;

        m->state = state;
        m->timer = timer;
}

/* The first reason is the reason. */
static void blame(Machine *m, UnitResult r) {
        if (m->result == RESULT_SUCCESS)
                m->result = r;
}

static void answer_start(Step *s, MachineAction answer) {
        if (s->m->start_asked)
                s->actions |= answer;
        s->m->start_asked = false;
}

static void clean(Step *s) {
        s->m->main_alive = false;
        s->actions |= MACHINE_CLEAN;
        enter(s, MACHINE_CLEANING, USEC_INFINITY);
}

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

static void spawn(Step *s) {
        s->m->cgroup_empty = false;
        s->actions |= MACHINE_SPAWN;
        enter(s, MACHINE_SPAWNING, s->m->timer);
}

/* A new invocation. Called at rest, or when the wait for a restart is over. */
static void begin(Step *s) {
        Machine *m = s->m;

        m->keep = m->given_up = false;
        if (!start_limit_allows(m, s->p, s->now)) {
                m->result = RESULT_START_LIMIT_HIT;
                if (m->prepared)
                        return clean(s);
                answer_start(s, MACHINE_START_FAILED);
                return enter(s, MACHINE_FAILED, USEC_INFINITY);
        }

        m->result = RESULT_SUCCESS;
        m->exit = (MainExit){};
        m->ready = false;
        m->timer = usec_add(s->now, s->p->timeout_start);
        if (m->prepared)
                return spawn(s);

        s->actions |= MACHINE_PREPARE;
        enter(s, MACHINE_PREPARING, m->timer);
}

static void begin_asked(Step *s) {
        s->m->wanted = s->m->start_asked = true;
        s->m->start_queued = false;
        s->m->n_restarts = 0;
        s->m->cause = (MainExit){};
        begin(s);
}

static bool is_to_restart(const Step *s) {
        const Machine *m = s->m;

        return m->wanted && !m->start_queued && restart_decide(&s->p->restart, m->result, &m->exit);
}

/* No process, and nothing held but what a restart needs: rest, wait, or begin again. */
static void settle(Step *s) {
        Machine *m = s->m;

        answer_start(s, MACHINE_START_FAILED);
        if (is_to_restart(s))
                enter(s, MACHINE_AUTO_RESTART,
                      usec_add(s->now, restart_delay(&s->p->restart, m->n_restarts)));
        else if (m->result != RESULT_SUCCESS && !m->given_up)
                enter(s, MACHINE_FAILED, USEC_INFINITY);
        else
                enter(s, MACHINE_DEAD, USEC_INFINITY);

        if (m->stop_asked)
                s->actions |= MACHINE_STOP_DONE;
        m->stop_asked = false;

        if (m->start_queued)
                begin_asked(s);
}

/* The invocation is over. @reusable: nothing of it is left in what was prepared. */
static void end(Step *s, bool reusable) {
        if (s->m->prepared && !(reusable && (s->m->keep || is_to_restart(s))))
                clean(s);
        else
                settle(s);
}

static void kill_all(Step *s, MachineState state) {
        s->actions |= MACHINE_KILL_ALL;
        enter(s, state, usec_add(s->now, s->p->timeout_stop));
}

static void signal_stop(Step *s) {
        s->actions |= MACHINE_SEND_STOP_SIGNAL;
        enter(s, MACHINE_STOP_SIGTERM, usec_add(s->now, s->p->timeout_stop));
}

/* The main process is gone: take the rest of the cgroup with it, and that is the end. */
static void end_main(Step *s, UnitResult r) {
        blame(s->m, r);
        if (s->m->cgroup_empty)
                end(s, true);
        else
                kill_all(s, MACHINE_FINAL_SIGKILL);
}

static UnitResult take_exit(Step *s) {
        Machine *m = s->m;

        m->main_alive = false;
        m->main_exit = s->now;
        m->exit = s->e->exit;
        if (s->e->cgroup_empty)
                m->cgroup_empty = true;

        /* Gone while nobody looked, but told to go: no reason to call it anything but done. */
        if (m->exit.kind == EXIT_KIND_UNKNOWN && !m->wanted)
                return RESULT_SUCCESS;

        return restart_result(&s->p->restart, &m->exit);
}

static void run(Step *s) {
        answer_start(s, MACHINE_START_DONE);
        enter(s, MACHINE_RUNNING, USEC_INFINITY);
}

/* It has ended well: RemainAfterExit= decides what that means. */
static void end_well(Step *s) {
        answer_start(s, MACHINE_START_DONE);
        if (!s->p->remain_after_exit)
                return end_main(s, RESULT_SUCCESS);

        if (!s->m->cgroup_empty)
                s->actions |= MACHINE_KILL_ALL;
        enter(s, MACHINE_EXITED, USEC_INFINITY);
}

/* What every STOP means, whatever the state; the first of two decides for all if something is to be released.
 */
static void note_stop(Step *s) {
        Machine *m = s->m;

        m->keep = s->e->keep && (m->keep || !m->stop_asked);
        m->wanted = false;
        m->stop_asked = true;
        if (m->start_queued)
                s->actions |= MACHINE_START_CANCELED;
        m->start_queued = false;
        answer_start(s, MACHINE_START_CANCELED);
}

static void on_start_starting(Step *s) {
        /* The stop will be carried out, and the start after it. */
        if (s->m->stop_asked)
                s->m->start_queued = true;
        else
                s->m->start_asked = true;
        s->m->wanted = true;
}

static void on_start_active(Step *s) {
        s->m->wanted = true;
        s->actions |= MACHINE_START_DONE;
}

static void on_start_stopping(Step *s) {
        s->m->wanted = true;
        /* A start that is failing takes the second one with it: both are one job. */
        if (!s->m->start_asked)
                s->m->start_queued = true;
}

static void on_stop_at_rest(Step *s) {
        note_stop(s);
        if (s->m->prepared && !s->m->keep)
                return clean(s);

        s->m->stop_asked = false;
        s->actions |= MACHINE_STOP_DONE;
}

static void on_stop_preparing(Step *s) {
        note_stop(s);
        clean(s);
}

static void on_stop_active(Step *s) {
        note_stop(s);
        signal_stop(s);
}

static void on_stop_exited(Step *s) {
        note_stop(s);
        end_main(s, RESULT_SUCCESS);
}

static void on_stop_waiting(Step *s) {
        note_stop(s);
        s->m->given_up = true;
        end(s, true);
}

static void on_prepared(Step *s) {
        s->m->prepared = true;
        spawn(s);
}

static void on_prepare_failed(Step *s) {
        blame(s->m, s->e->result == RESULT_SUCCESS ? RESULT_RESOURCES : s->e->result);
        settle(s);
}

static void on_spawned(Step *s) {
        Machine *m = s->m;

        m->main_alive = true;
        m->main_start = s->now;
        if (m->result != RESULT_SUCCESS)
                return kill_all(s, MACHINE_STOP_SIGKILL);
        if (m->stop_asked)
                return signal_stop(s);

        switch (s->p->restart.type) {
        case SERVICE_SIMPLE:
        case SERVICE_EXEC:
        case SERVICE_HEALTHY:
                return run(s);
        case SERVICE_NOTIFY:
        case SERVICE_NOTIFY_RELOAD:
                return m->ready ? run(s) : enter(s, MACHINE_STARTING, m->timer);
        case SERVICE_ONESHOT:
                return enter(s, MACHINE_STARTING, m->timer);
        case SERVICE_TYPE_N_:
        case SERVICE_TYPE_INVALID_:
                break;
        }

        __builtin_unreachable();
}

static void on_spawn_failed(Step *s) {
        bool was_child = s->e->exit.kind != EXIT_KIND_NONE;

        s->m->exit = s->e->exit;
        if (was_child)
                s->m->main_exit = s->now;
        if (was_child && s->p->restart.type == SERVICE_SIMPLE)
                answer_start(s, MACHINE_START_DONE);
        blame(s->m, was_child ? RESULT_EXIT_CODE : RESULT_RESOURCES);
        end(s, true);
}

static void on_ready_spawning(Step *s) {
        s->m->ready = true;
}

static void on_ready(Step *s) {
        s->m->ready = true;
        if (service_type_notifies(s->p->restart.type))
                run(s);
}

static void on_exit_starting(Step *s) {
        UnitResult r = take_exit(s);

        if (r == RESULT_SUCCESS && s->p->restart.type == SERVICE_ONESHOT)
                return end_well(s);

        /* A service that ends before it was ready has broken its word, in whatever order. */
        end_main(s, r == RESULT_SUCCESS ? RESULT_PROTOCOL : r);
}

static void on_exit_running(Step *s) {
        UnitResult r = take_exit(s);

        if (r == RESULT_SUCCESS)
                end_well(s);
        else
                end_main(s, r);
}

static void on_exit_stopping(Step *s) {
        end_main(s, take_exit(s));
}

static void note_empty(Step *s) {
        s->m->cgroup_empty = true;
}

static void on_empty_final(Step *s) {
        s->m->cgroup_empty = true;
        end(s, true);
}

static void on_timeout_preparing(Step *s) {
        blame(s->m, RESULT_TIMEOUT);
        clean(s);
}

static void on_timeout_spawning(Step *s) {
        blame(s->m, RESULT_TIMEOUT);
        s->actions |= MACHINE_KILL_ALL;
        enter(s, MACHINE_SPAWNING, USEC_INFINITY);
}

static void on_timeout_starting(Step *s) {
        blame(s->m, RESULT_TIMEOUT);
        signal_stop(s);
}

static void on_timeout_sigterm(Step *s) {
        blame(s->m, RESULT_TIMEOUT);
        kill_all(s, MACHINE_STOP_SIGKILL);
}

/* Not even SIGKILL helps (a process in uninterruptible sleep): give it up, and what it may still use. */
static void on_timeout_kill(Step *s) {
        blame(s->m, RESULT_TIMEOUT);
        s->m->main_alive = false;
        end(s, false);
}

static void on_timeout_waiting(Step *s) {
        s->m->n_restarts++;
        s->m->cause = s->m->exit;
        begin(s);
}

static void on_cleaned(Step *s) {
        s->m->prepared = false;
        settle(s);
}

static void on_fail(Step *s) {
        if (s->e->result == RESULT_SUCCESS)
                return;

        blame(s->m, s->e->result);
        signal_stop(s);
}

static void on_reset(Step *s) {
        s->m->n_restarts = 0;
        s->m->limit_count = 0;
        s->m->limit_begin = 0;
        if (s->m->state != MACHINE_FAILED)
                return;

        s->m->result = RESULT_SUCCESS;
        enter(s, MACHINE_DEAD, USEC_INFINITY);
}

static const Handler steps[MACHINE_STATE_N_][MACHINE_EVENT_N_] = {
        [MACHINE_DEAD] = {
                [EVENT_START] = begin_asked,
                [EVENT_STOP] = on_stop_at_rest,
                [EVENT_RESET_FAILED] = on_reset,
        },
        [MACHINE_PREPARING] = {
                [EVENT_START] = on_start_starting,
                [EVENT_STOP] = on_stop_preparing,
                [EVENT_PREPARED] = on_prepared,
                [EVENT_PREPARE_FAILED] = on_prepare_failed,
                [EVENT_TIMEOUT] = on_timeout_preparing,
                [EVENT_RESET_FAILED] = on_reset,
        },
        [MACHINE_SPAWNING] = {
                [EVENT_START] = on_start_starting,
                [EVENT_STOP] = note_stop,
                [EVENT_SPAWNED] = on_spawned,
                [EVENT_SPAWN_FAILED] = on_spawn_failed,
                [EVENT_READY] = on_ready_spawning,
                [EVENT_TIMEOUT] = on_timeout_spawning,
                [EVENT_RESET_FAILED] = on_reset,
        },
        [MACHINE_STARTING] = {
                [EVENT_START] = on_start_starting,
                [EVENT_STOP] = on_stop_active,
                [EVENT_READY] = on_ready,
                [EVENT_MAIN_EXITED] = on_exit_starting,
                [EVENT_CGROUP_EMPTY] = note_empty,
                [EVENT_TIMEOUT] = on_timeout_starting,
                [EVENT_FAIL] = on_fail,
                [EVENT_RESET_FAILED] = on_reset,
        },
        [MACHINE_RUNNING] = {
                [EVENT_START] = on_start_active,
                [EVENT_STOP] = on_stop_active,
                [EVENT_MAIN_EXITED] = on_exit_running,
                [EVENT_CGROUP_EMPTY] = note_empty,
                [EVENT_FAIL] = on_fail,
                [EVENT_RESET_FAILED] = on_reset,
        },
        [MACHINE_EXITED] = {
                [EVENT_START] = on_start_active,
                [EVENT_STOP] = on_stop_exited,
                [EVENT_CGROUP_EMPTY] = note_empty,
                [EVENT_RESET_FAILED] = on_reset,
        },
        [MACHINE_STOP_SIGTERM] = {
                [EVENT_START] = on_start_stopping,
                [EVENT_STOP] = note_stop,
                [EVENT_MAIN_EXITED] = on_exit_stopping,
                [EVENT_CGROUP_EMPTY] = note_empty,
                [EVENT_TIMEOUT] = on_timeout_sigterm,
                [EVENT_RESET_FAILED] = on_reset,
        },
        [MACHINE_STOP_SIGKILL] = {
                [EVENT_START] = on_start_stopping,
                [EVENT_STOP] = note_stop,
                [EVENT_MAIN_EXITED] = on_exit_stopping,
                [EVENT_CGROUP_EMPTY] = note_empty,
                [EVENT_TIMEOUT] = on_timeout_kill,
                [EVENT_RESET_FAILED] = on_reset,
        },
        [MACHINE_FINAL_SIGKILL] = {
                [EVENT_START] = on_start_stopping,
                [EVENT_STOP] = note_stop,
                [EVENT_CGROUP_EMPTY] = on_empty_final,
                [EVENT_TIMEOUT] = on_timeout_kill,
                [EVENT_RESET_FAILED] = on_reset,
        },
        [MACHINE_CLEANING] = {
                [EVENT_START] = on_start_stopping,
                [EVENT_STOP] = note_stop,
                [EVENT_CLEANED] = on_cleaned,
                [EVENT_RESET_FAILED] = on_reset,
        },
        [MACHINE_AUTO_RESTART] = {
                [EVENT_START] = begin_asked, /* "hurry up" */
                [EVENT_STOP] = on_stop_waiting,
                [EVENT_TIMEOUT] = on_timeout_waiting,
                [EVENT_RESET_FAILED] = on_reset,
        },
        [MACHINE_FAILED] = {
                [EVENT_START] = begin_asked,
                [EVENT_STOP] = on_stop_at_rest,
                [EVENT_RESET_FAILED] = on_reset,
        },
};

static void finish(const Step *s, const Machine *before, MachineOutput *ret) {
        *ret = (MachineOutput){
                .actions = s->actions,
                .timer = s->m->timer,
                .before = before->state,
        };
        if (memcmp(before, s->m, sizeof(*before)) != 0)
                ret->actions |= MACHINE_STATE_CHANGED;
}

void machine_step(Machine *m, const MachinePolicy *policy, const MachineEvent *event, usec_t now,
                  MachineOutput *ret) {
        Step s = { .m = m, .p = policy, .e = event, .now = now };
        Handler handle = steps[m->state][event->type];
        Machine before;

        memcpy(&before, m, sizeof(before));

        /* A timer that was re-armed may still deliver what it was set to before. */
        if (event->type == EVENT_TIMEOUT && (m->timer == USEC_INFINITY || now < m->timer))
                handle = NULL;
        if (handle)
                handle(&s);
        finish(&s, &before, ret);
}

void machine_adopt(Machine *m, const MachinePolicy *policy, usec_t now, MachineOutput *ret) {
        Step s = { .m = m, .p = policy, .now = now };
        Machine before;

        memcpy(&before, m, sizeof(before));

        /* Who asked has lost the connection. What they asked for stands: a stop goes on, a start and the
         * second half of a restart are caught up with. */
        if (m->keep || m->state == MACHINE_PREPARING || m->state == MACHINE_SPAWNING)
                m->start_queued = m->wanted || m->keep;
        m->wanted = m->wanted || m->start_queued;
        m->start_asked = m->stop_asked = false;

        if (is_rest(machine_active_state(m->state)) && m->start_queued)
                begin_asked(&s);
        else if (m->state == MACHINE_PREPARING || m->state == MACHINE_CLEANING)
                clean(&s);
        else if (m->state == MACHINE_SPAWNING)
                kill_all(&s, MACHINE_FINAL_SIGKILL);
        else if (m->state == MACHINE_STOP_SIGKILL || m->state == MACHINE_FINAL_SIGKILL)
                s.actions |= MACHINE_KILL_ALL;

        finish(&s, &before, ret);
}
