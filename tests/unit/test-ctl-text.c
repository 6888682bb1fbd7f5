/* ctl: times, sizes, values of properties, results in words. */
#include <signal.h>
#include <string.h>

#include "basic/macro.h"
#include "ctl/explain.h"
#include "ctl/show.h"
#include "ctl/text.h"
#include "unit-test.h"

#define SEC USEC_PER_SEC

START_TEST(spans) {
        char buf[TEXT_MAX];

        ck_assert_str_eq(text_span(0, buf), "0");
        ck_assert_str_eq(text_span(1500, buf), "1ms 500us");
        ck_assert_str_eq(text_span(90 * SEC, buf), "1min 30s");
        ck_assert_str_eq(text_span(3600 * SEC + 5 * SEC, buf), "1h");
        ck_assert_str_eq(text_span(USEC_INFINITY, buf), "infinity");
        ck_assert_str_eq(text_span_rough(1500, buf), "1ms");
        ck_assert_str_eq(text_span_rough(2 * SEC + 7, buf), "2s");
        ck_assert_str_eq(text_span_rough(12, buf), "12us");
        ck_assert_str_eq(text_ago(100 * SEC, 165 * SEC + 999, buf), "1min 5s ago");
        ck_assert_str_eq(text_ago(165 * SEC, 100 * SEC, buf), "1min 5s left");
}
END_TEST

START_TEST(sizes) {
        char buf[TEXT_MAX];

        ck_assert_str_eq(text_bytes(0, buf), "0B");
        ck_assert_str_eq(text_bytes(1023, buf), "1023B");
        ck_assert_str_eq(text_bytes(1536, buf), "1.5K");
        ck_assert_str_eq(text_bytes(UINT64_C(5) << 40, buf), "5.0T");
        ck_assert_str_eq(text_bytes(UINT64_MAX, buf), "16.0E");
}
END_TEST

START_TEST(points_in_time) {
        usec_t now = UINT64_C(1763782845) * SEC, t; /* 2025-11-22 03:40:45 UTC */

        ck_assert_int_eq(setenv("TZ", "UTC", true), 0);
        tzset();
        ck_assert_int_eq(text_time_parse("@5", now, &t), 0);
        ck_assert_uint_eq(t, 5 * SEC);
        ck_assert_int_eq(text_time_parse("10min ago", now, &t), 0);
        ck_assert_uint_eq(now - t, 600 * SEC);
        ck_assert_int_eq(text_time_parse("-90s", now, &t), 0);
        ck_assert_uint_eq(now - t, 90 * SEC);
        ck_assert_int_eq(text_time_parse("today", now, &t), 0);
        ck_assert_uint_eq(now - t, (3 * 3600 + 40 * 60 + 45) * SEC);
        ck_assert_int_eq(text_time_parse("yesterday", now, &t), 0);
        ck_assert_uint_eq(now - t, (27 * 3600 + 40 * 60 + 45) * SEC);
        ck_assert_int_eq(text_time_parse("2025-11-22 03:40", now, &t), 0);
        ck_assert_uint_eq(now - t, 45 * SEC);
        ck_assert_int_eq(text_time_parse("03:40:40", now, &t), 0);
        ck_assert_uint_eq(now - t, 5 * SEC);
        ck_assert_int_eq(text_time_parse("soon", now, &t), -EINVAL);
        ck_assert_int_eq(text_time_parse("", now, &t), -EINVAL);
        ck_assert_int_eq(text_time_parse("ten ago", now, &t), -EINVAL);
}
END_TEST

START_TEST(what_is_hostile_is_made_visible) {
        char *text = text_escape("a\x1b[31m\tb\n");

        ck_assert_str_eq(text, "a\\033[31m\tb\\012");
        free(text);
}
END_TEST

/* Property, value as JSON, what `systemctl show` would print. */
static const struct {
        const char *name, *json, *shown;
} values[] = {
        { "ActiveState", "\"active\"", "active" },
        { "NeedDaemonReload", "true", "yes" },
        { "RestartUSec", "100000", "100ms" },
        { "TimeoutStopUSec", "90000000", "1min 30s" },
        { "TimeoutStopUSec", "null", "infinity" },
        { "MemoryCurrent", "null", "[not set]" },
        { "MemoryMax", "null", "infinity" },
        { "EffectiveMemoryMax", "null", "infinity" },
        { "IOReadBytes", "null", "[not set]" },
        { "StartupIOWeight", "null", "[not set]" },
        { "ActiveEnterTimestamp", "0", "" },
        { "ActiveEnterTimestamp", "1763782845000000", "Sat 2025-11-22 03:40:45 UTC" },
        { "After", "[\"a.container\", \"b.network\"]", "a.container b.network" },
        { "LoadError", "[\"\", \"\"]", "" },
        { "Job", "[0, \"/\"]", "" },
        { "Job", "[7, \"/org/nsunits1/job/7\"]", "7" },
        { "CPUUsageNSec", "2237000", "2237000" },
};

START_TEST(properties_look_as_systemctls) {
        ck_assert_int_eq(setenv("TZ", "UTC", true), 0);
        tzset();
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                json_t *value = json_loads(values[i].json, JSON_DECODE_ANY, NULL);
                char *shown;

                ck_assert_ptr_nonnull(value);
                shown = show_value(values[i].name, value);
                ck_assert_str_eq(shown, values[i].shown);
                free(shown);
                json_decref(value);
        }
}
END_TEST

static const struct {
        const char *result;
        int code, status;
        const char *words;
} ends[] = {
        { "exit-code", CLD_EXITED, 3, "the main process exited with status 3" },
        { "signal", CLD_KILLED, SIGKILL, "the main process was killed by signal KILL" },
        { "core-dump", CLD_DUMPED, SIGSEGV, "the main process was killed by signal SEGV and dumped core" },
        { "protocol", CLD_EXITED, 0, "it ended before it said that it was ready" },
        { "exit-code", 0, 0, "its result is exit-code" },
};

START_TEST(results_in_words) {
        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                json_t *p = json_pack("{s:s, s:i, s:i}", "Result", ends[i].result, "ExecMainCode",
                                      ends[i].code, "ExecMainStatus", ends[i].status);
                char *words = explain_end(p);

                ck_assert_str_eq(words, ends[i].words);
                free(words);
                json_decref(p);
        }
}
END_TEST

START_TEST(managers_words_come_first) {
        json_t *p = json_pack("{s:s, s:s}", "Result", "resources", "Failure",
                              "mount /srv: No such file or directory");
        char *words = explain_start_failure(p);

        ck_assert_str_eq(words, "mount /srv: No such file or directory");
        free(words);
        json_decref(p);
}
END_TEST

TEST_MAIN("ctl-text", spans, sizes, points_in_time, what_is_hostile_is_made_visible,
          properties_look_as_systemctls, results_in_words, managers_words_come_first)
