/*
 * When a timer with Persistent= has started its unit last: the time of an empty file, STORE/timers/UNIT,
 * which outlives manager, boot and the unit's stop.
 */
#pragma once

#include "basic/clock.h"

/** timer_stamp_read() - the time of the stamp; @now when there is none, which is made then, or when it lies
 * ahead. */
usec_t timer_stamp_read(const char *store, const char *unit, usec_t now);

/** timer_stamp_write() - set it. A failure is logged. */
void timer_stamp_write(const char *store, const char *unit, usec_t time);
