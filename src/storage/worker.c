#include "storage/worker.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "basic/macro.h"
#include "spec/worker-verb.h"
#include "storage/root-diff.h"
#include "storage/trash.h"
#include "storage/volume-device.h"

#define FIRST_FD 3

static int do_purge(char **words, Fault *fault) {
        int r = 0;

        for (; *words && r == 0; words++)
                r = trash_purge(*words);
        return r < 0 ? fault_set(fault, "remove", r, "%s", words[-1]) : 0;
}

static int do_volume_mount(char **words, Fault *fault) {
        /* The next manager begins it again. */
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        return volume_mount(words[0], words[1], fault);
}

static int do_close(char **words, Fault *fault) {
        (void) close(FIRST_FD);
        return 0;
}

static int do_diff(char **words, Fault *fault) {
        (void) signal(SIGPIPE, SIG_IGN);
        return root_diff(&(RootDiff){ .out_fd = FIRST_FD,
                                      .upper_fd = FIRST_FD + 1,
                                      .lower_fd = FIRST_FD + 2,
                                      .omit = words },
                         fault);
}

int storage_worker_main(int argc, char **argv) {
        static const WorkerVerb verbs[] = {
                { "purge", 1, 100, do_purge },
                { "volume-mount", 2, 2, do_volume_mount },
                { "close", 0, 0, do_close },
                { "diff", 0, 100 * 1000, do_diff },
        };

        return worker_verb_run(verbs, ELEMENTSOF(verbs), argc, argv);
}
