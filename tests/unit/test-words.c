/* Splitting of values: quotes, escapes, places. */
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "config/words.h"
#include "unit-test.h"

static const Where start = { .file = "f", .line = 7, .column = 10 };

/* Words as "<text>column" with a q for quoted, then messages. */
static void check_words(const char *text, WordsFlags flags, int expected_n, const char *expected) {
        autoptr(Diag) diag = diag_new();
        autowords Word *words = NULL;
        autofree char *out = NULL, *messages = NULL;
        size_t size;
        FILE *f = open_memstream(&out, &size);
        int n;

        n = words_split(text, start, flags, diag, &words);
        for (int i = 0; i < n; i++)
                fprintf(f, "<%s>%u%s", words[i].text, words[i].at.column, words[i].quoted ? "q" : "");
        messages = diag_to_string(diag);
        fputs(messages, f);
        fclose(f);
        ck_assert_str_eq(out, expected);
        ck_assert_int_eq(n, expected_n);
}

START_TEST(blanks_separate) {
        check_words("", 0, 0, "");
        check_words("  \t ", WORDS_QUOTES, 0, "");
        check_words("a  bc\td ", 0, 3, "<a>10<bc>13<d>16");
        check_words("\"a b\"", 0, 2, "<\"a>10<b\">13");
        check_words("a\\n", WORDS_QUOTES, 1, "<a\\n>10");
}
END_TEST

START_TEST(quotes_hold_together) {
        check_words("\"a b\" 'c \"d\"' e\"f g\"h", WORDS_QUOTES, 3, "<a b>10q<c \"d\">16q<ef gh>24q");
        check_words("\"\" ''", WORDS_QUOTES, 2, "<>10q<>13q");
        check_words("x \"a b", WORDS_QUOTES, -EINVAL, "f:7:12: error: Quote is not closed\n");
        check_words("it's", WORDS_QUOTES, -EINVAL, "f:7:12: error: Quote is not closed\n");
}
END_TEST

START_TEST(escapes_of_c) {
        check_words("\\x41\\101\\u00e4\\U0001F600 a\\sb\\tc \\\\ \\\" \\'", WORDS_QUOTES | WORDS_ESCAPES, 5,
                    "<AA\xc3\xa4\xf0\x9f\x98\x80>10<a b\tc>35<\\>43<\">46<'>49");
        check_words("'a\\'b' \"c\\\"d\"", WORDS_QUOTES | WORDS_ESCAPES, 2, "<a'b>10q<c\"d>17q");
}
END_TEST

START_TEST(unknown_escapes_are_kept) {
        check_words("\\q \\x0z \\000 \\400 \\uD800", WORDS_ESCAPES, 5,
                    "<\\q>10<\\x0z>13<\\000>18<\\400>23<\\uD800>28"
                    "f:7:10: warning: Unknown escape \"\\q\" is kept as it is\n"
                    "f:7:13: warning: Unknown escape \"\\x\" is kept as it is\n"
                    "f:7:18: warning: Unknown escape \"\\0\" is kept as it is\n"
                    "f:7:23: warning: Unknown escape \"\\4\" is kept as it is\n"
                    "f:7:28: warning: Unknown escape \"\\u\" is kept as it is\n");
        check_words("a \\", WORDS_ESCAPES, 2,
                    "<a>10<\\>12f:7:12: warning: Unknown escape \"\\\" is kept as it is\n");
        check_words("a \"b\\", WORDS_QUOTES | WORDS_ESCAPES, -EINVAL,
                    "f:7:14: warning: Unknown escape \"\\\" is kept as it is\n"
                    "f:7:12: error: Quote is not closed\n");
}
END_TEST

START_TEST(unknown_escapes_can_be_errors) {
        check_words("a\\qb", WORDS_ESCAPES | WORDS_STRICT, -EINVAL,
                    "f:7:11: error: Unknown escape \"\\q\"\n");
        check_words("a\\", WORDS_ESCAPES | WORDS_STRICT, -EINVAL, "f:7:11: error: Unknown escape \"\\\"\n");
        check_words("a\\sb", WORDS_ESCAPES | WORDS_STRICT, 1, "<a b>10");
}
END_TEST

/* Separators as they are, other semicolons in brackets. */
static void check_semicolons(const char *text, const char *expected) {
        autowords Word *words = NULL;
        autofree char *out = NULL;
        size_t size;
        FILE *f = open_memstream(&out, &size);

        ck_assert_int_ge(
                words_split(text, start, WORDS_QUOTES | WORDS_ESCAPES | WORDS_SEMICOLONS, NULL, &words), 0);
        for (const Word *w = words; w && w->text; w++)
                fprintf(f, w->separator ? "%s" : "<%s>", w->text);
        fclose(f);
        ck_assert_str_eq(out, expected);
}

START_TEST(semicolons_divide_commands) {
        check_semicolons("a;b ; c \\; d", "<a;b>;<c><;><d>");
        check_semicolons("; a ;", ";<a>;");
        check_semicolons("a; ;b ;;", "<a;><;b><;;>");
        check_semicolons("\";\" ';' \\;", "<;><;><;>");
        check_semicolons("x\\;y \\;z \"\\;\"", "<x\\;y><\\;z><\\;>");
        check_words("; \\;", WORDS_QUOTES | WORDS_ESCAPES, 2,
                    "<;>10<\\;>12f:7:12: warning: Unknown escape \"\\;\" is kept as it is\n");
}
END_TEST

START_TEST(joined_words_are_read_back) {
        static const char *const words[] = { "a",          "",  "b c", "d\"e",     "f'g", "h\\i",
                                             "j\nk\rl\tm", ";", "n;o", "\xc3\xa4", NULL };
        autofree char *text = words_join((char **) words);
        autostrv char **back = NULL;

        ck_assert_str_eq(text,
                         "a \"\" \"b c\" \"d\\\"e\" \"f'g\" \"h\\\\i\" \"j\\nk\\rl\tm\" \";\" n;o \xc3\xa4");
        ck_assert_int_eq(
                words_split_strv(text, start, WORDS_QUOTES | WORDS_ESCAPES | WORDS_STRICT, NULL, &back), 0);
        ck_assert(strv_equal(back, (char **) words));
}
END_TEST

START_TEST(strv_has_the_same_words) {
        char **v = NULL;

        ck_assert_int_eq(words_split_strv("a 'b c'", start, WORDS_QUOTES, NULL, &v), 0);
        ck_assert_str_eq(v[0], "a");
        ck_assert_str_eq(v[1], "b c");
        ck_assert_ptr_null(v[2]);
        free(v[0]);
        free(v[1]);
        free(v);

        v = NULL;
        ck_assert_int_eq(words_split_strv(" ", start, 0, NULL, &v), 0);
        ck_assert_ptr_null(v);
        ck_assert_int_eq(words_split_strv("'", start, WORDS_QUOTES, NULL, &v), -EINVAL);
}
END_TEST

TEST_MAIN("words", blanks_separate, quotes_hold_together, escapes_of_c, unknown_escapes_are_kept,
          unknown_escapes_can_be_errors, semicolons_divide_commands, joined_words_are_read_back,
          strv_has_the_same_words)
