/* The reader of unit text: what systemd.syntax(7) promises, and the places of everything. */
#include <string.h>

#include "basic/macro.h"
#include "config/raw-unit.h"
#include "raw-helper.h"
#include "unit-test.h"

/* All values as "section.key=value@line:column", all messages behind them. */
static char *read_text(const char *text, size_t size, int *ret_r) {
        autoptr(RawUnit) u = calloc(1, sizeof(*u));
        autoptr(Diag) diag = diag_new();
        autofree char *messages = NULL;
        char *out = NULL;
        size_t n;
        FILE *f = open_memstream(&out, &n);

        *ret_r = raw_unit_parse(u, "f", text, size, diag);
        RAW_FOREACH (v, u)
                fprintf(f, "%s.%s=%s@%u:%u\n", v.section, v.key, v.value, raw_value_at(&v).line,
                        raw_value_at(&v).column);
        messages = diag_to_string(diag);
        fputs(messages, f);
        fclose(f);
        return out;
}

static void check_text(const char *text, int expected_r, const char *expected) {
        autofree char *out = NULL;
        int r;

        out = read_text(text, strlen(text), &r);
        ck_assert_str_eq(out, expected);
        ck_assert_int_eq(r, expected_r);
}

START_TEST(values_have_their_places) {
        check_text("[Unit]\n"
                   "Description=a b  \n"
                   "  After =  x=y\n"
                   "\n"
                   "[Container]\n"
                   "Image=\n"
                   "Image=\n"
                   "Exec=a [b]\n",
                   0,
                   "Unit.Description=a b@2:13\n"
                   "Unit.After=x=y@3:12\n"
                   "Container.Image=@6:7\n"
                   "Container.Image=@7:7\n"
                   "Container.Exec=a [b]@8:6\n");
}
END_TEST

START_TEST(comments_are_whole_lines) {
        check_text("# c\n[A]\n; c\n  # indented\nB=1 # no comment\nC=2 ; no comment\n", 0,
                   "A.B=1 # no comment@5:3\nA.C=2 ; no comment@6:3\n");
}
END_TEST

START_TEST(continuation_joins_with_a_blank) {
        check_text("[A]\nB=1\\\n2\nC=x \\\n# comment\\\n;comment\n  y\nD=1\n", 0,
                   "A.B=1 2@2:3\nA.C=x    y@4:3\nA.D=1@8:3\n");
        /* An escaped backslash at the end of a line goes on nothing. */
        check_text("[A]\nB=x\\\\\nC=y\\\\\\\nz\n", 0, "A.B=x\\\\@2:3\nA.C=y\\\\ z@3:3\n");
        /* An empty line ends it, so does the end of the file. */
        check_text("[A]\nB=x\\\n\nC=y\\", 0, "A.B=x@2:3\nA.C=y@4:3\n");
        /* The value may begin on a later line, and so may the header's bracket close there. */
        check_text("[A]\nB=\\\n\\\n  x\n", 0, "A.B=x@4:3\n");
}
END_TEST

START_TEST(places_inside_continued_values) {
        static const char text[] = "[A]\nB=one \\\n  two \\\n# c\n   three\n";
        autoptr(RawUnit) u = calloc(1, sizeof(*u));
        RawValue v;
        Where at;

        ck_assert_int_eq(raw_unit_parse(u, "f", text, strlen(text), NULL), 0);
        v = nth_value(u, 0);
        ck_assert_str_eq(v.value, "one    two     three");

        at = where_advance(raw_value_at(&v), (size_t) (strstr(v.value, "two") - v.value));
        ck_assert_uint_eq(at.line, 3);
        ck_assert_uint_eq(at.column, 3);
        at = where_advance(at, (size_t) (strstr(v.value, "three") - strstr(v.value, "two")));
        ck_assert_uint_eq(at.line, 5);
        ck_assert_uint_eq(at.column, 4);
}
END_TEST

START_TEST(line_ends_and_byte_order_mark) {
        check_text("\xef\xbb\xbf[A]\r\nB=1\r\nC=2\\\r\n3\r\rD=4\n\rE=5", 0,
                   "A.B=1@2:3\nA.C=2 3@3:3\nA.D=4@6:3\nA.E=5@7:3\n");
        check_text("", 0, "");
        check_text("\n\n  \n", 0, "");
}
END_TEST

START_TEST(mistakes_are_located) {
        check_text("A=1\n[B]\nfoo\n  =x\n[C\nD=1\n[E]\nF=2\n[]\nG=1\n[H\"]\n", -EINVAL,
                   "E.F=2@8:3\n"
                   "f:1:1: error: Assignment outside of a section\n"
                   "f:3:1: error: Neither \"Key=Value\" nor a section header nor a comment\n"
                   "f:4:3: error: The name of the key is missing before '='\n"
                   "f:5:1: error: Section header is not closed, ']' is missing\n"
                   "f:9:1: error: Section header without a name\n"
                   "f:11:3: error: Section header with a character that is not allowed in it\n");
}
END_TEST

START_TEST(text_must_be_utf8) {
        check_text("[A]\nB=\xc3\xa4\nC=x\xff\nD=\xc0\x80\nE=\xed\xa0\x80\nF=\\\n \xfe\n", -EINVAL,
                   "A.B=\xc3\xa4@2:3\n"
                   "f:3:4: error: Text is not UTF-8\n"
                   "f:4:3: error: Text is not UTF-8\n"
                   "f:5:3: error: Text is not UTF-8\n"
                   "f:7:2: error: Text is not UTF-8\n");
}
END_TEST

START_TEST(nul_ends_the_text) {
        static const char text[] = "[A]\nB=1\nC=2\0D=3\n";
        autofree char *out = NULL;
        int r;

        out = read_text(text, sizeof(text) - 1, &r);
        ck_assert_int_eq(r, -EINVAL);
        ck_assert_str_eq(out, "A.B=1@2:3\nA.C=2@3:3\nf:3:4: error: NUL byte; what follows is not read\n");
}
END_TEST

START_TEST(lines_have_a_limit) {
        enum { MIB = 1024 * 1024, HEAD = 4 };
        static const char refused[] = "f:2: error: Line is longer than 1 MiB\n";
        autofree char *text = calloc(1, MIB + 64), *out = NULL;
        int r;

        /* One byte less than 1 MiB is read. */
        memcpy(text, "[A]\nB=", HEAD + 2);
        memset(text + HEAD + 2, 'x', MIB - 3);
        free(read_text(text, HEAD + MIB - 1, &r));
        ck_assert_int_eq(r, 0);
        text[HEAD + MIB - 1] = 'x';
        out = read_text(text, HEAD + MIB, &r);
        ck_assert_int_eq(r, -EINVAL);
        ck_assert_str_eq(out, refused);

        /* Nor does continuation help, though 1 MiB fits then; its newline does not count. */
        memcpy(text + MIB / 2, "\\\n", 2);
        text[HEAD + MIB] = 'x';
        free(read_text(text, HEAD + MIB + 1, &r));
        ck_assert_int_eq(r, 0);
        text[HEAD + MIB + 1] = 'x';
        free(read_text(text, HEAD + MIB + 2, &r));
        ck_assert_int_eq(r, -EINVAL);

        /* Nor a comment. */
        text[0] = '#';
        memset(text + 1, 'x', MIB);
        free(read_text(text, MIB, &r));
        ck_assert_int_eq(r, -EINVAL);
}
END_TEST

START_TEST(private_sections_hold_anything) {
        check_text("[X-Mine]\nno assignment\nA=1\n=\n[B]\nC=2\n", 0, "X-Mine.A=1@3:3\nB.C=2@6:3\n");
        check_text("[X-]\nno assignment\n[Y-X]\nnone either\n", -EINVAL,
                   "f:4:1: error: Neither \"Key=Value\" nor a section header nor a comment\n");
}
END_TEST

START_TEST(one_byte_order_mark_anywhere) {
        check_text("# c\n\xef\xbb\xbf[A]\nB=1\n", 0, "A.B=1@3:3\n");
        check_text("\xef\xbb\xbf# c\n[A]\nB=1\n", 0, "A.B=1@3:3\n");
        check_text("[A]\nB=1\n\xef\xbb\xbf"
                   "C=2\n\xef\xbb\xbf"
                   "D=3\n",
                   0,
                   "A.B=1@2:3\nA.C=2@3:3\nA.\xef\xbb\xbf"
                   "D=3@4:6\n");
        /* Not behind blanks. */
        check_text("[A]\n \xef\xbb\xbf"
                   "B=1\n",
                   0,
                   "A.\xef\xbb\xbf"
                   "B=1@2:7\n");
}
END_TEST

START_TEST(parts_begin_at_their_line) {
        static const char text[] = "[A]\nB=1\nC\n";
        autoptr(RawUnit) u = calloc(1, sizeof(*u));
        autoptr(Diag) diag = diag_new();
        autofree char *messages = NULL;
        RawValue v;

        ck_assert_int_eq(raw_unit_parse_part(u, "f", 7, text, strlen(text), diag), -EINVAL);
        messages = diag_to_string(diag);
        ck_assert_str_eq(messages,
                         "f:9:1: error: Neither \"Key=Value\" nor a section header nor a comment\n");
        v = nth_value(u, 0);
        ck_assert_uint_eq(raw_value_at(&v).line, 8);
}
END_TEST

START_TEST(added_values_are_like_others) {
        static const char text[] = "[A]\nB=1\n";
        autoptr(RawUnit) u = calloc(1, sizeof(*u));
        autofree char *out = NULL;

        ck_assert_int_eq(raw_unit_parse(u, "f", text, strlen(text), NULL), 0);
        ck_assert_int_eq(raw_unit_add(u, "Unit", "Wants", "x", (Where){ .file = "g" }), 0);
        ck_assert_int_eq(raw_unit_add(u, "A", "B", "2", (Where){ .file = "g" }), 0);
        out = raw_unit_to_text(u);
        ck_assert_str_eq(out, "[A]\nB=1\n[Unit]\nWants=x\n[A]\nB=2\n");
        ck_assert_uint_eq(count_sections(u), 2);
}
END_TEST

START_TEST(printed_text_is_read_back) {
        static const char text[] = "[A]\nB=a \\\n  b\nC=\nD=x\\ \n \xef\xbb\xbf"
                                   "E=1\n[F]\nG=h\\\\\n";
        autoptr(RawUnit) u = calloc(1, sizeof(*u)), again = calloc(1, sizeof(*again));
        autofree char *out = NULL, *second = NULL;

        ck_assert_int_eq(raw_unit_parse(u, "f", text, strlen(text), NULL), 0);
        out = raw_unit_to_text(u);
        ck_assert_str_eq(out, "[A]\nB=a    b\nC=\nD=x\\ \n \xef\xbb\xbf"
                              "E=1\n[F]\nG=h\\\\ \n");
        ck_assert_int_eq(raw_unit_parse(again, "g", out, strlen(out), NULL), 0);
        second = raw_unit_to_text(again);
        ck_assert_str_eq(second, out);
}
END_TEST

START_TEST(drop_ins_append) {
        static const char first[] = "[A]\nB=1\n", second[] = "[A]\nB=\nB=2\n", outside[] = "B=3\n";
        autoptr(RawUnit) u = calloc(1, sizeof(*u));
        RawValue v;

        ck_assert_int_eq(raw_unit_parse(u, "one", first, strlen(first), NULL), 0);
        ck_assert_int_eq(raw_unit_parse(u, "two", second, strlen(second), NULL), 0);
        /* A file does not go on in the section of the file before. */
        ck_assert_int_eq(raw_unit_parse(u, "three", outside, strlen(outside), NULL), -EINVAL);
        ck_assert_uint_eq(count_values(u), 3);
        ck_assert_uint_eq(count_sections(u), 2);
        v = nth_value(u, 2);
        ck_assert_str_eq(v.value, "2");
        ck_assert_str_eq(raw_value_at(&v).file, "two");
        ck_assert_uint_eq(raw_value_at(&v).line, 3);
        ck_assert_str_eq(raw_value_key_at(&v).file, "two");
}
END_TEST

/* Whatever was given back, values and places stay, and what is long gets in as well. */
START_TEST(more_is_added_to_what_was_trimmed) {
        static const char text[] = "[A]\nB=one \\\n  two\n[C]\nB=2\n";
        autoptr(RawUnit) u = calloc(1, sizeof(*u));
        char key[200], value[40000];
        RawValue v = {};

        memset(key, 'k', sizeof(key) - 1);
        memset(value, 'v', sizeof(value) - 1);
        key[sizeof(key) - 1] = value[sizeof(value) - 1] = '\0';

        ck_assert_int_eq(raw_unit_parse(u, "f", text, strlen(text), NULL), 0);
        for (unsigned i = 1; i <= 3; i++) {
                raw_unit_trim(u);
                ck_assert_uint_eq(u->allocated, u->n_records);
                ck_assert_int_eq(raw_unit_add(u, "C", key, value, (Where){ "g", i * 100000, i * 300 }), 0);
        }

        ck_assert(raw_unit_find(u, "A", "B", &v));
        ck_assert_str_eq(v.value, "one    two");
        ck_assert_uint_eq(where_advance(raw_value_at(&v), 7).line, 3);
        ck_assert_uint_eq(where_advance(raw_value_at(&v), 7).column, 3);
        ck_assert(raw_unit_find(u, "C", "B", &v));
        ck_assert_str_eq(v.file, "f");
        ck_assert(!raw_unit_find(u, "A", key, &v));
        ck_assert(raw_unit_find(u, "C", key, &v));
        ck_assert_str_eq(v.value, value);
        ck_assert_str_eq(v.file, "g");
        ck_assert_uint_eq(raw_value_at(&v).line, 300000);
        ck_assert_uint_eq(raw_value_key_at(&v).column, 900);
        ck_assert(!raw_unit_next(u, &v));
        ck_assert_uint_eq(count_sections(u), 2);
}
END_TEST

TEST_MAIN("raw-unit", values_have_their_places, comments_are_whole_lines, continuation_joins_with_a_blank,
          places_inside_continued_values, line_ends_and_byte_order_mark, mistakes_are_located,
          text_must_be_utf8, nul_ends_the_text, lines_have_a_limit, drop_ins_append,
          private_sections_hold_anything, one_byte_order_mark_anywhere, parts_begin_at_their_line,
          added_values_are_like_others, printed_text_is_read_back, more_is_added_to_what_was_trimmed)
