#include "storage/tree-links.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

typedef struct LinkKey {
        uint64_t dev, ino;
} LinkKey;

struct TreeLink {
        LinkKey key;
        char *path;
        UT_hash_handle hh;
};

const char *tree_links_find(TreeLink *links, const struct stat *st) {
        LinkKey key = { .dev = st->st_dev, .ino = st->st_ino };
        TreeLink *found;

        HASH_FIND(hh, links, &key, sizeof(key), found);
        return found ? found->path : NULL;
}

int tree_links_add(TreeLink **links, const struct stat *st, const char *path) {
        TreeLink *l = calloc(1, sizeof(*l));

        if (!l)
                return -ENOMEM;
        l->key = (LinkKey){ .dev = st->st_dev, .ino = st->st_ino };
        l->path = strdup(path);
        if (!l->path) {
                free(l);
                return -ENOMEM;
        }
        HASH_ADD(hh, *links, key, sizeof(l->key), l);
        return 0;
}

void tree_links_free(TreeLink *links) {
        TreeLink *l, *next;

        HASH_ITER (hh, links, l, next) {
                HASH_DEL(links, l);
                free(l->path);
                free(l);
        }
}
