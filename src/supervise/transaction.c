/*
 * A transaction is built in rounds: collect what the request reaches, find out what cannot be started, plan
 * the jobs, look for a cycle in their order. A cycle with a merely wanted unit in it costs that unit, and the
 * next round is made without it; all that only it had pulled in is gone by itself. So it goes with a unit
 * that is to be started and stopped.
 */
#include "supervise/transaction.h"
#include "basic/macro.h"
#include "supervise/ordering.h"

/* What is known about a unit in the present round. */
typedef struct Mark {
        unsigned slot;  /* position in jobs + 1; 0 = not planned */
        unsigned cause; /* with impossible: the unit that is missing or was dropped */
        bool reached;
        bool impossible; /* cannot be started: it, or something it requires, is missing or was dropped */
        bool dropped;    /* survives the round */
        bool kept;       /* not to be stopped for the sake of others; survives the round, too */
        bool pending;    /* is on the list of what is still to be expanded */
} Mark;

typedef struct Builder {
        const Graph *g;
        const JobQueue *queue;
        Fault *fault;
        Transaction *t;
        Mark *marks;    /* by unit */
        bool *matters;  /* by position in jobs: an anchor needs it */
        bool *conflict; /* ... and: it is a stop that Conflicts= asks for */
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

static void reach_unit(Builder *b, unsigned unit) {
        if (b->marks[unit].reached)
                return;
        b->marks[unit].reached = true;
        b->list[b->n_list++] = unit;
}

/* Marks as impossible all that cannot do without @unit, as far as it was reached. */
static void spread_impossible(Builder *b, unsigned unit, unsigned *stack) {
        size_t n = 0;

        stack[n++] = unit;
        b->marks[unit].impossible = true;
        b->marks[unit].cause = unit;
        while (n > 0) {
                unsigned from = stack[--n];

                GRAPH_FOREACH (b->g, from, EFFECT_START_FAILED, other) {
                        Mark *m = &b->marks[*other];

                        if (!m->reached || m->impossible)
                                continue;
                        m->impossible = true;
                        m->cause = unit;
                        stack[n++] = *other;
                }
        }
}

/* Finds out what of all that could be pulled in cannot be started. */
static int judge(Builder *b, const GraphUnits *anchors, JobType type) {
        autofree unsigned *stack = NULL;

        unsigned effects =
                EFFECT_START | EFFECT_START_WEAK | EFFECT_VERIFY | (type == JOB_RESTART ? EFFECT_RESTART : 0);

        b->n_list = 0;
        for (size_t i = 0; i < anchors->n; i++)
                reach_unit(b, anchors->units[i]);
        for (size_t i = 0; i < b->n_list && b->t->mode != JOB_MODE_IGNORE_DEPENDENCIES; i++)
                GRAPH_FOREACH (b->g, b->list[i], effects, other)
                        reach_unit(b, *other);

        stack = calloc(b->n_list + 1, sizeof(*stack));
        if (!stack)
                return -ENOMEM;

        for (size_t i = 0; i < b->n_list; i++) {
                unsigned unit = b->list[i];

                if ((b->g->nodes[unit].unusable < 0 || b->marks[unit].dropped) && !b->marks[unit].impossible)
                        spread_impossible(b, unit, stack);
        }

        b->n_list = 0;
        return 0;
}

static int refuse_unusable(Builder *b, unsigned unit) {
        unsigned cause = b->marks[unit].cause;
        int r = b->g->nodes[cause].unusable < 0 ? b->g->nodes[cause].unusable : -ENOENT;

        if (cause == unit)
                return fault_set(b->fault, "transaction", r, "%s", b->g->nodes[unit].name);
        return fault_set(b->fault, "transaction", r, "%s, required by %s", b->g->nodes[cause].name,
                         b->g->nodes[unit].name);
}

static void push(Builder *b, unsigned unit) {
        if (b->marks[unit].pending)
                return;

        b->marks[unit].pending = true;
        b->list[b->n_list++] = unit;
}

/* A job that is to be planned. */
typedef struct Wish {
        JobType type;
        bool matters, conflict;
} Wish;

/* Stop and start of one unit. What the anchors need wins; else a stop gives way, unless it is for a unit that
 * cannot be up at the same time. Returns 1 when the round has to be made anew, with what was decided. */
static int decide(Builder *b, unsigned unit, const Wish *w) {
        size_t slot = b->marks[unit].slot - 1;
        JobType planned = b->t->jobs[slot].type;
        bool stop_matters = planned == JOB_STOP ? b->matters[slot] : w->matters;
        bool start_matters = planned == JOB_STOP ? w->matters : b->matters[slot];
        bool conflict = planned == JOB_STOP ? b->conflict[slot] : w->conflict;

        if (stop_matters && start_matters)
                return fault_set(b->fault, "transaction", -EINVAL, "%s: %s and %s", b->g->nodes[unit].name,
                                 job_type_to_string(planned), job_type_to_string(w->type));
        if (stop_matters || (conflict && !start_matters)) {
                b->marks[unit].dropped = true;
                return 1;
        }
        b->marks[unit].kept = true;
        return 1;
}

/* Returns 1 when the round has to be made anew. */
static int plan(Builder *b, unsigned unit, const Wish *w) {
        Mark *m = &b->marks[unit];
        TransactionJob *j;
        JobType merged;

        if (w->type == JOB_STOP && m->kept && !w->matters)
                return 0;
        if (w->type != JOB_STOP && m->impossible)
                return w->matters ? refuse_unusable(b, unit) : 0;

        if (m->slot == 0) {
                b->t->jobs[b->t->n_jobs] = (TransactionJob){ .unit = unit, .type = w->type };
                b->matters[b->t->n_jobs] = w->matters;
                b->conflict[b->t->n_jobs] = w->conflict;
                m->slot = (unsigned) ++b->t->n_jobs;
                push(b, unit);
                return 0;
        }

        j = &b->t->jobs[m->slot - 1];
        merged = job_merge(j->type, w->type, is_active(b->g->nodes[unit].state));
        if (merged == JOB_TYPE_INVALID_)
                return decide(b, unit, w);

        if (merged != j->type || (w->matters && !b->matters[m->slot - 1]))
                push(b, unit);
        j->type = merged;
        b->matters[m->slot - 1] |= w->matters;
        b->conflict[m->slot - 1] |= w->conflict;
        return 0;
}

static int plan_each(Builder *b, unsigned unit, DependencyEffect effect, Wish w) {
        GRAPH_FOREACH (b->g, unit, effect, other) {
                ActiveState state = b->g->nodes[*other].state;
                int r;

                /* A restart is for what runs, a reload for what is up; the rest is left alone. */
                if (w.type == JOB_RESTART && !is_going(state))
                        continue;
                if (w.type == JOB_RELOAD && !is_active(state))
                        continue;
                r = plan(b, *other, &w);
                if (r != 0)
                        return r;
        }

        return 0;
}

/* What a job means for others: for which jobs, by which dependencies, what. */
static const struct {
        unsigned jobs; /* bits 1 << JobType */
        DependencyEffect effect;
        JobType type;
        bool weak; /* left out when it cannot be had */
} rules[] = {
        { 1 << JOB_STOP, EFFECT_STOP, JOB_STOP, false },
        { 1 << JOB_RESTART, EFFECT_RESTART, JOB_RESTART, false },
        { 1 << JOB_RELOAD, EFFECT_RELOAD, JOB_RELOAD, true },
        { 1 << JOB_START | 1 << JOB_RESTART, EFFECT_START, JOB_START, false },
        { 1 << JOB_START | 1 << JOB_RESTART, EFFECT_START_WEAK, JOB_START, true },
        { 1 << JOB_START | 1 << JOB_RESTART, EFFECT_VERIFY, JOB_VERIFY_ACTIVE, false },
        { 1 << JOB_START | 1 << JOB_RESTART, EFFECT_CONFLICT, JOB_STOP, false },
        { 1 << JOB_START | 1 << JOB_RESTART, EFFECT_CONFLICT_WEAK, JOB_STOP, true },
};

static int expand(Builder *b, unsigned unit) {
        unsigned slot = b->marks[unit].slot - 1;
        JobType type = b->t->jobs[slot].type;
        bool matters = b->matters[slot];

        for (size_t i = 0; i < ELEMENTSOF(rules); i++) {
                const Wish w = {
                        .type = rules[i].type,
                        .matters = matters && !rules[i].weak,
                        .conflict = rules[i].effect == EFFECT_CONFLICT,
                };
                int r;

                if (!(rules[i].jobs & 1U << type))
                        continue;
                r = plan_each(b, unit, rules[i].effect, w);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int plan_all(Builder *b, const GraphUnits *anchors, JobType type) {
        bool alone = b->t->mode == JOB_MODE_IGNORE_DEPENDENCIES;
        int r;

        for (size_t i = 0; i < anchors->n; i++) {
                r = plan(b, anchors->units[i], &(Wish){ .type = type, .matters = true });
                if (r != 0)
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
                if (r != 0)
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
                b->conflict[n] = b->conflict[i];
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
                b->marks[i] = (Mark){ .dropped = b->marks[i].dropped, .kept = b->marks[i].kept };
        b->t->n_jobs = 0;
        b->n_list = 0;
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
        if (r > 0)
                start_over(b);
        if (r != 0)
                return r;

        leave_out_redundant(b);
        return break_cycle(b);
}

int transaction_build(const Graph *g, const JobQueue *queue, const unsigned *units, size_t n_units,
                      JobType type, JobMode mode, Fault *fault, Transaction **ret) {
        const GraphUnits anchors = { .units = (unsigned *) units, .n = n_units };
        autofree Mark *marks = calloc(g->n_nodes + 1, sizeof(*marks));
        autofree bool *matters = calloc(g->n_nodes + 1, sizeof(*matters));
        autofree bool *conflict = calloc(g->n_nodes + 1, sizeof(*conflict));
        autofree unsigned *list = calloc(g->n_nodes + 1, sizeof(*list));
        autoptr(Transaction) t = calloc(1, sizeof(*t));
        Builder b = { .g = g, .queue = queue, .fault = fault, .t = t };
        int r;

        if (!marks || !matters || !conflict || !list || !t)
                return -ENOMEM;

        t->mode = mode;
        t->jobs = calloc(g->n_nodes + 1, sizeof(*t->jobs));
        t->dropped = calloc(g->n_nodes + 1, sizeof(*t->dropped));
        if (!t->jobs || !t->dropped)
                return -ENOMEM;

        b.marks = marks;
        b.matters = matters;
        b.conflict = conflict;
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
