/* StandardOutput= and StandardError= of commands beside a container. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "manager/hook-output.h"

/* X(word, flags): what stands before a path, or alone */
#define FILE_LIST(X)           \
        X("file:", 0)          \
        X("append:", O_APPEND) \
        X("truncate:", O_TRUNC)

typedef struct FileWord {
        const char *word;
        int flags;
} FileWord;

static int open_for(const char *path, int flags) {
        int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC | flags, 0644);

        return fd < 0 ? -errno : fd;
}

/* Returns a descriptor, or -ENOENT for what is the log: journal, inherit, nothing. */
static int open_output(const char *value, Fault *fault) {
        static const FileWord words[] = {
#define X(word, flags) { word, flags },
                FILE_LIST(X)
#undef X
        };
        const char *path = NULL;
        int r = -ENOENT;

        if (streq_null(value, "null"))
                r = open_for(path = "/dev/null", 0);
        else if (streq_null(value, "kmsg"))
                r = open_for(path = "/dev/kmsg", 0);
        for (size_t i = 0; value && !path && i < ELEMENTSOF(words); i++) {
                path = startswith(value, words[i].word);
                if (path)
                        r = open_for(path, O_CREAT | words[i].flags);
        }
        return path && r < 0 ? fault_set(fault, "output", r, "%s", path) : r;
}

/* -ENOENT of a file is a failure, that of open_output() is not. */
static int replace(const char *value, int *fd, Fault *fault) {
        int r = open_output(value, fault);

        if (r < 0)
                return r == -ENOENT && fault->error == 0 ? 0 : r;
        (void) close(*fd);
        *fd = r;
        return 1;
}

int hook_output_redirect(const ServiceSection *s, int fds[2], Fault *fault) {
        const char *error = s->exec->standard_error;
        int r, copy;

        r = replace(s->exec->standard_output, &fds[0], fault);
        if (r > 0 && (!error || streq(error, "inherit"))) {
                copy = fcntl(fds[0], F_DUPFD_CLOEXEC, 3);
                if (copy < 0)
                        return fault_set(fault, "output", -errno, NULL);
                (void) close(fds[1]);
                fds[1] = copy;
                return 0;
        }
        if (r >= 0)
                r = replace(error, &fds[1], fault);
        return r < 0 ? r : 0;
}
