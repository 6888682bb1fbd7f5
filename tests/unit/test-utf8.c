/* UTF-8: what is valid, and that what is encoded is. */
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/utf8.h"
#include "unit-test.h"

START_TEST(invalid_bytes_are_found) {
        static const struct {
                const char *text;
                size_t bad;
        } cases[] = {
                { "", 0 },
                { "abc", 3 },
                { "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9 },
                { "a\xff", 1 },
                { "a\xc3", 1 },            /* cut off */
                { "\xc0\xaf", 0 },         /* overlong */
                { "\xe0\x80\xaf", 0 },     /* overlong */
                { "x\xed\xa0\x80", 1 },    /* surrogate */
                { "\xf4\x90\x80\x80", 0 }, /* behind the last code point */
                { "\xef\xbf\xbf", 0 },     /* noncharacter */
                { "\xe2\x28\xa1", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                ck_assert_uint_eq(utf8_find_invalid(cases[i].text, strlen(cases[i].text)), cases[i].bad);
}
END_TEST

START_TEST(every_character_reads_back) {
        for (uint32_t c = 1; c < 0x110000; c++) {
                char out[4];

                if (utf8_char_valid(c)) {
                        size_t n = utf8_encode(c, out);

                        if (utf8_find_invalid(out, n) != n)
                                ck_abort_msg("U+%x", c);
                }
        }
}
END_TEST

START_TEST(what_is_no_text_is_made_plain) {
        static const struct {
                const char *from, *to;
        } cases[] = {
                { "", "" },
                { "d\xc3\xa4mmert", "d\xc3\xa4mmert" },
                { "a\tb\x1b[2Jc\x7f", "a?b?[2Jc?" },
                { "a\xff\xfe", "a??" },
                { "a\xe2\x82", "a??" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autofree char *s = strdup(cases[i].from);

                ck_assert_ptr_nonnull(s);
                ck_assert_str_eq(utf8_make_plain(s), cases[i].to);
        }
}
END_TEST

TEST_MAIN("utf8", invalid_bytes_are_found, every_character_reads_back, what_is_no_text_is_made_plain)
