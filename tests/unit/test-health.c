/* Health: states, retries, start period, startup check, early looks, time-outs; and all short histories. */
#include <string.h>

#include "supervise/health.h"
#include "unit-test.h"

#define SEC USEC_PER_SEC

static HealthSpec regular(ProbeKind kind) {
        return (HealthSpec){
                .probe = { .kind = kind },
                .interval = 30 * SEC,
                .timeout = 5 * SEC,
                .retries = 3,
                .startup_interval = 10 * SEC,
                .startup_timeout = 2 * SEC,
                .startup_success = 1,
        };
}

/* One probe that is due now, and its answer. */
static unsigned answer(Health *h, const HealthSpec *spec, HealthEvent event, usec_t now) {
        ck_assert_uint_eq(health_step(h, spec, HEALTH_EVENT_DUE, now), HEALTH_PROBE);
        return health_step(h, spec, event, now);
}

START_TEST(the_first_success_makes_it_healthy_and_ready) {
        HealthSpec spec = regular(PROBE_EXEC);
        Health h;

        health_begin(&h, &spec, 100 * SEC);
        ck_assert_int_eq(h.state, HEALTH_STARTING);
        ck_assert_uint_eq(h.due, 100 * SEC);

        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_PASSED, 100 * SEC), HEALTH_CHANGED | HEALTH_READY);
        ck_assert_int_eq(h.state, HEALTH_HEALTHY);
        ck_assert_uint_eq(h.due, 130 * SEC);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_PASSED, 130 * SEC), 0);
}
END_TEST

START_TEST(failures_in_a_row_make_it_unhealthy_once) {
        HealthSpec spec = regular(PROBE_EXEC);
        Health h;

        health_begin(&h, &spec, 0);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 0), 0);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 30 * SEC), 0);
        ck_assert_int_eq(h.state, HEALTH_STARTING);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 60 * SEC), HEALTH_CHANGED | HEALTH_ACT);
        ck_assert_int_eq(h.state, HEALTH_UNHEALTHY);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 90 * SEC), 0);
        ck_assert_uint_eq(h.streak, 4);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_PASSED, 120 * SEC), HEALTH_CHANGED | HEALTH_READY);
        ck_assert_uint_eq(h.streak, 0);

        /* A success between them begins the row anew. */
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 150 * SEC), 0);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 180 * SEC), 0);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_PASSED, 210 * SEC), 0);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 240 * SEC), 0);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 270 * SEC), 0);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 300 * SEC), HEALTH_CHANGED | HEALTH_ACT);
}
END_TEST

START_TEST(a_probe_that_takes_too_long_has_failed) {
        HealthSpec spec = regular(PROBE_EXEC);
        Health h;

        spec.retries = 1;
        health_begin(&h, &spec, 0);
        ck_assert_uint_eq(health_step(&h, &spec, HEALTH_EVENT_DUE, 0), HEALTH_PROBE);
        ck_assert_uint_eq(h.due, 5 * SEC);
        ck_assert_uint_eq(health_step(&h, &spec, HEALTH_EVENT_DUE, 5 * SEC - 1), 0);
        ck_assert_uint_eq(health_step(&h, &spec, HEALTH_EVENT_DUE, 5 * SEC),
                          HEALTH_DROP_PROBE | HEALTH_CHANGED | HEALTH_ACT);
        ck_assert_uint_eq(h.due, 35 * SEC);

        /* Its answer comes after all. */
        ck_assert_uint_eq(health_step(&h, &spec, HEALTH_EVENT_PASSED, 6 * SEC), 0);
        ck_assert_int_eq(h.state, HEALTH_UNHEALTHY);
}
END_TEST

START_TEST(failures_in_the_start_period_do_not_count) {
        HealthSpec spec = regular(PROBE_EXEC);
        Health h;

        spec.retries = 1;
        spec.start_period = 60 * SEC;
        health_begin(&h, &spec, 7 * SEC);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 7 * SEC), 0);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 37 * SEC), 0);
        ck_assert_uint_eq(h.streak, 0);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 67 * SEC), HEALTH_CHANGED | HEALTH_ACT);
}
END_TEST

START_TEST(the_regular_check_waits_for_the_startup_check) {
        HealthSpec spec = regular(PROBE_TCP);
        Health h;

        spec.startup.kind = PROBE_EXEC;
        spec.startup_success = 2;
        health_begin(&h, &spec, 0);
        ck_assert(h.startup);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 0), 0);
        ck_assert_uint_eq(h.due, 10 * SEC);
        ck_assert_uint_eq(health_step(&h, &spec, HEALTH_EVENT_DUE, 10 * SEC), HEALTH_PROBE);
        ck_assert_uint_eq(h.due, 12 * SEC);
        ck_assert_uint_eq(health_step(&h, &spec, HEALTH_EVENT_PASSED, 10 * SEC), 0);
        ck_assert(h.startup);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_PASSED, 20 * SEC), HEALTH_CHANGED);

        /* Now the other one, and at once. */
        ck_assert(!h.startup);
        ck_assert_int_eq(h.state, HEALTH_STARTING);
        ck_assert_uint_eq(h.due, 20 * SEC);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_PASSED, 20 * SEC), HEALTH_CHANGED | HEALTH_READY);
}
END_TEST

START_TEST(a_startup_check_gives_up_when_it_may) {
        HealthSpec spec = regular(PROBE_EXEC);
        Health h;

        spec.startup.kind = PROBE_EXEC;
        health_begin(&h, &spec, 0);
        for (unsigned i = 0; i < 100; i++)
                ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, h.due), 0);

        spec.startup_retries = 2;
        health_begin(&h, &spec, 0);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 0), 0);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 10 * SEC), HEALTH_CHANGED | HEALTH_GIVE_UP);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 20 * SEC), 0);
}
END_TEST

START_TEST(our_own_looks_come_early_and_count_by_the_interval) {
        static const unsigned tenths[] = { 1, 3, 7, 15, 31, 63, 127, 255, 300, 600, 900 };
        HealthSpec spec = regular(PROBE_TCP);
        Health h;

        health_begin(&h, &spec, 0);
        for (size_t i = 0; i < sizeof(tenths) / sizeof(tenths[0]); i++) {
                unsigned actions = answer(&h, &spec, HEALTH_EVENT_FAILED, h.due);

                ck_assert_uint_eq(actions, 0);
                ck_assert_uint_eq(h.due, tenths[i] * SEC / 10);
        }
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, h.due), HEALTH_CHANGED | HEALTH_ACT);

        /* Once it was healthy, the interval is the interval. */
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_PASSED, 120 * SEC), HEALTH_CHANGED | HEALTH_READY);
        ck_assert_uint_eq(h.due, 150 * SEC);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_FAILED, 150 * SEC), 0);
        ck_assert_uint_eq(h.due, 180 * SEC);
        ck_assert_uint_eq(h.streak, 1);
}
END_TEST

START_TEST(without_an_interval_nothing_is_due) {
        HealthSpec spec = regular(PROBE_TCP);
        Health h;

        spec.interval = USEC_INFINITY;
        health_begin(&h, &spec, 5);
        ck_assert_uint_eq(h.due, USEC_INFINITY);
        ck_assert_uint_eq(health_step(&h, &spec, HEALTH_EVENT_DUE, USEC_INFINITY), 0);

        spec.startup.kind = PROBE_EXEC;
        health_begin(&h, &spec, 5);
        ck_assert_uint_eq(answer(&h, &spec, HEALTH_EVENT_PASSED, 5), HEALTH_CHANGED);
        ck_assert_uint_eq(h.due, USEC_INFINITY);
}
END_TEST

START_TEST(the_next_manager_goes_on) {
        HealthSpec spec = regular(PROBE_EXEC);
        Health h, copy = {};
        HealthField f;

        health_begin(&h, &spec, 3);
        (void) answer(&h, &spec, HEALTH_EVENT_PASSED, 3);
        (void) answer(&h, &spec, HEALTH_EVENT_FAILED, 30 * SEC + 3);
        ck_assert_uint_eq(health_step(&h, &spec, HEALTH_EVENT_DUE, 60 * SEC + 3), HEALTH_PROBE);

        for (size_t i = 0; health_field(&h, i, &f); i++)
                ck_assert_int_eq(health_set_field(&copy, &f), 0);
        ck_assert_int_eq(copy.state, HEALTH_HEALTHY);
        ck_assert_uint_eq(copy.streak, 1);

        /* The probe that was under way is made again, at once. */
        health_adopt(&copy, &spec, 61 * SEC);
        ck_assert_uint_eq(copy.due, 61 * SEC);
        ck_assert_uint_eq(answer(&copy, &spec, HEALTH_EVENT_PASSED, 61 * SEC), 0);
        ck_assert_uint_eq(copy.due, 91 * SEC);

        /* One that was not yet due waits. */
        health_adopt(&copy, &spec, 62 * SEC);
        ck_assert_uint_eq(copy.due, 91 * SEC);

        /* Of a file that somebody has written into. */
        copy.startup = true;
        copy.pause = 0;
        health_adopt(&copy, &spec, 62 * SEC);
        ck_assert(!copy.startup);
        ck_assert_uint_gt(copy.pause, 0);
}
END_TEST

START_TEST(nonsense_is_not_taken) {
        static const HealthField bad[] = {
                { .name = "state", .text = "well" },
                { .name = "state", .number = 1 },
                { .name = "streak", .number = UINT64_C(1) << 40 },
                { .name = "streak", .text = "2" },
                { .name = "probing", .number = 2 },
        };
        Health h = {};

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                ck_assert_int_eq(health_set_field(&h, &bad[i]), -EINVAL);
        ck_assert_int_eq(health_set_field(&h, &(HealthField){ .name = "future" }), -ENOENT);
}
END_TEST

/* What is true after each step of any history. */
static void check_step(const HealthSpec *spec, const Health *before, const Health *h, unsigned actions,
                       usec_t now) {
        ck_assert(!(actions & HEALTH_PROBE) || (!before->probing && h->probing));
        ck_assert(!(actions & HEALTH_DROP_PROBE) || (before->probing && !h->probing));
        ck_assert(!!(actions & HEALTH_READY) == (!before->was_healthy && h->was_healthy));
        ck_assert(!(actions & HEALTH_ACT) || (h->state == HEALTH_UNHEALTHY && h->streak >= spec->retries));
        ck_assert(!(before->state != h->state) || actions & HEALTH_CHANGED);
        ck_assert(h->state != HEALTH_HEALTHY || (h->was_healthy && !h->startup));
        ck_assert(!(h->startup && !before->startup));
        ck_assert_uint_le(h->streak, before->streak + 1);
        /* It never stands still, and never runs without a pause. */
        ck_assert(h->due != USEC_INFINITY);
        ck_assert(h->probing || before->startup != h->startup || !before->probing || h->due > now);
}

static void walk(const HealthSpec *spec, const Health *from, usec_t now, unsigned depth) {
        for (HealthEvent event = HEALTH_EVENT_DUE; event <= HEALTH_EVENT_FAILED; event++)
                for (unsigned late = 0; late < 2; late++) {
                        usec_t then = event == HEALTH_EVENT_DUE && !late ? from->due : now + SEC * late;
                        Health h = *from;
                        unsigned actions = health_step(&h, spec, event, then);

                        check_step(spec, from, &h, actions, then);
                        if (depth > 0)
                                walk(spec, &h, then, depth - 1);
                }
}

START_TEST(all_short_histories) {
        for (unsigned shape = 0; shape < 8; shape++) {
                HealthSpec spec = regular(shape & 1 ? PROBE_UNIX : PROBE_EXEC);
                Health h;

                spec.retries = 2;
                spec.startup_retries = 2;
                spec.start_period = shape & 2 ? 31 * SEC : 0;
                spec.startup.kind = shape & 4 ? PROBE_EXEC : PROBE_NONE;
                health_begin(&h, &spec, SEC);
                walk(&spec, &h, SEC, 5);
        }
}
END_TEST

TEST_MAIN("health", the_first_success_makes_it_healthy_and_ready, failures_in_a_row_make_it_unhealthy_once,
          a_probe_that_takes_too_long_has_failed, failures_in_the_start_period_do_not_count,
          the_regular_check_waits_for_the_startup_check, a_startup_check_gives_up_when_it_may,
          our_own_looks_come_early_and_count_by_the_interval, without_an_interval_nothing_is_due,
          the_next_manager_goes_on, nonsense_is_not_taken, all_short_histories)
