/* Lines of maps of ids, as UIDMap=, UserNS= and the mount option idmap= have them. For key-*.c only. */
#pragma once

#include "spec/key-types.h"

/**
 * key_id_map_add() - "[+][u][g]INSIDE:[@]OUTSIDE[:COUNT]" to the end of @list
 * @separator: between the numbers, ":" or the "-" of mounts, whose lines are "[@]DISK-OUTSIDE[-COUNT]"
 */
int key_id_map_add(const KeyInput *in, const char *text, Where at, char separator, IdMapList *list);

/** key_id_map_text() - one line; free(). NULL when out of memory. */
char *key_id_map_text(const IdMapSpec *m, char separator);

/** key_id_map_copy() - append copies of all of @from. 0 or -ENOMEM. */
int key_id_map_copy(const IdMapList *from, IdMapList *to);
