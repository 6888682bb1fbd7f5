/* What lists of the things that units use have in common. */
#pragma once

#include "ctl/table.h"

/** store_list() - call a method that returns an array of JSON, and print it. Returns an exit status. */
int store_list(Ctl *c, const char *method, const Column *columns, size_t n);

/** store_remove_each() - call a method for each name. Returns an exit status. */
int store_remove_each(Ctl *c, const char *method, char **names);

/** store_inspect() - those of the list that @method returns which have such a name; a network's or volume's
 * unit name serves as well. */
int store_inspect(Ctl *c, const char *method, char **names);
