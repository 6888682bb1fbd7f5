/*
 * Who depends on whom, as plain data: units are numbers, dependencies are lists of numbers, each one entered
 * at both ends. Made by the manager from the unit files; numbers stay valid for the life of the graph, so
 * that a daemon-reload clears the dependencies and enters them anew.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"
#include "basic/strtab.h"
#include "supervise/machine.h"

#define DEPENDENCY_LIST(X)                                           \
        X(DEPENDENCY_REQUIRES, "Requires")                           \
        X(DEPENDENCY_REQUIRED_BY, "RequiredBy")                      \
        X(DEPENDENCY_WANTS, "Wants")                                 \
        X(DEPENDENCY_WANTED_BY, "WantedBy")                          \
        X(DEPENDENCY_AFTER, "After")                                 \
        X(DEPENDENCY_BEFORE, "Before")                               \
        X(DEPENDENCY_REQUISITE, "Requisite")                         \
        X(DEPENDENCY_REQUISITE_OF, "RequisiteOf")                    \
        X(DEPENDENCY_BINDS_TO, "BindsTo")                            \
        X(DEPENDENCY_BOUND_BY, "BoundBy")                            \
        X(DEPENDENCY_PART_OF, "PartOf")                              \
        X(DEPENDENCY_CONSISTS_OF, "ConsistsOf")                      \
        X(DEPENDENCY_UPHOLDS, "Upholds")                             \
        X(DEPENDENCY_UPHELD_BY, "UpheldBy")                          \
        X(DEPENDENCY_CONFLICTS, "Conflicts")                         \
        X(DEPENDENCY_CONFLICTED_BY, "ConflictedBy")                  \
        X(DEPENDENCY_ON_FAILURE, "OnFailure")                        \
        X(DEPENDENCY_ON_FAILURE_OF, "OnFailureOf")                   \
        X(DEPENDENCY_ON_SUCCESS, "OnSuccess")                        \
        X(DEPENDENCY_ON_SUCCESS_OF, "OnSuccessOf")                   \
        X(DEPENDENCY_PROPAGATES_RELOAD_TO, "PropagatesReloadTo")     \
        X(DEPENDENCY_RELOAD_PROPAGATED_FROM, "ReloadPropagatedFrom") \
        X(DEPENDENCY_PROPAGATES_STOP_TO, "PropagatesStopTo")         \
        X(DEPENDENCY_STOP_PROPAGATED_FROM, "StopPropagatedFrom")

ENUM_DECLARE(Dependency, dependency, DEPENDENCY, DEPENDENCY_LIST);

/* What a dependency of A on B means: every rule of a transaction asks for one of these, none for a kind. */
typedef enum DependencyEffect {
        EFFECT_START = 1 << 0,         /* a start of A starts B, and fails when that is impossible */
        EFFECT_START_WEAK = 1 << 1,    /* a start of A starts B if it can */
        EFFECT_VERIFY = 1 << 2,        /* a start of A fails unless B is up */
        EFFECT_CONFLICT = 1 << 3,      /* a start of A stops B */
        EFFECT_CONFLICT_WEAK = 1 << 4, /* ... unless something needs B */
        EFFECT_STOP = 1 << 5,          /* a stop of A stops B */
        EFFECT_RESTART = 1 << 6,       /* a restart of A restarts B */
        EFFECT_RELOAD = 1 << 7,        /* a reload of A reloads B */
        EFFECT_START_FAILED = 1 << 8,  /* when a start of A fails, so does one of B that waits for it */
        EFFECT_DIED = 1 << 9,          /* when A has ended by itself, B is stopped */
        EFFECT_BOUND = 1 << 10,        /* A may only be up while B is */
        EFFECT_HOLD = 1 << 11,         /* while A is up, B is started whenever it is down */
        EFFECT_NEED = 1 << 12,         /* while A is up, B is needed: see StopWhenUnneeded= */
} DependencyEffect;

/** dependency_effects() - bits of DependencyEffect. */
unsigned dependency_effects(Dependency d);

/** dependency_reverse() - what B has with A when A has @d with B. */
Dependency dependency_reverse(Dependency d);

typedef struct GraphUnits {
        unsigned *units;
        size_t n;
} GraphUnits;

/* Of the two dozen kinds a unit has a few. */
typedef struct GraphList {
        Dependency kind;
        GraphUnits units;
} GraphList;

typedef struct GraphNode {
        char *name;
        int unusable; /* why it cannot be started: -ENOENT no file, -ERFKILL masked, -EBADMSG mistakes; 0 */
        ActiveState state; /* kept up to date by the manager */
        GraphList *lists;  /* one of each kind that there is, in no order */
        size_t n_lists;
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

/** graph_clear_dependencies() - forget all dependencies and mark all units as without a file. */
void graph_clear_dependencies(Graph *g);

/** graph_has() - is @to in the list @kind of @from? */
bool graph_has(const Graph *g, unsigned from, Dependency kind, unsigned to);

/** graph_units() - all that @unit has this dependency with; good until a dependency is added. */
const GraphUnits *graph_units(const Graph *g, unsigned unit, Dependency kind);

/** GRAPH_FOREACH() - each @other that @unit has a dependency with that has @effect. */
#define GRAPH_FOREACH(g, unit, effect, other)                                                               \
        for (Dependency other##_kind_ = 0; other##_kind_ < DEPENDENCY_N_; other##_kind_++)                  \
                if (dependency_effects(other##_kind_) & (effect))                                           \
                        for (const unsigned *other = graph_units(g, unit, other##_kind_)->units,            \
                                            *other##_end_ = other + graph_units(g, unit, other##_kind_)->n; \
                             other != other##_end_; other++)

static inline void graph_set_usable(Graph *g, unsigned unit, int error) {
        g->nodes[unit].unusable = error;
}

static inline void graph_set_state(Graph *g, unsigned unit, ActiveState state) {
        g->nodes[unit].state = state;
}
