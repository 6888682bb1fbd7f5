/* Environment files: systemd's grammar. */
#include <string.h>

#include "basic/strv.h"
#include "config/env-file.h"
#include "unit-test.h"

static void check_file(const char *text, const char *expected, const char *expected_messages) {
        autoptr(Diag) diag = diag_new();
        autostrv char **env = NULL;
        autofree char *joined = NULL, *messages = NULL;

        ck_assert_int_eq(env_file_parse(&env, "f", text, strlen(text), diag), 0);
        joined = strv_join(env, "|");
        messages = diag_to_string(diag);
        ck_assert_str_eq(joined, expected);
        ck_assert_str_eq(messages, expected_messages);
}

START_TEST(plain_values) {
        check_file("A=1\nB= two  words \t\n\n# C=3\n ; D=4\nE=\n  F =5\nG==x", "A=1|B=two  words|E=|F=5|G==x",
                   "");
        check_file("A=1\r\nB=2\rC=3", "A=1|B=2|C=3", "");
        check_file("A=a # b\nB=$A `x`", "A=a # b|B=$A `x`", "");
        check_file("A=1\nB=2\nA=3\n", "A=3|B=2", "");
}
END_TEST

START_TEST(quotes_and_escapes) {
        check_file("A=\"x  y\" z\nB='a\\n$b'\nC=\"q\\\"\\$\\q\"\n", "A=x  yz|B=a\\n$b|C=q\"$\\q", "");
        check_file("A=\"one\ntwo\"\nB='three\nfour'\n", "A=one\ntwo|B=three\nfour", "");
        check_file("A=a\\\nb\nB=a\\ \\b \nC=\"a\\\nb\"\n", "A=ab|B=a b|C=ab", "");
        /* A quote within a value is a letter; only one at its beginning quotes. */
        check_file("A=it's\nB=a\"b\"\n", "A=it's|B=a\"b\"", "");
}
END_TEST

START_TEST(comments_are_not_continued) {
        check_file("# c \\\nA=1\n", "A=1", "");
}
END_TEST

START_TEST(what_is_no_assignment_is_told) {
        check_file("export A=1\n1B=2\nfoo\nC=3\nD=\x01\nE", "C=3|D=\x01",
                   "f:1:1: warning: \"export A\" is not a name for a variable, ignoring it\n"
                   "f:2:1: warning: \"1B\" is not a name for a variable, ignoring it\n"
                   "f:3:1: warning: Not an assignment, ignoring the line\n"
                   "f:6:1: warning: Not an assignment, ignoring the line\n");
        check_file("A=\"open\nB=2\n", "A=open\nB=2\n",
                   "f:1:1: warning: Quote is not closed before the end of the file\n");
}
END_TEST

START_TEST(equals_first_is_no_assignment) {
        /* Nor does a quote behind it open anything. */
        check_file("=\"a\nB=1\n", "B=1", "f:1:1: warning: Not an assignment, ignoring the line\n");
        check_file("==x\nB=1\n", "B=1", "f:1:1: warning: \"=\" is not a name for a variable, ignoring it\n");
}
END_TEST

START_TEST(only_assignments_must_be_utf8) {
        check_file("# caf\xe9\n\xe9\nA=1\n", "A=1", "f:2:1: warning: Not an assignment, ignoring the line\n");
}
END_TEST

START_TEST(not_text) {
        autostrv char **env = NULL;
        autoptr(Diag) diag = diag_new();
        autofree char *messages = NULL;

        ck_assert_int_eq(env_file_parse(&env, "f", "A=1\nB=\0", 7, diag), -EINVAL);
        ck_assert_int_eq(env_file_parse(&env, "f", "A=\xff", 3, diag), -EINVAL);
        ck_assert_ptr_null(env);
        messages = diag_to_string(diag);
        ck_assert_str_eq(messages, "f:2: error: NUL byte\nf:1: error: Text is not UTF-8\n");
}
END_TEST

TEST_MAIN("env-file", plain_values, quotes_and_escapes, comments_are_not_continued,
          what_is_no_assignment_is_told, equals_first_is_no_assignment, only_assignments_must_be_utf8,
          not_text)
