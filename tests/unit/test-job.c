/* Jobs: the algebra of merging, the order of running, what follows from an end. */
#include <stdio.h>

#include "supervise/job.h"
#include "supervise/transaction.h"
#include "unit-test.h"

enum { A, B, C, D, N_UNITS };

static Graph *graph(void) {
        static const char *const names[] = { "a.container", "b.container", "c.container", "d.container" };
        Graph *g = graph_new();

        for (unsigned i = 0; i < N_UNITS; i++) {
                unsigned unit;

                ck_assert_int_eq(graph_add_unit(g, names[i], &unit), 0);
                ck_assert_uint_eq(unit, i);
                graph_set_usable(g, unit, 0);
        }
        return g;
}

static void depend(Graph *g, unsigned from, Dependency kind, unsigned to) {
        ck_assert_int_eq(graph_add_dependency(g, from, kind, to), 0);
}

/* Enqueues one job with nothing around it. */
static uint32_t enqueue(JobQueue *q, unsigned unit, JobType type) {
        TransactionJob j = { .unit = unit, .type = type, .anchor = true };
        Transaction t = { .jobs = &j, .n_jobs = 1 };
        uint32_t id = 0;

        ck_assert_int_eq(job_queue_install(q, &t, &id), 0);
        ck_assert_uint_ne(id, 0);
        return id;
}

/* Takes all that can run, as "a:start b:stop"; units are called by their first letter. */
static const char *runnable(JobQueue *q) {
        static char text[200];
        size_t n = 0;
        Job j;

        text[0] = 0;
        while (job_queue_next(q, &j))
                n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%c:%s", n > 0 ? " " : "",
                                       'a' + (char) j.unit, job_type_to_string(j.type));
        return text;
}

static const char *ended(JobQueue *q) {
        static char text[200];
        size_t n = 0;
        JobEnd e;

        text[0] = 0;
        while (job_queue_next_end(q, &e))
                n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%c:%s:%s", n > 0 ? " " : "",
                                       'a' + (char) e.unit, job_type_to_string(e.type),
                                       job_result_to_string(e.result));
        return text;
}

START_TEST(merging_is_commutative_and_idempotent) {
        for (int a = 0; a < JOB_TYPE_N_; a++)
                for (int b = 0; b < JOB_TYPE_N_; b++)
                        for (int active = 0; active < 2; active++) {
                                ck_assert_int_eq(job_merge(a, b, active), job_merge(b, a, active));
                                ck_assert_int_eq(job_merge(a, a, active), a);
                        }
}
END_TEST

static JobType merge(JobType a, JobType b, bool active) {
        return a < 0 || b < 0 ? JOB_TYPE_INVALID_ : job_merge(a, b, active);
}

START_TEST(merging_is_associative) {
        for (int a = 0; a < JOB_TYPE_N_; a++)
                for (int b = 0; b < JOB_TYPE_N_; b++)
                        for (int c = 0; c < JOB_TYPE_N_; c++)
                                for (int active = 0; active < 2; active++)
                                        ck_assert_int_eq(merge(merge(a, b, active), c, active),
                                                         merge(a, merge(b, c, active), active));
}
END_TEST

/* The table of systemd's job.c, written out. */
START_TEST(merging_table) {
        static const struct {
                JobType a, b, inactive, active;
        } table[] = {
                { JOB_START, JOB_VERIFY_ACTIVE, JOB_START, JOB_START },
                { JOB_START, JOB_STOP, JOB_TYPE_INVALID_, JOB_TYPE_INVALID_ },
                { JOB_START, JOB_RELOAD, JOB_START, JOB_RELOAD },
                { JOB_START, JOB_RESTART, JOB_RESTART, JOB_RESTART },
                { JOB_VERIFY_ACTIVE, JOB_STOP, JOB_TYPE_INVALID_, JOB_TYPE_INVALID_ },
                { JOB_VERIFY_ACTIVE, JOB_RELOAD, JOB_RELOAD, JOB_RELOAD },
                { JOB_VERIFY_ACTIVE, JOB_RESTART, JOB_RESTART, JOB_RESTART },
                { JOB_STOP, JOB_RELOAD, JOB_TYPE_INVALID_, JOB_TYPE_INVALID_ },
                { JOB_STOP, JOB_RESTART, JOB_TYPE_INVALID_, JOB_TYPE_INVALID_ },
                { JOB_RELOAD, JOB_RESTART, JOB_RESTART, JOB_RESTART },
        };

        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
                ck_assert_int_eq(job_merge(table[i].a, table[i].b, false), table[i].inactive);
                ck_assert_int_eq(job_merge(table[i].a, table[i].b, true), table[i].active);
        }
}
END_TEST

START_TEST(redundancy) {
        for (int s = 0; s < ACTIVE_STATE_N_; s++) {
                bool up = s == ACTIVE_STATE_ACTIVE || s == ACTIVE_STATE_RELOADING;
                bool rest = s == ACTIVE_STATE_INACTIVE || s == ACTIVE_STATE_FAILED;

                ck_assert(job_is_redundant(JOB_START, s) == up);
                ck_assert(job_is_redundant(JOB_VERIFY_ACTIVE, s) == up);
                ck_assert(job_is_redundant(JOB_STOP, s) == rest);
                ck_assert(!job_is_redundant(JOB_RESTART, s));
                ck_assert(!job_is_redundant(JOB_RELOAD, s));
        }
}
END_TEST

START_TEST(unrelated_jobs_run_at_once_in_the_order_given) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);

        enqueue(q, C, JOB_START);
        enqueue(q, A, JOB_STOP);
        enqueue(q, B, JOB_START);
        ck_assert_str_eq(runnable(q), "c:start a:stop b:start");
        ck_assert_str_eq(runnable(q), "");
}
END_TEST

START_TEST(starts_run_in_order_and_stops_in_the_reverse) {
        static const Dependency kinds[] = { DEPENDENCY_AFTER, DEPENDENCY_BEFORE };

        for (int k = 0; k < 2; k++) {
                autoptr(Graph) g = graph();
                autoptr(JobQueue) q = job_queue_new(g);
                unsigned first = k == 0 ? B : A, second = k == 0 ? A : B;

                /* Said from either end. */
                depend(g, A, kinds[k], B);
                enqueue(q, second, JOB_START);
                enqueue(q, first, JOB_START);
                ck_assert_str_eq(runnable(q), first == A ? "a:start" : "b:start");
                job_queue_finished(q, first, JOB_START, JOB_RESULT_DONE);
                ck_assert_str_eq(runnable(q), first == A ? "b:start" : "a:start");
                job_queue_finished(q, second, JOB_START, JOB_RESULT_DONE);
                (void) ended(q);

                enqueue(q, first, JOB_STOP);
                enqueue(q, second, JOB_STOP);
                ck_assert_str_eq(runnable(q), first == A ? "b:stop" : "a:stop");
                job_queue_finished(q, second, JOB_STOP, JOB_RESULT_DONE);
                ck_assert_str_eq(runnable(q), first == A ? "a:stop" : "b:stop");
        }
}
END_TEST

START_TEST(a_stop_goes_before_a_start_either_way) {
        for (int k = 0; k < 2; k++) {
                autoptr(Graph) g = graph();
                autoptr(JobQueue) q = job_queue_new(g);

                depend(g, A, k == 0 ? DEPENDENCY_AFTER : DEPENDENCY_BEFORE, B);
                enqueue(q, A, JOB_START);
                enqueue(q, B, JOB_STOP);
                ck_assert_str_eq(runnable(q), "b:stop");
                job_queue_finished(q, B, JOB_STOP, JOB_RESULT_DONE);
                ck_assert_str_eq(runnable(q), "a:start");
        }
}
END_TEST

START_TEST(restarts_stop_backwards_and_start_forwards) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);
        uint32_t id;

        depend(g, A, DEPENDENCY_AFTER, B);
        enqueue(q, B, JOB_RESTART);
        id = enqueue(q, A, JOB_RESTART);
        ck_assert_str_eq(runnable(q), "a:restart");
        /* Half of a restart is a stop, and nothing else counts. */
        job_queue_finished(q, A, JOB_START, JOB_RESULT_DONE);
        job_queue_finished(q, A, JOB_RESTART, JOB_RESULT_DONE);
        ck_assert_str_eq(runnable(q), "");
        job_queue_finished(q, A, JOB_STOP, JOB_RESULT_DONE);
        ck_assert_str_eq(runnable(q), "b:restart");
        job_queue_finished(q, B, JOB_STOP, JOB_RESULT_DONE);
        ck_assert_str_eq(ended(q), "");
        ck_assert_str_eq(runnable(q), "b:start");
        ck_assert_int_eq(job_queue_find(q, id)->type, JOB_START);
        job_queue_finished(q, B, JOB_START, JOB_RESULT_DONE);
        ck_assert_str_eq(runnable(q), "a:start");
        job_queue_finished(q, A, JOB_START, JOB_RESULT_DONE);
        ck_assert_str_eq(ended(q), "b:start:done a:start:done");
}
END_TEST

START_TEST(a_failed_start_fails_what_requires_it_and_comes_after) {
        static const JobResult bad[] = { JOB_RESULT_FAILED, JOB_RESULT_TIMEOUT, JOB_RESULT_CANCELED };

        for (size_t i = 0; i < 3; i++) {
                autoptr(Graph) g = graph();
                autoptr(JobQueue) q = job_queue_new(g);

                /* d wants c, c requires b, b requires a; each after the one before. */
                depend(g, B, DEPENDENCY_REQUIRES, A);
                depend(g, C, DEPENDENCY_REQUIRES, B);
                depend(g, D, DEPENDENCY_WANTS, C);
                depend(g, B, DEPENDENCY_AFTER, A);
                depend(g, C, DEPENDENCY_AFTER, B);
                depend(g, D, DEPENDENCY_AFTER, C);
                for (unsigned u = 0; u < N_UNITS; u++)
                        enqueue(q, u, JOB_START);
                ck_assert_str_eq(runnable(q), "a:start");
                job_queue_finished(q, A, JOB_START, bad[i]);
                ck_assert_str_eq(strchr(ended(q), ' '), " b:start:dependency c:start:dependency");
                ck_assert_str_eq(runnable(q), "d:start");
        }
}
END_TEST

START_TEST(without_after_a_failed_requirement_fails_nobody) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);

        depend(g, B, DEPENDENCY_REQUIRES, A);
        enqueue(q, A, JOB_START);
        enqueue(q, B, JOB_START);
        ck_assert_str_eq(runnable(q), "a:start b:start");
        job_queue_finished(q, A, JOB_START, JOB_RESULT_FAILED);
        ck_assert_str_eq(ended(q), "a:start:failed");
}
END_TEST

START_TEST(a_skipped_start_fails_nobody) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);

        depend(g, B, DEPENDENCY_REQUIRES, A);
        depend(g, B, DEPENDENCY_AFTER, A);
        enqueue(q, A, JOB_START);
        enqueue(q, B, JOB_START);
        (void) runnable(q);
        job_queue_finished(q, A, JOB_START, JOB_RESULT_SKIPPED);
        ck_assert_str_eq(ended(q), "a:start:skipped");
        ck_assert_str_eq(runnable(q), "b:start");
}
END_TEST

START_TEST(an_opposite_job_replaces) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);
        uint32_t start = enqueue(q, A, JOB_START), stop;

        (void) runnable(q);
        stop = enqueue(q, A, JOB_STOP);
        ck_assert_uint_ne(start, stop);
        ck_assert_str_eq(ended(q), "a:start:canceled");
        ck_assert_str_eq(runnable(q), "a:stop");
        /* What the start comes to is nobody's business any more. */
        job_queue_finished(q, A, JOB_START, JOB_RESULT_CANCELED);
        ck_assert_str_eq(ended(q), "");
        job_queue_finished(q, A, JOB_STOP, JOB_RESULT_DONE);
        ck_assert_str_eq(ended(q), "a:stop:done");
        ck_assert_ptr_null(job_queue_of_unit(q, A));
        ck_assert_int_eq(job_queue_end(q, stop, JOB_RESULT_CANCELED), -ENOENT);
}
END_TEST

START_TEST(an_equal_job_joins) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);
        uint32_t id = enqueue(q, A, JOB_START);

        ck_assert_uint_eq(enqueue(q, A, JOB_START), id);
        ck_assert_str_eq(runnable(q), "a:start");
        ck_assert_uint_eq(enqueue(q, A, JOB_VERIFY_ACTIVE), id);
        ck_assert_str_eq(runnable(q), "");

        /* A restart outdoes a start under way. */
        ck_assert_uint_eq(enqueue(q, A, JOB_RESTART), id);
        ck_assert_str_eq(runnable(q), "a:restart");
        ck_assert_uint_eq(enqueue(q, A, JOB_START), id);
        ck_assert_str_eq(runnable(q), "");

        /* A reload under way may have read the old text: once more. */
        id = enqueue(q, B, JOB_RELOAD);
        ck_assert_str_eq(runnable(q), "b:reload");
        ck_assert_uint_eq(enqueue(q, B, JOB_RELOAD), id);
        ck_assert_str_eq(runnable(q), "b:reload");
}
END_TEST

START_TEST(canceling_lets_others_go_and_fails_those_that_need_it) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);
        uint32_t id = enqueue(q, A, JOB_START);

        depend(g, B, DEPENDENCY_AFTER, A);
        depend(g, C, DEPENDENCY_AFTER, A);
        depend(g, C, DEPENDENCY_REQUIRES, A);
        enqueue(q, B, JOB_START);
        enqueue(q, C, JOB_START);
        ck_assert_int_eq(job_queue_end(q, id, JOB_RESULT_CANCELED), 0);
        ck_assert_str_eq(ended(q), "a:start:canceled c:start:dependency");
        ck_assert_str_eq(runnable(q), "b:start");
}
END_TEST

START_TEST(ignoring_the_order_is_running_at_once) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);
        TransactionJob j = { .unit = A, .type = JOB_START, .anchor = true, .ignore_order = true };
        Transaction t = { .jobs = &j, .n_jobs = 1 };
        uint32_t id;

        depend(g, A, DEPENDENCY_AFTER, B);
        depend(g, C, DEPENDENCY_AFTER, A);
        enqueue(q, B, JOB_START);
        ck_assert_str_eq(runnable(q), "b:start");
        ck_assert_int_eq(job_queue_install(q, &t, &id), 0);
        enqueue(q, C, JOB_START);
        ck_assert_str_eq(runnable(q), "a:start c:start");
}
END_TEST

START_TEST(who_waits_for_whom_is_told) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);
        const Job *a, *b, *c;

        depend(g, A, DEPENDENCY_AFTER, B);
        enqueue(q, A, JOB_START);
        enqueue(q, B, JOB_START);
        enqueue(q, C, JOB_STOP);
        a = job_queue_of_unit(q, A);
        b = job_queue_of_unit(q, B);
        c = job_queue_of_unit(q, C);

        ck_assert(job_queue_is_behind(q, a, b));
        ck_assert(!job_queue_is_behind(q, b, a));
        ck_assert(!job_queue_is_behind(q, a, c));
        ck_assert(!job_queue_is_behind(q, a, a));
}
END_TEST

START_TEST(the_queue_grows_with_the_graph_and_lists_in_order) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);
        unsigned late;
        uint32_t first = enqueue(q, B, JOB_START), second;
        const Job *j;

        ck_assert_int_eq(graph_add_unit(g, "e.container", &late), 0);
        ck_assert_ptr_null(job_queue_of_unit(q, late));
        second = enqueue(q, late, JOB_STOP);
        j = job_queue_each(q, NULL);
        ck_assert_uint_eq(j->id, first);
        j = job_queue_each(q, j);
        ck_assert_uint_eq(j->id, second);
        ck_assert_ptr_null(job_queue_each(q, j));
        ck_assert_int_eq(job_queue_of_unit(q, late)->type, JOB_STOP);
        ck_assert_ptr_null(job_queue_find(q, 4711));
}
END_TEST

START_TEST(dependencies_have_two_ends) {
        autoptr(Graph) g = graph();

        depend(g, A, DEPENDENCY_REQUIRES, B);
        depend(g, B, DEPENDENCY_REQUIRED_BY, A);
        depend(g, A, DEPENDENCY_REQUIRES, A);
        ck_assert_uint_eq(graph_units(g, A, DEPENDENCY_REQUIRES)->n, 1);
        ck_assert_uint_eq(graph_units(g, B, DEPENDENCY_REQUIRED_BY)->n, 1);
        ck_assert(graph_has(g, B, DEPENDENCY_REQUIRED_BY, A));
        ck_assert(!graph_has(g, A, DEPENDENCY_AFTER, B));

        for (unsigned i = 0; i < N_UNITS; i++)
                for (unsigned k = 0; k < N_UNITS; k++)
                        depend(g, i, DEPENDENCY_AFTER, k);
        for (unsigned i = 0; i < N_UNITS; i++)
                ck_assert_uint_eq(graph_units(g, i, DEPENDENCY_BEFORE)->n, N_UNITS - 1);

        graph_clear_dependencies(g);
        ck_assert(!graph_has(g, A, DEPENDENCY_REQUIRES, B));
        ck_assert_int_eq(g->nodes[A].unusable, -ENOENT);
        depend(g, A, DEPENDENCY_WANTS, C);
        ck_assert(graph_has(g, C, DEPENDENCY_WANTED_BY, A));
}
END_TEST

static char observed[200];

static void observe(const Job *job, JobResult result, void *data) {
        size_t n = strlen(observed);

        ck_assert_ptr_eq(data, observed);
        (void) snprintf(observed + n, sizeof(observed) - n, "%s%c:%s%s%s", n > 0 ? " " : "",
                        'a' + (char) job->unit, job_type_to_string(job->type),
                        result == JOB_RESULT_INVALID_ ? "" : ":",
                        result == JOB_RESULT_INVALID_ ? "" : job_result_to_string(result));
}

START_TEST(all_changes_are_told) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);

        observed[0] = '\0';
        job_queue_observe(q, observe, observed);
        (void) enqueue(q, A, JOB_RESTART);
        (void) enqueue(q, B, JOB_START);
        (void) enqueue(q, B, JOB_STOP);
        ck_assert_str_eq(observed, "a:restart b:start b:start:canceled b:stop");

        observed[0] = '\0';
        ck_assert_str_eq(runnable(q), "a:restart b:stop");
        job_queue_finished(q, A, JOB_STOP, JOB_RESULT_DONE);
        job_queue_finished(q, B, JOB_STOP, JOB_RESULT_DONE);
        ck_assert_str_eq(observed, "a:start b:stop:done");
}
END_TEST

START_TEST(a_job_that_passes_has_a_number_and_an_end) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);
        uint32_t first = enqueue(q, A, JOB_START);

        observed[0] = '\0';
        job_queue_observe(q, observe, observed);
        ck_assert_uint_eq(job_queue_pass(q, C, JOB_STOP), first + 1);
        ck_assert_str_eq(observed, "c:stop:done");
        ck_assert_ptr_null(job_queue_of_unit(q, C));
        ck_assert_uint_eq(enqueue(q, B, JOB_START), first + 2);
}
END_TEST

START_TEST(jobs_are_restored) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);
        const Job start = { .id = 7, .unit = A, .type = JOB_START, .state = JOB_RUNNING };
        const Job stop = { .id = 3, .unit = B, .type = JOB_STOP };
        const Job *first;

        ck_assert_int_eq(job_queue_restore(q, &start), 0);
        ck_assert_int_eq(job_queue_restore(q, &stop), 0);
        ck_assert_int_eq(job_queue_restore(q, &stop), -EEXIST);
        first = job_queue_each(q, NULL);
        ck_assert_uint_eq(first->id, 3);
        ck_assert_uint_eq(job_queue_each(q, first)->id, 7);

        /* One is under way, the other one is to be begun. */
        ck_assert_str_eq(runnable(q), "b:stop");
        job_queue_finished(q, A, JOB_START, JOB_RESULT_DONE);
        ck_assert_str_eq(ended(q), "a:start:done");
        job_queue_begin_after(q, 5);
        ck_assert_uint_eq(enqueue(q, C, JOB_START), 8);
        job_queue_begin_after(q, 20);
        ck_assert_uint_eq(enqueue(q, D, JOB_START), 21);
}
END_TEST

/* The job of one unit is taken out of turn where that is nobody's loss. */
START_TEST(a_job_alone_need_not_wait_for_its_turn) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);
        Job j;

        depend(g, B, DEPENDENCY_AFTER, A);
        ck_assert(!job_queue_next_of(q, A, &j));
        (void) enqueue(q, A, JOB_RESTART);
        ck_assert(!job_queue_next_of(q, B, &j));
        ck_assert(job_queue_next_of(q, A, &j));
        ck_assert_int_eq(j.type, JOB_RESTART);
        ck_assert(!job_queue_next_of(q, A, &j));

        /* Behind the other one; which does not wait, and comes first where both could be run. */
        (void) enqueue(q, B, JOB_START);
        ck_assert(!job_queue_next_of(q, B, &j));
        job_queue_finished(q, A, JOB_STOP, JOB_RESULT_DONE);
        ck_assert(!job_queue_next_of(q, A, &j));
        ck_assert_str_eq(runnable(q), "a:start");
}
END_TEST

START_TEST(a_job_knows_who_has_asked) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);
        const Job logged = { .id = 7, .unit = B, .type = JOB_STOP, .by = "another" };
        char by[] = "somebody";
        uint32_t id = enqueue(q, A, JOB_RESTART);

        ck_assert_ptr_null(job_queue_find(q, id)->by);
        ck_assert_ptr_null(job_queue_set_asker(q, id + 1, by));
        ck_assert_ptr_eq(job_queue_set_asker(q, id, by), job_queue_find(q, id));
        by[0] = '?';
        ck_assert_int_eq(job_queue_restore(q, &logged), 0);
        ck_assert_str_eq(job_queue_find(q, 7)->by, "another");

        /* The second half is asked for by the same. */
        ck_assert_str_eq(runnable(q), "a:restart b:stop");
        job_queue_finished(q, A, JOB_STOP, JOB_RESULT_DONE);
        ck_assert_str_eq(job_queue_find(q, id)->by, "somebody");
}
END_TEST

START_TEST(a_stop_is_told_once) {
        autoptr(Graph) g = graph();
        autoptr(JobQueue) q = job_queue_new(g);

        observed[0] = '\0';
        (void) enqueue(q, A, JOB_RESTART);
        (void) enqueue(q, B, JOB_START);
        job_queue_observe(q, observe, observed);
        job_queue_set_told(q, A);
        ck_assert_str_eq(observed, ""); /* it has not begun */
        ck_assert_str_eq(runnable(q), "a:restart b:start");
        for (unsigned i = 0; i < 2; i++) {
                job_queue_set_told(q, A);
                job_queue_set_told(q, B);
                job_queue_set_told(q, C);
        }
        ck_assert_str_eq(observed, "a:restart");
        ck_assert(job_queue_of_unit(q, A)->told && !job_queue_of_unit(q, B)->told);

        job_queue_finished(q, A, JOB_STOP, JOB_RESULT_DONE);
        ck_assert(!job_queue_of_unit(q, A)->told);
}
END_TEST

TEST_MAIN("job", merging_is_commutative_and_idempotent, merging_is_associative, merging_table, redundancy,
          unrelated_jobs_run_at_once_in_the_order_given, starts_run_in_order_and_stops_in_the_reverse,
          a_stop_goes_before_a_start_either_way, restarts_stop_backwards_and_start_forwards,
          a_failed_start_fails_what_requires_it_and_comes_after,
          without_after_a_failed_requirement_fails_nobody, a_skipped_start_fails_nobody,
          an_opposite_job_replaces, an_equal_job_joins, canceling_lets_others_go_and_fails_those_that_need_it,
          ignoring_the_order_is_running_at_once, who_waits_for_whom_is_told,
          the_queue_grows_with_the_graph_and_lists_in_order, dependencies_have_two_ends, all_changes_are_told,
          a_job_that_passes_has_a_number_and_an_end, jobs_are_restored,
          a_job_alone_need_not_wait_for_its_turn, a_job_knows_who_has_asked, a_stop_is_told_once)
