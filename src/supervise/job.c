/*
 * The queue of jobs. A job that could be run is looked at once when it comes, and again whenever a job that
 * it is ordered against ends or changes: the cost of running n jobs is that of walking their dependencies.
 */
#include <sys/queue.h>

#include "supervise/job.h"
#include "supervise/transaction.h"

ENUM_DEFINE(JobType, job_type, JOB_TYPE, JOB_TYPE_LIST)
ENUM_DEFINE(JobMode, job_mode, JOB_MODE, JOB_MODE_LIST)
ENUM_DEFINE(JobResult, job_result, JOB_RESULT, JOB_RESULT_LIST)
ENUM_DEFINE(JobState, job_state, JOB_STATE, JOB_STATE_LIST)

typedef struct Entry Entry;

struct Entry {
        Job job;
        char *by;                /* .by of the job */
        JobResult result;        /* once it has ended */
        bool is_due;             /* is in the list of those to be looked at */
        TAILQ_ENTRY(Entry) list; /* of all, or of the ended */
        TAILQ_ENTRY(Entry) due;
};

TAILQ_HEAD(EntryList, Entry);

struct JobQueue {
        const Graph *graph;
        Entry **of_unit; /* by number of unit */
        size_t n_units;
        struct EntryList all, due, ended;
        uint32_t last_id;
        JobObserverFn observer;
        void *observer_data;
};

JobType job_merge(JobType a, JobType b, bool active) {
        if (a == b)
                return a;
        if (a == JOB_STOP || b == JOB_STOP)
                return JOB_TYPE_INVALID_;
        if (a == JOB_RESTART || b == JOB_RESTART)
                return JOB_RESTART;
        if (a == JOB_VERIFY_ACTIVE)
                return b;
        if (b == JOB_VERIFY_ACTIVE)
                return a;

        /* Start and reload: what is not up reads its configuration anyway. */
        return active ? JOB_RELOAD : JOB_START;
}

static bool state_is_active(ActiveState s) {
        return s == ACTIVE_STATE_ACTIVE || s == ACTIVE_STATE_RELOADING;
}

bool job_is_redundant(JobType type, ActiveState state) {
        switch (type) {
        case JOB_START:
        case JOB_VERIFY_ACTIVE:
                return state_is_active(state);
        case JOB_STOP:
                return state == ACTIVE_STATE_INACTIVE || state == ACTIVE_STATE_FAILED;
        case JOB_RELOAD:
        case JOB_RESTART:
        case JOB_TYPE_N_:
        case JOB_TYPE_INVALID_:
                break;
        }

        return false;
}

bool job_stops(const Job *job) {
        return job->state == JOB_RUNNING && (job->type == JOB_STOP || job->type == JOB_RESTART);
}

bool job_goes_first(JobType first, JobType second) {
        (void) first;

        /* Were both to stop, the later one stops first; were only that one to stop, stopping precedes
         * starting. */
        return second != JOB_STOP && second != JOB_RESTART;
}

JobQueue *job_queue_new(const Graph *g) {
        JobQueue *q = calloc(1, sizeof(*q));

        if (!q)
                return NULL;

        q->graph = g;
        TAILQ_INIT(&q->all);
        TAILQ_INIT(&q->due);
        TAILQ_INIT(&q->ended);
        return q;
}

static void entry_free(Entry *e) {
        free(e->by);
        free(e);
}

static void entries_free(struct EntryList *l) {
        Entry *e;

        while ((e = TAILQ_FIRST(l))) {
                TAILQ_REMOVE(l, e, list);
                entry_free(e);
        }
}

void job_queue_free(JobQueue *q) {
        if (!q)
                return;

        entries_free(&q->all);
        entries_free(&q->ended);
        free(q->of_unit);
        free(q);
}

void job_queue_observe(JobQueue *q, JobObserverFn fn, void *data) {
        q->observer = fn;
        q->observer_data = data;
}

static void tell(const JobQueue *q, const Entry *e, JobResult result) {
        if (q->observer)
                q->observer(&e->job, result, q->observer_data);
}

static Entry *entry_of_unit(const JobQueue *q, unsigned unit) {
        return unit < q->n_units ? q->of_unit[unit] : NULL;
}

static void look_at(JobQueue *q, Entry *e) {
        if (!e || e->is_due || e->job.state != JOB_WAITING)
                return;

        e->is_due = true;
        TAILQ_INSERT_TAIL(&q->due, e, due);
}

static void look_away(JobQueue *q, Entry *e) {
        if (!e->is_due)
                return;

        e->is_due = false;
        TAILQ_REMOVE(&q->due, e, due);
}

static const GraphUnits *neighbours(const JobQueue *q, unsigned unit, Dependency kind) {
        return graph_units(q->graph, unit, kind);
}

/* The job of @unit has ended or has become another one. */
static void look_around(JobQueue *q, unsigned unit) {
        static const Dependency kinds[] = { DEPENDENCY_AFTER, DEPENDENCY_BEFORE };

        for (size_t k = 0; k < 2; k++) {
                const GraphUnits *u = neighbours(q, unit, kinds[k]);

                for (size_t i = 0; i < u->n; i++)
                        look_at(q, entry_of_unit(q, u->units[i]));
        }
}

/* @first being a job of a unit on that side of the one of @second. */
static bool is_obstacle(const Job *first, const Job *second, Dependency side) {
        if (first->ignore_order || second->ignore_order)
                return false;
        return side == DEPENDENCY_AFTER ? job_goes_first(first->type, second->type)
                                        : !job_goes_first(second->type, first->type);
}

static bool entry_is_runnable(const JobQueue *q, const Entry *e) {
        static const Dependency sides[] = { DEPENDENCY_AFTER, DEPENDENCY_BEFORE };

        for (size_t k = 0; k < 2; k++) {
                const GraphUnits *others = neighbours(q, e->job.unit, sides[k]);

                for (size_t i = 0; i < others->n; i++) {
                        const Entry *o = entry_of_unit(q, others->units[i]);

                        if (o && is_obstacle(&o->job, &e->job, sides[k]))
                                return false;
                }
        }

        return true;
}

static void entry_end(JobQueue *q, Entry *e, JobResult result) {
        look_away(q, e);
        TAILQ_REMOVE(&q->all, e, list);
        q->of_unit[e->job.unit] = NULL;

        e->result = result;
        TAILQ_INSERT_TAIL(&q->ended, e, list);
        tell(q, e, result);
        look_around(q, e->job.unit);
}

static bool is_starting(JobType type) {
        return type == JOB_START || type == JOB_VERIFY_ACTIVE;
}

static void fail_dependents(JobQueue *q, const Entry *e) {
        GRAPH_FOREACH (q->graph, e->job.unit, EFFECT_START_FAILED, other) {
                Entry *o = entry_of_unit(q, *other);

                if (o && o->job.state == JOB_WAITING && is_starting(o->job.type) && !o->job.ignore_order &&
                    graph_has(q->graph, *other, DEPENDENCY_AFTER, e->job.unit))
                        entry_end(q, o, JOB_RESULT_DEPENDENCY);
        }
}

/* Ends @e, and by a failed start all that cannot start without it. */
static void entry_end_all(JobQueue *q, Entry *e, JobResult result) {
        entry_end(q, e, result);
        if (result == JOB_RESULT_DONE || result == JOB_RESULT_SKIPPED)
                return;

        /* Those failed in turn are appended to the list that is walked. */
        for (Entry *i = e; i; i = TAILQ_NEXT(i, list))
                if (is_starting(i->job.type))
                        fail_dependents(q, i);
}

static int reserve_units(JobQueue *q) {
        Entry **p;

        if (q->n_units >= q->graph->n_nodes)
                return 0;

        p = reallocarray(q->of_unit, q->graph->n_nodes, sizeof(*p));
        if (!p)
                return -ENOMEM;

        memset(p + q->n_units, 0, (q->graph->n_nodes - q->n_units) * sizeof(*p));
        q->of_unit = p;
        q->n_units = q->graph->n_nodes;
        return 0;
}

/* Lets the queued job do what the new one asks for, too. False when they contradict one another. */
static bool entry_merge(JobQueue *q, Entry *e, const TransactionJob *j) {
        JobType merged = job_merge(e->job.type, j->type, state_is_active(q->graph->nodes[j->unit].state));

        if (merged == JOB_TYPE_INVALID_)
                return false;

        e->job.ignore_order |= j->ignore_order;
        /* Under way already, and just that: nothing more to do. A reload under way may have read the old
         * text. */
        if (e->job.state == JOB_RUNNING && merged == e->job.type && merged != JOB_RELOAD)
                return true;

        e->job.type = merged;
        e->job.state = JOB_WAITING;
        e->job.told = false;
        tell(q, e, JOB_RESULT_INVALID_);
        look_at(q, e);
        look_around(q, j->unit);
        return true;
}

static void entry_insert(JobQueue *q, Entry *e, const Job *job) {
        e->job = *job;
        TAILQ_INSERT_TAIL(&q->all, e, list);
        q->of_unit[job->unit] = e;
        look_at(q, e);
}

/* Without memory nobody has said. */
static void entry_set_asker(Entry *e, const char *by) {
        free(e->by);
        e->job.by = e->by = by ? strdup(by) : NULL;
}

static uint32_t next_id(JobQueue *q) {
        if (++q->last_id == 0)
                q->last_id = 1;
        return q->last_id;
}

static uint32_t entry_begin(JobQueue *q, Entry *e, const TransactionJob *j) {
        entry_insert(q, e,
                     &(Job){
                             .id = next_id(q),
                             .unit = j->unit,
                             .type = j->type,
                             .state = JOB_WAITING,
                             .ignore_order = j->ignore_order,
                     });
        tell(q, e, JOB_RESULT_INVALID_);
        return e->job.id;
}

uint32_t job_queue_pass(JobQueue *q, unsigned unit, JobType type) {
        const Job job = { .id = next_id(q), .unit = unit, .type = type };

        if (q->observer)
                q->observer(&job, JOB_RESULT_DONE, q->observer_data);
        return job.id;
}

void job_queue_begin_after(JobQueue *q, uint32_t id) {
        if (q->last_id < id)
                q->last_id = id;
}

int job_queue_restore(JobQueue *q, const Job *job) {
        Entry *e;
        int r;

        r = reserve_units(q);
        if (r < 0)
                return r;
        if (q->of_unit[job->unit])
                return -EEXIST;
        e = calloc(1, sizeof(*e));
        if (!e)
                return -ENOMEM;
        entry_insert(q, e, job);
        entry_set_asker(e, job->by);
        /* The list is in the order of the numbers. */
        for (Entry *o = TAILQ_PREV(e, EntryList, list); o && o->job.id > job->id;
             o = TAILQ_PREV(e, EntryList, list)) {
                TAILQ_REMOVE(&q->all, e, list);
                TAILQ_INSERT_BEFORE(o, e, list);
        }
        job_queue_begin_after(q, job->id);
        return 0;
}

int job_queue_install(JobQueue *q, const Transaction *t, uint32_t *ret_ids) {
        struct EntryList fresh = TAILQ_HEAD_INITIALIZER(fresh);
        int r;

        r = reserve_units(q);
        if (r < 0)
                return r;

        for (size_t i = 0; i < t->n_jobs; i++) {
                Entry *e = calloc(1, sizeof(*e));

                if (!e) {
                        entries_free(&fresh);
                        return -ENOMEM;
                }
                TAILQ_INSERT_TAIL(&fresh, e, list);
        }

        for (size_t i = 0; i < t->n_jobs; i++) {
                Entry *queued = q->of_unit[t->jobs[i].unit], *e;

                if (queued && entry_merge(q, queued, &t->jobs[i])) {
                        ret_ids[i] = queued->job.id;
                        continue;
                }
                if (queued)
                        entry_end(q, queued, JOB_RESULT_CANCELED);

                e = TAILQ_FIRST(&fresh);
                TAILQ_REMOVE(&fresh, e, list);
                ret_ids[i] = entry_begin(q, e, &t->jobs[i]);
        }

        entries_free(&fresh);
        return 0;
}

bool job_queue_next(JobQueue *q, Job *ret) {
        Entry *e;

        while ((e = TAILQ_FIRST(&q->due))) {
                look_away(q, e);
                if (!entry_is_runnable(q, e))
                        continue;

                e->job.state = JOB_RUNNING;
                *ret = e->job;
                return true;
        }

        return false;
}

bool job_queue_next_of(JobQueue *q, unsigned unit, Job *ret) {
        const Entry *e = TAILQ_FIRST(&q->due);

        return e && e->job.unit == unit && !TAILQ_NEXT(e, due) && job_queue_next(q, ret);
}

void job_queue_finished(JobQueue *q, unsigned unit, JobType type, JobResult result) {
        Entry *e = entry_of_unit(q, unit);
        bool half;

        if (!e || e->job.state != JOB_RUNNING)
                return;

        half = e->job.type == JOB_RESTART;
        if (type != (half ? JOB_STOP : e->job.type))
                return;
        if (!half || result != JOB_RESULT_DONE)
                return entry_end_all(q, e, result);

        e->job.type = JOB_START;
        e->job.state = JOB_WAITING;
        e->job.told = false;
        tell(q, e, JOB_RESULT_INVALID_);
        look_at(q, e);
        look_around(q, unit);
}

static Entry *entry_find(const JobQueue *q, uint32_t id) {
        Entry *e;

        TAILQ_FOREACH (e, &q->all, list)
                if (e->job.id == id)
                        return e;

        return NULL;
}

void job_queue_set_due(JobQueue *q, uint32_t id, usec_t due) {
        Entry *e = entry_find(q, id);

        if (!e || e->job.due == due)
                return;
        e->job.due = due;
        tell(q, e, JOB_RESULT_INVALID_);
}

void job_queue_set_told(JobQueue *q, unsigned unit) {
        Entry *e = entry_of_unit(q, unit);

        if (!e || e->job.told || !job_stops(&e->job))
                return;
        e->job.told = true;
        tell(q, e, JOB_RESULT_INVALID_);
}

const Job *job_queue_set_asker(JobQueue *q, uint32_t id, const char *by) {
        Entry *e = entry_find(q, id);

        if (!e)
                return NULL;
        entry_set_asker(e, by);
        return &e->job;
}

int job_queue_end(JobQueue *q, uint32_t id, JobResult result) {
        Entry *e = entry_find(q, id);

        if (!e)
                return -ENOENT;

        entry_end_all(q, e, result);
        return 0;
}

bool job_queue_next_end(JobQueue *q, JobEnd *ret) {
        Entry *e = TAILQ_FIRST(&q->ended);

        if (!e)
                return false;

        *ret = (JobEnd){ .id = e->job.id, .unit = e->job.unit, .type = e->job.type, .result = e->result };
        TAILQ_REMOVE(&q->ended, e, list);
        entry_free(e);
        return true;
}

const Job *job_queue_of_unit(const JobQueue *q, unsigned unit) {
        const Entry *e = entry_of_unit(q, unit);

        return e ? &e->job : NULL;
}

const Job *job_queue_find(const JobQueue *q, uint32_t id) {
        const Entry *e = entry_find(q, id);

        return e ? &e->job : NULL;
}

const Job *job_queue_each(const JobQueue *q, const Job *previous) {
        /* The job is the first member of its entry. */
        const Entry *e = previous ? TAILQ_NEXT((const Entry *) previous, list) : TAILQ_FIRST(&q->all);

        return e ? &e->job : NULL;
}

bool job_queue_is_behind(const JobQueue *q, const Job *second, const Job *first) {
        static const Dependency sides[] = { DEPENDENCY_AFTER, DEPENDENCY_BEFORE };

        for (size_t k = 0; k < 2; k++)
                if (graph_has(q->graph, second->unit, sides[k], first->unit) &&
                    is_obstacle(first, second, sides[k]))
                        return true;

        return false;
}
