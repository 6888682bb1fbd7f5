/* Who depends on whom: lists of numbers, each dependency entered at both ends. */
#include <limits.h>

#include "supervise/graph.h"

ENUM_DEFINE(Dependency, dependency, DEPENDENCY, DEPENDENCY_LIST)

static const Dependency reverse_of[DEPENDENCY_N_] = {
        [DEPENDENCY_REQUIRES] = DEPENDENCY_REQUIRED_BY, [DEPENDENCY_REQUIRED_BY] = DEPENDENCY_REQUIRES,
        [DEPENDENCY_WANTS] = DEPENDENCY_WANTED_BY,      [DEPENDENCY_WANTED_BY] = DEPENDENCY_WANTS,
        [DEPENDENCY_AFTER] = DEPENDENCY_BEFORE,         [DEPENDENCY_BEFORE] = DEPENDENCY_AFTER,
};

Graph *graph_new(void) {
        return calloc(1, sizeof(Graph));
}

void graph_free(Graph *g) {
        if (!g)
                return;

        for (size_t i = 0; i < g->n_nodes; i++) {
                free(g->nodes[i].name);
                for (size_t k = 0; k < DEPENDENCY_N_; k++)
                        free(g->nodes[i].deps[k].units);
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

        g->nodes[g->n_nodes] = (GraphNode){ .name = take_ptr(copy), .state = ACTIVE_STATE_INACTIVE };
        *ret = (unsigned) g->n_nodes++;
        return 0;
}

bool graph_has(const Graph *g, unsigned from, Dependency kind, unsigned to) {
        const GraphUnits *there = &g->nodes[from].deps[kind], *back = &g->nodes[to].deps[reverse_of[kind]];

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
        GraphUnits *there = &g->nodes[from].deps[kind], *back = &g->nodes[to].deps[reverse_of[kind]];
        int r;

        if (from == to || graph_has(g, from, kind, to))
                return 0;

        /* Both have room before either changes: all or nothing. */
        r = grow((void **) &there->units, there->n, sizeof(*there->units));
        if (r < 0)
                return r;
        r = grow((void **) &back->units, back->n, sizeof(*back->units));
        if (r < 0)
                return r;

        there->units[there->n++] = to;
        back->units[back->n++] = from;
        return 0;
}

void graph_clear_dependencies(Graph *g) {
        for (size_t i = 0; i < g->n_nodes; i++) {
                GraphNode *node = &g->nodes[i];

                node->present = false;
                for (size_t k = 0; k < DEPENDENCY_N_; k++) {
                        /* With n back at 0 the next grow() makes room for one anew. */
                        free(node->deps[k].units);
                        node->deps[k] = (GraphUnits){};
                }
        }
}
