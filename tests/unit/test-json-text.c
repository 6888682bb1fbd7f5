/* JSON as text: commas, numbers at their limits, and strings that anybody may have made. */
#include <string.h>

#include "basic/cleanup.h"
#include "basic/json-text.h"
#include "basic/macro.h"
#include "unit-test.h"

START_TEST(values_are_separated) {
        autojsontext JsonText t = {};

        json_text_begin(&t, NULL, '{');
        json_text_begin(&t, "empty", '[');
        json_text_end(&t, ']');
        json_text_boolean(&t, "yes", true);
        json_text_string(&t, "none", NULL);
        json_text_begin(&t, "list", '[');
        json_text_number(&t, NULL, 1);
        json_text_begin(&t, NULL, '{');
        json_text_end(&t, '}');
        json_text_string(&t, NULL, "");
        json_text_end(&t, ']');
        json_text_raw(&t, "raw", "[null]");
        json_text_end(&t, '}');
        ck_assert_str_eq(json_text_finish(&t),
                         "{\"empty\":[],\"yes\":true,\"list\":[1,{},\"\"],\"raw\":[null]}");
}
END_TEST

START_TEST(numbers_keep_their_bits) {
        autojsontext JsonText t = {};

        json_text_begin(&t, NULL, '[');
        json_text_number(&t, NULL, 0);
        json_text_number(&t, NULL, -1);
        json_text_number(&t, NULL, INT64_MAX);
        json_text_number(&t, NULL, INT64_MIN);
        json_text_end(&t, ']');
        ck_assert_str_eq(json_text_finish(&t), "[0,-1,9223372036854775807,-9223372036854775808]");
}
END_TEST

/* One string that could end the text would end the state of its container. */
START_TEST(any_string_is_one_string) {
        static const struct {
                const char *value, *text;
        } cases[] = {
                { "a\"b\\c", "\"a\\\"b\\\\c\"" },
                { "{[", "\"{[\"" },
                { "\n\x01\x1f\x7f", "\"\\u000a\\u0001\\u001f\x7f\"" },
                { "\xc3\xa4\xe2\x82\xac", "\"\xc3\xa4\xe2\x82\xac\"" },
                { "\xff", "\"?\"" },
                { "a\xc3\"\xff\xfe", "\"a?\\\"??\"" },
                { "\xe2\x82", "\"??\"" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autojsontext JsonText t = {};

                json_text_string(&t, NULL, cases[i].value);
                ck_assert_str_eq(json_text_finish(&t), cases[i].text);
        }
}
END_TEST

START_TEST(it_grows) {
        autojsontext JsonText t = {};
        char word[1000];

        memset(word, 'x', sizeof(word) - 1);
        word[sizeof(word) - 1] = '\0';
        json_text_begin(&t, NULL, '[');
        for (int i = 0; i < 100; i++)
                json_text_string(&t, NULL, word);
        json_text_end(&t, ']');
        ck_assert_uint_eq(strlen(json_text_finish(&t)), 2 + 100 * 1001 + 99);
}
END_TEST

START_TEST(want_of_memory_is_told) {
        autojsontext JsonText t = {};

        ck_assert_ptr_null(json_text_finish(&t));
        json_text_begin(&t, NULL, '{');
        json_text_raw(&t, "tree", NULL);
        json_text_end(&t, '}');
        ck_assert_ptr_null(json_text_finish(&t));
}
END_TEST

TEST_MAIN("json-text", values_are_separated, numbers_keep_their_bits, any_string_is_one_string, it_grows,
          want_of_memory_is_told)
