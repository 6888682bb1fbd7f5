/* What the verbs about images, volumes and networks have in common. */
#pragma once

#include "ctl/table.h"

/** store_list() - print what @method of the manager returns, a JSON array. Returns an exit status. */
int store_list(Ctl *c, const char *method, const Column *columns, size_t n);

/** store_inspect() - those of the list that have such a name; a network's or volume's unit name serves as
 * well. Returns an exit status. */
int store_inspect(Ctl *c, const char *method, char **names);

/** store_remove() - call @method for each of @names. Returns an exit status. */
int store_remove(Ctl *c, const char *method, char **names);
