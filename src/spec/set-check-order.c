/* Circles of After= and Before=, and requirements that cannot be met. */
#include <stdlib.h>

#include "spec/set-check-internal.h"

/* "@from waits for @to", said in the unit @by under @key. */
typedef struct Edge {
        size_t to;
        const SetUnit *by;
        const char *key;
} Edge;

typedef struct Node {
        Edge *edges;
        size_t n, allocated;
        size_t next; /* edge to follow next */
        enum { FRESH, OPEN, DONE } mark;
        bool told; /* is part of a circle that was told of */
} Node;

typedef struct Waits {
        const UnitSet *set;
        Node *nodes;
        size_t *path; /* nodes that are open, in the order in which they wait for each other */
        size_t depth;
        const char *what; /* title of a circle */
} Waits;

static void waits_clear(Waits *w) {
        for (size_t i = 0; w->nodes && i < unit_set_size(w->set); i++)
                free(w->nodes[i].edges);
        free(w->nodes);
        free(w->path);
}

#define autowaits __attribute__((cleanup(waits_clear)))

static int waits_init(Waits *w, const UnitSet *set, const char *what) {
        size_t n = unit_set_size(set) + 1;

        *w = (Waits){ .set = set, .what = what };
        w->nodes = calloc(n, sizeof(*w->nodes));
        w->path = calloc(n, sizeof(*w->path));
        return w->nodes && w->path ? 0 : -ENOMEM;
}

static int add_edge(Waits *w, const SetUnit *from, const SetUnit *to, const SetUnit *by,
                    UnitDependency kind) {
        Node *node = &w->nodes[from->index];

        if (node->n == node->allocated) {
                size_t wanted = node->allocated ? 2 * node->allocated : 4;
                Edge *edges = reallocarray(node->edges, wanted, sizeof(*edges));

                if (!edges)
                        return -ENOMEM;
                node->edges = edges;
                node->allocated = wanted;
        }

        node->edges[node->n++] = (Edge){ to->index, by, unit_dependency_to_string(kind) };
        return 0;
}

/* @reversed: the named unit waits for the one that names it. */
static int add_edges(Waits *w, UnitDependency kind, bool reversed) {
        for (size_t i = 0; i < unit_set_size(w->set); i++) {
                const SetUnit *u = unit_set_get(w->set, i);

                STRV_FOREACH (name, u->spec ? u->spec->unit.dependencies[kind] : NULL) {
                        const SetUnit *other = unit_set_find(w->set, *name);
                        int r;

                        if (!other || !other->spec || other == u)
                                continue;
                        r = add_edge(w, reversed ? other : u, reversed ? u : other, u, kind);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static Where edge_place(const Waits *w, size_t from, const Edge *e) {
        const SetUnit *named = unit_set_get(w->set, e->by->index == from ? e->to : from);
        Mention m;

        if (unit_find_mention(e->by->spec, "Unit", e->key, named->name, &m) ||
            unit_find_mention(e->by->spec, NULL, NULL, named->name, &m))
                return m.at;
        return unit_place(e->by->spec, "Unit", e->key);
}

static const Edge *edge_between(const Waits *w, size_t from, size_t to) {
        for (size_t i = 0; i < w->nodes[from].n; i++)
                if (w->nodes[from].edges[i].to == to)
                        return &w->nodes[from].edges[i];
        return NULL;
}

/* The circle begins with the first unit that somebody asked about. */
static void report_circle(const Waits *w, const size_t *circle, size_t n) {
        autostrv char **names = NULL, **places = NULL;
        autofree char *chain = NULL, *rest = NULL;
        const SetUnit *first;
        size_t begin = 0;
        int r = 0;

        while (begin < n && !unit_set_get(w->set, circle[begin])->diag)
                begin++;
        if (begin == n)
                return;
        first = unit_set_get(w->set, circle[begin]);

        for (size_t i = 0; i <= n && r == 0; i++) {
                size_t from = circle[(begin + i) % n], to = circle[(begin + i + 1) % n];
                autofree char *place = set_place_text(edge_place(w, from, edge_between(w, from, to)));

                r = strv_add(&names, unit_set_get(w->set, from)->name);
                if (r == 0 && i > 0 && i < n)
                        r = place ? strv_add(&places, place) : -ENOMEM;
        }
        chain = r == 0 ? strv_join(names, " -> ") : NULL;
        rest = r == 0 ? strv_join(places, " and ") : NULL;
        if (!chain || !rest)
                return;

        (void) diag_error(
                first->diag,
                edge_place(w, circle[begin], edge_between(w, circle[begin], circle[(begin + 1) % n])),
                -EINVAL, "%s: %s", w->what, chain);
        diag_hint(first->diag, "the rest of the circle is in %s", rest);
}

/* @to is open: the path from it to its end is a circle. */
static void close_circle(Waits *w, size_t to) {
        size_t begin = w->depth;
        bool told = false;

        while (w->path[--begin] != to)
                ;
        for (size_t i = begin; i < w->depth; i++) {
                told |= w->nodes[w->path[i]].told;
                w->nodes[w->path[i]].told = true;
        }
        if (!told)
                report_circle(w, w->path + begin, w->depth - begin);
}

/* Depth first, without recursion: a chain of units may be long. */
static void walk(Waits *w, size_t start) {
        w->path[w->depth++] = start;
        w->nodes[start].mark = OPEN;

        while (w->depth > 0) {
                Node *node = &w->nodes[w->path[w->depth - 1]];
                size_t to;

                if (node->next == node->n) {
                        node->mark = DONE;
                        w->depth--;
                        continue;
                }

                to = node->edges[node->next++].to;
                if (w->nodes[to].mark == OPEN)
                        close_circle(w, to);
                else if (w->nodes[to].mark == FRESH) {
                        w->path[w->depth++] = to;
                        w->nodes[to].mark = OPEN;
                }
        }
}

static void find_circles(Waits *w) {
        for (size_t i = 0; i < unit_set_size(w->set); i++)
                if (w->nodes[i].mark == FRESH)
                        walk(w, i);
}

static int check_ordering(const UnitSet *set) {
        autowaits Waits w = {};
        int r;

        r = waits_init(&w, set, "the order of starts is a circle");
        if (r == 0)
                r = add_edges(&w, UNIT_DEP_AFTER, false);
        if (r == 0)
                r = add_edges(&w, UNIT_DEP_BEFORE, true);
        if (r == 0)
                find_circles(&w);
        return r;
}

static int check_requisites(const UnitSet *set) {
        autowaits Waits w = {};
        int r;

        r = waits_init(&w, set, "each has to be active before the next one can start");
        if (r == 0)
                r = add_edges(&w, UNIT_DEP_REQUISITE, false);
        if (r == 0)
                find_circles(&w);
        return r;
}

/* What @u cannot start without must not conflict with it, nor with another such unit. */
static void check_requirement(const UnitSet *set, const SetUnit *u, UnitDependency kind, const char *name) {
        const char *key = unit_dependency_to_string(kind);
        const SetUnit *other = unit_set_find(set, name);
        Mention m = { key, {} };

        if (!other || !other->spec)
                return;
        if (!unit_find_mention(u->spec, "Unit", key, name, &m) &&
            !unit_find_mention(u->spec, NULL, NULL, name, &m))
                m.at = unit_place(u->spec, "Unit", key);

        if (set_exclusive(u->spec, other->spec))
                (void) diag_error(u->diag, m.at, -EINVAL,
                                  "%s=: %s conflicts with this unit, which can never start", m.key, name);
        STRV_FOREACH (enemy, other->spec->unit.dependencies[UNIT_DEP_CONFLICTS])
                if (!streq(*enemy, u->name) && strv_contains(u->spec->unit.dependencies[kind], *enemy))
                        (void) diag_error(u->diag, m.at, -EINVAL,
                                          "%s=: %s conflicts with %s, which is required as well", m.key, name,
                                          *enemy);
        if (kind == UNIT_DEP_REQUISITE &&
            (strv_contains(u->spec->unit.dependencies[UNIT_DEP_BEFORE], name) ||
             strv_contains(other->spec->unit.dependencies[UNIT_DEP_AFTER], u->name)))
                (void) diag_error(u->diag, m.at, -EINVAL,
                                  "Requisite=: %s has to be active already, but starts after this unit",
                                  name);
}

int set_check_order(const UnitSet *set) {
        static const UnitDependency kinds[] = { UNIT_DEP_REQUIRES, UNIT_DEP_REQUISITE, UNIT_DEP_BINDS_TO };
        int r;

        for (size_t i = 0; i < unit_set_size(set); i++) {
                const SetUnit *u = unit_set_get(set, i);

                for (size_t k = 0; u->diag && u->spec && k < ELEMENTSOF(kinds); k++)
                        STRV_FOREACH (name, u->spec->unit.dependencies[kinds[k]])
                                check_requirement(set, u, kinds[k], *name);
        }

        r = check_ordering(set);
        return r < 0 ? r : check_requisites(set);
}
