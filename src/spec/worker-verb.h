/* The verbs of a worker process: what the manager says to it, as words of a command line. */
#pragma once

#include <stddef.h>

#include "basic/fault.h"

typedef struct WorkerVerb {
        const char *name;
        int min, max; /* words behind the verb */
        int (*fn)(char **words, Fault *fault);
} WorkerVerb;

/**
 * worker_verb_run() - do what @argv[0] says, and tell how it ended in the last line of standard output
 *
 * A verb that returns -EPIPE with an empty Fault has told its failure itself.
 *
 * Returns: an exit status, or -ENOENT for a verb of others.
 */
int worker_verb_run(const WorkerVerb *verbs, size_t n, int argc, char **argv);
