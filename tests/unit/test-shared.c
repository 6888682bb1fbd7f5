/* Equal values kept once. */
#include "basic/shared.h"
#include "unit-test.h"

START_TEST(equal_values_are_one) {
        const char *a = shared_take("abc", 4), *b = shared_take("abc", 4);

        ck_assert_ptr_nonnull(a);
        ck_assert_ptr_eq(a, b);
        ck_assert_str_eq(a, "abc");
        shared_drop(a);
        ck_assert_str_eq(b, "abc");
        shared_drop(b);
}
END_TEST

START_TEST(others_are_others) {
        const char *a = shared_take("abc", 4), *b = shared_take("abd", 4), *c = shared_take("abc", 3);

        ck_assert_ptr_ne(a, b);
        ck_assert_ptr_ne(a, c);
        shared_drop(a);
        ck_assert_str_eq(b, "abd");
        ck_assert_int_eq(memcmp(c, "abc", 3), 0);
        shared_drop(b);
        shared_drop(c);
        shared_drop(NULL);
}
END_TEST

TEST_MAIN("shared", equal_values_are_one, others_are_others)
