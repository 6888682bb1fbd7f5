#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/parse.h"

int parse_bool(const char *s, bool *ret) {
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off" };

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (strcasecmp(s, yes[i]) == 0) {
                        *ret = true;
                        return 0;
                }
                if (strcasecmp(s, no[i]) == 0) {
                        *ret = false;
                        return 0;
                }
        }
        return -EINVAL;
}

/* Reads decimal digits; there must be at least one. */
static int take_digits(const char **s, uint64_t *ret) {
        uint64_t n = 0;

        if (!isdigit((unsigned char) **s))
                return -EINVAL;

        for (; isdigit((unsigned char) **s); (*s)++)
                if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
                    __builtin_add_overflow(n, (uint64_t) (**s - '0'), &n))
                        return -ERANGE;

        *ret = n;
        return 0;
}

int parse_u64(const char *s, uint64_t *ret) {
        uint64_t n;
        int r;

        r = take_digits(&s, &n);
        if (r < 0)
                return r;
        if (*s)
                return -EINVAL;

        *ret = n;
        return 0;
}

int parse_u32_range(const char *s, uint32_t min, uint32_t max, uint32_t *ret) {
        uint64_t n;
        int r;

        r = parse_u64(s, &n);
        if (r < 0)
                return r;
        if (n < min || n > max)
                return -ERANGE;

        *ret = (uint32_t) n;
        return 0;
}

int parse_int(const char *s, int *ret) {
        bool negative = *s == '-';
        uint64_t n;
        int r;

        r = parse_u64(s + (*s == '-' || *s == '+'), &n);
        if (r < 0)
                return r;
        if (n > (uint64_t) INT_MAX + negative)
                return -ERANGE;

        *ret = negative ? (int) -(int64_t) n : (int) n;
        return 0;
}

int parse_mode(const char *s, mode_t *ret) {
        mode_t m = 0;

        if (!*s)
                return -EINVAL;
        for (; *s; s++) {
                if (*s < '0' || *s > '7')
                        return -EINVAL;
                m = m * 8 + (mode_t) (*s - '0');
                if (m > 07777)
                        return -ERANGE;
        }

        *ret = m;
        return 0;
}

/* A decimal fraction ".125" times @unit, rounded down. Reads the point and the digits; those behind the ninth
 * do not count. */
static int take_fraction(const char **s, uint64_t unit, uint64_t *ret) {
        uint64_t digits = 0, scale = 1;

        *ret = 0;
        if (**s != '.')
                return 0;
        if (!isdigit((unsigned char) *++*s))
                return -EINVAL;

        for (; isdigit((unsigned char) **s); (*s)++)
                if (scale < UINT64_C(1000000000)) {
                        digits = digits * 10 + (uint64_t) (**s - '0');
                        scale *= 10;
                }

        *ret = (uint64_t) ((unsigned __int128) unit * digits / scale);
        return 0;
}

typedef struct SpanUnit {
        const char *word;
        usec_t usec;
} SpanUnit;

/* systemd.time(7): a month is 30.44 days, a year 365.25. "m" is a minute, "M" a month. */
static const SpanUnit span_units[] = {
        { "seconds", USEC_PER_SEC },
        { "second", USEC_PER_SEC },
        { "sec", USEC_PER_SEC },
        { "s", USEC_PER_SEC },
        { "minutes", 60 * USEC_PER_SEC },
        { "minute", 60 * USEC_PER_SEC },
        { "min", 60 * USEC_PER_SEC },
        { "months", UINT64_C(2629800) * USEC_PER_SEC },
        { "month", UINT64_C(2629800) * USEC_PER_SEC },
        { "M", UINT64_C(2629800) * USEC_PER_SEC },
        { "msec", USEC_PER_MSEC },
        { "ms", USEC_PER_MSEC },
        { "m", 60 * USEC_PER_SEC },
        { "hours", 3600 * USEC_PER_SEC },
        { "hour", 3600 * USEC_PER_SEC },
        { "hr", 3600 * USEC_PER_SEC },
        { "h", 3600 * USEC_PER_SEC },
        { "days", 86400 * USEC_PER_SEC },
        { "day", 86400 * USEC_PER_SEC },
        { "d", 86400 * USEC_PER_SEC },
        { "weeks", 7 * 86400 * USEC_PER_SEC },
        { "week", 7 * 86400 * USEC_PER_SEC },
        { "w", 7 * 86400 * USEC_PER_SEC },
        { "years", UINT64_C(31557600) * USEC_PER_SEC },
        { "year", UINT64_C(31557600) * USEC_PER_SEC },
        { "y", UINT64_C(31557600) * USEC_PER_SEC },
        { "usec", 1 },
        { "us", 1 },
        { "µs", 1 }, /* U+00B5 */
        { "μs", 1 }, /* U+03BC */
};

static usec_t take_span_unit(const char **s) {
        for (size_t i = 0; i < ELEMENTSOF(span_units); i++) {
                const char *rest = startswith(*s, span_units[i].word);

                if (rest) {
                        *s = rest;
                        return span_units[i].usec;
                }
        }
        return USEC_PER_SEC;
}

static const char *skip_blanks(const char *s) {
        return s + strspn(s, " \t\n\r");
}

int parse_span(const char *s, usec_t *ret) {
        usec_t total = 0;
        bool any = false;

        s = skip_blanks(s);
        if (startswith(s, "infinity") && !*skip_blanks(s + strlen("infinity"))) {
                *ret = USEC_INFINITY;
                return 0;
        }

        while (*(s = skip_blanks(s))) {
                const char *point;
                uint64_t n = 0, part;
                usec_t unit;
                int r;

                if (*s == '-')
                        return -ERANGE;
                /* systemd reads the number by strtoll(3). */
                if (*s == '+' && s[1] >= '0' && s[1] <= '9')
                        s++;
                if (*s != '.') {
                        r = take_digits(&s, &n);
                        if (r < 0)
                                return r;
                }

                point = s;
                r = take_fraction(&s, 1, &part);
                if (r < 0)
                        return r;

                s = skip_blanks(s);
                unit = take_span_unit(&s);
                (void) take_fraction(&point, unit, &part);
                if (__builtin_mul_overflow(n, unit, &n) || __builtin_add_overflow(n, part, &n) ||
                    __builtin_add_overflow(total, n, &total) || total == USEC_INFINITY)
                        return -ERANGE;
                any = true;
        }

        if (!any)
                return -EINVAL;

        *ret = total;
        return 0;
}

int parse_size(const char *s, uint64_t *ret) {
        static const char suffixes[] = "BKMGTPE";
        const char *point, *suffix;
        uint64_t n, part, unit;
        int r;

        if (streq(s, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }

        r = take_digits(&s, &n);
        if (r < 0)
                return r;

        point = s;
        r = take_fraction(&s, 1, &part);
        if (r < 0)
                return r;

        s = skip_blanks(s);
        suffix = *s ? strchr(suffixes, *s) : suffixes;
        if (!suffix || (*s && s[1]))
                return -EINVAL;

        unit = UINT64_C(1) << (10 * (suffix - suffixes));
        (void) take_fraction(&point, unit, &part);
        if (__builtin_mul_overflow(n, unit, &n) || __builtin_add_overflow(n, part, &n))
                return -ERANGE;

        *ret = n;
        return 0;
}

int parse_permyriad(const char *s, uint32_t *ret) {
        uint64_t n, part;
        int r;

        r = take_digits(&s, &n);
        if (r < 0)
                return r;
        r = take_fraction(&s, 100, &part);
        if (r < 0)
                return r;
        if (!streq(s, "%"))
                return -EINVAL;
        if (n > (UINT32_MAX - part) / 100)
                return -ERANGE;

        *ret = (uint32_t) (n * 100 + part);
        return 0;
}

int parse_signal(const char *s, int *ret) {
        const char *name = startswith(s, "SIG") ? s + 3 : s, *offset;
        uint32_t n = 0;

        if (parse_u32_range(name, 1, (uint32_t) SIGRTMAX, &n) == 0) {
                *ret = (int) n;
                return 0;
        }

        offset = startswith(name, "RTMIN");
        if (offset &&
            (!*offset ||
             (*offset == '+' && parse_u32_range(offset + 1, 0, (uint32_t) (SIGRTMAX - SIGRTMIN), &n) == 0))) {
                *ret = SIGRTMIN + (*offset ? (int) n : 0);
                return 0;
        }

        offset = startswith(name, "RTMAX");
        if (offset &&
            (!*offset ||
             (*offset == '-' && parse_u32_range(offset + 1, 0, (uint32_t) (SIGRTMAX - SIGRTMIN), &n) == 0))) {
                *ret = SIGRTMAX - (*offset ? (int) n : 0);
                return 0;
        }

        for (int i = 1; i < 32; i++)
                if (sigabbrev_np(i) && streq(sigabbrev_np(i), name)) {
                        *ret = i;
                        return 0;
                }

        return -EINVAL;
}

const char *signal_to_name(int sig) {
        static char name[32];

        if (sig >= SIGRTMIN && sig <= SIGRTMAX)
                (void) snprintf(name, sizeof(name), sig == SIGRTMIN ? "SIGRTMIN" : "SIGRTMIN+%d",
                                sig - SIGRTMIN);
        else if (sigabbrev_np(sig))
                (void) snprintf(name, sizeof(name), "SIG%s", sigabbrev_np(sig));
        else
                (void) snprintf(name, sizeof(name), "%d", sig);
        return name;
}

char *format_span(usec_t t) {
        static const SpanUnit parts[] = {
                { "y", UINT64_C(31557600) * USEC_PER_SEC },
                { "month", UINT64_C(2629800) * USEC_PER_SEC },
                { "w", 7 * 86400 * USEC_PER_SEC },
                { "d", 86400 * USEC_PER_SEC },
                { "h", 3600 * USEC_PER_SEC },
                { "min", 60 * USEC_PER_SEC },
                { "s", USEC_PER_SEC },
                { "ms", USEC_PER_MSEC },
                { "us", 1 },
        };
        char *text = NULL;
        size_t n;
        FILE *f;

        if (t == USEC_INFINITY)
                return strdup("infinity");
        if (t == 0)
                return strdup("0");

        f = open_memstream(&text, &n);
        if (!f)
                return NULL;

        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                if (t >= parts[i].usec) {
                        fprintf(f, "%s%" PRIu64 "%s", ftell(f) > 0 ? " " : "", t / parts[i].usec,
                                parts[i].word);
                        t %= parts[i].usec;
                }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
