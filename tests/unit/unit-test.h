/* What each unit test needs: one suite, one main(). */
#pragma once

#include <check.h>
#include <errno.h>
#include <stdlib.h>

/* TEST_MAIN("title", a_test, another) - a main() that runs the tests of one module. */
#define TEST_MAIN(title, ...)                                                 \
        int main(void) {                                                      \
                const TTest *const tests[] = { __VA_ARGS__ };                 \
                Suite *suite = suite_create(title);                           \
                TCase *tcase = tcase_create(title);                           \
                SRunner *runner;                                              \
                int failed;                                                   \
                                                                              \
                tcase_set_timeout(tcase, 200);                                \
                for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) \
                        tcase_add_test(tcase, tests[i]);                      \
                suite_add_tcase(suite, tcase);                                \
                runner = srunner_create(suite);                               \
                srunner_run_all(runner, CK_NORMAL);                           \
                failed = srunner_ntests_failed(runner);                       \
                srunner_free(runner);                                         \
                return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;             \
        }
