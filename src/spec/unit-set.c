/* Many units at once, by name. */
#include <stdlib.h>
#include <uthash.h>

#include "basic/macro.h"
#include "spec/unit-set.h"

typedef struct Entry {
        SetUnit unit;
        UT_hash_handle hh;
} Entry;

/* Another name for a unit. */
typedef struct Alias {
        const char *name;
        const SetUnit *unit;
        UT_hash_handle hh;
} Alias;

struct UnitSet {
        Entry *by_name;
        Alias *aliases;
        Entry **list;
        size_t n, allocated;
};

UnitSet *unit_set_new(void) {
        return calloc(1, sizeof(UnitSet));
}

void unit_set_free(UnitSet *s) {
        if (!s)
                return;

        for (Alias *a = s->aliases, *next; a; a = next) {
                next = a->hh.next;
                HASH_DEL(s->aliases, a);
                free(a);
        }
        HASH_CLEAR(hh, s->by_name);
        for (size_t i = 0; i < s->n; i++)
                free(s->list[i]);
        free(s->list);
        free(s);
}

static int grow(UnitSet *s) {
        size_t wanted = s->allocated ? 2 * s->allocated : 64;
        Entry **list;

        if (s->n < s->allocated)
                return 0;

        list = reallocarray(s->list, wanted, sizeof(Entry *));
        if (!list)
                return -ENOMEM;
        s->list = list;
        s->allocated = wanted;
        return 0;
}

int unit_set_add(UnitSet *s, const char *name, SetState state, const UnitSpec *spec, Diag *diag) {
        Entry *e;

        if (unit_set_find(s, name))
                return -EEXIST;
        if (grow(s) < 0)
                return -ENOMEM;
        e = calloc(1, sizeof(*e));
        if (!e)
                return -ENOMEM;

        e->unit = (SetUnit){ .name = name, .state = state, .spec = spec, .diag = diag, .index = s->n };
        s->list[s->n++] = e;
        HASH_ADD_KEYPTR(hh, s->by_name, e->unit.name, strlen(e->unit.name), e);
        return 0;
}

int unit_set_add_alias(UnitSet *s, const char *alias, const char *name) {
        const SetUnit *unit = unit_set_find_file(s, name);
        Alias *a;

        if (!unit)
                return -ENOENT;
        if (unit_set_find(s, alias))
                return -EEXIST;
        a = calloc(1, sizeof(*a));
        if (!a)
                return -ENOMEM;

        *a = (Alias){ .name = alias, .unit = unit };
        HASH_ADD_KEYPTR(hh, s->aliases, a->name, strlen(a->name), a);
        return 0;
}

size_t unit_set_size(const UnitSet *s) {
        return s->n;
}

const SetUnit *unit_set_get(const UnitSet *s, size_t i) {
        return &s->list[i]->unit;
}

const SetUnit *unit_set_find(const UnitSet *s, const char *name) {
        Alias *a = NULL;
        Entry *e;

        HASH_FIND_STR(s->by_name, name, e);
        if (!e)
                HASH_FIND_STR(s->aliases, name, a);
        return e ? &e->unit : a ? a->unit : NULL;
}

const SetUnit *unit_set_find_file(const UnitSet *s, const char *name) {
        const SetUnit *u = unit_set_find(s, name);
        autofree char *template = NULL;

        if (!u && unit_name_template(name, &template) == 0 && template)
                u = unit_set_find(s, template);
        return u;
}

const char *unit_set_nearest(const UnitSet *s, const char *name) {
        autofree char *stem = unit_name_stem(name);
        const char *same_stem = NULL, *near = NULL;
        size_t best = SIZE_MAX;

        for (size_t i = 0; stem && i < s->n; i++) {
                const char *other = s->list[i]->unit.name;
                autofree char *other_stem = unit_name_stem(other);
                size_t d = other_stem ? diag_distance(stem, other_stem) : SIZE_MAX;

                if (!other_stem)
                        return NULL;
                if (unit_name_kind(other) != unit_name_kind(name))
                        same_stem = d == 0 ? other : same_stem;
                else if (d < best && d <= MAX_OF(strlen(stem), strlen(other_stem)) / 3) {
                        near = other;
                        best = d;
                }
        }
        return near ? near : same_stem;
}
