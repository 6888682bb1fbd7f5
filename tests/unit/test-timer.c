/* When a timer comes next: what it counts from, what is over, what was missed. */
#include "basic/macro.h"
#include "spec/key.h"
#include "supervise/timer.h"
#include "unit-test.h"

#define SECOND USEC_PER_SEC
#define DAY    (86400 * SECOND)

/* Armed at noon of 2026-01-01 UTC, 100 s after boot; the manager began at 10 s. */
#define NOON (UINT64_C(1767268800) * SECOND)

static const TimerPast fresh = {
        .armed_real = NOON,
        .armed_boot = 100 * SECOND,
        .manager_begin = 10 * SECOND,
};

static TimerKeys keys_of(const char *text) {
        static ContainerSection section;

        key_table_clear(&container_keys, &section);
        memset(&section, 0, sizeof(section));
        ck_assert_int_eq(key_table_set_defaults(&container_keys, &section), 0);

        while (*text) {
                size_t n = strcspn(text, "\n"), name = strcspn(text, "=");
                autofree char *key = strndup(text, name), *value = strndup(text + name + 1, n - name - 1);
                autoptr(Diag) diag = diag_new();
                const KeyInput in = { .key = key, .text = value, .diag = diag };

                ck_assert_int_eq(key_assign(&container_keys, key_find(&container_keys, key), &in, &section),
                                 0);
                text += n + (text[n] == '\n');
        }
        return *section.timer;
}

static TimerNext next_of(const char *text, const TimerPast *past) {
        const TimerKeys keys = keys_of(text);
        TimerNext next;

        ck_assert(timer_is_set(&keys));
        ck_assert_int_eq(timer_next(&keys, past, &next), 0);
        return next;
}

static void assert_boot(const char *text, const TimerPast *past, usec_t expected) {
        TimerNext next = next_of(text, past);

        ck_assert_uint_eq(next.real, USEC_INFINITY);
        ck_assert_uint_eq(next.boot, expected);
}

START_TEST(nothing_is_set) {
        const TimerKeys keys = keys_of("Persistent=yes\nAccuracySec=1s");

        ck_assert(!timer_is_set(&keys));
}
END_TEST

START_TEST(counts_from) {
        TimerPast past = fresh;

        assert_boot("OnActiveSec=30", &past, 130 * SECOND);
        assert_boot("OnBootSec=5min", &past, 300 * SECOND);
        /* Over already when it was armed: due at once. */
        assert_boot("OnBootSec=1min", &past, 60 * SECOND);
        assert_boot("OnStartupSec=5min", &past, 310 * SECOND);
        assert_boot("OnActiveSec=30\nOnActiveSec=20\nOnBootSec=5min", &past, 120 * SECOND);

        /* Never started, never ended: nothing to count from. */
        assert_boot("OnUnitActiveSec=60", &past, USEC_INFINITY);
        assert_boot("OnUnitInactiveSec=60", &past, USEC_INFINITY);
        past.inactive_exit = 200 * SECOND;
        past.inactive_enter = 250 * SECOND;
        assert_boot("OnUnitActiveSec=60", &past, 260 * SECOND);
        assert_boot("OnUnitInactiveSec=60", &past, 310 * SECOND);

        /* A start that came to nothing counts as one. */
        past.last_boot = 400 * SECOND;
        assert_boot("OnUnitActiveSec=60", &past, 460 * SECOND);
        assert_boot("OnUnitInactiveSec=60", &past, 460 * SECOND);
}
END_TEST

START_TEST(once_is_once) {
        TimerPast past = fresh;

        past.last_boot = 130 * SECOND;
        assert_boot("OnActiveSec=30", &past, USEC_INFINITY);
        assert_boot("OnActiveSec=30\nOnActiveSec=40", &past, 140 * SECOND);
        assert_boot("OnActiveSec=30\nOnUnitActiveSec=60", &past, 190 * SECOND);
        /* What came while the container was running is not made up for. */
        past.inactive_enter = 150 * SECOND;
        assert_boot("OnActiveSec=40\nOnActiveSec=60", &past, 160 * SECOND);
}
END_TEST

START_TEST(calendar) {
        TimerPast past = fresh;
        TimerNext next;

        next = next_of("OnCalendar=*-*-* 18:00:00 UTC\nOnCalendar=*-*-* 17:00:00 UTC", &past);
        ck_assert_uint_eq(next.real, NOON + 5 * 3600 * SECOND);
        ck_assert_uint_eq(next.boot, USEC_INFINITY);

        /* The container ran over a time: it is due at once. */
        past.last_real = NOON + 5 * 3600 * SECOND;
        next = next_of("OnCalendar=hourly UTC", &past);
        ck_assert_uint_eq(next.real, NOON + 6 * 3600 * SECOND);

        /* A stamp of last week: what was missed is due when it was armed, and once. */
        past = fresh;
        past.last_real = NOON - 7 * DAY;
        next = next_of("OnCalendar=daily UTC\nPersistent=yes", &past);
        ck_assert_uint_eq(next.real, NOON);
        past.last_real = NOON;
        next = next_of("OnCalendar=daily UTC\nPersistent=yes", &past);
        ck_assert_uint_eq(next.real, NOON + DAY / 2);

        next = next_of("OnCalendar=2025-01-01", &fresh);
        ck_assert_uint_eq(next.real, USEC_INFINITY);
        next = next_of("OnCalendar=daily UTC\nOnBootSec=1h", &fresh);
        ck_assert_uint_eq(next.real, NOON + DAY / 2);
        ck_assert_uint_eq(next.boot, 3600 * SECOND);
}
END_TEST

START_TEST(unknown_zone) {
        const TimerKeys keys = keys_of("OnCalendar=daily Nowhere/Town");
        TimerNext next;

        ck_assert_int_eq(timer_next(&keys, &fresh, &next), -ENXIO);
}
END_TEST

START_TEST(random_delay) {
        TimerPast past = fresh;

        past.dice = 7 * SECOND;
        assert_boot("OnActiveSec=30\nRandomizedDelaySec=10", &past, 137 * SECOND);
        past.dice = 10 * SECOND + 1;
        assert_boot("OnActiveSec=30\nRandomizedDelaySec=10", &past, 130 * SECOND);
        assert_boot("OnActiveSec=30\nRandomizedDelaySec=0", &past, 130 * SECOND);
        assert_boot("OnUnitActiveSec=30\nRandomizedDelaySec=10", &past, USEC_INFINITY);
}
END_TEST

START_TEST(never_without_a_pause) {
        TimerPast past = fresh;
        TimerNext next;

        past.last_boot = 200 * SECOND;
        past.last_real = NOON;
        assert_boot("OnUnitActiveSec=0", &past, 200 * SECOND + 10 * USEC_PER_MSEC);
        next = next_of("OnCalendar=*:*:0/0.000001 UTC", &past);
        ck_assert_uint_eq(next.real, NOON + 10 * USEC_PER_MSEC);
}
END_TEST

START_TEST(clock_set_back) {
        TimerPast past = fresh;
        TimerNext next;

        past.last_real = NOON + 30 * DAY;
        timer_clock_changed(&past, NOON - DAY);
        next = next_of("OnCalendar=daily UTC", &past);
        ck_assert_uint_eq(next.real, NOON - DAY / 2);

        past = fresh;
        timer_clock_changed(&past, NOON + DAY);
        ck_assert_uint_eq(past.armed_real, NOON);
        ck_assert_uint_eq(past.last_real, 0);
}
END_TEST

TEST_MAIN("timer", nothing_is_set, counts_from, once_is_once, calendar, unknown_zone, random_delay,
          never_without_a_pause, clock_set_back)
