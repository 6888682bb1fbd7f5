/* Who depends on whom: lists of numbers, each dependency entered at both ends. */
#include <limits.h>

#include "supervise/graph.h"

ENUM_DEFINE(Dependency, dependency, DEPENDENCY, DEPENDENCY_LIST)

/* Each pair once: A's side and B's, and what each means for the other. */
#define DEPENDENCY_PAIRS(X)                                                       \
        X(REQUIRES, EFFECT_START | EFFECT_NEED, REQUIRED_BY,                      \
          EFFECT_STOP | EFFECT_RESTART | EFFECT_START_FAILED)                     \
        X(REQUISITE, EFFECT_VERIFY | EFFECT_NEED, REQUISITE_OF,                   \
          EFFECT_STOP | EFFECT_RESTART | EFFECT_START_FAILED)                     \
        X(BINDS_TO, EFFECT_START | EFFECT_NEED | EFFECT_BOUND, BOUND_BY,          \
          EFFECT_STOP | EFFECT_RESTART | EFFECT_START_FAILED | EFFECT_DIED)       \
        X(WANTS, EFFECT_START_WEAK | EFFECT_NEED, WANTED_BY, 0)                   \
        X(UPHOLDS, EFFECT_START_WEAK | EFFECT_NEED | EFFECT_HOLD, UPHELD_BY, 0)   \
        X(PART_OF, 0, CONSISTS_OF, EFFECT_STOP | EFFECT_RESTART)                  \
        X(CONFLICTS, EFFECT_CONFLICT, CONFLICTED_BY, EFFECT_CONFLICT_WEAK)        \
        X(PROPAGATES_STOP_TO, EFFECT_STOP | EFFECT_DIED, STOP_PROPAGATED_FROM, 0) \
        X(PROPAGATES_RELOAD_TO, EFFECT_RELOAD, RELOAD_PROPAGATED_FROM, 0)         \
        X(ON_FAILURE, 0, ON_FAILURE_OF, 0)                                        \
        X(ON_SUCCESS, 0, ON_SUCCESS_OF, 0)                                        \
        X(AFTER, 0, BEFORE, 0)

static const struct {
        Dependency reverse;
        unsigned effects;
} kinds[DEPENDENCY_N_] = {
#define PAIR_(one, effects_, other, other_effects)             \
        [DEPENDENCY_##one] = { DEPENDENCY_##other, effects_ }, \
        [DEPENDENCY_##other] = { DEPENDENCY_##one, other_effects },
        DEPENDENCY_PAIRS(PAIR_)
#undef PAIR_
};

unsigned dependency_effects(Dependency d) {
        return kinds[d].effects;
}

Dependency dependency_reverse(Dependency d) {
        return kinds[d].reverse;
}

Graph *graph_new(void) {
        return calloc(1, sizeof(Graph));
}

static void free_lists(GraphNode *node) {
        for (size_t i = 0; i < node->n_lists; i++)
                free(node->lists[i].units.units);
        free(node->lists);
        node->lists = NULL;
        node->n_lists = 0;
}

void graph_free(Graph *g) {
        if (!g)
                return;

        for (size_t i = 0; i < g->n_nodes; i++) {
                free(g->nodes[i].name);
                free_lists(&g->nodes[i]);
        }
        free(g->nodes);
        free(g);
}

/* Room for one more of @size bytes, doubled at powers of two, so that no capacity needs to be kept. */
static int grow(void **array, size_t n, size_t size) {
        void *p;

        if (n != 0 && (n & (n - 1)) != 0)
                return 0;

        p = reallocarray(*array, n == 0 ? 1 : 2 * n, size);
        if (!p)
                return -ENOMEM;
        *array = p;
        return 0;
}

int graph_add_unit(Graph *g, const char *name, unsigned *ret) {
        autofree char *copy = strdup(name);
        int r;

        if (!copy)
                return -ENOMEM;
        if (g->n_nodes >= UINT_MAX)
                return -ENOMEM;

        r = grow((void **) &g->nodes, g->n_nodes, sizeof(*g->nodes));
        if (r < 0)
                return r;

        g->nodes[g->n_nodes] =
                (GraphNode){ .name = take_ptr(copy), .unusable = -ENOENT, .state = ACTIVE_STATE_INACTIVE };
        *ret = (unsigned) g->n_nodes++;
        return 0;
}

static GraphUnits *find_units(const Graph *g, unsigned unit, Dependency kind) {
        const GraphNode *node = &g->nodes[unit];

        for (size_t i = 0; i < node->n_lists; i++)
                if (node->lists[i].kind == kind)
                        return &node->lists[i].units;
        return NULL;
}

const GraphUnits *graph_units(const Graph *g, unsigned unit, Dependency kind) {
        static const GraphUnits none;
        const GraphUnits *units = find_units(g, unit, kind);

        return units ? units : &none;
}

/* Makes sure that there is such a list, with room for one more. */
static int reserve(Graph *g, unsigned unit, Dependency kind, GraphUnits **ret) {
        GraphNode *node = &g->nodes[unit];
        GraphUnits *units = find_units(g, unit, kind);

        if (!units) {
                GraphList *lists = reallocarray(node->lists, node->n_lists + 1, sizeof(*lists));

                if (!lists)
                        return -ENOMEM;
                node->lists = lists;
                lists[node->n_lists] = (GraphList){ .kind = kind };
                units = &lists[node->n_lists++].units;
        }
        *ret = units;
        return grow((void **) &units->units, units->n, sizeof(*units->units));
}

bool graph_has(const Graph *g, unsigned from, Dependency kind, unsigned to) {
        const GraphUnits *there = graph_units(g, from, kind), *back = graph_units(g, to, kinds[kind].reverse);

        /* Half the network may be "After=" one unit: ask the end that knows fewer. */
        if (back->n < there->n) {
                there = back;
                to = from;
        }
        for (size_t i = 0; i < there->n; i++)
                if (there->units[i] == to)
                        return true;

        return false;
}

int graph_add_dependency(Graph *g, unsigned from, Dependency kind, unsigned to) {
        GraphUnits *there = NULL, *back = NULL;
        int r;

        if (from == to || graph_has(g, from, kind, to))
                return 0;

        /* Both have room before either changes: all or nothing. */
        r = reserve(g, from, kind, &there);
        if (r >= 0)
                r = reserve(g, to, kinds[kind].reverse, &back);
        if (r < 0)
                return r;

        there->units[there->n++] = to;
        back->units[back->n++] = from;
        return 0;
}

void graph_clear_dependencies(Graph *g) {
        for (size_t i = 0; i < g->n_nodes; i++) {
                GraphNode *node = &g->nodes[i];

                node->unusable = -ENOENT;
                free_lists(node);
        }
}
