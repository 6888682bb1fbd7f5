/* Calendar expressions: systemd's normal form of what people write, what is none, and when they come. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "basic/calendar.h"
#include "basic/macro.h"
#include "unit-test.h"

static char *normal(const char *text) {
        Calendar c;
        char *form;

        if (calendar_parse(text, &c) < 0)
                return strdup("-");
        form = calendar_format(&c);
        calendar_clear(&c);
        return form;
}

START_TEST(normal_forms) {
        static const char *const cases[][2] = {
                { "minutely", "*-*-* *:*:00" },
                { "hourly UTC", "*-*-* *:00:00 UTC" },
                { "weekly", "Mon *-*-* 00:00:00" },
                { "quarterly", "*-01,04,07,10-01 00:00:00" },
                { "Semi-Annually", "*-01,07-01 00:00:00" },
                { "Sat,Sun", "Sat,Sun *-*-* 00:00:00" },
                { "monday..wednesday, 10:00", "Mon..Wed *-*-* 10:00:00" },
                { "Mon-Sun 1:2:3", "*-*-* 01:02:03" },
                { "10:00", "*-*-* 10:00:00" },
                { "*:0/15", "*-*-* *:00/15:00" },
                { "3,1,2,1:00", "*-*-* 01,02,03:00:00" },
                { "1..8/3:00", "*-*-* 01..07/3:00:00" },
                { "12-24", "*-12-24 00:00:00" },
                { "*-02~28", "*-02~28 00:00:00" },
                { "Wed *~3", "Wed *-*~03 00:00:00" },
                { "99-1-1", "1999-01-01 00:00:00" },
                { "*:*:0/0.5", "*-*-* *:*:00/0.500000" },
                { "*:*:*", "*-*-* *:*:*" },
                { "Mon 12:00 Europe/Berlin", "Mon *-*-* 12:00:00 Europe/Berlin" },
                { "@86400", "1970-01-02 00:00:00 UTC" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autofree char *once = normal(cases[i][0]), *twice = normal(once);

                ck_assert_msg(streq(once, cases[i][1]), "%s becomes %s", cases[i][0], once);
                ck_assert_str_eq(once, twice);
        }
}
END_TEST

START_TEST(no_times) {
        static const char *const cases[] = {
                "",         "bogus",     "25:00",    "5:60",          "*-13-1", "*-*-32",
                "*-*~29",   "Mon..",     "Fri..Mon", "Mon..Tue..Wed", "1..2",   "1-2-3-4 1:00",
                "*/5:00",   "5/0:00",    "7..3:00",  "*-*-*T12:00",   "@x",     "12:00:60",
                "2300-1-1", "Mond 1:00", "1:00:00x", "12:",           "Mon 12",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autofree char *form = normal(cases[i]);

                ck_assert_msg(streq(form, "-"), "%s becomes %s", cases[i], form);
        }
}
END_TEST

/* "2026-11-26 08:00:00" in UTC. */
static usec_t utc(const char *text) {
        struct tm tm = {};

        ck_assert_ptr_nonnull(strptime(text, "%Y-%m-%d %H:%M:%S", &tm));
        return (usec_t) timegm(&tm) * USEC_PER_SEC;
}

static void assert_next(const char *expression, const char *after, const char *expected) {
        char found[32] = "-";
        usec_t next;
        Calendar c;
        int r;

        ck_assert_int_eq(calendar_parse(expression, &c), 0);
        r = calendar_next(&c, utc(after), &next);
        calendar_clear(&c);
        ck_assert(r == 0 || r == -ENOENT);
        if (r == 0) {
                time_t t = (time_t) (next / USEC_PER_SEC);
                struct tm tm;

                ck_assert_uint_gt(strftime(found, sizeof(found), "%Y-%m-%d %H:%M:%S", gmtime_r(&t, &tm)), 0);
        }
        ck_assert_msg(streq(found, expected), "%s after %s comes at %s", expression, after, found);
}

START_TEST(next_times) {
        static const char *const cases[][3] = {
                /* A time does not follow itself. */
                { "daily", "2026-11-26 00:00:00", "2026-11-27 00:00:00" },
                { "daily", "2026-11-25 23:59:59", "2026-11-26 00:00:00" },
                { "*:0/7", "2026-11-26 23:56:00", "2026-11-27 00:00:00" },
                { "*-*-07/11", "2026-12-30 00:00:00", "2027-01-07 00:00:00" },
                { "Mon..Fri 06:00", "2026-11-27 06:00:00", "2026-11-30 06:00:00" },
                { "Mon *-05~07/1", "2026-11-26 00:00:00", "2027-05-31 00:00:00" },
                { "*-*~01 12:00", "2027-02-01 00:00:00", "2027-02-28 12:00:00" },
                { "*-*~01 12:00", "2028-02-01 00:00:00", "2028-02-29 12:00:00" },
                { "*-*~1..3/2", "2026-11-01 00:00:00", "2026-11-28 00:00:00" },
                { "*-02-29", "2096-03-01 00:00:00", "2104-02-29 00:00:00" },
                { "Wed *-02-29", "2028-01-01 00:00:00", "2040-02-29 00:00:00" },
                { "*-2-30", "2026-01-01 00:00:00", "-" },
                { "2025-*-*", "2026-01-01 00:00:00", "-" },
                { "2199-12-31 23:59:59", "2026-01-01 00:00:00", "2199-12-31 23:59:59" },
                { "2199-12-31 23:59:59", "2199-12-31 23:59:59", "-" },
                { "2030/15-1-1", "2031-01-01 00:00:00", "2045-01-01 00:00:00" },
                { "@2000000000", "2026-01-01 00:00:00", "2033-05-18 03:33:20" },
                /* What the clock leaves out does not come, with no matter how fine steps. */
                { "02:30 Europe/Berlin", "2026-03-28 02:00:00", "2026-03-30 00:30:00" },
                { "*-03-29 02:*:0/0.000001 Europe/Berlin", "2026-03-28 12:00:00", "2027-03-29 00:00:00" },
                { "*:0/30 Europe/Berlin", "2026-03-29 00:30:00", "2026-03-29 01:00:00" },
                { "daily America/Santiago", "2026-09-05 12:00:00", "2026-09-07 03:00:00" },
                /* What it shows twice counts once, and not before it is now. */
                { "02:30 Europe/Berlin", "2026-10-24 12:00:00", "2026-10-25 00:30:00" },
                { "02:30 Europe/Berlin", "2026-10-25 00:30:00", "2026-10-26 01:30:00" },
                { "*:0/30 Europe/Berlin", "2026-10-25 00:30:00", "2026-10-25 02:00:00" },
                { "02:30 Europe/Berlin", "2026-10-25 01:15:00", "2026-10-25 01:30:00" },
                { "00:30 Australia/Lord_Howe", "2026-11-26 00:00:00", "2026-11-26 13:30:00" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_next(cases[i][0], cases[i][1], cases[i][2]);
}
END_TEST

START_TEST(parts_of_a_second) {
        usec_t next = utc("2026-01-01 00:00:00");
        Calendar c;

        ck_assert_int_eq(calendar_parse("*:*:0/0.25 UTC", &c), 0);
        for (usec_t i = 1; i < 9; i++) {
                ck_assert_int_eq(calendar_next(&c, next, &next), 0);
                ck_assert_uint_eq(next, utc("2026-01-01 00:00:00") + i * USEC_PER_SEC / 4);
        }
        calendar_clear(&c);
}
END_TEST

/* The zone of an expression is that expression's alone. */
START_TEST(zones) {
        usec_t next;
        Calendar c;

        ck_assert_int_eq(setenv("TZ", "America/New_York", 1), 0);
        assert_next("daily Asia/Kolkata", "2026-06-01 00:00:00", "2026-06-01 18:30:00");
        ck_assert_str_eq(getenv("TZ"), "America/New_York");
        assert_next("daily", "2026-06-01 00:00:00", "2026-06-01 04:00:00");
        assert_next("daily UTC", "2026-06-01 00:00:00", "2026-06-02 00:00:00");
        ck_assert_int_eq(unsetenv("TZ"), 0);

        ck_assert_int_eq(calendar_parse("daily Nowhere/Town", &c), 0);
        ck_assert_int_eq(calendar_next(&c, 0, &next), -ENXIO);
        calendar_clear(&c);
}
END_TEST

TEST_MAIN("calendar", normal_forms, no_times, next_times, parts_of_a_second, zones)
