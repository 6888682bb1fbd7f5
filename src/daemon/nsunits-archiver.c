/*
 * nsunits-archiver VERB ... - slow or dangerous work for the manager: all that reads or writes archives, or
 * goes by digests. nsunitd itself is linked without the libraries for that.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "image/worker.h"
#include "storage/archiver.h"

int main(int argc, char **argv) {
        int r;

        /* It was executed by a descriptor. */
        (void) prctl(PR_SET_NAME, "nsunits-archiver");

        r = storage_archiver_main(argc - 1, argv + 1);
        return r == -ENOENT ? image_worker_main(argc - 1, argv + 1) : r;
}
