/*
 * A transaction is built in rounds: collect what the request reaches, find out what cannot be started, plan
 * the jobs, look for a cycle in their order. A cycle with a merely wanted unit in it costs that unit, and the
 * next round is made without it; all that only it had pulled in is gone by itself.
 */
#include "supervise/transaction.h"
#include "supervise/ordering.h"

/* What is known about a unit in the present round. */
typedef struct Mark {
        unsigned slot;  /* position in jobs + 1; 0 = not planned */
        unsigned cause; /* with impossible: the unit that is missing or was dropped */
        bool reached;
        bool impossible; /* cannot be started: it, or something it requires, is missing or was dropped */
        bool dropped;    /* survives the round */
        bool pending;    /* is on the list of what is still to be expanded */
} Mark;

typedef struct Builder {
        const Graph *g;
        const JobQueue *queue;
        Fault *fault;
        Transaction *t;
        Mark *marks;    /* by unit */
        bool *matters;  /* by position in jobs: an anchor needs it */
        unsigned *list; /* units to be worked on: each at most once at a time */
        size_t n_list;
} Builder;

void transaction_free(Transaction *t) {
        if (!t)
                return;

        free(t->jobs);
        free(t->dropped);
        free(t);
}

static bool is_active(ActiveState s) {
        return s == ACTIVE_STATE_ACTIVE || s == ACTIVE_STATE_RELOADING;
}

static bool is_going(ActiveState s) {
        return is_active(s) || s == ACTIVE_STATE_ACTIVATING;
}

static const GraphUnits *neighbours(const Builder *b, unsigned unit, Dependency kind) {
        return &b->g->nodes[unit].deps[kind];
}

static void reach(Builder *b, const GraphUnits *u) {
        for (size_t i = 0; i < u->n; i++) {
                if (b->marks[u->units[i]].reached)
                        continue;
                b->marks[u->units[i]].reached = true;
                b->list[b->n_list++] = u->units[i];
        }
}

/* Marks as impossible all that requires @unit, as far as it was reached. */
static void spread_impossible(Builder *b, unsigned unit, unsigned *stack) {
        size_t n = 0;

        stack[n++] = unit;
        b->marks[unit].impossible = true;
        b->marks[unit].cause = unit;
        while (n > 0) {
                const GraphUnits *u = neighbours(b, stack[--n], DEPENDENCY_REQUIRED_BY);

                for (size_t i = 0; i < u->n; i++) {
                        Mark *m = &b->marks[u->units[i]];

                        if (!m->reached || m->impossible)
                                continue;
                        m->impossible = true;
                        m->cause = unit;
                        stack[n++] = u->units[i];
                }
        }
}

/* Finds out what of all that could be pulled in cannot be started. */
static int judge(Builder *b, const GraphUnits *anchors, JobType type) {
        autofree unsigned *stack = NULL;

        b->n_list = 0;
        reach(b, anchors);
        for (size_t i = 0; i < b->n_list && b->t->mode != JOB_MODE_IGNORE_DEPENDENCIES; i++) {
                reach(b, neighbours(b, b->list[i], DEPENDENCY_REQUIRES));
                reach(b, neighbours(b, b->list[i], DEPENDENCY_WANTS));
                if (type == JOB_RESTART)
                        reach(b, neighbours(b, b->list[i], DEPENDENCY_REQUIRED_BY));
        }

        stack = calloc(b->n_list + 1, sizeof(*stack));
        if (!stack)
                return -ENOMEM;

        for (size_t i = 0; i < b->n_list; i++) {
                unsigned unit = b->list[i];

                if ((!b->g->nodes[unit].present || b->marks[unit].dropped) && !b->marks[unit].impossible)
                        spread_impossible(b, unit, stack);
        }

        b->n_list = 0;
        return 0;
}

static int refuse_missing(Builder *b, unsigned unit) {
        unsigned cause = b->marks[unit].cause;

        if (cause == unit)
                return fault_set(b->fault, "transaction", -ENOENT, "%s", b->g->nodes[unit].name);
        return fault_set(b->fault, "transaction", -ENOENT, "%s, required by %s", b->g->nodes[cause].name,
                         b->g->nodes[unit].name);
}

static void push(Builder *b, unsigned unit) {
        if (b->marks[unit].pending)
                return;

        b->marks[unit].pending = true;
        b->list[b->n_list++] = unit;
}

static int plan(Builder *b, unsigned unit, JobType type, bool matters) {
        Mark *m = &b->marks[unit];
        TransactionJob *j;
        JobType merged;

        if (type != JOB_STOP && m->impossible)
                return matters ? refuse_missing(b, unit) : 0;

        if (m->slot == 0) {
                b->t->jobs[b->t->n_jobs] = (TransactionJob){ .unit = unit, .type = type };
                b->matters[b->t->n_jobs] = matters;
                m->slot = (unsigned) ++b->t->n_jobs;
                push(b, unit);
                return 0;
        }

        j = &b->t->jobs[m->slot - 1];
        merged = job_merge(j->type, type, is_active(b->g->nodes[unit].state));
        if (merged == JOB_TYPE_INVALID_)
                return fault_set(b->fault, "transaction", -EINVAL, "%s: %s and %s", b->g->nodes[unit].name,
                                 job_type_to_string(j->type), job_type_to_string(type));

        if (merged != j->type || (matters && !b->matters[m->slot - 1]))
                push(b, unit);
        j->type = merged;
        b->matters[m->slot - 1] |= matters;
        return 0;
}

static int plan_each(Builder *b, unsigned unit, Dependency kind, JobType type, bool matters) {
        const GraphUnits *u = neighbours(b, unit, kind);
        int r;

        for (size_t i = 0; i < u->n; i++) {
                /* A restart is for what runs; what does not is left alone. */
                if (type == JOB_RESTART && !is_going(b->g->nodes[u->units[i]].state))
                        continue;
                r = plan(b, u->units[i], type, matters);
                if (r < 0)
                        return r;
        }

        return 0;
}

/* What the job of @unit means for others. */
static int expand(Builder *b, unsigned unit) {
        unsigned slot = b->marks[unit].slot - 1;
        JobType type = b->t->jobs[slot].type;
        bool matters = b->matters[slot];
        int r = 0;

        if (type == JOB_STOP || type == JOB_RESTART)
                r = plan_each(b, unit, DEPENDENCY_REQUIRED_BY, type, matters);
        if (r >= 0 && (type == JOB_START || type == JOB_RESTART))
                r = plan_each(b, unit, DEPENDENCY_REQUIRES, JOB_START, matters);
        if (r >= 0 && (type == JOB_START || type == JOB_RESTART))
                r = plan_each(b, unit, DEPENDENCY_WANTS, JOB_START, false);
        return r;
}

static int plan_all(Builder *b, const GraphUnits *anchors, JobType type) {
        bool alone = b->t->mode == JOB_MODE_IGNORE_DEPENDENCIES;
        int r;

        for (size_t i = 0; i < anchors->n; i++) {
                r = plan(b, anchors->units[i], type, true);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < b->t->n_jobs; i++) {
                b->t->jobs[i].anchor = true;
                b->t->jobs[i].ignore_order = alone;
        }

        while (b->n_list > 0 && !alone) {
                unsigned unit = b->list[--b->n_list];

                b->marks[unit].pending = false;
                r = expand(b, unit);
                if (r < 0)
                        return r;
        }

        return 0;
}

/* Leaves out what is so already; an anchor stays, somebody waits for its answer. */
static void leave_out_redundant(Builder *b) {
        size_t n = 0;

        for (size_t i = 0; i < b->t->n_jobs; i++) {
                const TransactionJob *j = &b->t->jobs[i];

                if (!j->anchor && job_is_redundant(j->type, b->g->nodes[j->unit].state) &&
                    !job_queue_of_unit(b->queue, j->unit)) {
                        b->marks[j->unit].slot = 0;
                        continue;
                }
                b->matters[n] = b->matters[i];
                b->t->jobs[n] = *j;
                b->marks[j->unit].slot = (unsigned) ++n;
        }

        b->t->n_jobs = n;
}

static int refuse_conflicts(Builder *b) {
        for (size_t i = 0; i < b->t->n_jobs; i++) {
                const TransactionJob *j = &b->t->jobs[i];
                const Job *queued = job_queue_of_unit(b->queue, j->unit);

                if (queued && job_merge(queued->type, j->type, false) == JOB_TYPE_INVALID_)
                        return fault_set(b->fault, "transaction", -EEXIST, "%s has a %s job queued",
                                         b->g->nodes[j->unit].name, job_type_to_string(queued->type));
        }

        return 0;
}

/* What the order will be made of: the planned jobs, merged with and besides those that are queued. */
static bool job_in_order(void *data, unsigned unit, JobType *ret) {
        const Builder *b = data;
        const Job *queued = job_queue_of_unit(b->queue, unit);
        const TransactionJob *j = b->marks[unit].slot == 0 ? NULL : &b->t->jobs[b->marks[unit].slot - 1];
        JobType merged;

        if ((queued && queued->ignore_order) || (j && j->ignore_order) || (!queued && !j))
                return false;
        if (!queued || !j) {
                *ret = j ? j->type : queued->type;
                return true;
        }

        merged = job_merge(queued->type, j->type, is_active(b->g->nodes[unit].state));
        *ret = merged == JOB_TYPE_INVALID_ ? j->type : merged;
        return true;
}

static void describe_cycle(const Builder *b, const Ordering *o) {
        char text[sizeof(b->fault->object)];
        size_t used = 0;

        for (size_t i = 0; i <= o->n_cycle && used < sizeof(text); i++) {
                int n = snprintf(text + used, sizeof(text) - used, "%s%s", i == 0 ? "" : " -> ",
                                 b->g->nodes[o->cycle[i % o->n_cycle]].name);

                used += n < 0 ? 0 : (size_t) n;
        }

        (void) fault_set(b->fault, "ordering cycle", -EDEADLK, "%s", text);
}

/* Forgets the round, but not what was dropped. */
static void start_over(Builder *b) {
        for (size_t i = 0; i < b->g->n_nodes; i++)
                b->marks[i] = (Mark){ .dropped = b->marks[i].dropped };
        b->t->n_jobs = 0;
}

/* Returns 1 when a unit was dropped and another round is due, 0 when there is no cycle. */
static int break_cycle(Builder *b) {
        autoptr(Ordering) o = NULL;
        int r;

        for (size_t i = 0; i < b->t->n_jobs; i++)
                b->list[i] = b->t->jobs[i].unit;
        r = ordering_check(b->g, b->list, b->t->n_jobs, job_in_order, b, &o);
        if (r <= 0)
                return r;

        for (size_t i = 0; i < o->n_cycle; i++) {
                unsigned unit = o->cycle[i], slot = b->marks[unit].slot;

                if (slot == 0 || b->matters[slot - 1])
                        continue;
                b->marks[unit].dropped = true;
                b->t->dropped[b->t->n_dropped++] = unit;
                start_over(b);
                return 1;
        }

        if (b->fault)
                describe_cycle(b, o);
        return -EDEADLK;
}

/* Returns 1 when another round is due. */
static int build_round(Builder *b, const GraphUnits *anchors, JobType type) {
        int r;

        if (type == JOB_START || type == JOB_RESTART) {
                r = judge(b, anchors, type);
                if (r < 0)
                        return r;
        }

        r = plan_all(b, anchors, type);
        if (r < 0)
                return r;

        leave_out_redundant(b);
        return break_cycle(b);
}

int transaction_build(const Graph *g, const JobQueue *queue, const unsigned *units, size_t n_units,
                      JobType type, JobMode mode, Fault *fault, Transaction **ret) {
        const GraphUnits anchors = { .units = (unsigned *) units, .n = n_units };
        autofree Mark *marks = calloc(g->n_nodes + 1, sizeof(*marks));
        autofree bool *matters = calloc(g->n_nodes + 1, sizeof(*matters));
        autofree unsigned *list = calloc(g->n_nodes + 1, sizeof(*list));
        autoptr(Transaction) t = calloc(1, sizeof(*t));
        Builder b = { .g = g, .queue = queue, .fault = fault, .t = t };
        int r;

        if (!marks || !matters || !list || !t)
                return -ENOMEM;

        t->mode = mode;
        t->jobs = calloc(g->n_nodes + 1, sizeof(*t->jobs));
        t->dropped = calloc(g->n_nodes + 1, sizeof(*t->dropped));
        if (!t->jobs || !t->dropped)
                return -ENOMEM;

        b.marks = marks;
        b.matters = matters;
        b.list = list;
        do
                r = build_round(&b, &anchors, type);
        while (r > 0);
        if (r < 0)
                return r;

        if (mode == JOB_MODE_FAIL) {
                r = refuse_conflicts(&b);
                if (r < 0)
                        return r;
        }

        *ret = take_ptr(t);
        return 0;
}
