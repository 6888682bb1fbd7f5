#include "basic/shared.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What cannot be added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

typedef struct Shared {
        UT_hash_handle hh;
        size_t n; /* of those who have taken it */
        _Alignas(max_align_t) uint8_t value[];
} Shared;

/* By their bytes. */
static Shared *all;

const void *shared_take(const void *value, size_t size) {
        Shared *s;

        HASH_FIND(hh, all, value, size, s);
        if (!s) {
                s = calloc(1, sizeof(*s) + size);
                if (!s)
                        return NULL;
                memcpy(s->value, value, size);
                HASH_ADD_KEYPTR(hh, all, s->value, size, s);
                if (!s->hh.tbl) {
                        free(s);
                        return NULL;
                }
        }
        s->n++;
        return s->value;
}

void shared_drop(const void *shared) {
        Shared *s;

        if (!shared)
                return;
        s = (Shared *) ((uint8_t *) shared - offsetof(Shared, value));
        if (--s->n > 0)
                return;
        HASH_DEL(all, s);
        free(s);
}
