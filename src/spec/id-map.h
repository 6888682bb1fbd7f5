/*
 * Which ids outside the ids of a user namespace are: user_namespaces(7). Plain data and arithmetic.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "basic/macro.h"

/* A line of a map. */
typedef struct IdExtent {
        uint32_t inside, outside, count;
} IdExtent;

typedef struct IdList {
        IdExtent *items;
        size_t n;
} IdList;

/* Without lines every id is itself: there is no user namespace. */
typedef struct IdMap {
        IdList uids, gids;
} IdMap;

/* An owner: of files, of processes. */
typedef struct IdPair {
        uint32_t uid, gid;
} IdPair;

/* "nobody", for ids that have no counterpart. */
#define ID_NOBODY 65534

/** id_list_outside() - what @inside is outside; ID_NOBODY when it is nothing there. */
uint32_t id_list_outside(const IdList *list, uint32_t inside);

/** id_list_inside() - the reverse. */
uint32_t id_list_inside(const IdList *list, uint32_t outside);

/** id_list_add() - append a line. Returns 0 or -ENOMEM. */
int id_list_add(IdList *list, IdExtent extent);

/**
 * id_list_replace() - a line that takes the ids inside from whatever line has them; those are shortened or
 * cut in two
 *
 * Returns: 0 or -ENOMEM.
 */
int id_list_replace(IdList *list, IdExtent extent);

/**
 * id_list_add_through() - a line whose ids outside are ids inside of @through
 * @through: without lines, every id is itself
 *
 * Returns: 0, -ERANGE when some of them are nothing outside, or -ENOMEM.
 */
int id_list_add_through(IdList *list, const IdList *through, IdExtent extent);

/**
 * id_list_check() - will the kernel take it?
 *
 * Returns: 0, -EINVAL for overlapping lines or ids out of range, -E2BIG for more than 340 lines.
 */
int id_list_check(const IdList *list);

/** id_map_outside() - an owner inside, as seen outside. @m may be NULL. */
IdPair id_map_outside(const IdMap *m, IdPair inside);

/** id_map_inside() - the reverse. @m may be NULL. */
IdPair id_map_inside(const IdMap *m, IdPair outside);

/** id_map_range() - @count ids from @base on, for users and groups. Returns 0 or -ENOMEM. */
int id_map_range(IdMap *m, uint32_t base, uint32_t count);

/** id_map_copy() - Returns 0 or -ENOMEM. */
int id_map_copy(const IdMap *m, IdMap *ret);

/** id_map_clear() - free what is inside. */
void id_map_clear(IdMap *m);

#define autoidmap __attribute__((cleanup(id_map_clear)))
