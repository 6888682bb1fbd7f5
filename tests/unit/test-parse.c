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
        /* Something between two numbers, be it a blank. */
        { "12.34.56", -EINVAL, 0 },
        { "12.34 .56", 0, 12900000 },
        { "5sec5", 0, 10000000 },
        { "5 m s", -EINVAL, 0 },
        { "5.", -EINVAL, 0 },
        { "+.5", -EINVAL, 0 },
        { "infinity 5", -EINVAL, 0 },
        { "5 MIN", -EINVAL, 0 },
        { "1 M", 0, UINT64_C(2629800000000) },
        /* Each digit behind the point is rounded by itself. */
        { "0.00000009min", 0, 0 },
        { "1.9999999month", 0, UINT64_C(5259599737020) },
        { "9223372036854775807us", 0, INT64_MAX },
        { "9223372036854775808us", -ERANGE, 0 },
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
                                          USEC_INFINITY - 1,
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
        ck_assert_int_eq(parse_size("15.99E", &n), -ERANGE);
        ck_assert_int_eq(parse_size("15E", &n), 0);
        ck_assert_uint_eq(n, UINT64_C(15) << 60);
        ck_assert_int_eq(parse_size("-1", &n), -ERANGE);
}
END_TEST

START_TEST(sizes_add_up_from_great_to_small) {
        uint64_t n = 0;

        ck_assert_int_eq(parse_size("1G1M", &n), 0);
        ck_assert_uint_eq(n, UINT64_C(1074790400));
        ck_assert_int_eq(parse_size("1K 5", &n), 0);
        ck_assert_uint_eq(n, 1029);
        ck_assert_int_eq(parse_size("10.M", &n), 0);
        ck_assert_uint_eq(n, 10 << 20);
        ck_assert_int_eq(parse_size("1.999999999M", &n), 0);
        ck_assert_uint_eq(n, 2097151);
        ck_assert_int_eq(parse_size("1M1G", &n), -EINVAL);
        ck_assert_int_eq(parse_size("1G1G", &n), -EINVAL);
        ck_assert_int_eq(parse_size("1 2", &n), -EINVAL);
        ck_assert_int_eq(parse_size("0x10", &n), -EINVAL);
}
END_TEST

static const struct {
        const char *text;
        int r;
        uint32_t permyriad;
} ratios[] = {
        { "12.34%", 0, 1234 },
        { "12.3%", 0, 1230 },
        { "200%", 0, 20000 },
        { "5\u2030", 0, 50 },
        { "5.5\u2030", 0, 55 },
        { "55\u2031", 0, 55 },
        { "0x10%", 0, 1600 },
        { "+5%", 0, 500 },
        { "21474836.47%", 0, INT32_MAX },
        { "21474836.48%", -ERANGE, 0 },
        { "12", -EINVAL, 0 },
        { "12.345%", -EINVAL, 0 },
        { "5.5\u2031", -EINVAL, 0 },
        { "5.%", -EINVAL, 0 },
        { ".5%", -EINVAL, 0 },
        { "5.x%", -EINVAL, 0 },
        { "5x%", -EINVAL, 0 },
        { "100 %", -EINVAL, 0 },
        { "%", -EINVAL, 0 },
        { "-1%", -EINVAL, 0 },
};

START_TEST(ratios_have_their_places) {
        for (size_t i = 0; i < ELEMENTSOF(ratios); i++) {
                uint32_t n = 4711;

                ck_assert_msg(parse_permyriad(ratios[i].text, &n) == ratios[i].r, "%s", ratios[i].text);
                ck_assert_uint_eq(n, ratios[i].r == 0 ? ratios[i].permyriad : 4711);
        }
}
END_TEST

static const struct {
        const char *text;
        int r;
        uint64_t n;
} numbers[] = {
        { "10", 0, 10 },
        { "+5", 0, 5 },
        { "0x1F", 0, 31 },
        { "0b11", 0, 3 },
        { "0o17", 0, 15 },
        { "010", 0, 8 },
        { "0", 0, 0 },
        { "09", -EINVAL, 0 },
        { "0x", -EINVAL, 0 },
        { "1e3", -EINVAL, 0 },
        { "5 5", -EINVAL, 0 },
        { "", -EINVAL, 0 },
        { "-1", -ERANGE, 0 },
        { "-x", -EINVAL, 0 },
        { "100", 0, 100 },
        { "101", -ERANGE, 0 },
        { "1111111111111111111111", -ERANGE, 0 },
};

START_TEST(numbers_have_systemds_bases) {
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                uint64_t n = 4711;

                ck_assert_msg(parse_unsigned(numbers[i].text, 100, &n) == numbers[i].r, "%s",
                              numbers[i].text);
                ck_assert_uint_eq(n, numbers[i].r == 0 ? numbers[i].n : 4711);
        }
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
        ck_assert_int_eq(parse_int("-0x10", &i), 0);
        ck_assert_int_eq(i, -16);
        ck_assert_int_eq(parse_int("--1", &i), -EINVAL);
        ck_assert_int_eq(parse_int("-", &i), -EINVAL);
        ck_assert_int_eq(parse_bool("On", &b), 0);
        ck_assert(b);
        ck_assert_int_eq(parse_bool("ja", &b), -EINVAL);
        ck_assert_int_eq(parse_mode("0755", &m), 0);
        ck_assert_uint_eq(m, 0755);
        ck_assert_int_eq(parse_mode("8", &m), -EINVAL);
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
        ck_assert_int_eq(parse_signal("SIGRTMAX-1", &sig), 0);
        ck_assert_int_eq(sig, SIGRTMAX - 1);
        ck_assert_int_eq(parse_signal("IO", &sig), 0);
        ck_assert_int_eq(sig, SIGIO);
        ck_assert_int_eq(parse_signal("SIG15", &sig), -EINVAL);
        ck_assert_int_eq(parse_signal("RTMIN+99", &sig), -EINVAL);
        ck_assert_int_eq(parse_signal("65", &sig), -EINVAL);
        ck_assert_int_eq(parse_signal("sigterm", &sig), -EINVAL);
        ck_assert_int_eq(parse_signal("SIGNOPE", &sig), -EINVAL);
        ck_assert_int_eq(parse_signal("0", &sig), -EINVAL);
}
END_TEST

TEST_MAIN("parse", span_reads_systemd_time, span_prints_what_it_reads, size_reads_base_1024,
          sizes_add_up_from_great_to_small, ratios_have_their_places, numbers_have_systemds_bases,
          numbers_take_no_rubbish, signals_have_all_their_names)
