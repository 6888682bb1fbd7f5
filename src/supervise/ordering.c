/* Depth-first search for a ring of jobs, with a stack of its own: a chain may be as long as there are units.
 */
#include "supervise/ordering.h"

typedef enum Colour {
        WHITE, /* not seen */
        GREY,  /* on the stack */
        BLACK, /* leads into no ring */
} Colour;

typedef struct Frame {
        unsigned unit;
        bool later; /* walks those before which this unit is, not those after which */
        size_t next;
} Frame;

typedef struct Search {
        const Graph *g;
        OrderingJobFn job;
        void *data;
        unsigned char *colours; /* by unit: Colour */
        Frame *stack;
        size_t n_stack;
} Search;

/* Does the job of @unit wait for the one of @other? @later: @unit is Before= it, else After= it. */
static bool waits_for(const Search *s, unsigned unit, unsigned other, bool later) {
        JobType mine, theirs;

        if (!s->job(s->data, unit, &mine) || !s->job(s->data, other, &theirs))
                return false;

        return later ? !job_goes_first(mine, theirs) : job_goes_first(theirs, mine);
}

/* The next unit that the top of the stack waits for; false when there is no more. */
static bool next_edge(Search *s, unsigned *ret) {
        Frame *f = &s->stack[s->n_stack - 1];

        for (;;) {
                const GraphUnits *u =
                        graph_units(s->g, f->unit, f->later ? DEPENDENCY_BEFORE : DEPENDENCY_AFTER);

                while (f->next < u->n) {
                        unsigned other = u->units[f->next++];

                        if (waits_for(s, f->unit, other, f->later)) {
                                *ret = other;
                                return true;
                        }
                }
                if (f->later)
                        return false;
                f->later = true;
                f->next = 0;
        }
}

static void push(Search *s, unsigned unit) {
        s->colours[unit] = GREY;
        s->stack[s->n_stack++] = (Frame){ .unit = unit };
}

/* The stack from @unit on is the ring. */
static int found(const Search *s, unsigned unit, Ordering **ret) {
        size_t first = s->n_stack;
        Ordering *o;

        do
                first--;
        while (s->stack[first].unit != unit);

        o = malloc(sizeof(*o) + (s->n_stack - first) * sizeof(o->cycle[0]));
        if (!o)
                return -ENOMEM;

        o->n_cycle = s->n_stack - first;
        for (size_t i = 0; i < o->n_cycle; i++)
                o->cycle[i] = s->stack[first + i].unit;
        *ret = o;
        return 1;
}

static int search_from(Search *s, unsigned unit, Ordering **ret) {
        push(s, unit);
        while (s->n_stack > 0) {
                unsigned other;

                if (!next_edge(s, &other)) {
                        s->colours[s->stack[--s->n_stack].unit] = BLACK;
                        continue;
                }
                if (s->colours[other] == GREY)
                        return found(s, other, ret);
                if (s->colours[other] == WHITE)
                        push(s, other);
        }

        return 0;
}

int ordering_check(const Graph *g, const unsigned *units, size_t n_units, OrderingJobFn job, void *data,
                   Ordering **ret) {
        autofree unsigned char *colours = calloc(g->n_nodes + 1, sizeof(*colours));
        autofree Frame *stack = calloc(g->n_nodes + 1, sizeof(*stack));
        Search s = { .g = g, .job = job, .data = data, .colours = colours, .stack = stack };

        if (!colours || !stack)
                return -ENOMEM;

        for (size_t i = 0; i < n_units; i++) {
                int r;

                if (colours[units[i]] != WHITE)
                        continue;
                r = search_from(&s, units[i], ret);
                if (r != 0)
                        return r;
        }

        return 0;
}
