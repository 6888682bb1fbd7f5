/* From being up, or on the way there, to rest. */
#include "supervise/machine-internal.h"

static bool is_to_restart(const Step *s) {
        const Machine *m = s->m;

        return m->wanted && !m->start_queued && !m->limited &&
               restart_decide(&s->p->restart, m->result, &m->exit);
}

/* No process, and nothing held but what a restart needs: rest, wait, or begin again. */
static void settle(Step *s) {
        Machine *m = s->m;
        bool skipped = m->result == RESULT_EXEC_CONDITION;

        machine_answer_start(s, skipped ? MACHINE_START_DONE : MACHINE_START_FAILED);
        if (is_to_restart(s))
                machine_enter(s, MACHINE_AUTO_RESTART,
                              usec_add(s->now, restart_delay(&s->p->restart, m->n_delays, s->p->dice)));
        else if (m->result != RESULT_SUCCESS && !skipped && !m->given_up)
                machine_enter(s, MACHINE_FAILED, USEC_INFINITY);
        else
                machine_enter(s, MACHINE_DEAD, USEC_INFINITY);

        if (m->stop_asked)
                s->actions |= MACHINE_STOP_DONE;
        m->stop_asked = false;

        if (m->start_queued)
                machine_begin_asked(s);
}

void machine_clean(Step *s) {
        s->m->main_alive = s->m->hook_alive = false;
        s->actions |= MACHINE_CLEAN;
        machine_enter(s, MACHINE_CLEANING, USEC_INFINITY);
}

void machine_end(Step *s) {
        if (s->m->prepared && (s->m->spoilt || !(s->m->keep || is_to_restart(s))))
                machine_clean(s);
        else
                settle(s);
}

static void stop_post(Step *s) {
        s->m->post_due = false;
        if (machine_run_hook(s, HOOK_STOP_POST, 0))
                machine_enter(s, MACHINE_STOP_POST, usec_add(s->now, s->p->timeout_stop));
        else
                machine_end(s);
}

static void end_invocation(Step *s) {
        if (s->m->post_due)
                stop_post(s);
        else
                machine_end(s);
}

void machine_kill(Step *s, MachineState state) {
        s->actions |= MACHINE_KILL_ALL;
        machine_enter(s, state, usec_add(s->now, s->p->timeout_stop));
}

/* Whatever else is in the cgroup goes with the main process. */
void machine_end_processes(Step *s) {
        if (s->m->cgroup_empty)
                end_invocation(s);
        else
                machine_kill(s, MACHINE_FINAL_SIGKILL);
}

void machine_stop_processes(Step *s, UnitResult r) {
        machine_blame(s->m, r);
        machine_answer_reload(s, MACHINE_RELOAD_FAILED);
        if (!s->m->main_alive && !s->m->hook_alive)
                return machine_end_processes(s);

        s->actions |= MACHINE_SEND_STOP_SIGNAL;
        machine_enter(s, MACHINE_STOP_SIGTERM, usec_add(s->now, s->p->timeout_stop));
}

void machine_stop(Step *s, UnitResult r) {
        machine_blame(s->m, r);
        machine_answer_reload(s, MACHINE_RELOAD_FAILED);
        if (machine_run_hook(s, HOOK_STOP, 0))
                machine_enter(s, MACHINE_STOPPING, usec_add(s->now, s->p->timeout_stop));
        else
                machine_stop_processes(s, r);
}

void machine_abort(Step *s, UnitResult r) {
        machine_blame(s->m, r);
        machine_answer_reload(s, MACHINE_RELOAD_FAILED);
        s->actions |= MACHINE_SEND_WATCHDOG_SIGNAL;
        machine_enter(s, MACHINE_STOP_WATCHDOG, usec_add(s->now, s->p->timeout_abort));
}

void machine_stop_as(Step *s, TimeoutMode mode) {
        if (!s->m->main_alive && !s->m->hook_alive)
                mode = TIMEOUT_MODE_TERMINATE;
        if (mode == TIMEOUT_MODE_ABORT)
                return machine_abort(s, s->m->result);
        if (mode == TIMEOUT_MODE_KILL)
                return machine_kill(s, MACHINE_STOP_SIGKILL);
        machine_stop_processes(s, s->m->result);
}

UnitResult machine_take_exit(Step *s) {
        Machine *m = s->m;

        m->main_alive = false;
        m->main_exit = s->now;
        if (s->p->restart_reset > 0 && s->now - m->main_start >= s->p->restart_reset)
                m->n_delays = 0;
        m->exit = s->e->exit;
        if (s->e->cgroup_empty)
                m->cgroup_empty = true;

        /* Gone while nobody looked, but told to go: no reason to call it anything but done. */
        if (m->exit.kind == EXIT_KIND_UNKNOWN && !m->wanted)
                return RESULT_SUCCESS;

        return restart_result(&s->p->restart, &m->exit);
}

/* What every STOP means, whatever the state; the first of two decides for all if something is to be released.
 */
static void note_stop(Step *s) {
        Machine *m = s->m;

        m->keep = s->e->keep && (m->keep || !m->stop_asked);
        m->restart = (s->e->keep || s->e->restart) && (m->restart || !m->stop_asked);
        m->wanted = false;
        m->stop_asked = true;
        if (m->start_queued)
                s->actions |= MACHINE_START_CANCELED;
        m->start_queued = false;
        machine_answer_start(s, MACHINE_START_CANCELED);
}

void machine_on_start_stopping(Step *s) {
        s->m->wanted = true;
        /* A start that is failing takes the second one with it: both are one job. */
        if (!s->m->start_asked)
                s->m->start_queued = true;
}

void machine_on_stop_at_rest(Step *s) {
        note_stop(s);
        if (s->m->prepared && !s->m->keep)
                return machine_clean(s);

        s->m->stop_asked = false;
        s->actions |= MACHINE_STOP_DONE;
}

void machine_on_stop_starting(Step *s) {
        note_stop(s);
        machine_stop_processes(s, RESULT_SUCCESS);
}

void machine_on_stop_preparing(Step *s) {
        note_stop(s);
        machine_clean(s);
}

void machine_on_stop_active(Step *s) {
        note_stop(s);
        machine_stop(s, RESULT_SUCCESS);
}

void machine_on_stop_waiting(Step *s) {
        note_stop(s);
        s->m->given_up = true;
        machine_end(s);
}

void machine_on_stop_stopping(Step *s) {
        note_stop(s);
}

/* It stops of its own accord: nobody needs to be told, but it may not take for ever. */
void machine_on_stopping(Step *s) {
        machine_enter(s, MACHINE_STOP_SIGTERM, usec_add(s->now, s->p->timeout_stop));
}

void machine_on_fail(Step *s) {
        if (s->e->result == RESULT_WATCHDOG && s->m->main_alive)
                machine_abort(s, RESULT_WATCHDOG);
        else if (s->e->result != RESULT_SUCCESS)
                machine_stop_processes(s, s->e->result);
}

static void processes_ended(Step *s) {
        if (!s->m->main_alive && !s->m->hook_alive)
                machine_end_processes(s);
}

void machine_on_exit_stopping(Step *s) {
        machine_blame(s->m, machine_take_exit(s));
        processes_ended(s);
}

/* What a command came to that was lost with the last manager is no reason to call a stop a failure. */
static UnitResult take_hook_going_down(Step *s) {
        UnitResult r = machine_take_hook(s);

        return s->e->exit.kind == EXIT_KIND_UNKNOWN ? RESULT_SUCCESS : r;
}

void machine_on_hook_stop(Step *s) {
        UnitResult r = take_hook_going_down(s);

        if (r == RESULT_SUCCESS && machine_next_hook(s))
                machine_enter(s, MACHINE_STOPPING, usec_add(s->now, s->p->timeout_stop));
        else
                machine_stop_processes(s, r);
}

void machine_on_hook_stopping(Step *s) {
        machine_blame(s->m, take_hook_going_down(s));
        processes_ended(s);
}

void machine_on_hook_stop_post(Step *s) {
        UnitResult r = take_hook_going_down(s);

        machine_blame(s->m, r);
        if (r == RESULT_SUCCESS && machine_next_hook(s))
                machine_enter(s, MACHINE_STOP_POST, usec_add(s->now, s->p->timeout_stop));
        else
                machine_end(s);
}

static void final_ended(Step *s) {
        if (s->m->cgroup_empty && !s->m->hook_alive)
                end_invocation(s);
}

void machine_on_hook_final(Step *s) {
        machine_blame(s->m, take_hook_going_down(s));
        final_ended(s);
}

void machine_on_empty(Step *s) {
        s->m->cgroup_empty = true;
}

void machine_on_empty_final(Step *s) {
        s->m->cgroup_empty = true;
        final_ended(s);
}

/* Not even SIGKILL helps (a process in uninterruptible sleep), or it is not to be sent: given up, together
 * with what it may still use. */
static void give_up(Step *s) {
        machine_blame(s->m, RESULT_TIMEOUT);
        s->m->main_alive = s->m->hook_alive = false;
        s->m->spoilt = true;
        end_invocation(s);
}

void machine_on_timeout_kill(Step *s) {
        give_up(s);
}

void machine_on_timeout_stop(Step *s) {
        machine_blame(s->m, RESULT_TIMEOUT);
        machine_stop_as(s, s->p->timeout_stop_mode);
}

void machine_on_timeout_watchdog(Step *s) {
        machine_blame(s->m, RESULT_TIMEOUT);
        if (s->p->no_sigkill)
                give_up(s);
        else
                machine_kill(s, MACHINE_STOP_SIGKILL);
}

void machine_on_timeout_sigterm(Step *s) {
        machine_blame(s->m, RESULT_TIMEOUT);
        if (s->p->timeout_stop_mode == TIMEOUT_MODE_ABORT && s->m->main_alive)
                machine_abort(s, RESULT_TIMEOUT);
        else if (s->p->no_sigkill)
                give_up(s);
        else
                machine_kill(s, MACHINE_STOP_SIGKILL);
}

void machine_on_timeout_stop_post(Step *s) {
        machine_blame(s->m, RESULT_TIMEOUT);
        machine_kill(s, MACHINE_FINAL_SIGKILL);
}

void machine_on_cleaned(Step *s) {
        s->m->prepared = false;
        end_invocation(s);
}

void machine_on_reset(Step *s) {
        Machine *m = s->m;

        m->n_restarts = m->n_delays = 0;
        m->limit_count = 0;
        m->limit_begin = 0;
        if (m->state != MACHINE_FAILED)
                return;

        m->result = RESULT_SUCCESS;
        m->exit = (MainExit){};
        m->limited = false;
        machine_enter(s, MACHINE_DEAD, USEC_INFINITY);
}
