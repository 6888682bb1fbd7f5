/*
 * Messages of the programs themselves (never of containers). To the journal's native socket when the
 * journal is there, else to stderr. Only manager, bus, daemon, ctl and generators call this above
 * LOG_DEBUG (house rule N6).
 */
#pragma once

#include <stdbool.h>
#include <syslog.h>

#include "basic/macro.h"

/** log_open() - set the identifier and the highest level that is written (LOG_INFO, ...). */
void log_open(const char *identifier, int max_level);

/**
 * log_open_kmsg() - from now on to the kernel's log, which the journal reads when it starts
 *
 * For generators: they run before the journal does, and systemd waits for them. Where there is no
 * /dev/kmsg, as in containers, nothing changes.
 */
void log_open_kmsg(void);

/**
 * log_message() - one message about @unit (may be NULL)
 * @level: LOG_ERR ... LOG_DEBUG, from syslog(3)
 *
 * Keeps errno. An entry bears NSUNITS_UNIT= when @unit is given, and OBJECT_SYSTEMD_UNIT=, the service that
 * stands for it: by that `journalctl -u web` finds it.
 */
void log_message(int level, const char *unit, const char *fmt, ...) PRINTF_LIKE(3, 4);

/**
 * LogInvocationFn - which start of @unit is it about?
 * @ret: filled with the id in hex
 */
typedef bool (*LogInvocationFn)(const char *unit, void *data, char ret[static 33]);

/* To be given to log_entry() by whoever means another start than the present one. */
#define LOG_FIELD_INVOCATION "NSUNITS_INVOCATION="

/** log_ask_invocation() - from now on entries about a unit bear NSUNITS_INVOCATION= as well; NULL ends it. */
void log_ask_invocation(LogInvocationFn fn, void *data);

/** log_entry() - one message with further journal fields, each "NAME=value"; NULL ends the list. */
void log_entry(int level, const char *unit, const char *const *fields, const char *fmt, ...)
        PRINTF_LIKE(4, 5);

#define log_debug(...)   log_message(LOG_DEBUG, NULL, __VA_ARGS__)
#define log_info(...)    log_message(LOG_INFO, NULL, __VA_ARGS__)
#define log_notice(...)  log_message(LOG_NOTICE, NULL, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, NULL, __VA_ARGS__)
#define log_error(...)   log_message(LOG_ERR, NULL, __VA_ARGS__)
