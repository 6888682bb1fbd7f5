/* Numbers, spans, sizes, signals: what is read, what is refused, and that printing reads back. */
#include <signal.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "unit-test.h"

static const struct {
        const char *text;
        int r;
        usec_t usec;
} spans[] = {
        { "5", 0, 5000000 },
        { "1.5s", 0, 1500000 },
        { "+5", 0, 5000000 },
        { "+", -EINVAL, 0 },
        { "2min 30s", 0, 150000000 },
        { "2min30s", 0, 150000000 },
        { "100ms", 0, 100000 },
        { "1h 1us", 0, 3600000001 },
        { " 7 s ", 0, 7000000 },
        { ".5", 0, 500000 },
        { "infinity", 0, USEC_INFINITY },
        { "0", 0, 0 },
        { "", -EINVAL, 0 },
        { "s", -EINVAL, 0 },
        { "1 fortnight", -EINVAL, 0 },
        { "-1", -ERANGE, 0 },
        { "99999999999999999999", -ERANGE, 0 },
        { "1y 99999999999y", -ERANGE, 0 },
};

START_TEST(span_reads_systemd_time) {
        for (size_t i = 0; i < ELEMENTSOF(spans); i++) {
                usec_t t = 4711;

                ck_assert_int_eq(parse_span(spans[i].text, &t), spans[i].r);
                ck_assert_uint_eq(t, spans[i].r == 0 ? spans[i].usec : 4711);
        }
}
END_TEST

START_TEST(span_prints_what_it_reads) {
        static const usec_t samples[] = { 0,
                                          1,
                                          999,
                                          1000,
                                          90 * USEC_PER_SEC,
                                          100 * USEC_PER_MSEC,
                                          USEC_INFINITY,
                                          UINT64_C(31557600) * USEC_PER_SEC + 1 };

        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                autofree char *text = format_span(samples[i]);
                usec_t back = 1;

                ck_assert_int_eq(parse_span(text, &back), 0);
                ck_assert_uint_eq(back, samples[i]);
        }
}
END_TEST

START_TEST(size_reads_base_1024) {
        uint64_t n = 0;

        ck_assert_int_eq(parse_size("1K", &n), 0);
        ck_assert_uint_eq(n, 1024);
        ck_assert_int_eq(parse_size("1.5G", &n), 0);
        ck_assert_uint_eq(n, UINT64_C(1610612736));
        ck_assert_int_eq(parse_size("infinity", &n), 0);
        ck_assert_uint_eq(n, UINT64_MAX);
        ck_assert_int_eq(parse_size("12Q", &n), -EINVAL);
        ck_assert_int_eq(parse_size("12KB", &n), -EINVAL);
        ck_assert_int_eq(parse_size("", &n), -EINVAL);
        ck_assert_int_eq(parse_size("16E", &n), -ERANGE);
}
END_TEST

START_TEST(numbers_take_no_rubbish) {
        uint64_t n = 7;
        uint32_t u = 7;
        bool b = false;
        mode_t m = 0;
        int i = 7;

        ck_assert_int_eq(parse_u64("18446744073709551615", &n), 0);
        ck_assert_int_eq(parse_u64("18446744073709551616", &n), -ERANGE);
        ck_assert_int_eq(parse_u64("-1", &n), -EINVAL);
        ck_assert_int_eq(parse_u64("1 ", &n), -EINVAL);
        ck_assert_int_eq(parse_u32_range("70000", 1, 65535, &u), -ERANGE);
        ck_assert_int_eq(parse_int("-2147483648", &i), 0);
        ck_assert_int_eq(i, -2147483647 - 1);
        ck_assert_int_eq(parse_int("2147483648", &i), -ERANGE);
        ck_assert_int_eq(parse_bool("On", &b), 0);
        ck_assert(b);
        ck_assert_int_eq(parse_bool("ja", &b), -EINVAL);
        ck_assert_int_eq(parse_mode("0755", &m), 0);
        ck_assert_uint_eq(m, 0755);
        ck_assert_int_eq(parse_mode("8", &m), -EINVAL);
        ck_assert_int_eq(parse_permyriad("12.34%", &u), 0);
        ck_assert_uint_eq(u, 1234);
        ck_assert_int_eq(parse_permyriad("12", &u), -EINVAL);
}
END_TEST

START_TEST(signals_have_all_their_names) {
        static const char *const names[] = { "SIGTERM", "TERM", "15" };
        int sig = 0;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                sig = 0;
                ck_assert_int_eq(parse_signal(names[i], &sig), 0);
                ck_assert_int_eq(sig, SIGTERM);
        }
        ck_assert_int_eq(parse_signal("SIGRTMIN+3", &sig), 0);
        ck_assert_int_eq(sig, SIGRTMIN + 3);
        ck_assert_str_eq(signal_to_name(SIGRTMIN + 3), "SIGRTMIN+3");
        ck_assert_str_eq(signal_to_name(SIGKILL), "SIGKILL");
        ck_assert_int_eq(parse_signal("SIGNOPE", &sig), -EINVAL);
        ck_assert_int_eq(parse_signal("0", &sig), -EINVAL);
}
END_TEST

TEST_MAIN("parse", span_reads_systemd_time, span_prints_what_it_reads, size_reads_base_1024,
          numbers_take_no_rubbish, signals_have_all_their_names)
