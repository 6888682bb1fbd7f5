/* Where the lines of a unit are, and how one is printed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "ctl/log-read.h"
#include "ctl/text.h"

#define JOURNAL_SOCKET "/run/systemd/journal/stdout"

void log_print_line(const LogRequest *q, const char *label, const char *line, size_t n) {
        autofree char *visible = NULL, *copy = NULL;

        if (isatty(STDOUT_FILENO)) {
                copy = strndup(line, n);
                visible = copy ? text_escape(copy) : NULL;
        }

        printf("%s%s", strempty(q->indent), label);
        if (visible)
                (void) fputs(visible, stdout);
        else
                (void) fwrite(line, 1, n, stdout);
        putchar('\n');
}

int log_read(Ctl *c, const LogRequest *q) {
        const ManagerConfig *config = ctl_config(c);
        int r;

        if (!config)
                return -EINVAL;

        switch (config->logs.target) {
        case LOG_TARGET_JOURNAL:
                return log_journal_read(q);
        case LOG_TARGET_FILE:
                return log_file_read(config->paths.logs, q);
        case LOG_TARGET_AUTO:
        case LOG_TARGET_N_:
        case LOG_TARGET_INVALID_:
                break;
        }

        /* The manager takes the journal when it is there; what was written without it is in the files. */
        if (file_exists(AT_FDCWD, JOURNAL_SOCKET)) {
                r = log_journal_read(q);
                if (r != -ENODATA)
                        return r;
        }
        return log_file_read(config->paths.logs, q);
}
