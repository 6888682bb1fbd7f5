/*
 * All histories of five events that jobs can have: requests as transactions, jobs that are run, that end well
 * or badly, or that are cancelled. After each, the queue can be brought to rest, and each job has ended once.
 */
#include <string.h>

#include "supervise/job.h"
#include "supervise/transaction.h"
#include "unit-test.h"

/* As in test-machine-walk.c: check is slow even when all is well. */
#define ASSERT(expr, history)                                             \
        do                                                                \
                if (!(expr))                                              \
                        ck_abort_msg("history %u: %s", (history), #expr); \
        while (0)

enum { A, B, C, N_UNITS };

enum {
        DEPTH = 5,
        N_REQUESTS = 9, /* each of three types for each unit */
        RUN = N_REQUESTS,
        END_WELL,
        END_BADLY,
        CANCEL,
        N_EVENTS,
        IDS_MAX = 64,
};

static const JobType types[] = { JOB_START, JOB_STOP, JOB_RESTART };

typedef struct Walk {
        unsigned history;
        Graph *g;
        JobQueue *q;
        bool queued[IDS_MAX], ended[IDS_MAX];
        uint32_t last;
} Walk;

static void on_job(const Job *job, JobResult result, void *data) {
        Walk *w = data;

        ASSERT(job->id > 0 && job->id < IDS_MAX, w->history);
        ASSERT(!w->ended[job->id], w->history);
        ASSERT(result == JOB_RESULT_INVALID_ || w->queued[job->id], w->history);
        w->queued[job->id] = true;
        w->ended[job->id] = result != JOB_RESULT_INVALID_;
        if (job->id > w->last)
                w->last = job->id;
}

/* A requires B and comes after it; C does not go together with B, and comes after A. */
static void begin(Walk *w) {
        static const char *const names[] = { "a.container", "b.container", "c.container" };

        w->g = graph_new();
        for (unsigned i = 0; i < N_UNITS; i++) {
                unsigned unit;

                ASSERT(graph_add_unit(w->g, names[i], &unit) == 0 && unit == i, w->history);
                graph_set_usable(w->g, unit, 0);
        }
        ASSERT(graph_add_dependency(w->g, A, DEPENDENCY_REQUIRES, B) == 0, w->history);
        ASSERT(graph_add_dependency(w->g, A, DEPENDENCY_AFTER, B) == 0, w->history);
        ASSERT(graph_add_dependency(w->g, C, DEPENDENCY_CONFLICTS, B) == 0, w->history);
        ASSERT(graph_add_dependency(w->g, C, DEPENDENCY_AFTER, A) == 0, w->history);
        w->q = job_queue_new(w->g);
        job_queue_observe(w->q, on_job, w);
}

static void ask(Walk *w, unsigned unit, JobType type) {
        autoptr(Transaction) t = NULL;
        Fault fault = {};
        uint32_t ids[N_UNITS];

        ASSERT(transaction_build(w->g, w->q, &unit, 1, type, JOB_MODE_REPLACE, &fault, &t) == 0, w->history);
        ASSERT(job_queue_install(w->q, t, ids) == 0, w->history);
        ASSERT(t->n_jobs == 0 || job_queue_of_unit(w->q, unit), w->history);
}

static const Job *first_running(const Walk *w) {
        const Job *j = job_queue_each(w->q, NULL);

        while (j && j->state != JOB_RUNNING)
                j = job_queue_each(w->q, j);
        return j;
}

static bool end_one(Walk *w, JobResult result) {
        const Job *j = first_running(w);
        JobType type;
        unsigned unit;

        if (!j)
                return false;
        unit = j->unit;
        type = j->type == JOB_RESTART ? JOB_STOP : j->type;
        graph_set_state(w->g, unit,
                        result == JOB_RESULT_DONE && type == JOB_START ? ACTIVE_STATE_ACTIVE
                                                                       : ACTIVE_STATE_INACTIVE);
        job_queue_finished(w->q, unit, type, result);
        return true;
}

static void happen(Walk *w, unsigned event) {
        const Job *first = job_queue_each(w->q, NULL);
        Job ignored;

        if (event < N_REQUESTS)
                ask(w, event % N_UNITS, types[event / N_UNITS]);
        else if (event == RUN)
                (void) job_queue_next(w->q, &ignored);
        else if (event == CANCEL && first)
                ASSERT(job_queue_end(w->q, first->id, JOB_RESULT_CANCELED) == 0, w->history);
        else if (event == END_WELL || event == END_BADLY)
                (void) end_one(w, event == END_WELL ? JOB_RESULT_DONE : JOB_RESULT_FAILED);
}

/* No unit has two jobs: of_unit() finds each that there is. */
static void check_jobs(const Walk *w) {
        for (const Job *j = job_queue_each(w->q, NULL); j; j = job_queue_each(w->q, j))
                ASSERT(job_queue_of_unit(w->q, j->unit) == j && !w->ended[j->id], w->history);
}

/* Whatever waits can be run as soon as what runs has ended. */
static void come_to_rest(Walk *w) {
        unsigned n_ended = 0, n_told = 0;
        JobEnd e;
        Job ignored;

        for (unsigned turns = 0; job_queue_each(w->q, NULL); turns++) {
                ASSERT(turns < IDS_MAX, w->history);
                while (job_queue_next(w->q, &ignored))
                        continue;
                ASSERT(end_one(w, JOB_RESULT_DONE) || !job_queue_each(w->q, NULL), w->history);
        }
        while (job_queue_next_end(w->q, &e))
                n_told++;
        for (uint32_t id = 1; id <= w->last; id++) {
                ASSERT(w->queued[id] == w->ended[id], w->history);
                n_ended += w->ended[id];
        }
        ASSERT(n_told == n_ended, w->history);
}

START_TEST(all_histories) {
        unsigned n = 1, most = 0;

        for (unsigned i = 0; i < DEPTH; i++)
                n *= N_EVENTS;
        for (unsigned history = 0; history < n; history++) {
                Walk w = { .history = history };

                begin(&w);
                for (unsigned i = 0, rest = history; i < DEPTH; i++, rest /= N_EVENTS) {
                        happen(&w, rest % N_EVENTS);
                        check_jobs(&w);
                }
                come_to_rest(&w);
                most = w.last > most ? w.last : most;
                job_queue_free(w.q);
                graph_free(w.g);
        }
        ck_assert_uint_ge(most, DEPTH);
}
END_TEST

TEST_MAIN("job-walk", all_histories)
