/* Calendar expressions: systemd's normal form of what people write, and what is none. */
#include <stdlib.h>

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

TEST_MAIN("calendar", normal_forms, no_times)
