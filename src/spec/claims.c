/* Who was first to claim a thing. */
#include <stdlib.h>
#include <uthash.h>

#include "basic/macro.h"
#include "spec/claims.h"

typedef struct Link {
        Claim claim;
        struct Link *before; /* owned: the claim that was made before, of the same thing */
} Link;

typedef struct Thing {
        char *key;
        Link *last;
        UT_hash_handle hh;
} Thing;

struct Claims {
        Thing *things;
};

Claims *claims_new(void) {
        return calloc(1, sizeof(Claims));
}

void claims_free(Claims *c) {
        Thing *t, *next;

        if (!c)
                return;

        HASH_ITER (hh, c->things, t, next) {
                HASH_DEL(c->things, t);
                for (Link *l = t->last, *before; l; l = before) {
                        before = l->before;
                        free(l);
                }
                free(t->key);
                free(t);
        }
        free(c);
}

static Thing *thing_of(Claims *c, const char *key) {
        Thing *t;

        HASH_FIND_STR(c->things, key, t);
        if (t)
                return t;

        t = calloc(1, sizeof(*t));
        if (!t)
                return NULL;
        t->key = strdup(key);
        if (!t->key) {
                free(t);
                return NULL;
        }
        HASH_ADD_KEYPTR(hh, c->things, t->key, strlen(t->key), t);
        return t;
}

const Claim *claims_add(Claims *c, const char *key, Claim claim) {
        Thing *t = thing_of(c, key);
        Link *l = t ? calloc(1, sizeof(*l)) : NULL;

        if (!l)
                return NULL;

        l->claim = claim;
        l->before = t->last;
        l->claim.earlier = t->last ? &t->last->claim : NULL;
        t->last = l;
        return &l->claim;
}

const Claim *claims_find(const Claims *c, const char *key) {
        Thing *t;

        HASH_FIND_STR(c->things, key, t);
        return t && t->last ? &t->last->claim : NULL;
}
