/* Variables in command lines, as systemd.service(5) has them. */
#include "basic/strv.h"
#include "config/command-variables.h"
#include "unit-test.h"

static char *const env[] = { (char *) "ONE=one",      (char *) "TWO=two two",
                             (char *) "EMPTY=",       (char *) "QUOTED='a b' c",
                             (char *) "OPEN=it's so", (char *) "DOLLAR=$ONE",
                             (char *) "NAME=a=b",     NULL };

static const struct {
        const char *words, *want; /* divided by "|" */
} cases[] = {
        { "echo|plain", "echo|plain" },
        /* a word of its own is split, and may vanish */
        { "echo|$ONE", "echo|one" },
        { "echo|$TWO", "echo|two|two" },
        { "echo|$EMPTY|x", "echo|x" },
        { "echo|$MISSING|x", "echo|x" },
        { "echo|$QUOTED", "echo|a b|c" },
        { "echo|$OPEN", "echo|it's so" },
        { "echo|$NAME", "echo|a=b" },
        /* in braces it is exactly one, wherever it stands */
        { "echo|${TWO}", "echo|two two" },
        { "echo|x${ONE}y${TWO}", "echo|xoneytwo two" },
        { "echo|a${EMPTY}b", "echo|ab" },
        { "echo|a${MISSING}b", "echo|ab" },
        /* what is no variable stays */
        { "echo|x$ONE", "echo|x$ONE" },
        { "echo|$ONE/x", "echo|$ONE/x" },
        { "echo|${ONE", "echo|${ONE" },
        { "echo|${1}", "echo|${1}" },
        { "echo|$", "echo|$" },
        { "echo|$1", "echo|$1" },
        { "echo|${ONE-x}", "echo|${ONE-x}" },
        /* nothing is replaced twice */
        { "echo|$$ONE", "echo|$ONE" },
        { "echo|a$$$$b", "echo|a$$b" },
        { "echo|${DOLLAR}|$DOLLAR", "echo|$ONE|$ONE" },
};

START_TEST(words_of_a_command) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                autostrv char **words = NULL, **out = NULL;
                autofree char *text = NULL;

                ck_assert_int_eq(strv_split(cases[i].words, "|", &words), 0);
                ck_assert_int_eq(command_variables_expand(words, env, &out), 0);
                text = strv_join(out, "|");
                ck_assert_str_eq(text, cases[i].want);
        }
}
END_TEST

START_TEST(an_empty_value_in_braces_is_a_word) {
        char *const words[] = { (char *) "${EMPTY}", (char *) "$EMPTY", NULL };
        autostrv char **out = NULL;

        ck_assert_int_eq(command_variables_expand(words, env, &out), 0);
        ck_assert_uint_eq(strv_length(out), 1);
        ck_assert_str_eq(out[0], "");
}
END_TEST

TEST_MAIN("command-variables", words_of_a_command, an_empty_value_in_braces_is_a_word)
