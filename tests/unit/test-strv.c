/* String vectors. */
#include "basic/strv.h"
#include "unit-test.h"

START_TEST(split_join_and_remove) {
        autostrv char **v = NULL;
        autofree char *joined = NULL;

        ck_assert_int_eq(strv_split("  a b\tc ", " \t", &v), 0);
        ck_assert_uint_eq(strv_length(v), 3);
        joined = strv_join(v, ",");
        ck_assert_str_eq(joined, "a,b,c");
        strv_remove(v, "b");
        ck_assert(!strv_contains(v, "b"));
        ck_assert_uint_eq(strv_length(v), 2);
}
END_TEST

START_TEST(environment_replaces_by_name) {
        autostrv char **env = NULL;

        ck_assert_int_eq(strv_env_set(&env, "A=1"), 0);
        ck_assert_int_eq(strv_env_set(&env, "AB=2"), 0);
        ck_assert_int_eq(strv_env_set(&env, "A=3=4"), 0);
        ck_assert_uint_eq(strv_length(env), 2);
        ck_assert_str_eq(strv_env_get(env, "A"), "3=4");
        ck_assert_str_eq(strv_env_get(env, "AB"), "2");
        ck_assert_ptr_null(strv_env_get(env, "B"));
}
END_TEST

START_TEST(empty_is_null) {
        autostrv char **copy = NULL;

        ck_assert_int_eq(strv_copy(NULL, &copy), 0);
        ck_assert_ptr_null(copy);
        ck_assert(strv_equal(NULL, copy));
        ck_assert_uint_eq(strv_length(NULL), 0);
}
END_TEST

TEST_MAIN("strv", split_join_and_remove, environment_replaces_by_name, empty_is_null)
