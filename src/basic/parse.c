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

static int digit_of(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'a' && c <= 'z' ? c - 'a' + 10 : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : INT_MAX;
}

/* A number as systemd reads one: by strtoull(3) with base 0, and with 0b and 0o. */
static int take_number(const char **s, uint64_t *ret) {
        const char *p = *s + (**s == '+');
        uint64_t n = 0;
        int base = 10;

        if (p[0] == '0' && p[1]) {
                char c = (char) tolower((unsigned char) p[1]);

                base = c == 'x' ? 16 : c == 'b' ? 2 : c == 'o' || isdigit((unsigned char) c) ? 8 : 10;
                p += base != 10 && !isdigit((unsigned char) c) ? 2 : 0;
        }
        if (digit_of(*p) >= base)
                return -EINVAL;

        for (; digit_of(*p) < base; p++)
                if (__builtin_mul_overflow(n, (uint64_t) base, &n) ||
                    __builtin_add_overflow(n, (uint64_t) digit_of(*p), &n))
                        return -ERANGE;

        *s = p;
        *ret = n;
        return 0;
}

int parse_unsigned(const char *s, uint64_t max, uint64_t *ret) {
        uint64_t n;
        int r;

        if (*s == '-' && isdigit((unsigned char) s[1]))
                return -ERANGE;
        r = take_number(&s, &n);
        if (r < 0)
                return r;
        if (*s)
                return -EINVAL;
        if (n > max)
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

        if (negative && !isdigit((unsigned char) s[1]))
                return -EINVAL;
        r = parse_unsigned(s + negative, (uint64_t) INT_MAX + negative, &n);
        if (r < 0)
                return r;

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

static const char *skip_blanks(const char *s) {
        return s + strspn(s, " \t\n\r");
}

/* Seconds when no unit stands there. */
static usec_t take_span_unit(const char **s) {
        const char *word = skip_blanks(*s);

        for (size_t i = 0; i < ELEMENTSOF(span_units); i++) {
                const char *rest = startswith(word, span_units[i].word);

                if (rest) {
                        *s = rest;
                        return span_units[i].usec;
                }
        }

        *s = word;
        return USEC_PER_SEC;
}

/* The digits behind the point, each rounded down to whole microseconds by itself, as in systemd. */
static usec_t fraction_of(const char *digits, usec_t unit) {
        usec_t total = 0;

        for (unit /= 10; isdigit((unsigned char) *digits); digits++, unit /= 10)
                total += (usec_t) (*digits - '0') * unit;
        return total;
}

/* One "1.5 h" of a time span. */
static int take_span_part(const char **s, usec_t *ret) {
        const char *digits = "", *end;
        uint64_t n = 0;
        usec_t unit;
        int r;

        if (**s == '-')
                return -ERANGE;
        /* systemd reads the number by strtoll(3), which takes a sign. */
        if (**s == '+' && isdigit((unsigned char) (*s)[1]))
                (*s)++;
        if (**s != '.') {
                r = take_digits(s, &n);
                if (r < 0)
                        return r;
        }
        if (n > INT64_MAX)
                return -ERANGE;

        if (**s == '.') {
                digits = ++*s;
                *s += strspn(*s, "0123456789");
                if (*s == digits)
                        return -EINVAL;
        }

        end = *s;
        unit = take_span_unit(s);
        /* Something must stand between two numbers: "12.34.56" is none. */
        if (*s == end && **s)
                return -EINVAL;
        if (n >= USEC_INFINITY / unit)
                return -ERANGE;

        *ret = n * unit;
        return __builtin_add_overflow(*ret, fraction_of(digits, unit), ret) ? -ERANGE : 0;
}

int parse_span(const char *s, usec_t *ret) {
        usec_t total = 0, part;
        int r;

        s = skip_blanks(s);
        if (startswith(s, "infinity") && !*skip_blanks(s + strlen("infinity"))) {
                *ret = USEC_INFINITY;
                return 0;
        }
        if (!*s)
                return -EINVAL;

        for (; *s; s = skip_blanks(s)) {
                r = take_span_part(&s, &part);
                if (r < 0)
                        return r;
                if (__builtin_add_overflow(total, part, &total) || total == USEC_INFINITY)
                        return -ERANGE;
        }

        *ret = total;
        return 0;
}

/* The suffixes of sizes and the logarithm of what they multiply with, as they may follow one another. */
static const struct {
        char letter;
        unsigned shift;
} size_units[] = {
        { 'E', 60 }, { 'P', 50 }, { 'T', 40 }, { 'G', 30 }, { 'M', 20 }, { 'K', 10 }, { 'B', 0 }, { '\0', 0 },
};

/* One "1.5 G" of a size; its unit must be smaller than the one before, size_units[*unit - 1]. */
static int take_size_part(const char **s, unsigned base, size_t *unit, uint64_t *ret) {
        double fraction = 0, scale = 1;
        uint64_t n, factor;
        size_t i;
        int r;

        if (**s == '-')
                return -ERANGE;
        if (**s == '+' && isdigit((unsigned char) (*s)[1]))
                (*s)++;
        r = take_digits(s, &n);
        if (r < 0)
                return r;
        if (**s == '.')
                for ((*s)++; isdigit((unsigned char) **s); (*s)++) {
                        scale /= 10;
                        fraction += (**s - '0') * scale;
                }

        *s = skip_blanks(*s);
        for (i = *unit; i < ELEMENTSOF(size_units) - 1 && **s != size_units[i].letter; i++)
                ;
        *s += i < ELEMENTSOF(size_units) - 1;
        *unit = i + 1;

        factor = 1;
        for (unsigned k = 0; k < size_units[i].shift / 10; k++)
                factor *= base;
        if (n > UINT64_MAX / factor - (fraction > 0))
                return -ERANGE;
        *ret = n * factor + (uint64_t) (fraction * (double) factor);
        return 0;
}

static int parse_size_by(const char *s, unsigned base, uint64_t *ret) {
        uint64_t total = 0, part;
        size_t unit = 0;
        int r;

        if (streq(s, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }

        do {
                s = skip_blanks(s);
                if (unit == ELEMENTSOF(size_units))
                        return -EINVAL;
                r = take_size_part(&s, base, &unit, &part);
                if (r < 0)
                        return r;
                if (__builtin_add_overflow(total, part, &total))
                        return -ERANGE;
        } while (*s);

        *ret = total;
        return 0;
}

int parse_size(const char *s, uint64_t *ret) {
        return parse_size_by(s, 1024, ret);
}

int parse_size_si(const char *s, uint64_t *ret) {
        return parse_size_by(s, 1000, ret);
}

/* Percent, per mille, per myriad: how many digits may stand behind the point. */
static const struct {
        const char *sign;
        size_t places;
} ratio_signs[] = { { "%", 2 }, { "\u2030", 1 }, { "\u2031", 0 } };

int parse_permyriad(const char *s, uint32_t *ret) {
        const char *end = NULL;
        size_t places = 0;
        uint64_t n;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(ratio_signs) && !end; i++) {
                end = endswith(s, ratio_signs[i].sign);
                places = ratio_signs[i].places;
        }
        if (!end)
                return -EINVAL;
        r = take_number(&s, &n);
        if (r < 0)
                return r;

        if (*s == '.') {
                /* One digit is enough where two may stand; elsewhere each place has its digit. */
                if (s + 1 == end || (size_t) (end - s - 1) > places)
                        return -EINVAL;
                s++;
        }
        for (; places > 0; places--) {
                if (s < end && !isdigit((unsigned char) *s))
                        return -EINVAL;
                if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
                    __builtin_add_overflow(n, s < end ? (uint64_t) (*s++ - '0') : 0, &n))
                        return -ERANGE;
        }
        if (s != end)
                return -EINVAL;
        if (n > INT32_MAX)
                return -ERANGE;

        *ret = (uint32_t) n;
        return 0;
}

/* "RTMIN+3" with @base "RTMIN" and '+': how far from it. */
static bool realtime_offset(const char *name, const char *base, char sign, int *ret) {
        const char *rest = startswith(name, base);
        uint32_t n = 0;

        if (!rest || (*rest && (*rest != sign ||
                                parse_u32_range(rest + 1, 0, (uint32_t) (SIGRTMAX - SIGRTMIN), &n) < 0)))
                return false;
        *ret = (int) n;
        return true;
}

int parse_signal(const char *s, int *ret) {
        const char *name = startswith(s, "SIG") ? s + 3 : s;
        uint32_t n;
        int offset;

        if (parse_u32_range(s, 1, (uint32_t) SIGRTMAX, &n) == 0)
                *ret = (int) n;
        else if (realtime_offset(name, "RTMIN", '+', &offset))
                *ret = SIGRTMIN + offset;
        else if (realtime_offset(name, "RTMAX", '-', &offset))
                *ret = SIGRTMAX - offset;
        else if (streq(name, "IO"))
                *ret = SIGIO; /* which sigabbrev_np(3) calls POLL */
        else {
                for (int i = 1; i < 32; i++)
                        if (sigabbrev_np(i) && streq(sigabbrev_np(i), name)) {
                                *ret = i;
                                return 0;
                        }
                return -EINVAL;
        }

        return 0;
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

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                /* parse_span() takes fewer of a unit than infinity would be. */
                uint64_t count = MIN_OF(t / parts[i].usec, USEC_INFINITY / parts[i].usec - 1);

                if (count == 0)
                        continue;
                fprintf(f, "%s%" PRIu64 "%s", ftell(f) > 0 ? " " : "", count, parts[i].word);
                t -= count * parts[i].usec;
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
