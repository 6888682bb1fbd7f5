/*
 * nsunits-worker VERB ... - slow work that the manager does not wait for: what takes no library for archives
 * or digests, and is so often needed that its start should cost next to nothing. The others:
 * nsunits-archiver.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "basic/macro.h"
#include "image/worker.h"
#include "network/worker.h"
#include "spec/worker-verb.h"
#include "storage/worker.h"

int main(int argc, char **argv) {
        static const WorkerVerb verbs[] = { { "collect", 1, 1, image_collect } };
        int r;

        /* It was executed by a descriptor. */
        (void) prctl(PR_SET_NAME, "nsunits-worker");

        r = storage_worker_main(argc - 1, argv + 1);
        if (r == -ENOENT)
                r = network_worker_main(argc - 1, argv + 1);
        if (r == -ENOENT)
                r = worker_verb_run(verbs, ELEMENTSOF(verbs), argc - 1, argv + 1);
        if (r == -ENOENT)
                fprintf(stderr, "nsunits-worker: %s\n", argc > 1 ? "unknown verb" : "it is run by nsunitd");
        return r < 0 ? EXIT_FAILURE : r;
}
