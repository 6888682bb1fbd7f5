/* When the timer of a unit starts its container next. */
#include <errno.h>

#include "basic/calendar.h"
#include "supervise/timer.h"

static usec_t later(usec_t a, usec_t b) {
        return a > b ? a : b;
}

static usec_t sooner(usec_t a, usec_t b) {
        return a < b ? a : b;
}

bool timer_is_set(const TimerKeys *keys) {
        return keys->calendars.n > 0 || keys->on_boot.n > 0 || keys->on_startup.n > 0 ||
               keys->on_active.n > 0 || keys->on_unit_active.n > 0 || keys->on_unit_inactive.n > 0;
}

/* What was missed while nothing ran is due at once, as seen from when the timer was armed: the random delay
 * counts from there, and is of use at boot. */
static int next_of_calendar(const TimerKeys *keys, const TimerPast *past, usec_t *ret) {
        usec_t from = past->last_real > 0 ? past->last_real : past->armed_real;

        for (size_t i = 0; i < keys->calendars.n; i++) {
                usec_t next;
                int r = calendar_next(&keys->calendars.items[i], from, &next);

                if (r == -ENOENT)
                        continue;
                if (r < 0)
                        return r;
                *ret = sooner(*ret, later(next, past->armed_real));
        }
        return 0;
}

/* Each of these comes once. It is over when the timer has started the container since, and when it came while
 * the container was running. */
static usec_t next_once(const SpanList *spans, usec_t from, const TimerPast *past) {
        usec_t over = past->last_boot > 0 ? later(past->last_boot, past->inactive_enter) : 0,
               best = USEC_INFINITY;

        for (size_t i = 0; i < spans->n; i++) {
                usec_t next = usec_add(from, spans->items[i]);

                if (next > over || over == 0)
                        best = sooner(best, next);
        }
        return best;
}

/* These come again and again, once there is something to count from. */
static usec_t next_again(const SpanList *spans, usec_t from) {
        usec_t best = USEC_INFINITY;

        for (size_t i = 0; i < spans->n && from > 0; i++)
                best = sooner(best, usec_add(from, spans->items[i]));
        return best;
}

/* Whatever is asked for, there are other things to do. */
#define INTERVAL_MIN (10 * USEC_PER_MSEC)

static usec_t not_before(usec_t next, usec_t last) {
        return last > 0 ? later(next, usec_add(last, INTERVAL_MIN)) : next;
}

static usec_t delay_of(const TimerKeys *keys, const TimerPast *past) {
        if (keys->randomized_delay == 0)
                return 0;
        return keys->randomized_delay == USEC_INFINITY ? past->dice
                                                       : past->dice % (keys->randomized_delay + 1);
}

int timer_next(const TimerKeys *keys, const TimerPast *past, TimerNext *ret) {
        TimerNext next = { USEC_INFINITY, USEC_INFINITY };
        int r;

        r = next_of_calendar(keys, past, &next.real);
        if (r < 0)
                return r;

        next.boot = next_once(&keys->on_boot, 0, past);
        next.boot = sooner(next.boot, next_once(&keys->on_startup, past->manager_begin, past));
        next.boot = sooner(next.boot, next_once(&keys->on_active, past->armed_boot, past));
        next.boot = sooner(next.boot,
                           next_again(&keys->on_unit_active, later(past->inactive_exit, past->last_boot)));
        next.boot = sooner(next.boot,
                           next_again(&keys->on_unit_inactive, later(past->inactive_enter, past->last_boot)));

        next.real = not_before(usec_add(next.real, delay_of(keys, past)), past->last_real);
        next.boot = not_before(usec_add(next.boot, delay_of(keys, past)), past->last_boot);
        *ret = next;
        return 0;
}

void timer_clock_changed(TimerPast *past, usec_t now_real) {
        past->last_real = sooner(past->last_real, now_real);
        past->armed_real = sooner(past->armed_real, now_real);
}
