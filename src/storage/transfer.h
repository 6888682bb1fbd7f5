/*
 * Files from one root to another, or from and to a stream: what `nsctl cp` and the export of a volume do. For
 * a process of its own that does nothing else: it takes on the ids of a container and leaves the host's root.
 */
#pragma once

#include "basic/fault.h"

typedef struct TransferEnd {
        int stream_fd;    /* a tar; -EBADF = files */
        int root_fd;      /* what "/" means for @path, whatever links say that lie below */
        int userns_fd;    /* of the container whose root that is; -EBADF = the host's ids */
        const char *path; /* of files: what to read, or where to write */
} TransferEnd;

/**
 * transfer() - copy what @from says to @to, as cp(1) would: into a directory that is there, else under the
 * name that @to says
 *
 * A tar that comes in is unpacked into the directory @to. Whoever reads does so by descriptors that cannot
 * lead out of the root; whoever writes has the root as its own, and the capabilities of a container's root
 * there and nowhere else. Set-id bits and capabilities of files do not get to where the host's ids are,
 * except from a tar. Blocks for the size of the files. For processes with one thread; the last thing that
 * they do.
 *
 * Returns: 0; or a negative errno with @fault filled.
 */
int transfer(const TransferEnd *from, const TransferEnd *to, Fault *fault);
