/* Stream sockets of journald: each line that is written to one is an entry. */
#pragma once

#define JOURNAL_STREAM "/run/systemd/journal/stdout"

/**
 * journal_stream_open() - connect, and say whose lines will come
 * @path: JOURNAL_STREAM
 * @identifier: SYSLOG_IDENTIFIER=
 * @priority: of lines that do not begin with "<N>"
 *
 * Returns: a socket that does not block, and neither does this: -EAGAIN when journald has no time; or another
 * negative errno.
 */
int journal_stream_open(const char *path, const char *identifier, int priority);
