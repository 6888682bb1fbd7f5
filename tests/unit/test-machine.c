/* The life of a container unit, sentence by sentence. The exhaustive walk is in test-machine-walk.c. */
#include <signal.h>
#include <string.h>

#include "supervise/machine.h"
#include "unit-test.h"

#define SEC USEC_PER_SEC

/* A machine with its policy and its clock. */
typedef struct Bench {
        Machine m;
        MachinePolicy p;
        usec_t now;
        MachineOutput out;
} Bench;

static Bench bench(ServiceType type, RestartPolicy restart) {
        Bench b = {
                .p = {
                        .restart = { .type = type, .policy = restart, .delay = 100000, .max_delay = USEC_INFINITY },
                        .timeout_start = 90 * SEC,
                        .timeout_stop = 10 * SEC,
                        .start_limit_interval = 10 * SEC,
                        .start_limit_burst = 5,
                },
                .now = 1000 * SEC,
        };

        machine_init(&b.m);
        return b;
}

/* One event, a millisecond after the one before. Returns the actions without the flag that something changed.
 */
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

static unsigned leave(Bench *b, ExitKind kind, int status) {
        return feed(b, (MachineEvent){
                               .type = EVENT_MAIN_EXITED,
                               .exit = { .kind = kind, .status = status },
                               .cgroup_empty = true,
                       });
}

#define STATE(b, state_) \
        ck_assert_str_eq(machine_state_to_string((b)->m.state), machine_state_to_string(state_))
#define RESULT(b, word) ck_assert_str_eq(unit_result_to_string((b)->m.result), word)

/* Up to SPAWNED. Returns what that asked for. */
static unsigned launch(Bench *b) {
        ck_assert_uint_eq(say(b, EVENT_START), MACHINE_PREPARE);
        ck_assert_uint_eq(say(b, EVENT_PREPARED), MACHINE_SPAWN);
        return say(b, EVENT_SPAWNED);
}

START_TEST(exec_is_up_after_execve) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        ck_assert_uint_eq(launch(&b), MACHINE_START_DONE);
        STATE(&b, MACHINE_RUNNING);
        ck_assert_uint_eq(b.m.timer, USEC_INFINITY);
        ck_assert_uint_eq(b.m.active_enter, b.now);
        ck_assert(b.out.actions & MACHINE_STATE_CHANGED);
        ck_assert_int_eq(b.out.before, MACHINE_SPAWNING);
}
END_TEST

START_TEST(exec_fails_when_execve_does) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        say(&b, EVENT_START);
        say(&b, EVENT_PREPARED);
        ck_assert_uint_eq(feed(&b, (MachineEvent){ .type = EVENT_SPAWN_FAILED,
                                                   .exit = { .kind = EXIT_KIND_EXITED, .status = 203 } }),
                          MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_START_FAILED);
        STATE(&b, MACHINE_FAILED);
        RESULT(&b, "exit-code");
        ck_assert_int_eq(b.m.exit.status, 203);
}
END_TEST

START_TEST(simple_has_started_even_if_execve_fails) {
        Bench b = bench(SERVICE_SIMPLE, RESTART_NO);

        say(&b, EVENT_START);
        say(&b, EVENT_PREPARED);
        ck_assert_uint_eq(feed(&b, (MachineEvent){ .type = EVENT_SPAWN_FAILED,
                                                   .exit = { .kind = EXIT_KIND_EXITED, .status = 203 } }),
                          MACHINE_CLEAN | MACHINE_START_DONE);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), 0);
        STATE(&b, MACHINE_FAILED);
        RESULT(&b, "exit-code");
}
END_TEST

START_TEST(failing_to_set_up_is_resources) {
        Bench b = bench(SERVICE_SIMPLE, RESTART_NO);

        say(&b, EVENT_START);
        say(&b, EVENT_PREPARED);
        ck_assert_uint_eq(say(&b, EVENT_SPAWN_FAILED), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_START_FAILED);
        RESULT(&b, "resources");

        /* What failed to prepare has undone itself. */
        ck_assert_uint_eq(say(&b, EVENT_START), MACHINE_PREPARE);
        ck_assert_uint_eq(say(&b, EVENT_PREPARE_FAILED), MACHINE_START_FAILED);
        STATE(&b, MACHINE_FAILED);
        RESULT(&b, "resources");
}
END_TEST

START_TEST(notify_is_up_at_ready) {
        static const ServiceType types[] = { SERVICE_NOTIFY, SERVICE_HEALTHY };

        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                Bench b = bench(types[i], RESTART_NO);

                ck_assert_uint_eq(launch(&b), 0);
                STATE(&b, MACHINE_STARTING);
                ck_assert_uint_ne(b.m.timer, USEC_INFINITY);
                ck_assert_uint_eq(say(&b, EVENT_READY), MACHINE_START_DONE);
                STATE(&b, MACHINE_RUNNING);
                ck_assert_uint_eq(b.m.timer, USEC_INFINITY);
                ck_assert_uint_eq(say(&b, EVENT_READY), 0);
        }
}
END_TEST

START_TEST(notify_may_be_ready_before_its_launch_is_reported) {
        Bench b = bench(SERVICE_NOTIFY, RESTART_NO);

        say(&b, EVENT_START);
        say(&b, EVENT_PREPARED);
        ck_assert_uint_eq(say(&b, EVENT_READY), 0);
        ck_assert_uint_eq(say(&b, EVENT_SPAWNED), MACHINE_START_DONE);
        STATE(&b, MACHINE_RUNNING);
}
END_TEST

START_TEST(notify_that_ends_before_ready_breaks_the_protocol) {
        Bench b = bench(SERVICE_NOTIFY, RESTART_NO);

        launch(&b);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_EXITED, 0), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_START_FAILED);
        RESULT(&b, "protocol");

        launch(&b);
        leave(&b, EXIT_KIND_EXITED, 7);
        say(&b, EVENT_CLEANED);
        RESULT(&b, "exit-code");
}
END_TEST

START_TEST(oneshot_is_done_when_it_ended) {
        Bench b = bench(SERVICE_ONESHOT, RESTART_NO);

        ck_assert_uint_eq(launch(&b), 0);
        STATE(&b, MACHINE_STARTING);
        ck_assert_uint_eq(say(&b, EVENT_READY), 0);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_EXITED, 0), MACHINE_CLEAN | MACHINE_START_DONE);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), 0);
        STATE(&b, MACHINE_DEAD);
        RESULT(&b, "success");
        ck_assert_uint_eq(b.m.active_enter, 0);
}
END_TEST

START_TEST(oneshot_with_remain_after_exit_stays_active) {
        Bench b = bench(SERVICE_ONESHOT, RESTART_NO);

        b.p.remain_after_exit = true;
        launch(&b);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_EXITED, 0), MACHINE_START_DONE);
        STATE(&b, MACHINE_EXITED);
        ck_assert_int_eq(machine_active_state(b.m.state), ACTIVE_STATE_ACTIVE);
        ck_assert_uint_eq(say(&b, EVENT_START), MACHINE_START_DONE);
        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_DEAD);
}
END_TEST

START_TEST(oneshot_that_fails_has_failed_to_start) {
        Bench b = bench(SERVICE_ONESHOT, RESTART_NO);

        b.p.remain_after_exit = true;
        launch(&b);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_KILLED, SIGTERM), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_START_FAILED);
        RESULT(&b, "signal");
}
END_TEST

START_TEST(stop_signals_waits_and_cleans) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        launch(&b);
        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_SEND_STOP_SIGNAL);
        ck_assert_uint_eq(b.m.timer, b.now + 10 * SEC);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_KILLED, SIGTERM), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_DEAD);
        RESULT(&b, "success");
        ck_assert_uint_eq(b.m.inactive_enter, b.now);
}
END_TEST

START_TEST(stop_that_is_not_obeyed_kills_and_is_a_timeout) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        launch(&b);
        say(&b, EVENT_STOP);
        ck_assert_uint_eq(run_off(&b), MACHINE_KILL_ALL);
        STATE(&b, MACHINE_STOP_SIGKILL);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_KILLED, SIGKILL), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_FAILED);
        RESULT(&b, "timeout");
}
END_TEST

START_TEST(what_not_even_sigkill_ends_is_given_up) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        launch(&b);
        say(&b, EVENT_STOP);
        run_off(&b);
        ck_assert_uint_eq(run_off(&b), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_FAILED);
}
END_TEST

START_TEST(the_rest_of_the_cgroup_goes_with_the_main_process) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        launch(&b);
        ck_assert_uint_eq(feed(&b, (MachineEvent){ .type = EVENT_MAIN_EXITED,
                                                   .exit = { .kind = EXIT_KIND_EXITED, .status = 1 } }),
                          MACHINE_KILL_ALL);
        STATE(&b, MACHINE_FINAL_SIGKILL);
        ck_assert_uint_eq(say(&b, EVENT_CGROUP_EMPTY), MACHINE_CLEAN);
        say(&b, EVENT_CLEANED);
        STATE(&b, MACHINE_FAILED);
        RESULT(&b, "exit-code");
}
END_TEST

START_TEST(an_empty_cgroup_may_be_seen_before_the_exit) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        launch(&b);
        ck_assert_uint_eq(say(&b, EVENT_CGROUP_EMPTY), 0);
        ck_assert_uint_eq(feed(&b, (MachineEvent){ .type = EVENT_MAIN_EXITED,
                                                   .exit = { .kind = EXIT_KIND_EXITED, .status = 1 } }),
                          MACHINE_CLEAN);
}
END_TEST

START_TEST(a_failing_exit_after_stop_is_a_failure) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        launch(&b);
        say(&b, EVENT_STOP);
        leave(&b, EXIT_KIND_EXITED, 143);
        say(&b, EVENT_CLEANED);
        STATE(&b, MACHINE_FAILED);
        RESULT(&b, "exit-code");
}
END_TEST

START_TEST(restart_by_policy_keeps_what_is_prepared) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        launch(&b);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_KILLED, SIGKILL), 0);
        STATE(&b, MACHINE_AUTO_RESTART);
        RESULT(&b, "signal");
        ck_assert_uint_eq(b.m.timer, b.now + 100000);
        ck_assert_uint_eq(b.m.n_restarts, 0);

        ck_assert_uint_eq(run_off(&b), MACHINE_SPAWN);
        ck_assert_uint_eq(b.m.n_restarts, 1);
        ck_assert_int_eq(b.m.exit.kind, EXIT_KIND_NONE);
        ck_assert_int_eq(b.m.cause.kind, EXIT_KIND_KILLED);
        ck_assert_int_eq(b.m.cause.status, SIGKILL);
        RESULT(&b, "success");
        ck_assert_uint_eq(say(&b, EVENT_SPAWNED), 0);
        STATE(&b, MACHINE_RUNNING);
}
END_TEST

START_TEST(restart_after_a_failed_start_answers_and_goes_on) {
        Bench b = bench(SERVICE_NOTIFY, RESTART_ON_FAILURE);

        launch(&b);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_EXITED, 1), MACHINE_START_FAILED);
        STATE(&b, MACHINE_AUTO_RESTART);
        run_off(&b);
        say(&b, EVENT_SPAWNED);
        ck_assert_uint_eq(say(&b, EVENT_READY), 0);
        STATE(&b, MACHINE_RUNNING);

        /* With nothing prepared the restart prepares. */
        b = bench(SERVICE_EXEC, RESTART_ON_FAILURE);
        say(&b, EVENT_START);
        ck_assert_uint_eq(say(&b, EVENT_PREPARE_FAILED), MACHINE_START_FAILED);
        ck_assert_uint_eq(run_off(&b), MACHINE_PREPARE);
}
END_TEST

START_TEST(delays_grow_with_each_automatic_restart) {
        static const unsigned want[] = { 1, 2, 4, 8, 8 };
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        b.p.restart.delay = SEC;
        b.p.restart.steps = 3;
        b.p.restart.max_delay = 8 * SEC;
        b.p.start_limit_interval = 0;
        launch(&b);
        for (size_t i = 0; i < 5; i++) {
                leave(&b, EXIT_KIND_EXITED, 1);
                ck_assert_uint_eq(b.m.timer - b.now, want[i] * SEC);
                run_off(&b);
                say(&b, EVENT_SPAWNED);
        }
        ck_assert_uint_eq(b.m.n_restarts, 5);

        /* Running well for a while does not reset the row, a manual start does. */
        b.now += 100000 * SEC;
        leave(&b, EXIT_KIND_EXITED, 1);
        ck_assert_uint_eq(b.m.timer - b.now, 8 * SEC);
        ck_assert_uint_eq(say(&b, EVENT_START), MACHINE_SPAWN);
        ck_assert_uint_eq(b.m.n_restarts, 0);
}
END_TEST

START_TEST(start_limit_ends_a_row_of_restarts) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        launch(&b);
        for (int i = 0; i < 4; i++) {
                leave(&b, EXIT_KIND_EXITED, 1);
                ck_assert_uint_eq(run_off(&b), MACHINE_SPAWN);
                say(&b, EVENT_SPAWNED);
        }
        leave(&b, EXIT_KIND_EXITED, 1);
        ck_assert_uint_eq(run_off(&b), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), 0);
        STATE(&b, MACHINE_FAILED);
        /* What went wrong before is still the reason. */
        RESULT(&b, "exit-code");
        ck_assert(b.m.limited);
        ck_assert_uint_eq(b.m.n_restarts, 5);
        ck_assert_int_eq(b.m.exit.status, 1);

        /* It refuses manual starts too, until the interval is over, or somebody resets it. */
        ck_assert_uint_eq(say(&b, EVENT_START), MACHINE_START_FAILED);
        b.now += 10 * SEC;
        ck_assert_uint_eq(say(&b, EVENT_START), MACHINE_PREPARE);
}
END_TEST

START_TEST(start_limit_counts_manual_starts_and_is_reset) {
        Bench b = bench(SERVICE_ONESHOT, RESTART_NO);

        for (int i = 0; i < 5; i++) {
                launch(&b);
                leave(&b, EXIT_KIND_EXITED, 0);
                say(&b, EVENT_CLEANED);
        }
        ck_assert_uint_eq(say(&b, EVENT_START), MACHINE_START_FAILED);
        RESULT(&b, "start-limit-hit");
        ck_assert_uint_eq(say(&b, EVENT_RESET_FAILED), 0);
        STATE(&b, MACHINE_DEAD);
        RESULT(&b, "success");
        ck_assert_uint_eq(say(&b, EVENT_START), MACHINE_PREPARE);
}
END_TEST

START_TEST(stop_while_waiting_for_a_restart_gives_up) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        launch(&b);
        leave(&b, EXIT_KIND_EXITED, 5);
        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_DEAD);
        RESULT(&b, "exit-code");
}
END_TEST

START_TEST(stop_while_preparing_cancels_the_start) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        say(&b, EVENT_START);
        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_CLEAN | MACHINE_START_CANCELED);
        ck_assert_uint_eq(say(&b, EVENT_PREPARED), 0);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_DEAD);
        RESULT(&b, "success");
}
END_TEST

START_TEST(stop_while_spawning_is_carried_out_after) {
        Bench b = bench(SERVICE_NOTIFY, RESTART_ALWAYS);

        say(&b, EVENT_START);
        say(&b, EVENT_PREPARED);
        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_START_CANCELED);
        ck_assert_uint_eq(say(&b, EVENT_SPAWNED), MACHINE_SEND_STOP_SIGNAL);
        STATE(&b, MACHINE_STOP_SIGTERM);
}
END_TEST

START_TEST(start_while_stopping_begins_when_at_rest) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        launch(&b);
        say(&b, EVENT_STOP);
        ck_assert_uint_eq(say(&b, EVENT_START), 0);
        leave(&b, EXIT_KIND_EXITED, 0);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE | MACHINE_PREPARE);
        STATE(&b, MACHINE_PREPARING);
        say(&b, EVENT_PREPARED);
        ck_assert_uint_eq(say(&b, EVENT_SPAWNED), MACHINE_START_DONE);

        /* ... unless a second stop takes it back. */
        say(&b, EVENT_STOP);
        say(&b, EVENT_START);
        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_START_CANCELED);
        leave(&b, EXIT_KIND_EXITED, 0);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_DEAD);
}
END_TEST

START_TEST(a_restart_job_keeps_what_is_prepared) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        launch(&b);
        ck_assert_uint_eq(feed(&b, (MachineEvent){ .type = EVENT_STOP, .keep = true }),
                          MACHINE_SEND_STOP_SIGNAL);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_EXITED, 0), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_DEAD);
        ck_assert(b.m.prepared);
        ck_assert_uint_eq(say(&b, EVENT_START), MACHINE_SPAWN);
        say(&b, EVENT_SPAWNED);

        /* If the second half never comes, a stop releases. */
        feed(&b, (MachineEvent){ .type = EVENT_STOP, .keep = true });
        leave(&b, EXIT_KIND_EXITED, 0);
        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_DEAD);
}
END_TEST

START_TEST(one_plain_stop_of_two_is_enough_to_release) {
        for (int first = 0; first < 2; first++) {
                Bench b = bench(SERVICE_EXEC, RESTART_NO);

                launch(&b);
                feed(&b, (MachineEvent){ .type = EVENT_STOP, .keep = first == 0 });
                feed(&b, (MachineEvent){ .type = EVENT_STOP, .keep = first == 1 });
                ck_assert_uint_eq(leave(&b, EXIT_KIND_EXITED, 0), MACHINE_CLEAN);
        }
}
END_TEST

START_TEST(start_timeout_covers_preparation_and_readiness) {
        Bench b = bench(SERVICE_NOTIFY, RESTART_NO);
        usec_t due;

        say(&b, EVENT_START);
        due = b.m.timer;
        ck_assert_uint_eq(due, b.now + 90 * SEC);
        ck_assert_uint_eq(run_off(&b), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_START_FAILED);
        RESULT(&b, "timeout");

        say(&b, EVENT_START);
        due = b.m.timer;
        b.now += 30 * SEC;
        say(&b, EVENT_PREPARED);
        say(&b, EVENT_SPAWNED);
        ck_assert_uint_eq(b.m.timer, due);
        ck_assert_uint_eq(run_off(&b), MACHINE_SEND_STOP_SIGNAL);
        leave(&b, EXIT_KIND_EXITED, 0);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_START_FAILED);
        RESULT(&b, "timeout");
}
END_TEST

START_TEST(a_deferred_preparation_has_all_the_time) {
        Bench b = bench(SERVICE_NOTIFY, RESTART_NO);

        say(&b, EVENT_START);
        ck_assert_uint_eq(b.m.timer, b.now + 90 * SEC);
        ck_assert_uint_eq(say(&b, EVENT_DEFER), 0);
        STATE(&b, MACHINE_PREPARING);
        ck_assert_uint_eq(b.m.timer, USEC_INFINITY);
        b.now += 1000 * SEC;
        ck_assert_uint_eq(say(&b, EVENT_TIMEOUT), 0);
        ck_assert_uint_eq(say(&b, EVENT_PREPARED), MACHINE_SPAWN);
        ck_assert_uint_eq(b.m.timer, b.now + 90 * SEC);
        say(&b, EVENT_SPAWNED);
        ck_assert_uint_eq(run_off(&b), MACHINE_SEND_STOP_SIGNAL);
        RESULT(&b, "timeout");

        b = bench(SERVICE_EXEC, RESTART_NO);
        say(&b, EVENT_START);
        say(&b, EVENT_DEFER);
        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_CLEAN | MACHINE_START_CANCELED);
        ck_assert_uint_eq(say(&b, EVENT_DEFER), 0);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
}
END_TEST

START_TEST(a_deferred_preparation_may_have_a_limit) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);
        usec_t due;

        say(&b, EVENT_START);
        b.now += 30 * SEC;
        feed(&b, (MachineEvent){ .type = EVENT_DEFER, .usec = 10 * SEC });
        due = b.m.timer;
        ck_assert_uint_eq(due, b.now + 10 * SEC);
        b.now += 5 * SEC;
        ck_assert_uint_eq(say(&b, EVENT_PREPARED), MACHINE_SPAWN);
        ck_assert_uint_eq(b.m.timer, due);

        b = bench(SERVICE_EXEC, RESTART_NO);
        say(&b, EVENT_START);
        feed(&b, (MachineEvent){ .type = EVENT_DEFER, .usec = 10 * SEC });
        ck_assert_uint_eq(run_off(&b), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_START_FAILED);
        RESULT(&b, "timeout");
}
END_TEST

/* What is held is looked at before a launch follows; whether it is good or not, it is held. */
START_TEST(a_look_before_the_next_launch) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        b.p.look = true;
        launch(&b);
        leave(&b, EXIT_KIND_EXITED, 0);
        STATE(&b, MACHINE_AUTO_RESTART);
        ck_assert_uint_eq(run_off(&b), MACHINE_LOOK);
        STATE(&b, MACHINE_PREPARING);
        ck_assert_uint_eq(say(&b, EVENT_PREPARE_FAILED), 0);
        STATE(&b, MACHINE_AUTO_RESTART);
        RESULT(&b, "resources");
        ck_assert(b.m.prepared);
        ck_assert_uint_eq(run_off(&b), MACHINE_LOOK);
        ck_assert_uint_eq(say(&b, EVENT_PREPARED), MACHINE_SPAWN);
        say(&b, EVENT_SPAWNED);
        leave(&b, EXIT_KIND_EXITED, 0);
        ck_assert_uint_eq(run_off(&b), MACHINE_LOOK);
        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
}
END_TEST

START_TEST(infinity_means_no_timer) {
        Bench b = bench(SERVICE_ONESHOT, RESTART_NO);

        b.p.timeout_start = b.p.timeout_stop = USEC_INFINITY;
        launch(&b);
        ck_assert_uint_eq(b.m.timer, USEC_INFINITY);
        say(&b, EVENT_STOP);
        ck_assert_uint_eq(b.m.timer, USEC_INFINITY);
        ck_assert_uint_eq(say(&b, EVENT_TIMEOUT), 0);
}
END_TEST

START_TEST(a_timer_that_comes_early_is_ignored) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        say(&b, EVENT_START);
        ck_assert_uint_eq(say(&b, EVENT_TIMEOUT), 0);
        STATE(&b, MACHINE_PREPARING);
        ck_assert(!(b.out.actions & MACHINE_STATE_CHANGED));
}
END_TEST

START_TEST(failing_health_stops_and_restarts) {
        Bench b = bench(SERVICE_EXEC, RESTART_ON_FAILURE);

        launch(&b);
        ck_assert_uint_eq(feed(&b, (MachineEvent){ .type = EVENT_FAIL, .result = RESULT_UNHEALTHY }),
                          MACHINE_SEND_STOP_SIGNAL);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_EXITED, 0), 0);
        STATE(&b, MACHINE_AUTO_RESTART);
        RESULT(&b, "unhealthy");
}
END_TEST

START_TEST(a_stop_during_a_failing_stop_forbids_the_restart) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        launch(&b);
        feed(&b, (MachineEvent){ .type = EVENT_FAIL, .result = RESULT_WATCHDOG });
        ck_assert_uint_eq(say(&b, EVENT_STOP), 0);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_EXITED, 0), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_FAILED);
}
END_TEST

START_TEST(asking_for_what_is_so_is_answered_at_once) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_STOP_DONE);
        launch(&b);
        ck_assert_uint_eq(say(&b, EVENT_START), MACHINE_START_DONE);
        leave(&b, EXIT_KIND_EXITED, 1);
        say(&b, EVENT_CLEANED);
        /* A failed unit stays failed when it is stopped. */
        ck_assert_uint_eq(say(&b, EVENT_STOP), MACHINE_STOP_DONE);
        STATE(&b, MACHINE_FAILED);
}
END_TEST

START_TEST(fields_go_round) {
        Bench b = bench(SERVICE_NOTIFY, RESTART_ALWAYS);
        MachineField f;
        Machine copy;
        size_t n = 0;

        launch(&b);
        leave(&b, EXIT_KIND_DUMPED, SIGSEGV);
        b.m.limit_begin = USEC_INFINITY;
        machine_init(&copy);
        while (machine_field(&b.m, n++, &f))
                ck_assert_int_eq(machine_set_field(&copy, &f), 0);
        ck_assert_mem_eq(&copy, &b.m, sizeof(copy));
        ck_assert_str_eq(machine_state_to_string(copy.state), "auto-restart");
}
END_TEST

START_TEST(fields_refuse_what_was_never_written) {
        Machine m;

        machine_init(&m);
        ck_assert_int_eq(machine_set_field(&m, &(MachineField){ .name = "colour", .number = 1 }), -ENOENT);
        ck_assert_int_eq(machine_set_field(&m, &(MachineField){ .name = "state", .number = 1 }), -EINVAL);
        ck_assert_int_eq(machine_set_field(&m, &(MachineField){ .name = "state", .text = "asleep" }),
                         -EINVAL);
        ck_assert_int_eq(machine_set_field(&m, &(MachineField){ .name = "wanted", .number = 2 }), -EINVAL);
        ck_assert_int_eq(machine_set_field(&m, &(MachineField){ .name = "wanted", .text = "1" }), -EINVAL);
        ck_assert_int_eq(machine_set_field(&m, &(MachineField){ .name = "n_restarts", .number = UINT64_MAX }),
                         -EINVAL);
        ck_assert_int_eq(machine_check(&m), 0);
        m.state = MACHINE_RUNNING;
        ck_assert_int_eq(machine_check(&m), -EINVAL);
}
END_TEST

START_TEST(adopting_goes_on_where_it_was) {
        Bench b = bench(SERVICE_EXEC, RESTART_ALWAYS);

        launch(&b);
        machine_adopt(&b.m, &b.p, false, b.now, &b.out);
        ck_assert_uint_eq(b.out.actions, 0);
        STATE(&b, MACHINE_RUNNING);

        /* Nobody knows how it ended: not a success, so it is restarted. */
        b.p.restart.policy = RESTART_ON_FAILURE;
        ck_assert_uint_eq(leave(&b, EXIT_KIND_UNKNOWN, 0), 0);
        STATE(&b, MACHINE_AUTO_RESTART);
        RESULT(&b, "resources");
}
END_TEST

START_TEST(adopting_starts_again_what_was_half_started) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        say(&b, EVENT_START);
        machine_adopt(&b.m, &b.p, false, b.now, &b.out);
        ck_assert_uint_eq(b.out.actions & ~MACHINE_STATE_CHANGED, MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_PREPARE);
        say(&b, EVENT_PREPARED);
        machine_adopt(&b.m, &b.p, false, b.now, &b.out);
        ck_assert_uint_eq(b.out.actions & ~MACHINE_STATE_CHANGED, MACHINE_KILL_ALL);
        ck_assert_uint_eq(say(&b, EVENT_CGROUP_EMPTY), MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), MACHINE_PREPARE);
}
END_TEST

START_TEST(adopting_completes_a_stop_and_a_restart) {
        Bench b = bench(SERVICE_EXEC, RESTART_NO);

        launch(&b);
        say(&b, EVENT_STOP);
        machine_adopt(&b.m, &b.p, false, b.now, &b.out);
        ck_assert_uint_eq(leave(&b, EXIT_KIND_UNKNOWN, 0), MACHINE_CLEAN);
        machine_adopt(&b.m, &b.p, false, b.now, &b.out);
        ck_assert_uint_eq(b.out.actions & ~MACHINE_STATE_CHANGED, MACHINE_CLEAN);
        ck_assert_uint_eq(say(&b, EVENT_CLEANED), 0);
        STATE(&b, MACHINE_DEAD);
        RESULT(&b, "success");

        launch(&b);
        feed(&b, (MachineEvent){ .type = EVENT_STOP, .keep = true });
        leave(&b, EXIT_KIND_EXITED, 0);
        machine_adopt(&b.m, &b.p, false, b.now, &b.out);
        ck_assert_uint_eq(b.out.actions & ~(MACHINE_STATE_CHANGED | MACHINE_BEGIN), MACHINE_SPAWN);
}
END_TEST

START_TEST(words_are_systemds) {
        ck_assert_str_eq(machine_substate_to_string(MACHINE_SPAWNING), "start");
        ck_assert_str_eq(machine_substate_to_string(MACHINE_AUTO_RESTART), "auto-restart");
        ck_assert_str_eq(active_state_to_string(machine_active_state(MACHINE_AUTO_RESTART)), "activating");
        ck_assert_str_eq(active_state_to_string(machine_active_state(MACHINE_CLEANING)), "deactivating");
        ck_assert_str_eq(active_state_to_string(machine_active_state(MACHINE_FAILED)), "failed");
}
END_TEST

TEST_MAIN("machine", exec_is_up_after_execve, exec_fails_when_execve_does,
          simple_has_started_even_if_execve_fails, failing_to_set_up_is_resources, notify_is_up_at_ready,
          notify_may_be_ready_before_its_launch_is_reported,
          notify_that_ends_before_ready_breaks_the_protocol, oneshot_is_done_when_it_ended,
          oneshot_with_remain_after_exit_stays_active, oneshot_that_fails_has_failed_to_start,
          stop_signals_waits_and_cleans, stop_that_is_not_obeyed_kills_and_is_a_timeout,
          what_not_even_sigkill_ends_is_given_up, the_rest_of_the_cgroup_goes_with_the_main_process,
          an_empty_cgroup_may_be_seen_before_the_exit, a_failing_exit_after_stop_is_a_failure,
          restart_by_policy_keeps_what_is_prepared, restart_after_a_failed_start_answers_and_goes_on,
          delays_grow_with_each_automatic_restart, start_limit_ends_a_row_of_restarts,
          start_limit_counts_manual_starts_and_is_reset, stop_while_waiting_for_a_restart_gives_up,
          stop_while_preparing_cancels_the_start, stop_while_spawning_is_carried_out_after,
          start_while_stopping_begins_when_at_rest, a_restart_job_keeps_what_is_prepared,
          one_plain_stop_of_two_is_enough_to_release, start_timeout_covers_preparation_and_readiness,
          a_deferred_preparation_has_all_the_time, a_deferred_preparation_may_have_a_limit,
          a_look_before_the_next_launch, infinity_means_no_timer, a_timer_that_comes_early_is_ignored,
          failing_health_stops_and_restarts, a_stop_during_a_failing_stop_forbids_the_restart,
          asking_for_what_is_so_is_answered_at_once, fields_go_round, fields_refuse_what_was_never_written,
          adopting_goes_on_where_it_was, adopting_starts_again_what_was_half_started,
          adopting_completes_a_stop_and_a_restart, words_are_systemds)
