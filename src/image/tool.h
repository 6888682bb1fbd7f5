/*
 * A program of the host that does a part of our work and runs programs of others: in a process and mount
 * namespace of its own, so that its end, and ours, is the end of all that it has started and mounted.
 */
#pragma once

#include "basic/fault.h"

typedef struct Tool {
        char *const *argv; /* argv[0] is looked for in PATH */
        char *const *environment;
        const char *directory; /* becomes its own; a path, as descriptors belong to another mount namespace */
        void (*line)(const char *line, void *data); /* each line of its output, without the newline */
        void *data;
} Tool;

/**
 * tool_run() - run it to its end. BLOCKS.
 *
 * It dies with this process.
 *
 * Returns: 0; 1 when it has failed; -ENOPKG when there is no such program; -EINTR when it was killed; or
 * another negative errno.
 */
int tool_run(const Tool *tool);
