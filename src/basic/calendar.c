/* Calendar expressions. The grammar and the normal form are systemd's (systemd.time(7)). */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "basic/calendar.h"
#include "basic/macro.h"
#include "basic/parse.h"

#define SECOND 1000000

/* More than this in one field is nobody's intention. */
#define RANGES_MAX 240

static const char *const day_names[][2] = {
        { "Mon", "Monday" }, { "Tue", "Tuesday" },  { "Wed", "Wednesday" }, { "Thu", "Thursday" },
        { "Fri", "Friday" }, { "Sat", "Saturday" }, { "Sun", "Sunday" },
};

static const char *const shorthands[][2] = {
        { "minutely", "*-*-* *:*:00" },
        { "hourly", "*-*-* *:00:00" },
        { "daily", "*-*-* 00:00:00" },
        { "weekly", "Mon *-*-* 00:00:00" },
        { "monthly", "*-*-01 00:00:00" },
        { "quarterly", "*-01,04,07,10-01 00:00:00" },
        { "semiannually", "*-01,07-01 00:00:00" },
        { "semi-annually", "*-01,07-01 00:00:00" },
        { "biannually", "*-01,07-01 00:00:00" },
        { "bi-annually", "*-01,07-01 00:00:00" },
        { "yearly", "*-01-01 00:00:00" },
        { "annually", "*-01-01 00:00:00" },
        { "anually", "*-01-01 00:00:00" },
};

/* A number, of seconds with up to six digits behind a point. */
static int read_number(const char **p, bool seconds, int *ret) {
        char *end;
        long n;

        if (!isdigit((unsigned char) **p))
                return -EINVAL;
        errno = 0;
        n = strtol(*p, &end, 10);
        if (errno > 0 || n > (seconds ? 2000 : 100000))
                return -EINVAL;
        *p = end;

        if (seconds) {
                int digit = SECOND / 10;

                n *= SECOND;
                if (**p == '.' && (*p)[1] != '.')
                        for ((*p)++; isdigit((unsigned char) **p); (*p)++, digit /= 10)
                                n += (**p - '0') * digit;
        }
        *ret = (int) n;
        return 0;
}

static int add_range(CalendarField *f, CalendarRange range) {
        CalendarRange *ranges;

        if (f->n >= RANGES_MAX)
                return -EINVAL;
        ranges = reallocarray(f->ranges, f->n + 1, sizeof(*ranges));
        if (!ranges)
                return -ENOMEM;

        f->ranges = ranges;
        f->ranges[f->n++] = range;
        return 0;
}

/* "5", "1..7", "0/15", "2..20/2". */
static int read_range(const char **p, bool seconds, CalendarRange *ret) {
        CalendarRange range = { .last = -1 };
        int r;

        r = read_number(p, seconds, &range.first);
        if (r == 0 && startswith(*p, "..")) {
                *p += 2;
                range.step = seconds ? SECOND : 1;
                r = read_number(p, seconds, &range.last);
        }
        if (r == 0 && **p == '/') {
                (*p)++;
                r = read_number(p, seconds, &range.step);
                if (r == 0 && range.step == 0)
                        r = -EINVAL;
        }
        if (r == 0)
                *ret = range;
        return r;
}

static int read_field(const char **p, bool seconds, CalendarField *f) {
        int r;

        if (**p == '*') {
                (*p)++;
                return seconds ? add_range(f, (CalendarRange){ 0, -1, SECOND }) : 0;
        }

        do {
                CalendarRange range;

                r = read_range(p, seconds, &range);
                if (r == 0)
                        r = add_range(f, range);
        } while (r == 0 && **p == ',' && (*p)++);
        return r;
}

/* Index of the day's name that @p begins with, which it is moved behind; -ENOENT for none. */
static int read_day(const char **p) {
        for (int i = 0; i < (int) ELEMENTSOF(day_names); i++)
                for (int k = 1; k >= 0; k--) {
                        size_t n = strlen(day_names[i][k]);

                        if (strncasecmp(*p, day_names[i][k], n) == 0 && !isalnum((unsigned char) (*p)[n])) {
                                *p += n;
                                return i;
                        }
                }
        return -ENOENT;
}

/* "Mon", "Mon,Wed", "Mon..Fri"; nothing at all is every day. A comma may stand at the end. */
static int read_weekdays(const char **p, Calendar *c) {
        int first = -1;

        while (**p) {
                int day = read_day(p);

                if (day < 0)
                        return c->weekdays == 0 ? 0 : -EINVAL;
                if (first > day)
                        return -EINVAL;
                for (int i = first < 0 ? day : first; i <= day; i++)
                        c->weekdays |= 1U << i;

                if (first < 0 && (startswith(*p, "..") || **p == '-')) {
                        *p += **p == '-' ? 1 : 2;
                        first = day;
                        continue;
                }
                first = -1;
                if (**p == ',')
                        (*p)++;
                if (**p == ' ' || !**p)
                        break;
        }
        *p += strspn(*p, " ");
        return first < 0 ? 0 : -EINVAL;
}

/* "Y-M-D" or "M-D", with "~" for the last "-"; nothing when what comes is a time. */
static int read_date(const char **p, Calendar *c) {
        CalendarField fields[3] = {};
        const char *at = *p;
        size_t n = 0;
        int r;

        do {
                r = read_field(&at, false, &fields[n++]);
        } while (r == 0 && n < 3 && !c->from_month_end &&
                 (*at == '-' || (*at == '~' && (c->from_month_end = true))) && at++);

        if (r == 0 && n == 1 && (*at == ':' || !*at)) {
                free(fields[0].ranges);
                return 0;
        }
        if (r < 0 || n < 2 || (*at && *at != ' ')) {
                for (size_t i = 0; i < n; i++)
                        free(fields[i].ranges);
                return r < 0 ? r : -EINVAL;
        }

        *(n == 3 ? &c->year : &c->month) = fields[0];
        *(n == 3 ? &c->month : &c->day) = fields[1];
        if (n == 3)
                c->day = fields[2];
        *p = at + strspn(at, " ");
        return 0;
}

/* "H:M" or "H:M:S"; nothing is midnight. */
static int read_time(const char **p, Calendar *c) {
        const CalendarRange zero = { .last = -1 };
        int r;

        if (!**p) {
                r = add_range(&c->hour, zero);
                if (r == 0)
                        r = add_range(&c->minute, zero);
                return r < 0 ? r : add_range(&c->second, zero);
        }

        r = read_field(p, false, &c->hour);
        if (r == 0 && *(*p)++ != ':')
                return -EINVAL;
        if (r == 0)
                r = read_field(p, false, &c->minute);
        if (r == 0 && !**p)
                return add_range(&c->second, zero);
        if (r == 0 && *(*p)++ != ':')
                return -EINVAL;
        if (r == 0)
                r = read_field(p, true, &c->second);
        return r == 0 && **p ? -EINVAL : r;
}

static int compare_ranges(const void *a, const void *b) {
        const CalendarRange *x = a, *y = b;

        return x->first != y->first ? (x->first > y->first) - (x->first < y->first)
               : x->last != y->last ? (x->last > y->last) - (x->last < y->last)
                                    : (x->step > y->step) - (x->step < y->step);
}

/* Sorted, each once, and ranges end where their last step does. */
static void normalize(CalendarField *f) {
        size_t n = 0;

        for (size_t i = 0; i < f->n; i++) {
                CalendarRange *r = &f->ranges[i];

                if (r->last > r->first && r->step > 0)
                        r->last -= (r->last - r->first) % r->step;
        }
        if (f->n > 1)
                qsort(f->ranges, f->n, sizeof(*f->ranges), compare_ranges);
        for (size_t i = 0; i < f->n; i++)
                if (i == 0 || compare_ranges(&f->ranges[n - 1], &f->ranges[i]) != 0)
                        f->ranges[n++] = f->ranges[i];
        f->n = n;
}

/* Every range lies in the field, and has room for one step at least. */
static bool fits(const CalendarField *f, int min, int max, bool backwards) {
        /* The 29th last day is not in every month. */
        max -= backwards ? 3 : 0;

        for (size_t i = 0; i < f->n; i++) {
                const CalendarRange *r = &f->ranges[i];

                if (r->first < min || r->first > max || r->step > max - min)
                        return false;
                if (r->last >= 0 && (r->last > max || r->first + r->step > r->last))
                        return false;
                if (r->last < 0 && (backwards ? r->first - r->step < min : r->first + r->step > max))
                        return false;
        }
        return true;
}

static void complete_years(CalendarField *f) {
        for (size_t i = 0; i < f->n; i++) {
                int *ends[] = { &f->ranges[i].first, &f->ranges[i].last };

                for (size_t k = 0; k < ELEMENTSOF(ends); k++)
                        if (*ends[k] >= 0 && *ends[k] < 100)
                                *ends[k] += *ends[k] < 70 ? 2000 : 1900;
        }
}

static int finish(Calendar *c) {
        CalendarField *fields[] = { &c->year, &c->month, &c->day, &c->hour, &c->minute, &c->second };

        if (c->weekdays == 0x7f)
                c->weekdays = 0;
        complete_years(&c->year);
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                normalize(fields[i]);

        return fits(&c->year, 1970, 2199, false) && fits(&c->month, 1, 12, false) &&
                               fits(&c->day, 1, 31, c->from_month_end) && fits(&c->hour, 0, 23, false) &&
                               fits(&c->minute, 0, 59, false) && fits(&c->second, 0, 60 * SECOND - 1, false)
                       ? 0
                       : -EINVAL;
}

/* "@1395716396": one moment, in UTC. */
static int read_moment(const char *text, Calendar *c) {
        CalendarField *fields[] = { &c->year, &c->month, &c->day, &c->hour, &c->minute, &c->second };
        struct tm tm;
        uint64_t n;
        time_t t;

        if (parse_u64(text, &n) < 0 || n > INT64_MAX)
                return -EINVAL;
        t = (time_t) n;
        if (!gmtime_r(&t, &tm))
                return -EINVAL;

        c->utc = true;
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                const int values[] = { tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                                       tm.tm_hour,        tm.tm_min,     tm.tm_sec * SECOND };
                int r = add_range(fields[i], (CalendarRange){ values[i], -1, 0 });

                if (r < 0)
                        return r;
        }
        return 0;
}

/* A time zone has a capital and no digit where a time has one: "Europe/Berlin", "EST", not "Mon". */
static bool is_timezone(const char *word) {
        const char *p = word;

        if (!isupper((unsigned char) *word) || read_day(&p) >= 0)
                return false;
        for (p = word; *p; p++)
                if (!isalnum((unsigned char) *p) && !strchr("/_+-", *p))
                        return false;
        return true;
}

/* Cuts " UTC" or " Europe/Berlin" off the end of @text. */
static int take_timezone(char *text, Calendar *c) {
        char *blank = strrchr(text, ' ');

        if (!blank)
                return 0;
        if (strcasecmp(blank + 1, "UTC") == 0)
                c->utc = true;
        else if (is_timezone(blank + 1)) {
                c->timezone = strdup(blank + 1);
                if (!c->timezone)
                        return -ENOMEM;
        } else
                return 0;

        while (blank > text && *blank == ' ')
                *blank-- = '\0';
        return 0;
}

static int parse_whole(char *text, Calendar *c) {
        const char *p = text;
        int r;

        r = take_timezone(text, c);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(shorthands); i++)
                if (strcasecmp(text, shorthands[i][0]) == 0)
                        p = shorthands[i][1];
        if (!*p)
                return -EINVAL;
        if (*p == '@')
                return read_moment(p + 1, c);

        r = read_weekdays(&p, c);
        if (r == 0 && *p)
                r = read_date(&p, c);
        return r < 0 ? r : read_time(&p, c);
}

int calendar_parse(const char *text, Calendar *ret) {
        autofree char *copy = strdup(text);
        Calendar c = {};
        int r;

        if (!copy)
                return -ENOMEM;

        r = parse_whole(copy, &c);
        if (r == 0)
                r = finish(&c);
        if (r < 0) {
                calendar_clear(&c);
                return r;
        }
        *ret = c;
        return 0;
}

static void write_number(FILE *f, int n, int width, bool seconds) {
        fprintf(f, "%0*d", width, seconds ? n / SECOND : n);
        if (seconds && n % SECOND > 0)
                fprintf(f, ".%06d", n % SECOND);
}

static void write_field(FILE *f, const CalendarField *field, int width, bool seconds) {
        int one = seconds ? SECOND : 1;

        if (field->n == 0 || (seconds && field->n == 1 && field->ranges[0].first == 0 &&
                              field->ranges[0].last < 0 && field->ranges[0].step == SECOND)) {
                fputc('*', f);
                return;
        }

        for (size_t i = 0; i < field->n; i++) {
                const CalendarRange *r = &field->ranges[i];

                fputs(i == 0 ? "" : ",", f);
                write_number(f, r->first, width, seconds);
                if (r->last >= 0) {
                        fputs("..", f);
                        write_number(f, r->last, width, seconds);
                }
                if (r->step > 0 && (r->last < 0 || r->step != one)) {
                        fputc('/', f);
                        write_number(f, r->step, 1, seconds);
                }
        }
}

/* Runs of three and more days as "Mon..Wed". */
static void write_weekdays(FILE *f, unsigned days) {
        const char *before = "";

        for (int i = 0; i < 7; i++) {
                int end = i;

                if (!(days >> i & 1))
                        continue;
                while (days >> (end + 1) & 1)
                        end++;
                fprintf(f, "%s%s", before, day_names[i][0]);
                if (end > i)
                        fprintf(f, "%s%s", end > i + 1 ? ".." : ",", day_names[end][0]);
                before = ",";
                i = end;
        }
        if (days)
                fputc(' ', f);
}

char *calendar_format(const Calendar *c) {
        char *text = NULL;
        size_t n;
        FILE *f;

        f = open_memstream(&text, &n);
        if (!f)
                return NULL;

        write_weekdays(f, c->weekdays);
        write_field(f, &c->year, 4, false);
        fputc('-', f);
        write_field(f, &c->month, 2, false);
        fputc(c->from_month_end ? '~' : '-', f);
        write_field(f, &c->day, 2, false);
        fputc(' ', f);
        write_field(f, &c->hour, 2, false);
        fputc(':', f);
        write_field(f, &c->minute, 2, false);
        fputc(':', f);
        write_field(f, &c->second, 2, true);
        fprintf(f, "%s%s", c->utc || c->timezone ? " " : "", c->utc ? "UTC" : strempty(c->timezone));

        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

void calendar_clear(Calendar *c) {
        CalendarField *fields[] = { &c->year, &c->month, &c->day, &c->hour, &c->minute, &c->second };

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                free(fields[i]->ranges);
        free(c->timezone);
        *c = (Calendar){};
}
