/*
 * The life of one container unit. Each cell of the table below is what one event means in one state; an
 * empty cell means "ignored here". Must not know: system calls, the clock, the log.
 */
#include "supervise/machine-internal.h"

static bool is_up(ActiveState s) {
        return s == ACTIVE_STATE_ACTIVE || s == ACTIVE_STATE_RELOADING;
}

void machine_enter(Step *s, MachineState state, usec_t timer) {
        Machine *m = s->m;
        ActiveState from = machine_active_state(m->state), to = machine_active_state(state);

        if (machine_is_rest(from) && !machine_is_rest(to))
                m->inactive_exit = s->now;
        if (!machine_is_rest(from) && machine_is_rest(to))
                m->inactive_enter = s->now;
        if (!is_up(from) && is_up(to))
                m->active_enter = s->now;
        if (is_up(from) && !is_up(to))
                m->active_exit = s->now;
        if (m->state != state)
                m->state_change = s->now;

        m->state = state;
        m->timer = timer;
}

void machine_blame(Machine *m, UnitResult r) {
        if (m->result == RESULT_SUCCESS)
                m->result = r;
}

bool machine_run_hook(Step *s, Hook hook, unsigned index) {
        if (index >= s->p->n_hooks[hook])
                return false;

        s->m->hook = hook;
        s->m->hook_index = index;
        s->m->hook_alive = true;
        s->actions |= MACHINE_RUN_HOOK;
        return true;
}

bool machine_next_hook(Step *s) {
        return machine_run_hook(s, s->m->hook, s->m->hook_index + 1);
}

UnitResult machine_take_hook(Step *s) {
        const MainExit *e = &s->e->exit;
        bool refused = e->kind == EXIT_KIND_EXITED && e->status > 0 && e->status < 255;
        UnitResult r;

        s->m->hook_alive = false;
        if (s->e->ignored)
                return RESULT_SUCCESS;

        r = restart_result(&s->p->restart, e);
        return r == RESULT_EXIT_CODE && refused && s->m->hook == HOOK_CONDITION ? RESULT_EXEC_CONDITION : r;
}

void machine_answer_start(Step *s, MachineAction answer) {
        if (s->m->start_asked)
                s->actions |= answer;
        s->m->start_asked = false;
}

void machine_answer_reload(Step *s, MachineAction answer) {
        if (s->m->reload_asked)
                s->actions |= answer;
        s->m->reload_asked = s->m->reload_again = s->m->reload_failed = false;
}

static void extend(Step *s) {
        if (s->m->timer != USEC_INFINITY)
                s->m->timer = MAX_OF(s->m->timer, usec_add(s->now, s->e->usec));
}

/* Every STOP of what is on its way down already. */
#define ON_THE_WAY_DOWN                                                                     \
        [EVENT_START] = machine_on_start_stopping, [EVENT_STOP] = machine_on_stop_stopping, \
        [EVENT_RESET_FAILED] = machine_on_reset

static const MachineHandler steps[MACHINE_STATE_N_][MACHINE_EVENT_N_] = {
        [MACHINE_DEAD] = {
                [EVENT_START] = machine_begin_asked,
                [EVENT_STOP] = machine_on_stop_at_rest,
                [EVENT_RESET_FAILED] = machine_on_reset,
        },
        [MACHINE_CONDITION] = {
                [EVENT_START] = machine_on_start_starting,
                [EVENT_STOP] = machine_on_stop_starting,
                [EVENT_HOOK_EXITED] = machine_on_hook_condition,
                [EVENT_TIMEOUT] = machine_on_timeout_starting,
                [EVENT_RESET_FAILED] = machine_on_reset,
        },
        [MACHINE_START_PRE] = {
                [EVENT_START] = machine_on_start_starting,
                [EVENT_STOP] = machine_on_stop_starting,
                [EVENT_HOOK_EXITED] = machine_on_hook_start_pre,
                [EVENT_TIMEOUT] = machine_on_timeout_starting,
                [EVENT_RESET_FAILED] = machine_on_reset,
        },
        [MACHINE_PREPARING] = {
                [EVENT_START] = machine_on_start_starting,
                [EVENT_STOP] = machine_on_stop_preparing,
                [EVENT_DEFER] = machine_on_defer,
                [EVENT_PREPARED] = machine_on_prepared,
                [EVENT_PREPARE_FAILED] = machine_on_prepare_failed,
                [EVENT_TIMEOUT] = machine_on_timeout_preparing,
                [EVENT_RESET_FAILED] = machine_on_reset,
        },
        [MACHINE_SPAWNING] = {
                [EVENT_START] = machine_on_start_starting,
                [EVENT_STOP] = machine_on_stop_stopping,
                [EVENT_SPAWNED] = machine_on_spawned,
                [EVENT_SPAWN_FAILED] = machine_on_spawn_failed,
                [EVENT_READY] = machine_on_ready_spawning,
                [EVENT_TIMEOUT] = machine_on_timeout_spawning,
                [EVENT_RESET_FAILED] = machine_on_reset,
        },
        [MACHINE_STARTING] = {
                [EVENT_START] = machine_on_start_starting,
                [EVENT_STOP] = machine_on_stop_starting,
                [EVENT_READY] = machine_on_ready_starting,
                [EVENT_EXTEND] = extend,
                [EVENT_MAIN_EXITED] = machine_on_exit_starting,
                [EVENT_CGROUP_EMPTY] = machine_on_empty,
                [EVENT_TIMEOUT] = machine_on_timeout_starting,
                [EVENT_FAIL] = machine_on_fail,
                [EVENT_RESET_FAILED] = machine_on_reset,
        },
        [MACHINE_START_POST] = {
                [EVENT_START] = machine_on_start_starting,
                [EVENT_STOP] = machine_on_stop_starting,
                [EVENT_EXTEND] = extend,
                [EVENT_MAIN_EXITED] = machine_on_exit_beside_hook,
                [EVENT_HOOK_EXITED] = machine_on_hook_start_post,
                [EVENT_CGROUP_EMPTY] = machine_on_empty,
                [EVENT_TIMEOUT] = machine_on_timeout_starting,
                [EVENT_FAIL] = machine_on_fail,
                [EVENT_RESET_FAILED] = machine_on_reset,
        },
        [MACHINE_RUNNING] = {
                [EVENT_START] = machine_on_start_active,
                [EVENT_STOP] = machine_on_stop_active,
                [EVENT_RELOAD] = machine_on_reload,
                [EVENT_RELOADING] = machine_on_reloading,
                [EVENT_STOPPING] = machine_on_stopping,
                [EVENT_KEEP_ALIVE] = machine_on_keep_alive,
                [EVENT_EXTEND] = extend,
                [EVENT_MAIN_EXITED] = machine_on_exit_running,
                [EVENT_CGROUP_EMPTY] = machine_on_empty,
                [EVENT_TIMEOUT] = machine_on_timeout_running,
                [EVENT_FAIL] = machine_on_fail,
                [EVENT_RESET_FAILED] = machine_on_reset,
        },
        [MACHINE_EXITED] = {
                [EVENT_START] = machine_on_start_active,
                [EVENT_STOP] = machine_on_stop_active,
                [EVENT_RELOAD] = machine_on_reload,
                [EVENT_CGROUP_EMPTY] = machine_on_empty,
                [EVENT_RESET_FAILED] = machine_on_reset,
        },
        [MACHINE_RELOADING] = {
                [EVENT_START] = machine_on_start_active,
                [EVENT_STOP] = machine_on_stop_starting,
                [EVENT_RELOAD] = machine_on_reload_reloading,
                [EVENT_READY] = machine_on_ready_reloading,
                [EVENT_EXTEND] = extend,
                [EVENT_MAIN_EXITED] = machine_on_exit_reloading,
                [EVENT_HOOK_EXITED] = machine_on_hook_reload,
                [EVENT_CGROUP_EMPTY] = machine_on_empty,
                [EVENT_TIMEOUT] = machine_on_timeout_reloading,
                [EVENT_FAIL] = machine_on_fail,
                [EVENT_RESET_FAILED] = machine_on_reset,
        },
        [MACHINE_STOPPING] = {
                ON_THE_WAY_DOWN,
                [EVENT_EXTEND] = extend,
                [EVENT_MAIN_EXITED] = machine_on_exit_beside_hook,
                [EVENT_HOOK_EXITED] = machine_on_hook_stop,
                [EVENT_CGROUP_EMPTY] = machine_on_empty,
                [EVENT_TIMEOUT] = machine_on_timeout_stop,
        },
        [MACHINE_STOP_WATCHDOG] = {
                ON_THE_WAY_DOWN,
                [EVENT_EXTEND] = extend,
                [EVENT_MAIN_EXITED] = machine_on_exit_stopping,
                [EVENT_HOOK_EXITED] = machine_on_hook_stopping,
                [EVENT_CGROUP_EMPTY] = machine_on_empty,
                [EVENT_TIMEOUT] = machine_on_timeout_watchdog,
        },
        [MACHINE_STOP_SIGTERM] = {
                ON_THE_WAY_DOWN,
                [EVENT_EXTEND] = extend,
                [EVENT_MAIN_EXITED] = machine_on_exit_stopping,
                [EVENT_HOOK_EXITED] = machine_on_hook_stopping,
                [EVENT_CGROUP_EMPTY] = machine_on_empty,
                [EVENT_TIMEOUT] = machine_on_timeout_sigterm,
        },
        [MACHINE_STOP_SIGKILL] = {
                ON_THE_WAY_DOWN,
                [EVENT_MAIN_EXITED] = machine_on_exit_stopping,
                [EVENT_HOOK_EXITED] = machine_on_hook_stopping,
                [EVENT_CGROUP_EMPTY] = machine_on_empty,
                [EVENT_TIMEOUT] = machine_on_timeout_kill,
        },
        [MACHINE_FINAL_SIGKILL] = {
                ON_THE_WAY_DOWN,
                [EVENT_HOOK_EXITED] = machine_on_hook_final,
                [EVENT_CGROUP_EMPTY] = machine_on_empty_final,
                [EVENT_TIMEOUT] = machine_on_timeout_kill,
        },
        [MACHINE_STOP_POST] = {
                ON_THE_WAY_DOWN,
                [EVENT_HOOK_EXITED] = machine_on_hook_stop_post,
                [EVENT_TIMEOUT] = machine_on_timeout_stop_post,
        },
        [MACHINE_CLEANING] = {
                ON_THE_WAY_DOWN,
                [EVENT_CLEANED] = machine_on_cleaned,
        },
        [MACHINE_AUTO_RESTART] = {
                [EVENT_START] = machine_on_start_waiting,
                [EVENT_STOP] = machine_on_stop_waiting,
                [EVENT_TIMEOUT] = machine_on_timeout_waiting,
                [EVENT_RESET_FAILED] = machine_on_reset,
        },
        [MACHINE_FAILED] = {
                [EVENT_START] = machine_begin_asked,
                [EVENT_STOP] = machine_on_stop_at_rest,
                [EVENT_RESET_FAILED] = machine_on_reset,
        },
};

static void finish(const Step *s, const Machine *before, MachineOutput *ret) {
        bool keeps_alive = s->e && s->e->type == EVENT_KEEP_ALIVE;

        *ret = (MachineOutput){
                .actions = s->actions,
                .timer = s->m->timer,
                .before = before->state,
        };
        /* A sign of life moves a timer and is no news. */
        if (!keeps_alive && memcmp(before, s->m, sizeof(*before)) != 0)
                ret->actions |= MACHINE_STATE_CHANGED;
}

void machine_step(Machine *m, const MachinePolicy *policy, const MachineEvent *event, usec_t now,
                  MachineOutput *ret) {
        Step s = { .m = m, .p = policy, .e = event, .now = now };
        MachineHandler handle = steps[m->state][event->type];
        Machine before;

        memcpy(&before, m, sizeof(before));

        /* A timer that was re-armed may still deliver what it was set to before. */
        if (event->type == EVENT_TIMEOUT && (m->timer == USEC_INFINITY || now < m->timer))
                handle = NULL;
        /* One that was given up, and ends after all. */
        if (event->type == EVENT_HOOK_EXITED && !m->hook_alive)
                handle = NULL;
        if (handle)
                handle(&s);
        finish(&s, &before, ret);
}

void machine_adopt(Machine *m, const MachinePolicy *policy, bool asked, usec_t now, MachineOutput *ret) {
        Step s = { .m = m, .p = policy, .now = now };
        bool lost_start =
                m->state == MACHINE_PREPARING || m->state == MACHINE_SPAWNING ||
                ((m->state == MACHINE_CONDITION || m->state == MACHINE_START_PRE) && !m->hook_alive);
        Machine before;

        memcpy(&before, m, sizeof(before));

        /* Without a job what was asked for stands: a stop goes on, a start and the second half of a restart
         * are caught up with. With one, the second half is that one's. */
        if (lost_start || (!asked && (m->keep || m->restart)))
                m->start_queued = m->wanted || m->keep || m->restart;
        m->wanted = m->wanted || m->start_queued;
        if (!asked)
                m->stop_asked = m->reload_asked = false;
        if (!asked || lost_start)
                m->start_asked = false;

        if (machine_is_rest(machine_active_state(m->state)) && m->start_queued)
                machine_begin_asked(&s);
        else if (m->state == MACHINE_SPAWNING)
                machine_kill(&s, MACHINE_FINAL_SIGKILL);
        else if (lost_start || m->state == MACHINE_CLEANING ||
                 (m->state == MACHINE_STOP_POST && !m->hook_alive))
                machine_clean(&s);
        else if (m->state == MACHINE_STOP_SIGKILL || m->state == MACHINE_FINAL_SIGKILL)
                s.actions |= MACHINE_KILL_ALL;
        else if (m->state == MACHINE_RUNNING) {
                /* Signs of life that nobody was there to see. */
                m->watchdog_due = 0;
                machine_enter(&s, MACHINE_RUNNING, machine_running_deadline(&s));
        }

        finish(&s, &before, ret);
}
