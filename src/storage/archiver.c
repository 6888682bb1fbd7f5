#include "storage/archiver.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "spec/worker-verb.h"
#include "storage/transfer.h"
#include "storage/tree-tar.h"

#define FIRST_FD 3

/* A process that the kernel cannot stop at once, in a write to a slow disk say, is waited for so long. */
#define FREEZE_TRIES   20
#define FREEZE_WAIT_MS 100

static bool is_same(int a, int b) {
        struct stat x, y;

        return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static TransferEnd end_of(const char *word, int *fd) {
        TransferEnd end = { .stream_fd = -EBADF, .root_fd = -EBADF, .userns_fd = -EBADF, .path = word + 1 };

        if (word[0] != '=') {
                end.stream_fd = (*fd)++;
                return end;
        }
        end.root_fd = (*fd)++;
        end.userns_fd = (*fd)++;
        if (is_same(end.root_fd, end.userns_fd))
                replace_fd(&end.userns_fd, -EBADF);
        return end;
}

static int do_copy(char **words, Fault *fault) {
        int fd = FIRST_FD;
        const TransferEnd from = end_of(words[0], &fd), to = end_of(words[1], &fd);

        /* Who reads may go any time. */
        (void) signal(SIGPIPE, SIG_IGN);
        return transfer(&from, &to, fault);
}

/* "I:O:C" */
static int add_line(const char *text, IdList *list) {
        IdExtent e;

        if (sscanf(text, "%" SCNu32 ":%" SCNu32 ":%" SCNu32, &e.inside, &e.outside, &e.count) != 3)
                return -EINVAL;
        return id_list_add(list, e);
}

/* Best effort: what goes on writing is copied as it is. */
static void wait_until_frozen(int events_fd) {
        struct pollfd p = { .fd = events_fd, .events = POLLPRI };
        char text[256];

        for (unsigned i = 0; i < FREEZE_TRIES; i++) {
                ssize_t n = pread(events_fd, text, sizeof(text) - 1, 0);

                if (n < 0)
                        return;
                text[n] = '\0';
                if (strstr(text, "frozen 1") || poll(&p, 1, FREEZE_WAIT_MS) < 0)
                        return;
        }
}

static int do_layer(char **words, Fault *fault) {
        autoidmap IdMap ids = {};
        int r = 0;

        for (; *words && !streq(*words, "omit") && r == 0; words++)
                r = streq(*words, "frozen")   ? (wait_until_frozen(FIRST_FD + 2), 0)
                    : startswith(*words, "u") ? add_line(*words + 1, &ids.uids)
                                              : add_line(*words + 1, &ids.gids);
        if (r < 0)
                return fault_set(fault, "layer", r, "%s", words[-1]);

        const TarOut q = {
                .dir_fd = FIRST_FD + 1,
                .name = ".",
                .out_fd = FIRST_FD,
                .ids = &ids,
                .layer = true,
                .omit = *words ? words + 1 : NULL,
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return tar_write(&q, fault);
}

int storage_archiver_main(int argc, char **argv) {
        static const WorkerVerb verbs[] = {
                { "copy", 2, 2, do_copy },
                { "layer", 0, 100 * 1000, do_layer },
        };

        return worker_verb_run(verbs, ELEMENTSOF(verbs), argc, argv);
}
