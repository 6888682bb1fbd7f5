/* How times, sizes and states look on a terminal; systemctl's forms, which people's eyes know. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "basic/clock.h"

#define TEXT_MAX 64

/** text_timestamp() - "Sat 2025-11-22 03:46:11 UTC" of µs since 1970, local time; "" for 0. Returns @buf. */
const char *text_timestamp(usec_t t, char buf[TEXT_MAX]);

/** text_ago() - "5min 3s ago" of two such times. Returns @buf. */
const char *text_ago(usec_t t, usec_t now, char buf[TEXT_MAX]);

/** text_span() - a duration in at most two units, "2h 5min", "120ms". Returns @buf. */
const char *text_span(usec_t t, char buf[TEXT_MAX]);

/** text_span_rough() - the same without what nobody reads: fractions of a second, or of a millisecond. */
const char *text_span_rough(usec_t t, char buf[TEXT_MAX]);

/** text_bytes() - "4.2M". Returns @buf. */
const char *text_bytes(uint64_t n, char buf[TEXT_MAX]);

/**
 * text_time_parse() - a point in time as typed after --since
 *
 * "2025-01-31 10:00[:00]", "2025-01-31", "10:00[:00]", "now", "today", "yesterday", "5min ago", "-5min",
 * "@SECONDS": the common half of systemd.time(7). @now is the present.
 *
 * Returns: 0 or -EINVAL.
 */
int text_time_parse(const char *s, usec_t now, usec_t *ret);

/** text_colours() - may @f be coloured? Not when it is no terminal, nor with NO_COLOR or TERM=dumb. */
bool text_colours(FILE *f);

/** text_state_colour() - escape sequence for an ActiveState, "" when there is none or @on is false. */
const char *text_state_colour(const char *active_state, bool on);

/** text_reset() - the sequence that ends a colour. */
static inline const char *text_reset(bool on) {
        return on ? "\x1b[0m" : "";
}

/** text_escape() - @s with control characters made visible, as caret and octal; free(). For what images and
 * programs say. */
char *text_escape(const char *s);
