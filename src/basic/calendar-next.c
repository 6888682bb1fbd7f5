/*
 * When a calendar expression comes next. The search goes over the clock on the wall, from the year down to
 * the second; only what it has found is turned into real time, which is where time zones come in: what the
 * wall leaves out in spring is no time at all, and what it shows twice in autumn counts once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "basic/calendar.h"
#include "basic/macro.h"

#define MICROSECONDS 1000000
#define MINUTE       (60 * MICROSECONDS)
#define YEAR_MAX     2199
#define ZONES        "/usr/share/zoneinfo/"

/* A day without a midnight, and all minutes of it, is the longest that a clock was ever put forward. */
#define GAP_MAX (36 * 60)

/* In the order in which they are looked at; the last one in µs. */
enum { YEAR, MONTH, DAY, HOUR, MINUTES, SECONDS, N_PARTS };

typedef int Wall[N_PARTS];

static const Wall firsts = { 1970, 1, 1, 0, 0, 0 };

static bool is_leap(int year) {
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of(int year, int month) {
        static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

        return days[month - 1] + (month == 2 && is_leap(year));
}

/* 0 = Monday. 1970 began on a Thursday. */
static int weekday_of(const Wall w) {
        int days = 3 + w[DAY] - 1;

        for (int y = 1970; y < w[YEAR]; y++)
                days += 365 + is_leap(y);
        for (int m = 1; m < w[MONTH]; m++)
                days += days_of(w[YEAR], m);
        return days % 7;
}

/* The first value of the range from @at on, -1 for none. */
static int next_in_range(const CalendarRange *r, int first, int last, int at) {
        int value = first;

        if (at > first) {
                if (r->step == 0)
                        return -1;
                value += (at - first + r->step - 1) / r->step * r->step;
        }
        return value > last ? -1 : value;
}

static int next_value(const CalendarField *f, int at, int max, bool backwards) {
        int best = -1;

        if (f->n == 0)
                return at > max ? -1 : at;

        for (size_t i = 0; i < f->n; i++) {
                const CalendarRange *r = &f->ranges[i];
                int first = r->first, last = r->last >= 0 ? r->last : max, value;

                /* The last day of the month is 1. */
                if (backwards && r->last >= 0) {
                        first = max + 1 - r->last;
                        last = max + 1 - r->first;
                } else if (backwards)
                        first = max + 1 - r->first;

                value = next_in_range(r, first, last < max ? last : max, at);
                if (value >= 0 && (best < 0 || value < best))
                        best = value;
        }
        return best;
}

static int next_part(const Calendar *c, const Wall w, int part) {
        switch (part) {
        case YEAR:
                return next_value(&c->year, w[YEAR], YEAR_MAX, false);
        case MONTH:
                return next_value(&c->month, w[MONTH], 12, false);
        case DAY:
                return next_value(&c->day, w[DAY], days_of(w[YEAR], w[MONTH]), c->from_month_end);
        case HOUR:
                return next_value(&c->hour, w[HOUR], 23, false);
        case MINUTES:
                return next_value(&c->minute, w[MINUTES], 59, false);
        default:
                return next_value(&c->second, w[SECONDS], MINUTE - 1, false);
        }
}

/* Sets one part; what is smaller begins anew. */
static void set_part(Wall w, int part, int value) {
        if (w[part] == value)
                return;
        w[part] = value;
        for (int i = part + 1; i < N_PARTS; i++)
                w[i] = firsts[i];
}

/* The first wall time from @w on that fits in all parts from @part on, those before it being fixed. */
static bool find_wall(const Calendar *c, Wall w, int part) {
        if (part == N_PARTS)
                return true;

        for (;;) {
                int value = next_part(c, w, part);

                if (value < 0)
                        return false;
                set_part(w, part, value);
                if ((part != DAY || c->weekdays == 0 || c->weekdays >> weekday_of(w) & 1) &&
                    find_wall(c, w, part + 1))
                        return true;
                set_part(w, part, value + 1);
        }
}

/* To a minute later, when there is nothing in the present one. Fields beyond their end are carried by the
 * search itself. */
static void skip_minute(Wall w) {
        set_part(w, MINUTES, w[MINUTES] + 1);
}

static int wall_of(usec_t t, bool utc, Wall ret) {
        time_t seconds = (time_t) (t / MICROSECONDS);
        struct tm tm;

        if (!(utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm)))
                return -EOVERFLOW;
        ret[YEAR] = tm.tm_year + 1900;
        ret[MONTH] = tm.tm_mon + 1;
        ret[DAY] = tm.tm_mday;
        ret[HOUR] = tm.tm_hour;
        ret[MINUTES] = tm.tm_min;
        ret[SECONDS] = tm.tm_sec * MICROSECONDS + (int) (t % MICROSECONDS);
        return 0;
}

/* Does a clock that shows @w exist at @t? mktime() moves what does not. */
static bool shows(time_t t, bool utc, const Wall w) {
        Wall back;

        return t >= 0 &&
               wall_of((usec_t) t * MICROSECONDS + (usec_t) (w[SECONDS] % MICROSECONDS), utc, back) == 0 &&
               memcmp(back, w, sizeof(back)) == 0;
}

/* The first real time after @after at which the wall shows @w; USEC_INFINITY when it never does. */
static usec_t real_of(const Wall w, bool utc, usec_t after) {
        usec_t best = USEC_INFINITY;

        for (int dst = -1; dst <= (utc ? -1 : 1); dst++) {
                struct tm tm = {
                        .tm_year = w[YEAR] - 1900,
                        .tm_mon = w[MONTH] - 1,
                        .tm_mday = w[DAY],
                        .tm_hour = w[HOUR],
                        .tm_min = w[MINUTES],
                        .tm_sec = w[SECONDS] / MICROSECONDS,
                        .tm_isdst = dst,
                };
                time_t t = utc ? timegm(&tm) : mktime(&tm);
                usec_t found;

                if (!shows(t, utc, w))
                        continue;
                found = (usec_t) t * MICROSECONDS + (usec_t) (w[SECONDS] % MICROSECONDS);
                if (found > after && found < best)
                        best = found;
        }
        return best;
}

static int search(const Calendar *c, usec_t after, usec_t *ret) {
        Wall w;
        int r;

        r = wall_of(after + 1, c->utc, w);
        if (r < 0)
                return r;

        for (int i = 0; i < GAP_MAX && w[YEAR] <= YEAR_MAX; i++) {
                usec_t found;

                if (!find_wall(c, w, YEAR))
                        return -ENOENT;
                found = real_of(w, c->utc, after);
                if (found != USEC_INFINITY) {
                        *ret = found;
                        return 0;
                }
                skip_minute(w);
        }
        return -ENOENT;
}

/* The C library knows one time zone at a time; this thread is the only one that asks it. */
static int enter_zone(const char *zone, char **ret_before) {
        const char *before = getenv("TZ");
        autofree char *file = NULL, *value = NULL, *copy = NULL;

        if (asprintf(&file, ZONES "%s", zone) < 0) {
                file = NULL;
                return -ENOMEM;
        }
        if (access(file, R_OK) < 0)
                return -ENXIO;
        copy = before ? strdup(before) : NULL;
        if ((before && !copy) || asprintf(&value, ":%s", zone) < 0)
                return -ENOMEM;
        if (setenv("TZ", value, 1) < 0)
                return -errno;

        tzset();
        *ret_before = take_ptr(copy);
        return 0;
}

static void leave_zone(const char *before) {
        (void) (before ? setenv("TZ", before, 1) : unsetenv("TZ"));
        tzset();
}

int calendar_next(const Calendar *c, usec_t after, usec_t *ret) {
        autofree char *before = NULL;
        int r;

        if (!c->timezone)
                return search(c, after, ret);

        r = enter_zone(c->timezone, &before);
        if (r < 0)
                return r;
        r = search(c, after, ret);
        leave_zone(before);
        return r;
}
