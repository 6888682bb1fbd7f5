/* Files with several names: under which one a walk through a tree met each first. */
#pragma once

#include <sys/stat.h>

/* NULL = none yet. */
typedef struct TreeLink TreeLink;

/** tree_links_find() - the first path of the file; NULL when it is met for the first time. */
const char *tree_links_find(TreeLink *links, const struct stat *st);

/** tree_links_add() - @path is copied. 0 or -ENOMEM. */
int tree_links_add(TreeLink **links, const struct stat *st, const char *path);

void tree_links_free(TreeLink *links);
