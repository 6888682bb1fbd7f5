/* What one request means for all units: pulling in, propagation, what is missing, cycles, modes. */
#include <stdio.h>

#include "supervise/transaction.h"
#include "unit-test.h"

/* Units a ... h; texts like "b>a" are dependencies, see setup(). */
enum { N_UNITS = 8 };

typedef struct Bench {
        Graph *g;
        JobQueue *q;
        Fault fault;
        char text[400];
} Bench;

/* The second character of a word "X?Y", what X has with Y; = is ! and >. */
static const struct {
        char sign;
        Dependency kind;
} signs[] = {
        { '!', DEPENDENCY_REQUIRES },
        { '~', DEPENDENCY_WANTS },
        { '>', DEPENDENCY_AFTER },
        { '<', DEPENDENCY_BEFORE },
        { '?', DEPENDENCY_REQUISITE },
        { '^', DEPENDENCY_BINDS_TO },
        { '%', DEPENDENCY_PART_OF },
        { '+', DEPENDENCY_UPHOLDS },
        { '#', DEPENDENCY_CONFLICTS },
        { '/', DEPENDENCY_PROPAGATES_STOP_TO },
        { '*', DEPENDENCY_PROPAGATES_RELOAD_TO },
        { '=', DEPENDENCY_REQUIRES },
        { '=', DEPENDENCY_AFTER },
};

/* @active, @missing: letters */
static Bench setup(const char *deps, const char *active, const char *missing) {
        Bench b = { .g = graph_new() };

        b.q = job_queue_new(b.g);
        for (unsigned i = 0; i < N_UNITS; i++) {
                char letter[] = { (char) ('a' + i), 0 };
                unsigned unit;

                ck_assert_int_eq(graph_add_unit(b.g, letter, &unit), 0);
                graph_set_usable(b.g, unit, strchr(missing, letter[0]) ? -ENOENT : 0);
                graph_set_state(b.g, unit,
                                strchr(active, letter[0]) ? ACTIVE_STATE_ACTIVE : ACTIVE_STATE_INACTIVE);
        }
        for (; *deps; deps += deps[3] ? 4 : 3) {
                unsigned x = (unsigned) (deps[0] - 'a'), y = (unsigned) (deps[2] - 'a');

                for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
                        if (signs[i].sign == deps[1])
                                ck_assert_int_eq(graph_add_dependency(b.g, x, signs[i].kind, y), 0);
        }
        return b;
}

static void teardown(Bench *b) {
        job_queue_free(b->q);
        graph_free(b->g);
}

static int build(Bench *b, const char *units, JobType type, JobMode mode, Transaction **ret) {
        unsigned numbers[N_UNITS];
        size_t n = 0;

        for (; units[n]; n++)
                numbers[n] = (unsigned) (units[n] - 'a');
        b->fault = (Fault){};
        return transaction_build(b->g, b->q, numbers, n, type, mode, &b->fault, ret);
}

/* The jobs as "a:start b:stop", and after a bar the dropped units. */
static const char *planned(Bench *b, const char *units, JobType type) {
        autoptr(Transaction) t = NULL;
        size_t n = 0;
        int r;

        r = build(b, units, type, JOB_MODE_REPLACE, &t);
        if (r < 0) {
                (void) snprintf(b->text, sizeof(b->text), "%s: %s", strerrorname_np(-r), b->fault.object);
                return b->text;
        }

        b->text[0] = 0;
        for (size_t i = 0; i < t->n_jobs; i++)
                n += (size_t) snprintf(b->text + n, sizeof(b->text) - n, "%s%s:%s", i > 0 ? " " : "",
                                       b->g->nodes[t->jobs[i].unit].name,
                                       job_type_to_string(t->jobs[i].type));
        for (size_t i = 0; i < t->n_dropped; i++)
                n += (size_t) snprintf(b->text + n, sizeof(b->text) - n, "%s%s", i > 0 ? " " : " |",
                                       b->g->nodes[t->dropped[i]].name);
        return b->text;
}

static void install(Bench *b, const char *units, JobType type) {
        autoptr(Transaction) t = NULL;
        uint32_t ids[N_UNITS];

        ck_assert_int_eq(build(b, units, type, JOB_MODE_REPLACE, &t), 0);
        ck_assert_int_eq(job_queue_install(b->q, t, ids), 0);
}

static const struct {
        const char *deps, *active, *missing;
        const char *units;
        JobType type;
        const char *want;
} cases[] = {
        /* start pulls in what is required and wanted, directly and indirectly */
        { "", "", "", "a", JOB_START, "a:start" },
        { "a!b", "", "", "a", JOB_START, "a:start b:start" },
        { "a~b", "", "", "a", JOB_START, "a:start b:start" },
        { "a!b b!c", "", "", "a", JOB_START, "a:start b:start c:start" },
        { "a>b", "", "", "a", JOB_START, "a:start" },
        { "a!b", "", "", "b", JOB_START, "b:start" },
        { "a!b b!a", "", "", "a", JOB_START, "a:start b:start" },
        /* several at once, each unit once */
        { "a!c b!c", "", "", "ab", JOB_START, "a:start b:start c:start" },
        { "a!b", "", "", "aba", JOB_START, "a:start b:start" },
        /* what is up is left alone, but not what it needs, nor what was asked for by name */
        { "a!b", "b", "", "a", JOB_START, "a:start" },
        { "a!b", "ab", "", "a", JOB_START, "a:start" },
        { "a!b b!c", "b", "", "a", JOB_START, "a:start c:start" },
        /* missing: required is an error, wanted is not, nor is what a wanted one requires */
        { "", "", "a", "a", JOB_START, "ENOENT: a" },
        { "a!b", "", "b", "a", JOB_START, "ENOENT: b, required by a" },
        { "a!b b!c c!d", "", "d", "a", JOB_START, "ENOENT: d, required by a" },
        { "a~b", "", "b", "a", JOB_START, "a:start" },
        { "a~b b!c", "", "c", "a", JOB_START, "a:start" },
        { "a~b b!c b~d", "", "c", "a", JOB_START, "a:start" },
        { "a~b b!c c!b c!d", "", "d", "a", JOB_START, "a:start" },
        { "a~b a!b", "", "b", "a", JOB_START, "ENOENT: b, required by a" },
        /* stop reaches those that require it, as far as they run */
        { "b!a c!b d~a", "abcd", "", "a", JOB_STOP, "a:stop b:stop c:stop" },
        { "b!a c!b", "ac", "", "a", JOB_STOP, "a:stop c:stop" },
        { "a!b", "ab", "", "a", JOB_STOP, "a:stop" },
        { "", "", "", "a", JOB_STOP, "a:stop" },
        { "b!a", "ab", "ab", "a", JOB_STOP, "a:stop b:stop" },
        /* restart too, and it pulls in what is required */
        { "b!a c!b", "abc", "", "a", JOB_RESTART, "a:restart b:restart c:restart" },
        { "b!a c!b", "ac", "", "a", JOB_RESTART, "a:restart" },
        { "a!b", "a", "", "a", JOB_RESTART, "a:restart b:start" },
        { "a!b", "ab", "", "a", JOB_RESTART, "a:restart" },
        { "b=a", "ab", "", "ab", JOB_RESTART, "a:restart b:restart" },
        { "", "", "", "a", JOB_RESTART, "a:restart" },
        /* what else pulls in, and what it is worth */
        { "a^b", "", "", "a", JOB_START, "a:start b:start" },
        { "a+b", "", "", "a", JOB_START, "a:start b:start" },
        { "a+b", "", "b", "a", JOB_START, "a:start" },
        { "a^b", "", "b", "a", JOB_START, "ENOENT: b, required by a" },
        { "a?b", "", "", "a", JOB_START, "a:start b:verify-active" },
        { "a?b", "b", "", "a", JOB_START, "a:start" },
        { "a?b", "", "b", "a", JOB_START, "ENOENT: b, required by a" },
        { "a?b a!b", "", "", "a", JOB_START, "a:start b:start" },
        { "a%b", "", "", "a", JOB_START, "a:start" },
        { "a/b", "", "", "a", JOB_START, "a:start" },
        /* what a stop and a restart reach */
        { "b?a c^a d%a", "abcd", "", "a", JOB_STOP, "a:stop b:stop c:stop d:stop" },
        { "b?a c^a d%a e/a a/f", "abcdef", "", "a", JOB_STOP, "a:stop b:stop c:stop d:stop f:stop" },
        { "b+a c~a a#d", "abcd", "", "a", JOB_STOP, "a:stop" },
        { "b?a c^a d%a", "abcd", "", "a", JOB_RESTART, "a:restart b:restart c:restart d:restart" },
        { "d%a a/b", "ab", "", "a", JOB_RESTART, "a:restart" },
        /* a reload reaches what is up */
        { "a*b a*c b*d", "abd", "", "a", JOB_RELOAD, "a:reload b:reload d:reload" },
        { "a!b b!a", "ab", "", "a", JOB_RELOAD, "a:reload" },
        /* what cannot be up together */
        { "a#b", "b", "", "a", JOB_START, "a:start b:stop" },
        { "a#b", "", "", "a", JOB_START, "a:start" },
        { "b#a", "b", "", "a", JOB_START, "a:start b:stop" },
        { "a#b c!b", "bc", "", "a", JOB_START, "a:start b:stop c:stop" },
        { "a#b a!b", "", "", "a", JOB_START, "EINVAL: b: start and stop" },
        { "a#b a~b", "", "", "a", JOB_START, "a:start" },
        { "a#b a~c c!b", "", "", "a", JOB_START, "a:start" },
        { "a#b", "", "", "ab", JOB_START, "EINVAL: b: start and stop" },
        { "a~b a~c b#c", "", "", "a", JOB_START, "a:start b:start" },
        { "b#a a!b", "", "", "a", JOB_START, "EINVAL: a: start and stop" },
        /* orders that can be met */
        { "a=b b=c a>c", "", "", "a", JOB_START, "a:start b:start c:start" },
        { "a>b b>a", "", "", "a", JOB_START, "a:start" },
        { "a!b b>a", "", "", "a", JOB_START, "a:start b:start" },
        /* cycles: required ones are refused by name, wanted ones lose the wanted unit, with what it pulled in
         */
        { "a=b b=a", "", "", "a", JOB_START, "EDEADLK: a -> b -> a" },
        { "a=b b=c c=a", "", "", "a", JOB_START, "EDEADLK: a -> b -> c -> a" },
        { "a=b b=c a<c", "", "", "a", JOB_START, "EDEADLK: a -> b -> c -> a" },
        { "a>b b>a", "", "", "ab", JOB_START, "EDEADLK: a -> b -> a" },
        { "a>b b>a", "ab", "", "ab", JOB_STOP, "EDEADLK: a -> b -> a" },
        { "a~b a>b b>a", "", "", "a", JOB_START, "a:start |b" },
        { "a~b a>b b>a b!c b~d", "", "", "a", JOB_START, "a:start |b" },
        { "a~b a>b b=c c>a a~d", "", "", "a", JOB_START, "a:start d:start |b" },
        { "a~b a!b a>b b>a", "", "", "a", JOB_START, "EDEADLK: a -> b -> a" },
        { "a~b b>c c>b b=c", "", "", "a", JOB_START, "a:start |b" },
        { "a~b a~c b>a a>b c>a a>c", "", "", "a", JOB_START, "a:start |b c" },
};

START_TEST(a_request_becomes_jobs) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Bench b = setup(cases[i].deps, cases[i].active, cases[i].missing);

                ck_assert_str_eq(planned(&b, cases[i].units, cases[i].type), cases[i].want);
                teardown(&b);
        }
}
END_TEST

START_TEST(queued_jobs_take_part_in_the_order) {
        Bench b = setup("a>b b>a", "", "");

        install(&b, "b", JOB_START);
        ck_assert_str_eq(planned(&b, "a", JOB_START), "EDEADLK: a -> b -> a");
        teardown(&b);
}
END_TEST

START_TEST(a_queued_stop_of_something_required_is_taken_back) {
        Bench b = setup("a!b", "b", "");
        JobEnd e;

        install(&b, "b", JOB_STOP);
        ck_assert_str_eq(planned(&b, "a", JOB_START), "a:start b:start");
        install(&b, "a", JOB_START);
        ck_assert(job_queue_next_end(b.q, &e));
        ck_assert_int_eq(e.result, JOB_RESULT_CANCELED);
        ck_assert_int_eq(job_queue_of_unit(b.q, 1)->type, JOB_START);
        teardown(&b);
}
END_TEST

START_TEST(mode_fail_refuses_to_replace) {
        Bench b = setup("a!b", "", "");
        autoptr(Transaction) t = NULL, u = NULL;

        install(&b, "a", JOB_START);
        ck_assert_int_eq(build(&b, "b", JOB_STOP, JOB_MODE_FAIL, &t), -EEXIST);
        ck_assert_str_eq(b.fault.object, "b has a start job queued");
        ck_assert_ptr_null(t);
        ck_assert_int_eq(build(&b, "b", JOB_START, JOB_MODE_FAIL, &u), 0);
        teardown(&b);
}
END_TEST

START_TEST(mode_ignore_dependencies_is_just_that_unit) {
        Bench b = setup("a!b b=a a=c", "", "c");
        autoptr(Transaction) t = NULL;

        ck_assert_int_eq(build(&b, "a", JOB_START, JOB_MODE_IGNORE_DEPENDENCIES, &t), 0);
        ck_assert_uint_eq(t->n_jobs, 1);
        ck_assert(t->jobs[0].ignore_order && t->jobs[0].anchor);
        teardown(&b);
}
END_TEST

/* A chain as long as this would overflow the stack of a recursive search. */
START_TEST(long_chains_are_fine) {
        enum { LENGTH = 100000 };
        autoptr(Graph) g = graph_new();
        autoptr(JobQueue) q = job_queue_new(g);
        autoptr(Transaction) t = NULL, u = NULL;
        autofree uint32_t *ids = calloc(LENGTH, sizeof(*ids));
        unsigned unit, last = 0;
        size_t n = 0;
        JobEnd e;
        Job j;

        for (unsigned i = 0; i < LENGTH; i++) {
                ck_assert_int_eq(graph_add_unit(g, "x", &unit), 0);
                graph_set_usable(g, unit, 0);
                if (i > 0) {
                        (void) graph_add_dependency(g, last, DEPENDENCY_REQUIRES, unit);
                        (void) graph_add_dependency(g, last, DEPENDENCY_AFTER, unit);
                }
                last = unit;
        }
        unit = 0;
        ck_assert_int_eq(transaction_build(g, q, &unit, 1, JOB_START, JOB_MODE_REPLACE, NULL, &t), 0);
        ck_assert_uint_eq(t->n_jobs, LENGTH);
        ck_assert_int_eq(job_queue_install(q, t, ids), 0);

        ck_assert(job_queue_next(q, &j));
        ck_assert_uint_eq(j.unit, last);
        job_queue_finished(q, last, JOB_START, JOB_RESULT_FAILED);
        while (job_queue_next_end(q, &e))
                n += e.result == JOB_RESULT_DEPENDENCY;
        ck_assert_uint_eq(n, LENGTH - 1);

        (void) graph_add_dependency(g, last, DEPENDENCY_AFTER, 0);
        ck_assert_int_eq(transaction_build(g, q, &unit, 1, JOB_START, JOB_MODE_REPLACE, NULL, &u), -EDEADLK);
}
END_TEST

/* Whatever the graph: what is built can be run to its end, in an order that contradicts no dependency. */
START_TEST(whatever_is_built_can_be_run) {
        unsigned seed = 1, n_built = 0;

        for (int round = 0; round < 20000; round++) {
                Bench b = setup("", "", "");
                autoptr(Transaction) t = NULL;
                uint32_t ids[N_UNITS];
                bool done[N_UNITS] = {};
                size_t n = 0;
                JobEnd e;
                Job j;

                for (int i = 0; i < 8; i++) {
                        seed = seed * 1103515245 + 12345;
                        (void) graph_add_dependency(b.g, seed >> 16 & 7,
                                                    (Dependency) ((seed >> 19 & 31) % DEPENDENCY_N_),
                                                    seed >> 24 & 7);
                }
                if (build(&b, "ab", JOB_START, JOB_MODE_REPLACE, &t) == 0) {
                        n_built++;
                        ck_assert_int_eq(job_queue_install(b.q, t, ids), 0);
                        while (job_queue_next(b.q, &j)) {
                                const GraphUnits *after = graph_units(b.g, j.unit, DEPENDENCY_AFTER);

                                for (size_t i = 0; i < after->n; i++)
                                        ck_assert(done[after->units[i]] ||
                                                  !job_queue_of_unit(b.q, after->units[i]));
                                done[j.unit] = true;
                                job_queue_finished(b.q, j.unit, j.type, JOB_RESULT_DONE);
                                n++;
                        }
                        ck_assert_uint_eq(n, t->n_jobs);
                        ck_assert_ptr_null(job_queue_each(b.q, NULL));
                        while (job_queue_next_end(b.q, &e))
                                ck_assert_int_eq(e.result, JOB_RESULT_DONE);
                }
                teardown(&b);
        }
        ck_assert_uint_gt(n_built, 5000);
}
END_TEST

TEST_MAIN("transaction", a_request_becomes_jobs, queued_jobs_take_part_in_the_order,
          a_queued_stop_of_something_required_is_taken_back, mode_fail_refuses_to_replace,
          mode_ignore_dependencies_is_just_that_unit, long_chains_are_fine, whatever_is_built_can_be_run)
