/*
 * Who depends on whom, as plain data: units are numbers, dependencies are lists of numbers, each one entered
 * at both ends. Made by the manager from the unit files; numbers stay valid for the life of the graph, so
 * that a daemon-reload clears the dependencies and enters them anew.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"
#include "basic/strtab.h"
#include "supervise/machine.h"

#define DEPENDENCY_LIST(X)                      \
        X(DEPENDENCY_REQUIRES, "Requires")      \
        X(DEPENDENCY_REQUIRED_BY, "RequiredBy") \
        X(DEPENDENCY_WANTS, "Wants")            \
        X(DEPENDENCY_WANTED_BY, "WantedBy")     \
        X(DEPENDENCY_AFTER, "After")            \
        X(DEPENDENCY_BEFORE, "Before")

ENUM_DECLARE(Dependency, dependency, DEPENDENCY, DEPENDENCY_LIST);

typedef struct GraphUnits {
        unsigned *units;
        size_t n;
} GraphUnits;

typedef struct GraphNode {
        char *name;
        bool present;      /* has a unit file that can be started */
        ActiveState state; /* kept up to date by the manager */
        GraphUnits deps[DEPENDENCY_N_];
} GraphNode;

typedef struct Graph {
        GraphNode *nodes;
        size_t n_nodes;
} Graph;

/** graph_new() - empty. NULL when out of memory. */
Graph *graph_new(void);

/** graph_free() - NULL is fine. */
void graph_free(Graph *g);

AUTOPTR_DEFINE(Graph, graph_free);

/**
 * graph_add_unit() - a new unit: not present, inactive, without dependencies
 * @name: copied; the caller sees to it that it is entered once
 *
 * Also for a name that is only depended upon. Returns 0 or -ENOMEM.
 */
int graph_add_unit(Graph *g, const char *name, unsigned *ret);

/**
 * graph_add_dependency() - "@from says @kind=@to", and its reverse at @to
 *
 * Said twice, or of a unit about itself: no effect. Returns 0 or -ENOMEM.
 */
int graph_add_dependency(Graph *g, unsigned from, Dependency kind, unsigned to);

/** graph_clear_dependencies() - forget all dependencies and mark all units as not present. */
void graph_clear_dependencies(Graph *g);

/** graph_has() - is @to in the list @kind of @from? */
bool graph_has(const Graph *g, unsigned from, Dependency kind, unsigned to);

static inline void graph_set_present(Graph *g, unsigned unit, bool present) {
        g->nodes[unit].present = present;
}

static inline void graph_set_state(Graph *g, unsigned unit, ActiveState state) {
        g->nodes[unit].state = state;
}
