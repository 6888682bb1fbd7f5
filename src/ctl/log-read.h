/*
 * Reading what containers wrote: from the journal, or from the files of units under the log directory,
 * wherever it went (see the configuration's logs target).
 */
#pragma once

#include "ctl/verb.h"

/**
 * LogWaitFn - wait until @log_fd is readable, or something else has happened
 *
 * Returns: 1 to go on, 0 to end after one more look, or a negative errno.
 */
typedef int (*LogWaitFn)(int log_fd, void *data);

typedef struct LogRequest {
        char *const *units;
        unsigned lines; /* the last so many of each; UINT_MAX = all */
        usec_t since;   /* CLOCK_REALTIME; 0 = from the beginning */
        bool follow;    /* go on for ever, or ... */
        LogWaitFn wait; /* ... until this says so; NULL = for ever */
        void *wait_data;
        bool labelled; /* log files: put the unit's name before each line, as there is more than one unit */
        const char *indent; /* before each line */
} LogRequest;

/**
 * log_read() - print to stdout
 *
 * Returns: 0, or a negative errno. -ENODATA: no line was ever written.
 */
int log_read(Ctl *c, const LogRequest *q);

/** log_journal_read() - from the journal; -ENODATA when it has no line of these units, and we are not to
 * follow. */
int log_journal_read(const LogRequest *q);

/** log_file_read() - from the files in @directory; -ENODATA when there is no such file, and we are not to
 * follow. */
int log_file_read(const char *directory, const LogRequest *q);

/** log_print_line() - one line of a container, its control characters made visible when it goes to a
 * terminal. */
void log_print_line(const LogRequest *q, const char *label, const char *line, size_t n);
