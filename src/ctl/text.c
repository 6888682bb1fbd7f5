/* How times, sizes and states look on a terminal. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "ctl/text.h"

const char *text_timestamp(usec_t t, char buf[TEXT_MAX]) {
        time_t seconds = (time_t) (t / USEC_PER_SEC);
        struct tm tm;

        buf[0] = '\0';
        if (t != 0 && t != USEC_INFINITY && localtime_r(&seconds, &tm))
                (void) strftime(buf, TEXT_MAX, "%a %Y-%m-%d %H:%M:%S %Z", &tm);
        return buf;
}

const char *text_span(usec_t t, char buf[TEXT_MAX]) {
        static const struct {
                const char *word;
                usec_t usec;
        } units[] = {
                { "y", UINT64_C(31557600) * USEC_PER_SEC }, /* systemd.time(7): 365.25 days */
                { "month", UINT64_C(2629800) * USEC_PER_SEC },
                { "w", UINT64_C(604800) * USEC_PER_SEC },
                { "d", UINT64_C(86400) * USEC_PER_SEC },
                { "h", UINT64_C(3600) * USEC_PER_SEC },
                { "min", UINT64_C(60) * USEC_PER_SEC },
                { "s", USEC_PER_SEC },
                { "ms", USEC_PER_MSEC },
                { "us", 1 },
        };
        size_t used = 0, shown = 0;

        (void) snprintf(buf, TEXT_MAX, t == USEC_INFINITY ? "infinity" : "0");
        for (size_t i = 0; t != USEC_INFINITY && i < ELEMENTSOF(units) && shown < 2; i++) {
                if (t / units[i].usec == 0 && shown == 0)
                        continue;
                shown++;
                if (t / units[i].usec == 0)
                        continue;
                used += (size_t) snprintf(buf + used, TEXT_MAX - used, "%s%" PRIu64 "%s", used ? " " : "",
                                          t / units[i].usec, units[i].word);
                t %= units[i].usec;
        }
        return buf;
}

const char *text_span_rough(usec_t t, char buf[TEXT_MAX]) {
        usec_t grain = t > USEC_PER_SEC ? USEC_PER_SEC : USEC_PER_MSEC;

        return text_span(t == USEC_INFINITY || t < grain ? t : t - t % grain, buf);
}

const char *text_ago(usec_t t, usec_t now, char buf[TEXT_MAX]) {
        char span[TEXT_MAX];

        (void) snprintf(buf, TEXT_MAX, "%.40s %s", text_span_rough(t > now ? t - now : now - t, span),
                        t > now ? "left" : "ago");
        return buf;
}

const char *text_bytes(uint64_t n, char buf[TEXT_MAX]) {
        static const char suffixes[] = "KMGTPE";
        double value = (double) n;
        int i = -1;

        if (n < 1024) {
                (void) snprintf(buf, TEXT_MAX, "%" PRIu64 "B", n);
                return buf;
        }

        for (; value >= 1024 && suffixes[i + 1]; i++)
                value /= 1024;
        (void) snprintf(buf, TEXT_MAX, "%.1f%c", value, suffixes[i]);
        return buf;
}

static usec_t from_tm(struct tm *tm) {
        time_t t;

        tm->tm_isdst = -1;
        t = mktime(tm);
        return t < 0 ? 0 : (usec_t) t * USEC_PER_SEC;
}

/* Dates and times of day; what a form does not name is today's or zero. */
static int parse_calendar(const char *s, usec_t now, usec_t *ret) {
        static const char *const dates[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S",
                                             "%Y-%m-%d" };
        static const char *const clocks[] = { "%H:%M:%S", "%H:%M" };
        time_t seconds = (time_t) (now / USEC_PER_SEC);

        for (size_t i = 0; i < ELEMENTSOF(dates) + ELEMENTSOF(clocks); i++) {
                bool dated = i < ELEMENTSOF(dates);
                struct tm tm = {};
                const char *end;

                if (!dated && !localtime_r(&seconds, &tm))
                        return -EINVAL;
                tm.tm_sec = 0;
                end = strptime(s, dated ? dates[i] : clocks[i - ELEMENTSOF(dates)], &tm);
                if (end && !*end) {
                        *ret = from_tm(&tm);
                        return 0;
                }
        }
        return -EINVAL;
}

static int parse_ago(const char *s, usec_t now, usec_t *ret) {
        const char *ago = endswith(s, " ago");
        char span[TEXT_MAX];
        usec_t distance;
        int r;

        if (s[0] == '-')
                s++;
        else if (!ago)
                return -EINVAL;

        (void) snprintf(span, sizeof(span), "%.*s", (int) (ago ? (size_t) (ago - s) : strlen(s)), s);
        r = parse_span(span, &distance);
        if (r < 0)
                return -EINVAL;

        *ret = distance > now ? 0 : now - distance;
        return 0;
}

int text_time_parse(const char *s, usec_t now, usec_t *ret) {
        time_t seconds = (time_t) (now / USEC_PER_SEC);
        uint64_t epoch;
        struct tm tm;

        if (streq(s, "now")) {
                *ret = now;
                return 0;
        }
        if (streq(s, "today") || streq(s, "yesterday")) {
                if (!localtime_r(&seconds, &tm))
                        return -EINVAL;
                tm.tm_sec = tm.tm_min = tm.tm_hour = 0;
                tm.tm_mday -= s[0] == 'y';
                *ret = from_tm(&tm);
                return 0;
        }
        if (s[0] == '@') {
                if (parse_u64(s + 1, &epoch) < 0 || epoch > UINT64_MAX / USEC_PER_SEC)
                        return -EINVAL;
                *ret = epoch * USEC_PER_SEC;
                return 0;
        }

        return parse_ago(s, now, ret) == 0 ? 0 : parse_calendar(s, now, ret);
}

bool text_colours(FILE *f) {
        const char *term = getenv("TERM");

        return isatty(fileno(f)) && !getenv("NO_COLOR") && term && !streq(term, "dumb");
}

const char *text_state_colour(const char *active_state, bool on) {
        if (!on)
                return "";
        if (streq(active_state, "active") || streq(active_state, "reloading"))
                return "\x1b[0;1;32m";
        if (streq(active_state, "failed"))
                return "\x1b[0;1;31m";
        if (streq(active_state, "activating") || streq(active_state, "deactivating"))
                return "\x1b[0;1;33m";
        return "";
}

char *text_escape(const char *s) {
        char *escaped = malloc(4 * strlen(s) + 1), *to = escaped;

        if (!escaped)
                return NULL;

        for (const unsigned char *p = (const unsigned char *) s; *p; p++)
                if (*p == '\t' || (*p >= ' ' && *p != 0x7f))
                        *to++ = (char) *p;
                else
                        to += sprintf(to, "\\%03o", *p);
        *to = '\0';
        return escaped;
}
