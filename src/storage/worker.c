#include "storage/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "spec/worker-line.h"
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

/* Pairs of PATH and what it is called. Where a file system does not answer this has no end, and perhaps not
 * even SIGKILL gives it one. What it waits for is the last fault that it has told. */
static int do_look(char **words, Fault *fault) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (char **p = words; p[0] && p[1]; p += 2) {
                autoclose int fd = -EBADF;
                Fault silent = {};
                struct statfs fs;
                struct stat st;

                (void) fault_tell(&silent, "mount", -ETIMEDOUT, "%s: its file system does not answer", p[1]);
                worker_line_fault(&silent);
                /* What is wrong with it is for the mount to say. As that one does, and other than open(2)
                 * with O_PATH, this has an automount point mounted. */
                fd = open_tree(AT_FDCWD, p[0], OPEN_TREE_CLOEXEC);
                if (fd >= 0 && (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0))
                        continue;
        }
        return 0;
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
                { "purge", 1, 100, do_purge },      { "volume-mount", 2, 2, do_volume_mount },
                { "close", 0, 0, do_close },        { "look", 2, 100 * 1000, do_look },
                { "diff", 0, 100 * 1000, do_diff },
        };

        return worker_verb_run(verbs, ELEMENTSOF(verbs), argc, argv);
}
