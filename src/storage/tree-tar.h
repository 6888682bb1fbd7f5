/*
 * Trees to tar archives and back, by descriptors, so that nothing in a tree that somebody changes meanwhile
 * leads out of it. Knows no units.
 */
#pragma once

#include <stdbool.h>

#include "basic/fault.h"
#include "spec/id-map.h"

typedef struct TarOut {
        int dir_fd;       /* directory in which @name is; "." = its contents and its own attributes */
        const char *name; /* a file or directory in it */
        int out_fd;
        const IdMap *ids;  /* owners become what they are inside; NULL = they stay */
        bool layer;        /* the upper directory of an overlay, as a layer of the OCI: with whiteouts */
        char *const *omit; /* paths below @dir_fd ("etc/hosts") that are left out while empty; NULL = none */
} TarOut;

/**
 * tar_write() - write an archive (pax)
 *
 * Sockets and device nodes are left out, and so is what is gone by the time it is its turn. Stays on one file
 * system with @layer. Blocks for the size of the tree.
 *
 * Returns: 0; or a negative errno with @fault filled.
 */
int tar_write(const TarOut *q, Fault *fault);

typedef struct TarIn {
        int in_fd;      /* a tar, of any kind and compression */
        const char *as; /* what the first component of all names becomes; NULL = they stay */
        bool plain; /* no set-id bits, no capabilities: the files come from somebody who must not give them */
} TarIn;

/**
 * tar_read() - unpack an archive into the current directory
 *
 * Links in the archive are not followed, names that lead out of the directory refused, device nodes left out.
 * A file that is there is replaced. An owner that cannot be given is the caller. For processes whose root is
 * such that no path can do harm.
 *
 * Returns: 0; or a negative errno with @fault filled; what was unpacked stays.
 */
int tar_read(const TarIn *q, Fault *fault);
