/*
 * Calendar expressions, "Mon..Fri *-*-* 06:00" (systemd.time(7), "Calendar Events"): text to a plain struct,
 * back to systemd's normal form, and when one comes next.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"
#include "basic/clock.h"

/* Values from @first to @last, every @step of them. */
typedef struct CalendarRange {
        int first;
        int last; /* -1: no end but the field's own */
        int step; /* 0: @first alone */
} CalendarRange;

/* No ranges: every value. */
typedef struct CalendarField {
        CalendarRange *ranges; /* sorted */
        size_t n;
} CalendarField;

typedef struct Calendar {
        unsigned weekdays;   /* bit 0 = Monday; 0 = every day */
        bool from_month_end; /* days count from the last one of the month, which is 1 */
        CalendarField year, month, day, hour, minute;
        CalendarField second; /* in µs */
        bool utc;
        char *timezone; /* NULL = the machine's own */
} Calendar;

/**
 * calendar_parse() - "daily", "Mon,Fri 12:00", "*-*-1..7 0/6:00:00 UTC", "@1395716396"
 * @ret: calendar_clear() frees what it owns
 *
 * Returns: 0, -EINVAL, -ENOMEM.
 */
int calendar_parse(const char *text, Calendar *ret);

/** calendar_format() - systemd's normal form, which calendar_parse() reads back; free(). NULL: no memory. */
char *calendar_format(const Calendar *c);

/**
 * calendar_next() - the first time of the calendar after @after, both in µs since 1970
 *
 * A time that the clock on the wall leaves out does not come. One that it shows twice counts once, unless
 * @after lies between the two.
 *
 * Returns: 0; -ENOENT none comes until the end of 2199; -ENXIO this host does not know the time zone;
 * -ENOMEM.
 */
int calendar_next(const Calendar *c, usec_t after, usec_t *ret);

/** calendar_clear() - free what @c owns; safe on zeroed memory. */
void calendar_clear(Calendar *c);
