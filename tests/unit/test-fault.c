#include <errno.h>

#include "basic/cleanup.h"
#include "basic/fault.h"
#include "unit-test.h"

static void check_text(const Fault *f, const char *expected) {
        autofree char *text = fault_to_string(f);

        ck_assert_str_eq(text, expected);
}

START_TEST(the_first_is_the_cause) {
        Fault f = {};

        ck_assert_int_eq(fault_set(&f, "mount", -EINVAL, "/a/%d", 1), -EINVAL);
        ck_assert_int_eq(fault_set(&f, "start", -EIO, "web"), -EIO);
        check_text(&f, "mount /a/1: Invalid argument");
        ck_assert_int_eq(fault_set(NULL, "mount", -EPERM, NULL), -EPERM);
}
END_TEST

START_TEST(others_words) {
        Fault f = {};

        ck_assert_int_eq(fault_tell(&f, "pull", -EACCES, "x: %s", "no password"), -EACCES);
        check_text(&f, "pull x: no password");
}
END_TEST

START_TEST(advice) {
        Fault before = {}, after = {};

        fault_advise(&before, "do %s", "this");
        (void) fault_set(&before, "map", -EPERM, NULL);
        fault_advise(&before, "do that");
        check_text(&before, "map: Operation not permitted (do this)");

        (void) fault_set(&after, "map", -EPERM, NULL);
        fault_advise(&after, "do that");
        check_text(&after, "map: Operation not permitted (do that)");
}
END_TEST

TEST_MAIN("fault", the_first_is_the_cause, others_words, advice)
