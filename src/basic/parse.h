/*
 * Text to numbers, with systemd's grammar (systemd.syntax(7), systemd.time(7)). No function accepts
 * trailing rubbish. All return 0, -EINVAL for text that is not of the form, or -ERANGE for a number
 * that is too large; *ret is untouched on failure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/clock.h"

/** parse_bool() - 1 yes y true t on / 0 no n false f off, letter case not counted. */
int parse_bool(const char *s, bool *ret);

/** parse_u64() - unsigned decimal; no sign, no blanks, no octal. */
int parse_u64(const char *s, uint64_t *ret);

/**
 * parse_unsigned() - unsigned number up to @max, as systemd reads them in its own sections
 *
 * Besides decimal: 0x1f, 0b11, 0o17, and a leading zero means octal. A plus sign is taken.
 */
int parse_unsigned(const char *s, uint64_t max, uint64_t *ret);

/** parse_int() - the same with a sign. */
int parse_int(const char *s, int *ret);

/** parse_u32_range() - unsigned decimal between @min and @max (else -ERANGE). */
int parse_u32_range(const char *s, uint32_t min, uint32_t max, uint32_t *ret);

/** parse_mode() - octal file mode up to 07777. */
int parse_mode(const char *s, mode_t *ret);

/**
 * parse_span() - time span: "5", "1.5s", "2min 30s", "infinity"
 *
 * A bare number counts seconds. Units: us/usec/µs ms/msec s/sec/second(s) m/min/minute(s) h/hr/hour(s)
 * d/day(s) w/week(s) M/month(s) y/year(s), as in systemd.time(7).
 */
int parse_span(const char *s, usec_t *ret);

/**
 * parse_size() - bytes with K M G T P E (base 1024) and an optional fraction, or "infinity" (UINT64_MAX)
 *
 * Several may follow one another, the greater unit first: "1G 512M".
 */
int parse_size(const char *s, uint64_t *ret);

/** parse_size_si() - the same with the base 1000. */
int parse_size_si(const char *s, uint64_t *ret);

/** parse_permyriad() - "12.34%" as 1234, also with signs for per mille and per myriad; more than 100 % is
 * allowed, up to INT32_MAX permyriad. */
int parse_permyriad(const char *s, uint32_t *ret);

/** parse_signal() - "SIGTERM", "TERM", "15", "RTMIN+3", "SIGRTMAX-1" to a signal number. */
int parse_signal(const char *s, int *ret);

/** signal_to_name() - "SIGTERM", "SIGRTMIN+3"; a pointer to static storage valid until the next call. */
const char *signal_to_name(int sig);

/** format_span() - the shortest exact form that parse_span() reads back, e.g. "1min 30s". */
char *format_span(usec_t t);
