/* Diagnostics: their order, their printed form, and the word that was meant. */
#include "basic/diag.h"
#include "unit-test.h"

START_TEST(items_print_with_place_severity_and_hint) {
        autoptr(Diag) d = diag_new();
        autofree char *text = NULL;

        ck_assert_int_eq(diag_error(d, (Where){ "a.container", 3, 7 }, -EINVAL, "bad %s", "thing"), -EINVAL);
        diag_hint(d, "do that");
        diag_warning(d, (Where){ "a.container", 0, 0 }, "odd");
        diag_warning(d, (Where){}, "from nowhere");

        text = diag_to_string(d);
        ck_assert_str_eq(text, "a.container:3:7: error: bad thing (do that)\n"
                               "a.container: warning: odd\n"
                               "warning: from nowhere\n");
        ck_assert_uint_eq(diag_count(d), 3);
        ck_assert_uint_eq(diag_count_errors(d), 1);
}
END_TEST

START_TEST(nearest_word_is_near) {
        static const char *const words[] = { "Image", "Exec", "PublishPort", "Volume", NULL };

        ck_assert_str_eq(diag_nearest("image", words), "Image");
        ck_assert_str_eq(diag_nearest("Publishport", words), "PublishPort");
        ck_assert_str_eq(diag_nearest("PubishPort", words), "PublishPort");
        ck_assert_ptr_null(diag_nearest("Zebra", words));
        ck_assert_ptr_null(diag_nearest("", words));
}
END_TEST

START_TEST(append_copies) {
        autoptr(Diag) a = diag_new();
        Diag *b = diag_new();

        diag_warning(b, (Where){ "x", 1, 2 }, "one");
        diag_append(a, b);
        diag_free(b);
        ck_assert_uint_eq(diag_count(a), 1);
        ck_assert_str_eq(diag_get(a, 0)->message, "one");
        ck_assert_ptr_null(diag_get(a, 1));
}
END_TEST

START_TEST(sorted) {
        autoptr(Diag) d = diag_new();
        autofree char *text = NULL;

        diag_warning(d, (Where){ .file = "b", .line = 7 }, "1");
        diag_warning(d, (Where){ .file = "a", .line = 2 }, "2");
        diag_warning(d, (Where){ .file = "b", .line = 3, .column = 5 }, "3");
        diag_warning(d, (Where){ .file = "a" }, "4");
        diag_warning(d, (Where){ .file = "b", .line = 3, .column = 5 }, "5");
        diag_warning(d, (Where){ .file = "b", .line = 3, .column = 1 }, "6");
        diag_warning(d, (Where){}, "7");
        diag_sort(d);
        text = diag_to_string(d);
        ck_assert_str_eq(text, "b:3:1: warning: 6\nb:3:5: warning: 3\nb:3:5: warning: 5\nb:7: warning: 1\n"
                               "a: warning: 4\na:2: warning: 2\nwarning: 7\n");
        diag_sort(NULL);
}
END_TEST

TEST_MAIN("diagnostics", items_print_with_place_severity_and_hint, nearest_word_is_near, append_copies,
          sorted)
