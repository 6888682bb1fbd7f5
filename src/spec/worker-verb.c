#include "spec/worker-verb.h"

#include <errno.h>
#include <stdlib.h>

#include "basic/strv.h"
#include "spec/worker-line.h"

int worker_verb_run(const WorkerVerb *verbs, size_t n, int argc, char **argv) {
        for (size_t i = 0; argc > 0 && i < n; i++) {
                Fault fault = {};
                int r;

                if (!streq(argv[0], verbs[i].name))
                        continue;
                if (argc - 1 < verbs[i].min || argc - 1 > verbs[i].max)
                        return EXIT_FAILURE;
                r = verbs[i].fn(argv + 1, &fault);
                /* One without a step has been told by a child. */
                if (r < 0 && (fault.error != 0 || r != -EPIPE)) {
                        (void) fault_set(&fault, verbs[i].name, r, NULL);
                        worker_line_fault(&fault);
                }
                return r < 0 || worker_line_done() < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        }
        return -ENOENT;
}
