/* Restart=: results, the whole table of policies, prevent and force, the row of delays. */
#include <signal.h>

#include "supervise/restart.h"
#include "unit-test.h"

static const MainExit NO_EXIT = { .kind = EXIT_KIND_NONE };

static MainExit exited(int status) {
        return (MainExit){ .kind = EXIT_KIND_EXITED, .status = status };
}

static MainExit killed(int sig) {
        return (MainExit){ .kind = EXIT_KIND_KILLED, .status = sig };
}

/* systemd.service(5), "Exit causes and the effect of the Restart= settings", by column. */
static const struct {
        UnitResult result;
        const char *marks; /* always, on-success, on-failure, on-abnormal, on-abort, on-watchdog */
} table[] = {
        { RESULT_SUCCESS, "xx----" },         { RESULT_EXIT_CODE, "x-x---" },
        { RESULT_SIGNAL, "x-xxx-" },          { RESULT_CORE_DUMP, "x-xxx-" },
        { RESULT_TIMEOUT, "x-xx--" },         { RESULT_WATCHDOG, "x-xx-x" },
        { RESULT_OOM_KILL, "x-xx--" },        { RESULT_PROTOCOL, "x-xx--" },
        { RESULT_RESOURCES, "x-xx--" },       { RESULT_EXEC_CONDITION, "------" },
        { RESULT_START_LIMIT_HIT, "------" }, { RESULT_UNHEALTHY, "x-xx-x" },
};

static const RestartPolicy columns[] = { RESTART_ALWAYS,      RESTART_ON_SUCCESS, RESTART_ON_FAILURE,
                                         RESTART_ON_ABNORMAL, RESTART_ON_ABORT,   RESTART_ON_WATCHDOG };

START_TEST(the_table_decides) {
        ck_assert_uint_eq(sizeof(table) / sizeof(table[0]), UNIT_RESULT_N_);

        for (size_t i = 0; i < UNIT_RESULT_N_; i++) {
                RestartRule rule = { .type = SERVICE_EXEC, .policy = RESTART_NO };

                ck_assert(!restart_decide(&rule, table[i].result, &NO_EXIT));
                for (size_t k = 0; k < 6; k++) {
                        rule.policy = columns[k];
                        ck_assert_msg(restart_decide(&rule, table[i].result, &NO_EXIT) ==
                                              (table[i].marks[k] == 'x'),
                                      "%s after %s", restart_policy_to_string(columns[k]),
                                      unit_result_to_string(table[i].result));
                }
        }
}
END_TEST

START_TEST(results_name_the_end) {
        RestartRule rule = { .type = SERVICE_EXEC };
        MainExit e;

        e = exited(0);
        ck_assert_int_eq(restart_result(&rule, &e), RESULT_SUCCESS);
        e = exited(1);
        ck_assert_int_eq(restart_result(&rule, &e), RESULT_EXIT_CODE);
        e = killed(SIGKILL);
        ck_assert_int_eq(restart_result(&rule, &e), RESULT_SIGNAL);
        e.oom = true;
        ck_assert_int_eq(restart_result(&rule, &e), RESULT_OOM_KILL);
        e = (MainExit){ .kind = EXIT_KIND_DUMPED, .status = SIGSEGV };
        ck_assert_int_eq(restart_result(&rule, &e), RESULT_CORE_DUMP);
        e = (MainExit){ .kind = EXIT_KIND_UNKNOWN };
        ck_assert_int_eq(restart_result(&rule, &e), RESULT_RESOURCES);
        e = exited(0);
        e.oom = true;
        ck_assert_int_eq(restart_result(&rule, &e), RESULT_SUCCESS);
}
END_TEST

START_TEST(four_signals_are_clean_but_not_for_oneshot) {
        for (int sig = 1; sig < 65; sig++) {
                RestartRule rule = { .type = SERVICE_NOTIFY };
                MainExit e = killed(sig);
                bool clean = sig == SIGHUP || sig == SIGINT || sig == SIGTERM || sig == SIGPIPE;

                ck_assert_int_eq(restart_result(&rule, &e), clean ? RESULT_SUCCESS : RESULT_SIGNAL);
                rule.type = SERVICE_ONESHOT;
                ck_assert_int_eq(restart_result(&rule, &e), RESULT_SIGNAL);
                e.kind = EXIT_KIND_DUMPED;
                rule.type = SERVICE_SIMPLE;
                ck_assert_int_eq(restart_result(&rule, &e), RESULT_CORE_DUMP);
        }
}
END_TEST

START_TEST(success_exit_status_adds) {
        RestartRule rule = { .type = SERVICE_ONESHOT };
        MainExit e;

        rule.success.statuses[143 / 64] |= UINT64_C(1) << (143 % 64);
        rule.success.signals[0] |= UINT64_C(1) << SIGKILL;

        e = exited(143);
        ck_assert_int_eq(restart_result(&rule, &e), RESULT_SUCCESS);
        e = exited(142);
        ck_assert_int_eq(restart_result(&rule, &e), RESULT_EXIT_CODE);
        e = killed(SIGKILL);
        ck_assert_int_eq(restart_result(&rule, &e), RESULT_SUCCESS);
        e = killed(SIGTERM);
        ck_assert_int_eq(restart_result(&rule, &e), RESULT_SIGNAL);
        /* A status is not a signal. */
        e = exited(SIGKILL);
        ck_assert_int_eq(restart_result(&rule, &e), RESULT_EXIT_CODE);
}
END_TEST

START_TEST(prevent_goes_before_force_and_force_before_the_table) {
        RestartRule rule = { .type = SERVICE_EXEC, .policy = RESTART_NO };
        MainExit three = exited(3), zero = exited(0), term = killed(SIGTERM);

        rule.force.statuses[0] = UINT64_C(1) << 3 | 1;
        ck_assert(restart_decide(&rule, RESULT_EXIT_CODE, &three));
        ck_assert(restart_decide(&rule, RESULT_SUCCESS, &zero));
        ck_assert(!restart_decide(&rule, RESULT_SUCCESS, &term));
        ck_assert(!restart_decide(&rule, RESULT_START_LIMIT_HIT, &three));

        rule.prevent.statuses[0] = UINT64_C(1) << 3;
        ck_assert(!restart_decide(&rule, RESULT_EXIT_CODE, &three));

        rule.policy = RESTART_ALWAYS;
        ck_assert(!restart_decide(&rule, RESULT_EXIT_CODE, &three));
        rule.prevent.signals[0] = UINT64_C(1) << SIGTERM;
        ck_assert(!restart_decide(&rule, RESULT_SUCCESS, &term));
        /* Set-up that failed has no exit to look at. */
        ck_assert(restart_decide(&rule, RESULT_RESOURCES, &NO_EXIT));

        rule.type = SERVICE_ONESHOT;
        ck_assert(!restart_decide(&rule, RESULT_SUCCESS, &zero));
}
END_TEST

START_TEST(the_rule_that_decides_is_named) {
        RestartRule rule = { .type = SERVICE_EXEC, .policy = RESTART_ON_FAILURE };
        MainExit three = exited(3), zero = exited(0);

        ck_assert_int_eq(restart_cause(&rule, RESULT_EXIT_CODE, &three), RESTART_CAUSE_POLICY);
        ck_assert_int_eq(restart_cause(&rule, RESULT_START_LIMIT_HIT, &three), RESTART_CAUSE_NO_FAILURE);
        ck_assert_int_eq(restart_cause(&rule, RESULT_EXEC_CONDITION, &NO_EXIT), RESTART_CAUSE_NO_FAILURE);
        rule.force.statuses[0] = UINT64_C(1) << 3;
        ck_assert_int_eq(restart_cause(&rule, RESULT_EXIT_CODE, &three), RESTART_CAUSE_FORCED);
        rule.prevent.statuses[0] = UINT64_C(1) << 3;
        ck_assert_int_eq(restart_cause(&rule, RESULT_EXIT_CODE, &three), RESTART_CAUSE_PREVENTED);
        rule.type = SERVICE_ONESHOT;
        ck_assert_int_eq(restart_cause(&rule, RESULT_SUCCESS, &zero), RESTART_CAUSE_ONESHOT_DONE);
}
END_TEST

/* The example of systemd.service(5), "RestartSteps=". */
START_TEST(delays_grow_in_a_geometric_row) {
        static const unsigned want[] = { 10, 20, 40, 80, 160, 160, 160 };
        RestartRule rule = { .delay = 10 * USEC_PER_SEC, .steps = 4, .max_delay = 160 * USEC_PER_SEC };

        for (unsigned k = 0; k < sizeof(want) / sizeof(want[0]); k++)
                ck_assert_uint_eq(restart_delay(&rule, k, 0), want[k] * USEC_PER_SEC);
        ck_assert_uint_eq(restart_delay(&rule, 4000000000U, 0), 160 * USEC_PER_SEC);
}
END_TEST

START_TEST(delays_are_constant_unless_both_keys_are_set) {
        static const RestartRule rules[] = {
                { .delay = 100000, .steps = 0, .max_delay = 160 * USEC_PER_SEC },
                { .delay = 100000, .steps = 4, .max_delay = USEC_INFINITY },
                { .delay = 0, .steps = 4, .max_delay = 160 * USEC_PER_SEC },
                { .delay = 5000000, .steps = 4, .max_delay = USEC_PER_SEC },
        };

        for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
                for (unsigned k = 0; k < 10; k++)
                        ck_assert_uint_eq(restart_delay(&rules[i], k, 0), rules[i].delay);
}
END_TEST

START_TEST(delays_never_leave_their_bounds) {
        for (unsigned steps = 1; steps < 40; steps++) {
                RestartRule rule = { .delay = 1, .steps = steps, .max_delay = USEC_INFINITY - 1 };
                usec_t last = 0;

                for (unsigned k = 0; k < 60; k++) {
                        usec_t d = restart_delay(&rule, k, 0);

                        ck_assert(d >= rule.delay && d <= rule.max_delay && d >= last);
                        last = d;
                }
                ck_assert_uint_eq(last, rule.max_delay);
        }
}
END_TEST

START_TEST(some_of_the_random_delay_is_added) {
        RestartRule rule = { .delay = 100, .max_delay = USEC_INFINITY, .random_delay = 1000 };

        ck_assert_uint_eq(restart_delay(&rule, 3, 0), 100);
        ck_assert_uint_eq(restart_delay(&rule, 3, UINT32_MAX), 1100);
        ck_assert_uint_eq(restart_delay(&rule, 3, UINT32_MAX / 2), 599);
        rule.random_delay = 0;
        ck_assert_uint_eq(restart_delay(&rule, 3, UINT32_MAX), 100);
}
END_TEST

TEST_MAIN("restart", some_of_the_random_delay_is_added, the_table_decides, results_name_the_end,
          four_signals_are_clean_but_not_for_oneshot, success_exit_status_adds,
          prevent_goes_before_force_and_force_before_the_table, the_rule_that_decides_is_named,
          delays_grow_in_a_geometric_row, delays_are_constant_unless_both_keys_are_set,
          delays_never_leave_their_bounds)
