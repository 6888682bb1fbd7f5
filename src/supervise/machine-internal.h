/* What the files of the machine share. Nobody else includes it.
 *
 *      machine.c   the table of states and events, one step, adoption
 *      machine-start.c   from START to running, and reloads        machine-stop.c   from there to rest
 *      machine-data.c    words, fields for saving, what cannot be
 */
#pragma once

#include "basic/macro.h"
#include "supervise/machine.h"

typedef struct Step {
        Machine *m;
        const MachinePolicy *p;
        const MachineEvent *e;
        usec_t now;
        unsigned actions;
} Step;

static inline bool machine_is_rest(ActiveState s) {
        return s == ACTIVE_STATE_INACTIVE || s == ACTIVE_STATE_FAILED;
}

/* machine.c */
void machine_enter(Step *s, MachineState state, usec_t timer);
/* The first reason is the reason. */
void machine_blame(Machine *m, UnitResult r);
/* Begins the command @index of a list. False when there is none. */
bool machine_run_hook(Step *s, Hook hook, unsigned index);
/* The next command of the list that is being worked off. False when that was the last. */
bool machine_next_hook(Step *s);
/* HOOK_EXITED: what the command's end means. */
UnitResult machine_take_hook(Step *s);
void machine_answer_start(Step *s, MachineAction answer);
void machine_answer_reload(Step *s, MachineAction answer);

/* machine-start.c */
void machine_begin_asked(Step *s);
/* All that the start asked for has been done, or the main process has ended: where that leaves it. */
void machine_enter_running(Step *s);
/* When the timer of a running unit is due. */
usec_t machine_running_deadline(const Step *s);

/* machine-stop.c */
/* ExecStop=, then the signals. */
void machine_stop(Step *s, UnitResult r);
/* The signals at once, as far as there is anybody to get them. */
void machine_stop_processes(Step *s, UnitResult r);
void machine_stop_as(Step *s, TimeoutMode mode);
void machine_abort(Step *s, UnitResult r);
void machine_kill(Step *s, MachineState state);
void machine_clean(Step *s);
/* Main process and hook are gone. */
void machine_end_processes(Step *s);
/* The invocation is over. */
void machine_end(Step *s);
/* MAIN_EXITED: what the end of the main process means. */
UnitResult machine_take_exit(Step *s);

/* Handlers: one event in one or more states, see the table in machine.c. */
typedef void (*MachineHandler)(Step *s);

void machine_on_start_starting(Step *s);
void machine_on_start_active(Step *s);
void machine_on_start_waiting(Step *s);
void machine_on_hook_condition(Step *s);
void machine_on_hook_start_pre(Step *s);
void machine_on_hook_start_post(Step *s);
void machine_on_defer(Step *s);
void machine_on_prepared(Step *s);
void machine_on_prepare_failed(Step *s);
void machine_on_spawned(Step *s);
void machine_on_spawn_failed(Step *s);
void machine_on_ready_spawning(Step *s);
void machine_on_ready_starting(Step *s);
void machine_on_exit_starting(Step *s);
void machine_on_exit_running(Step *s);
void machine_on_exit_beside_hook(Step *s);
void machine_on_timeout_starting(Step *s);
void machine_on_timeout_preparing(Step *s);
void machine_on_timeout_spawning(Step *s);
void machine_on_timeout_running(Step *s);
void machine_on_timeout_waiting(Step *s);
void machine_on_keep_alive(Step *s);
void machine_on_reload(Step *s);
void machine_on_reload_reloading(Step *s);
void machine_on_reloading(Step *s);
void machine_on_ready_reloading(Step *s);
void machine_on_hook_reload(Step *s);
void machine_on_exit_reloading(Step *s);
void machine_on_timeout_reloading(Step *s);

void machine_on_start_stopping(Step *s);
void machine_on_stop_at_rest(Step *s);
void machine_on_stop_starting(Step *s);
void machine_on_stop_preparing(Step *s);
void machine_on_stop_active(Step *s);
void machine_on_stop_waiting(Step *s);
void machine_on_stop_stopping(Step *s);
void machine_on_stopping(Step *s);
void machine_on_fail(Step *s);
void machine_on_exit_stopping(Step *s);
void machine_on_hook_stop(Step *s);
void machine_on_hook_stopping(Step *s);
void machine_on_hook_stop_post(Step *s);
void machine_on_hook_final(Step *s);
void machine_on_empty(Step *s);
void machine_on_empty_final(Step *s);
void machine_on_timeout_stop(Step *s);
void machine_on_timeout_sigterm(Step *s);
void machine_on_timeout_watchdog(Step *s);
void machine_on_timeout_stop_post(Step *s);
void machine_on_timeout_kill(Step *s);
void machine_on_cleaned(Step *s);
void machine_on_reset(Step *s);
