/* Commands beside the container, reloads, the watchdog and other limits of time, sentence by sentence. */
#include <signal.h>
#include <string.h>

#include "supervise/machine.h"
#include "unit-test.h"

#define SEC USEC_PER_SEC

typedef struct Bench {
        Machine m;
        MachinePolicy p;
        usec_t now;
        MachineOutput out;
} Bench;

static Bench bench(ServiceType type, RestartPolicy restart) {
        Bench b = {
                .p = { .restart = { .type = type,
                                    .policy = restart,
                                    .delay = 100000,
                                    .max_delay = USEC_INFINITY },
                       .timeout_start = 90 * SEC,
                       .timeout_stop = 10 * SEC,
                       .timeout_abort = 5 * SEC },
                .now = 1000 * SEC,
        };

        machine_init(&b.m);
        return b;
}

static unsigned feed(Bench *b, MachineEvent e) {
        b->now += USEC_PER_MSEC;
        machine_step(&b->m, &b->p, &e, b->now, &b->out);
        ck_assert_uint_eq(b->out.timer, b->m.timer);
        ck_assert_int_eq(machine_check(&b->m), 0);
        return b->out.actions & ~(MACHINE_STATE_CHANGED | MACHINE_BEGIN);
}

static unsigned say(Bench *b, MachineEventType type) {
        return feed(b, (MachineEvent){ .type = type });
}

static unsigned run_off(Bench *b) {
        ck_assert_uint_ne(b->m.timer, USEC_INFINITY);
        b->now = b->m.timer - USEC_PER_MSEC;
        return say(b, EVENT_TIMEOUT);
}

/* The command under way ends. */
static unsigned hook(Bench *b, int status) {
        return feed(b, (MachineEvent){ .type = EVENT_HOOK_EXITED,
                                       .exit = { .kind = EXIT_KIND_EXITED, .status = status } });
}

static unsigned leave(Bench *b, ExitKind kind, int status) {
        return feed(b, (MachineEvent){ .type = EVENT_MAIN_EXITED,
                                       .exit = { .kind = kind, .status = status },
                                       .cgroup_empty = true });
}

static unsigned launch(Bench *b) {
        ck_assert_uint_eq(say(b, EVENT_START), MACHINE_PREPARE);
        ck_assert_uint_eq(say(b, EVENT_PREPARED), MACHINE_SPAWN);
        return say(b, EVENT_SPAWNED);
}

#define STATE(b, state_) \
        ck_assert_str_eq(machine_state_to_string((b)->m.state), machine_state_to_string(state_))
#define RESULT(b, word) ck_assert_str_eq(unit_result_to_string((b)->m.result), word)
#define HOOK(b, hook_, index)                                                         \
        do {                                                                          \
                ck_assert_str_eq(hook_to_string((b)->m.hook), hook_to_string(hook_)); \
                ck_assert_uint_eq((b)->m.hook_index, index);                          \
                ck_assert((b)->m.hook_alive);                                         \
        } while (0)

START_TEST(all_lists_in_their_order) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        for (int h = HOOK_NONE + 1; h < HOOK_N_; h++)
                b.p.n_hooks[h] = h == HOOK_START_PRE ? 2 : 1;

        ck_assert_uint_eq(say(&b, EVENT_START), MACHINE_RUN_HOOK);
        ck_assert(b.out.actions & MACHINE_BEGIN);
        STATE(&b, MACHINE_CONDITION);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_RUN_HOOK);
        STATE(&b, MACHINE_START_PRE);
        HOOK(&b, HOOK_START_PRE, 0);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_RUN_HOOK);
        HOOK(&b, HOOK_START_PRE, 1);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_PREPARE);
        ck_assert_uint_eq(say(&b, EVENT_PREPARED), MACHINE_SPAWN);
        ck_assert_uint_eq(say(&b, EVENT_SPAWNED), MACHINE_RUN_HOOK);
        STATE(&b, MACHINE_START_POST);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_START_DONE);
        STATE(&b, MACHINE_RUNNING);

        ck_assert_uint_eq(say(&b, EVENT_RELOAD), MACHINE_RUN_HOOK);
        ck_assert_int_eq(machine_active_state(b.m.state), ACTIVE_STATE_RELOADING);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_RUN_HOOK);
        HOOK(&b, HOOK_RELOAD_POST, 0);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_RELOAD_DONE);
        STATE(&b, MACHINE_RUNNING);

        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_RUN_HOOK);
        STATE(&b, MACHINE_STOPPING);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_SEND_STOP_SIGNAL);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_KILLED, SIGTERM), MACHINE_RUN_HOOK);
        STATE(&b, MACHINE_STOP_POST);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_DEAD);
}
END_TEST

START_TEST(a_failed_command_ends_the_start) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        b.p.n_hooks[HOOK_START_PRE] = 2;
        b.p.n_hooks[HOOK_STOP] = b.p.n_hooks[HOOK_STOP_POST] = 1;
        say(&b, EVENT_START);
        ck_assert_uint_eq(hook(&b, 1), MACHINE_RUN_HOOK);
        HOOK(&b, HOOK_STOP_POST, 0);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_START_FAILED);
        STATE(&b, MACHINE_FAILED);
        RESULT(&b, "exit-code");
        ck_assert_int_eq(b.m.exit.kind, EXIT_KIND_NONE);
}
END_TEST

START_TEST(a_failure_that_is_ignored_is_none) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        b.p.n_hooks[HOOK_START_PRE] = 1;
        say(&b, EVENT_START);
        ck_assert_uint_eq(feed(&b, (MachineEvent){ .type = EVENT_HOOK_EXITED,
                                                   .exit = { .kind = EXIT_KIND_EXITED, .status = 1 },
                                                   .ignored = true }),
                          MACHINE_PREPARE);
}
END_TEST

START_TEST(a_condition_that_is_not_met_is_no_failure) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        b.p.n_hooks[HOOK_CONDITION] = 1;
        say(&b, EVENT_START);
        ck_assert_uint_eq(hook(&b, 254), MACHINE_START_DONE);
        STATE(&b, MACHINE_DEAD);
        RESULT(&b, "exec-condition");

        /* ... but 255, and a signal, is. */
        b.p.restart.policy = RESTART_NO;
        say(&b, EVENT_START);
        ck_assert_uint_eq(hook(&b, 255), MACHINE_START_FAILED);
        STATE(&b, MACHINE_FAILED);
        RESULT(&b, "exit-code");
}
END_TEST

START_TEST(exec_start_post_counts_for_the_start) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        b.p.n_hooks[HOOK_START_POST] = 1;
        ck_assert_uint_eq(launch(&b), MACHINE_RUN_HOOK);
        ck_assert_uint_eq(hook(&b, 1), MACHINE_SEND_STOP_SIGNAL);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_KILLED, SIGTERM), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_START_FAILED);
        RESULT(&b, "exit-code");
}
END_TEST

START_TEST(a_main_process_may_end_while_a_command_runs) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        b.p.n_hooks[HOOK_START_POST] = b.p.n_hooks[HOOK_STOP] = 1;
        launch(&b);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_KILLED, SIGKILL), 0);
        STATE(&b, MACHINE_START_POST);
        /* What has failed is not asked to stop. */
        ck_assert_uint_eq(hook(&b, 0), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_START_FAILED);
        RESULT(&b, "signal");

        launch(&b);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_EXITED, 0), 0);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_RUN_HOOK | MACHINE_START_DONE);
        HOOK(&b, HOOK_STOP, 0);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_CLEAN);
        say(&b, EVENT_CLEANED);
        STATE(&b, MACHINE_DEAD);
}
END_TEST

START_TEST(a_stop_ends_the_command_under_way) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        b.p.n_hooks[HOOK_START_PRE] = 1;
        say(&b, EVENT_START);
        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_SEND_STOP_SIGNAL | MACHINE_START_CANCELED);
        STATE(&b, MACHINE_STOP_SIGTERM);
        ck_assert_uint_eq(run_off(&b), MACHINE_KILL_ALL);
        ck_assert_uint_eq(feed(&b, (MachineEvent){ .type = EVENT_HOOK_EXITED,
                                                   .exit = { .kind = EXIT_KIND_KILLED, .status = SIGKILL } }),
                          MACHINE_STOP_DONE);
        RESULT(&b, "timeout");
}
END_TEST

START_TEST(each_command_has_its_time) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        b.p.n_hooks[HOOK_START_PRE] = 2;
        say(&b, EVENT_START);
        b.now += 89 * SEC;
        hook(&b, 0);
        ck_assert_uint_eq(b.m.timer, b.now + 90 * SEC);
        ck_assert_uint_eq(run_off(&b), MACHINE_SEND_STOP_SIGNAL);
        ck_assert_uint_eq(feed(&b, (MachineEvent){ .type = EVENT_HOOK_EXITED,
                                                   .exit = { .kind = EXIT_KIND_KILLED, .status = SIGTERM } }),
                          MACHINE_START_FAILED);
        RESULT(&b, "timeout");
}
END_TEST

START_TEST(exec_stop_post_runs_before_each_restart) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        b.p.n_hooks[HOOK_START_PRE] = b.p.n_hooks[HOOK_STOP_POST] = 1;
        say(&b, EVENT_START);
        hook(&b, 0);
        say(&b, EVENT_PREPARED);
        say(&b, EVENT_SPAWNED);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_EXITED, 1), MACHINE_RUN_HOOK);
        ck_assert_uint_eq(hook(&b, 0), 0);
        STATE(&b, MACHINE_AUTO_RESTART);
        ck_assert_uint_eq(run_off(&b), MACHINE_RUN_HOOK);
        ck_assert(b.out.actions & MACHINE_BEGIN);
        /* What was prepared is still there. */
        ck_assert_uint_eq(hook(&b, 0), MACHINE_SPAWN);
}
END_TEST

START_TEST(a_failed_exec_stop_post_makes_a_failure_of_a_stop) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        b.p.n_hooks[HOOK_STOP_POST] = 2;
        launch(&b);
        say(&b, EVENT_STOP);
        leave(&b, EXIT_KIND_KILLED, SIGTERM);
        ck_assert_uint_eq(hook(&b, 1), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_FAILED);
        RESULT(&b, "exit-code");
}
END_TEST

START_TEST(a_reload_that_fails_leaves_it_running) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        b.p.n_hooks[HOOK_RELOAD] = 1;
        launch(&b);
        say(&b, EVENT_RELOAD);
        ck_assert_uint_eq(hook(&b, 1), MACHINE_RELOAD_FAILED);
        STATE(&b, MACHINE_RUNNING);
        RESULT(&b, "success");

        say(&b, EVENT_RELOAD);
        ck_assert_uint_eq(run_off(&b), MACHINE_KILL_HOOK);
        ck_assert_uint_eq(feed(&b, (MachineEvent){ .type = EVENT_HOOK_EXITED,
                                                   .exit = { .kind = EXIT_KIND_KILLED, .status = SIGKILL } }),
                          MACHINE_RELOAD_FAILED);
        STATE(&b, MACHINE_RUNNING);
}
END_TEST

START_TEST(a_reload_during_a_reload_is_another_one) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        b.p.n_hooks[HOOK_RELOAD] = 1;
        launch(&b);
        say(&b, EVENT_RELOAD);
        ck_assert_uint_eq(say(&b, EVENT_RELOAD), 0);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_RUN_HOOK);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_RELOAD_DONE);
}
END_TEST

START_TEST(notify_reload_is_a_signal_and_a_word) {
        Bench b = bench(SERVICE_NOTIFY_RELOAD, RESTART_NO);

        b.p.reload_signal = b.p.reload_ready = true;
        launch(&b);
        ck_assert_uint_eq(say(&b, EVENT_READY), MACHINE_START_DONE);
        ck_assert_uint_eq(say(&b, EVENT_RELOAD), MACHINE_SEND_RELOAD_SIGNAL);
        STATE(&b, MACHINE_RELOADING);
        ck_assert_uint_eq(say(&b, EVENT_READY), MACHINE_RELOAD_DONE);
        STATE(&b, MACHINE_RUNNING);

        /* Of its own accord, and for ever. */
        ck_assert_uint_eq(say(&b, EVENT_RELOADING), 0);
        ck_assert_uint_eq(run_off(&b), 0);
        STATE(&b, MACHINE_RUNNING);
        ck_assert_uint_eq(b.m.active_exit, 0);
}
END_TEST

START_TEST(silence_is_a_failure_where_signs_of_life_are_due) {
        Bench b = bench(SERVICE_NOTIFY, RESTART_NO);

        b.p.watchdog = 30 * SEC;
        launch(&b);
        say(&b, EVENT_READY);
        ck_assert_uint_eq(b.m.timer, b.now + 30 * SEC);
        b.now += 20 * SEC;
        ck_assert_uint_eq(say(&b, EVENT_KEEP_ALIVE), 0);
        ck_assert(!(b.out.actions & MACHINE_STATE_CHANGED));
        ck_assert_uint_eq(b.m.timer, b.now + 30 * SEC);

        ck_assert_uint_eq(run_off(&b), MACHINE_SEND_WATCHDOG_SIGNAL);
        STATE(&b, MACHINE_STOP_WATCHDOG);
        ck_assert_uint_eq(b.m.timer, b.now + 5 * SEC);
        ck_assert_uint_eq(run_off(&b), MACHINE_KILL_ALL);
        leave(&b, EXIT_KIND_KILLED, SIGKILL);
        say(&b, EVENT_CLEANED);
        STATE(&b, MACHINE_FAILED);
        RESULT(&b, "watchdog");
}
END_TEST

START_TEST(a_service_may_have_no_more_than_its_time) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        b.p.runtime_max = 60 * SEC;
        b.p.n_hooks[HOOK_RELOAD] = 1;
        launch(&b);
        b.now += 40 * SEC;
        say(&b, EVENT_RELOAD);
        hook(&b, 0);
        ck_assert_uint_eq(b.m.timer, b.m.active_enter + 60 * SEC);
        ck_assert_uint_eq(run_off(&b), MACHINE_SEND_STOP_SIGNAL);
        leave(&b, EXIT_KIND_KILLED, SIGTERM);
        say(&b, EVENT_CLEANED);
        RESULT(&b, "timeout");
}
END_TEST

START_TEST(time_that_is_up_means_what_the_unit_says) {
        Bench b = bench(SERVICE_NOTIFY, RESTART_NO);

        b.p.timeout_start_mode = TIMEOUT_MODE_ABORT;
        launch(&b);
        ck_assert_uint_eq(run_off(&b), MACHINE_SEND_WATCHDOG_SIGNAL);
        leave(&b, EXIT_KIND_DUMPED, SIGABRT);
        say(&b, EVENT_CLEANED);
        RESULT(&b, "timeout");

        b.p.timeout_start_mode = TIMEOUT_MODE_KILL;
        launch(&b);
        ck_assert_uint_eq(run_off(&b), MACHINE_KILL_ALL);
        leave(&b, EXIT_KIND_KILLED, SIGKILL);
        say(&b, EVENT_CLEANED);

        b.p.no_sigkill = true;
        b.p.timeout_start_mode = TIMEOUT_MODE_TERMINATE;
        launch(&b);
        say(&b, EVENT_READY);
        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_SEND_STOP_SIGNAL);
        ck_assert_uint_eq(run_off(&b), MACHINE_CLEAN);
}
END_TEST

START_TEST(more_time_may_be_asked_for) {
        Bench b = bench(SERVICE_NOTIFY, RESTART_NO);

        launch(&b);
        b.now += 80 * SEC;
        feed(&b, (MachineEvent){ .type = EVENT_EXTEND, .usec = 5 * SEC });
        ck_assert_uint_lt(b.m.timer, b.now + 11 * SEC);
        feed(&b, (MachineEvent){ .type = EVENT_EXTEND, .usec = 100 * SEC });
        ck_assert_uint_eq(b.m.timer, b.now + 100 * SEC);
}
END_TEST

START_TEST(one_that_stops_by_itself_has_its_time_for_that) {
        Bench b = bench(SERVICE_NOTIFY, RESTART_NO);

        launch(&b);
        say(&b, EVENT_READY);
        ck_assert_uint_eq(say(&b, EVENT_STOPPING), 0);
        STATE(&b, MACHINE_STOP_SIGTERM);
        ck_assert_uint_eq(run_off(&b), MACHINE_KILL_ALL);
}
END_TEST

START_TEST(a_long_run_begins_the_row_of_delays_anew) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        b.p.restart.delay = SEC;
        b.p.restart.steps = 2;
        b.p.restart.max_delay = 100 * SEC;
        b.p.restart_reset = 60 * SEC;
        launch(&b);
        for (int i = 0; i < 3; i++) {
                leave(&b, EXIT_KIND_EXITED, 1);
                run_off(&b);
                say(&b, EVENT_SPAWNED);
        }
        leave(&b, EXIT_KIND_EXITED, 1);
        ck_assert_uint_eq(b.m.timer, b.now + 100 * SEC);
        run_off(&b);
        say(&b, EVENT_SPAWNED);
        b.now += 61 * SEC;
        leave(&b, EXIT_KIND_EXITED, 1);
        ck_assert_uint_eq(b.m.timer, b.now + SEC);
        ck_assert_uint_eq(b.m.n_restarts, 4);
}
END_TEST

START_TEST(a_start_that_others_wait_for_is_still_a_restart) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        launch(&b);
        leave(&b, EXIT_KIND_EXITED, 1);
        ck_assert_uint_eq(feed(&b, (MachineEvent){ .type = EVENT_START, .automatic = true }), MACHINE_SPAWN);
        ck_assert_uint_eq(b.m.n_restarts, 1);
        ck_assert_uint_eq(say(&b, EVENT_SPAWNED), MACHINE_START_DONE);
}
END_TEST

START_TEST(a_command_goes_on_under_the_next_manager) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        b.p.n_hooks[HOOK_START_PRE] = 1;
        say(&b, EVENT_START);
        machine_adopt(&b.m, &b.p, false, b.now, &b.out);
        ck_assert_uint_eq(b.out.actions & ~MACHINE_STATE_CHANGED, 0);
        STATE(&b, MACHINE_START_PRE);
        ck_assert_uint_eq(hook(&b, 0), MACHINE_PREPARE);

        /* One that was lost has failed on the way up, and does not matter on the way down. */
        b = bench(SERVICE_EXEC, RESTART_NO);
        b.p.n_hooks[HOOK_START_PRE] = b.p.n_hooks[HOOK_STOP_POST] = 1;
        say(&b, EVENT_START);
        machine_adopt(&b.m, &b.p, false, b.now, &b.out);
        ck_assert_uint_eq(
                feed(&b, (MachineEvent){ .type = EVENT_HOOK_EXITED, .exit = { .kind = EXIT_KIND_UNKNOWN } }),
                MACHINE_RUN_HOOK);
        RESULT(&b, "resources");
        b.m.result = RESULT_SUCCESS;
        feed(&b, (MachineEvent){ .type = EVENT_HOOK_EXITED, .exit = { .kind = EXIT_KIND_UNKNOWN } });
        STATE(&b, MACHINE_DEAD);
}
END_TEST

TEST_MAIN("machine-hooks", all_lists_in_their_order, a_failed_command_ends_the_start,
          a_failure_that_is_ignored_is_none, a_condition_that_is_not_met_is_no_failure,
          exec_start_post_counts_for_the_start, a_main_process_may_end_while_a_command_runs,
          a_stop_ends_the_command_under_way, each_command_has_its_time,
          exec_stop_post_runs_before_each_restart, a_failed_exec_stop_post_makes_a_failure_of_a_stop,
          a_reload_that_fails_leaves_it_running, a_reload_during_a_reload_is_another_one,
          notify_reload_is_a_signal_and_a_word, silence_is_a_failure_where_signs_of_life_are_due,
          a_service_may_have_no_more_than_its_time, time_that_is_up_means_what_the_unit_says,
          more_time_may_be_asked_for, one_that_stops_by_itself_has_its_time_for_that,
          a_long_run_begins_the_row_of_delays_anew, a_start_that_others_wait_for_is_still_a_restart,
          a_command_goes_on_under_the_next_manager)
