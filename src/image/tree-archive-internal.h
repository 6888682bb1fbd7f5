/* Shared by the sources of tree archives. */
#pragma once

#include "image/tree-archive.h"

#define TREE_BUFFER_BYTES ((size_t) 256 * 1024)

typedef struct TreeWalk {
        TarWriter tar;
        Fault *fault;
        struct Linked *linked; /* files of several names, by inode */
        char *buffer;          /* TREE_BUFFER_BYTES */
        char *value;           /* of an attribute; made when first needed */
} TreeWalk;

typedef struct TreeEntry {
        TarEntry tar;
        char *records; /* owned; becomes tar.records */
} TreeEntry;

/** tree_file_write() - a regular file of e->tar.size bytes, whole or without its zeros. */
int tree_file_write(TreeWalk *t, int fd, TreeEntry *e);
