/*
 * When the timer of a unit starts its container next (systemd.timer(5)). Pure: times come in, a time comes
 * out; the manager sets clocks and starts things.
 *
 * Times of the calendar are of CLOCK_REALTIME, all others of CLOCK_BOOTTIME; 0 = never was.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "basic/clock.h"
#include "spec/reach-section.h"

/* What the timer counts from. */
typedef struct TimerPast {
        usec_t armed_real, armed_boot; /* the timer began to run */
        usec_t last_real,
                last_boot;    /* it has started the container last; the former may be of an earlier boot */
        usec_t manager_begin; /* the first manager of this boot began */
        usec_t inactive_exit, inactive_enter; /* the container left rest, and came to rest, last */
        uint64_t dice; /* any number, another one for each start; the unit's own with FixedRandomDelay= */
} TimerPast;

/* USEC_INFINITY: not at all. What is due has a time that is past. */
typedef struct TimerNext {
        usec_t real, boot;
} TimerNext;

/** timer_is_set() - does the unit say anything of when to start? */
bool timer_is_set(const TimerKeys *keys);

/**
 * timer_next() - the next time to start the container, when it rests
 *
 * Returns: 0; -ENXIO this host does not know a time zone that is named; -ENOMEM.
 */
int timer_next(const TimerKeys *keys, const TimerPast *past, TimerNext *ret);

/** timer_clock_changed() - the date is another one: forget what would then lie ahead of @now_real. */
void timer_clock_changed(TimerPast *past, usec_t now_real);
