/* Names of capabilities. */
#include <errno.h>
#include <linux/capability.h>

#include "basic/capability.h"
#include "unit-test.h"

START_TEST(names_read_back) {
        for (int i = 0; i <= CAP_LAST_CAP; i++) {
                ck_assert_ptr_nonnull(capability_to_name(i));
                ck_assert_int_eq(capability_from_name(capability_to_name(i)), i);
                ck_assert(capability_all() >> i & 1);
        }
        ck_assert_ptr_null(capability_to_name(-1));
        ck_assert_ptr_null(capability_to_name(64));
}
END_TEST

START_TEST(prefix_and_case_do_not_matter) {
        ck_assert_int_eq(capability_from_name("CAP_NET_RAW"), CAP_NET_RAW);
        ck_assert_int_eq(capability_from_name("cap_net_raw"), CAP_NET_RAW);
        ck_assert_int_eq(capability_from_name("net_raw"), CAP_NET_RAW);
        ck_assert_int_eq(capability_from_name("NET"), -EINVAL);
        ck_assert_int_eq(capability_from_name(""), -EINVAL);
        ck_assert_int_eq(capability_from_name("CAP_"), -EINVAL);
}
END_TEST

TEST_MAIN("capability", names_read_back, prefix_and_case_do_not_matter)
