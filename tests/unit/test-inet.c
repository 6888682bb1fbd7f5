/* Addresses and prefixes. */
#include "basic/inet.h"
#include "basic/macro.h"
#include "unit-test.h"

START_TEST(addresses_read_and_print) {
        static const char *const good[] = { "10.0.0.1", "fd00::1", "::" };
        static const char *const bad[] = { "",           "10.0.0",    "10.0.0.256", "[fd00::1",
                                           "[10.0.0.1]", "fd00::1::", "a" };
        char text[INET_TEXT_MAX];
        InetAddress a = {};

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                ck_assert_int_eq(inet_parse(good[i], &a), 0);
                ck_assert_str_eq(inet_format(&a, text), good[i]);
        }
        ck_assert_int_eq(inet_parse("[fd00::1]", &a), 0);
        ck_assert_str_eq(inet_format(&a, text), "fd00::1");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_int_eq(inet_parse(bad[i], &a), -EINVAL);
}
END_TEST

START_TEST(prefixes_contain_and_overlap) {
        InetPrefix wide = {}, narrow = {}, other = {}, six = {};
        InetAddress a = {};
        char text[INET_TEXT_MAX];

        ck_assert_int_eq(inet_parse_prefix("10.89.0.77/16", &wide), 0);
        ck_assert_int_eq(inet_parse_prefix("10.89.3.0/24", &narrow), 0);
        ck_assert_int_eq(inet_parse_prefix("10.90.0.0/16", &other), 0);
        ck_assert_int_eq(inet_parse_prefix("fd00:1::/64", &six), 0);
        ck_assert_int_eq(inet_parse_prefix("10.0.0.0/33", &other), -EINVAL);

        ck_assert(inet_overlap(&wide, &narrow));
        ck_assert(inet_overlap(&narrow, &wide));
        ck_assert(!inet_overlap(&narrow, &other));
        ck_assert(!inet_overlap(&wide, &six));

        ck_assert_int_eq(inet_parse("10.89.3.9", &a), 0);
        ck_assert(inet_contains(&narrow, &a));
        ck_assert(!inet_contains(&other, &a));

        wide = inet_prefix_network(&wide);
        ck_assert_str_eq(inet_format_prefix(&wide, text), "10.89.0.0/16");
        a = inet_nth(&wide, 257);
        ck_assert_str_eq(inet_format(&a, text), "10.89.1.1");
        a = inet_broadcast(&narrow);
        ck_assert_str_eq(inet_format(&a, text), "10.89.3.255");
}
END_TEST

START_TEST(names_that_a_line_can_have) {
        static const char *const good[] = { "web", "my_db.internal", "A-1", "0x" };
        static const char *const bad[] = { "",   "a b",  "a\n",      "a\tb", "-a", ".a",
                                           "a.", "a..b", "10.0.0.1", "::1",  "a#b" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                ck_assert_msg(inet_name_is_valid(good[i]), "%s", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_msg(!inet_name_is_valid(bad[i]), "%s", bad[i]);
}
END_TEST

TEST_MAIN("inet", names_that_a_line_can_have, addresses_read_and_print, prefixes_contain_and_overlap)
