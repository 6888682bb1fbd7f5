/* What a container has changed of its root: its upper directory against the layers below. */
#pragma once

#include "basic/fault.h"

typedef struct RootDiff {
        int out_fd;   /* "A/path", "C/path", "D/path", each ended by a NUL byte: added, changed, deleted */
        int upper_fd; /* of an overlay */
        int lower_fd; /* its layers, mounted without it, with the same map of ids */
        char *const *omit; /* paths ("etc/hosts") that do not count while they are empty */
} RootDiff;

/** root_diff() - parents come before what lies in them. Blocks for the size of the tree. */
int root_diff(const RootDiff *q, Fault *fault);
