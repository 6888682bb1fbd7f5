/* Reading questions and answers of DNS, also malformed ones. */
#include <string.h>

#include "basic/macro.h"
#include "network/dns-message.h"
#include "unit-test.h"

#define NAME "\3www\7Example\3org\0"

/* Header: id 0x1234, flags, counts of questions and answers. */
#define HEADER(flags, answers) "\x12\x34" flags "\0\1\0" answers "\0\0\0\0"
#define QUESTION               NAME "\0\1\0\1"
#define A_RECORD               "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7"
#define CNAME_RECORD           "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\6\3foo\xc0\x10"
#define AAAA_RECORD            "\3foo\xc0\x10\0\x1c\0\1\0\0\0\5\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"

#define BYTES(text) (const uint8_t *) (text), sizeof(text) - 1

static const char query[] = HEADER("\1\0", "\0") QUESTION;
static const char answer[] = HEADER("\x83\x80", "\3") QUESTION CNAME_RECORD A_RECORD AAAA_RECORD;

START_TEST(questions_are_read) {
        char name[DNS_NAME_MAX + 1];

        ck_assert_int_eq(dns_question(BYTES(query), name), 0);
        ck_assert_str_eq(name, "www.example.org");
        ck_assert_int_eq(dns_question(BYTES(answer), name), 0);
}
END_TEST

START_TEST(answers_have_addresses) {
        DnsAddress found[4];
        char text[INET_TEXT_MAX];

        ck_assert(dns_is_answer(BYTES(answer), BYTES(query)));
        ck_assert_uint_eq(dns_addresses(BYTES(answer), found, ELEMENTSOF(found)), 2);
        ck_assert_str_eq(inet_format(&found[0].address, text), "192.0.2.7");
        ck_assert_uint_eq(found[0].ttl, 60);
        ck_assert_str_eq(inet_format(&found[1].address, text), "2001:db8::2");
        ck_assert_uint_eq(found[1].ttl, 5);
        ck_assert_uint_eq(dns_addresses(BYTES(answer), found, 1), 1);
}
END_TEST

START_TEST(nothing_is_read_behind_the_end) {
        char name[DNS_NAME_MAX + 1];
        DnsAddress found[4];

        /* Each shorter part of it in memory of its own, so that a sanitizer sees what is read behind it. */
        for (size_t n = 0; n < sizeof(answer) - 1; n++) {
                uint8_t *part = malloc(n + 1);

                memcpy(part, answer, n);
                ck_assert_uint_le(dns_addresses(part, n, found, ELEMENTSOF(found)), 2);
                (void) dns_question(part, n, name);
                (void) dns_is_answer(part, n, BYTES(query));
                dns_untruncate(part, n);
                free(part);
        }
}
END_TEST

START_TEST(what_is_no_question) {
        static const struct {
                const char *bytes;
                size_t size;
        } bad[] = {
#define BAD(text) { text, sizeof(text) - 1 }
                BAD(""),
                BAD(HEADER("\1\0", "\0")),
                BAD("\x12\x34\1\0\0\2\0\0\0\0\0\0" QUESTION),
                BAD(HEADER("\1\0", "\0") "\3www"),
                BAD(HEADER("\1\0", "\0") "\xc0\x0c\0\1\0\1"),
                BAD(HEADER("\1\0", "\0") "\5a.b.c\0\0\1\0\1"),
                BAD(HEADER("\1\0", "\0") "\3a\0b\0\0\1\0\1"),
                BAD(HEADER("\1\0", "\0") "\3a b\0\0\1\0\1"),
                BAD(HEADER("\1\0", "\0") "\3www\0\0\1\0"),
#undef BAD
        };
        char name[DNS_NAME_MAX + 1];

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_msg(dns_question((const uint8_t *) bad[i].bytes, bad[i].size, name) == -EBADMSG,
                              "%zu", i);
}
END_TEST

START_TEST(answers_to_others) {
        char other[sizeof(answer)];

        memcpy(other, answer, sizeof(other));
        other[0] ^= 1;
        ck_assert(!dns_is_answer(BYTES(other), BYTES(query)));
        memcpy(other, answer, sizeof(other));
        other[13] = 'x';
        ck_assert(!dns_is_answer(BYTES(other), BYTES(query)));
        ck_assert(!dns_is_answer(BYTES(query), BYTES(query)));
}
END_TEST

START_TEST(cut_answers_count) {
        uint8_t whole[sizeof(answer)], none[] = HEADER("\x83\x80", "\0") QUESTION;

        memcpy(whole, answer, sizeof(whole));
        dns_untruncate(whole, sizeof(whole));
        ck_assert_uint_eq(whole[2], 0x81);
        dns_untruncate(none, sizeof(none));
        ck_assert_uint_eq(none[2], 0x83);
}
END_TEST

START_TEST(names_match) {
        ck_assert(dns_name_matches("www.example.org", "WWW.Example.org"));
        ck_assert(dns_name_matches("www.example.org", "*.example.org"));
        ck_assert(dns_name_matches("a.b.example.org", "*.example.org"));
        ck_assert(!dns_name_matches("example.org", "*.example.org"));
        ck_assert(!dns_name_matches("badexample.org", "*.example.org"));
        ck_assert(!dns_name_matches("www.example.org", "example.org"));
}
END_TEST

TEST_MAIN("dns-message", questions_are_read, answers_have_addresses, nothing_is_read_behind_the_end,
          what_is_no_question, answers_to_others, cut_answers_count, names_match)
