/* ctl/doc: YAML and JSON to a tree, and what is refused. */
#include <string.h>

#include "basic/macro.h"
#include "ctl/doc.h"
#include "unit-test.h"

typedef int (*Parser)(const char *file, const char *text, size_t size, Diag *diag, Doc **ret);

static Doc *parse_by(Parser parser, const char *text) {
        autoptr(Diag) diag = diag_new();
        autofree char *said = NULL;
        Doc *d = NULL;
        int r;

        r = parser("f", text, strlen(text), diag, &d);
        said = diag_to_string(diag);
        ck_assert_str_eq(said, "");
        ck_assert_int_eq(r, 0);
        return d;
}

static void refuse_by(Parser parser, const char *text, size_t size, const char *message) {
        autoptr(Diag) diag = diag_new();
        autofree char *said = NULL;
        Doc *d = NULL;

        ck_assert_int_eq(parser("f", text, size, diag, &d), -EINVAL);
        ck_assert_ptr_null(d);
        said = diag_to_string(diag);
        ck_assert_str_eq(said, message);
}

#define REFUSED(text, message) refuse_by(doc_yaml_parse, text, sizeof(text) - 1, message)

START_TEST(texts_stay_texts) {
        autoptr(Doc) d =
                parse_by(doc_yaml_parse, "a: 22:22\nb: no\nc: 0644\nd: 1.50\ne: \"null\"\nf: null\ng: ~\nh:\n"
                                         "i: ''\nj: !!str null\nk: !!null x\nl: |\n  one\n  two\n");

        ck_assert_str_eq(doc_text(d, "a"), "22:22");
        ck_assert_str_eq(doc_text(d, "b"), "no");
        ck_assert_str_eq(doc_text(d, "c"), "0644");
        ck_assert_str_eq(doc_text(d, "d"), "1.50");
        ck_assert_str_eq(doc_text(d, "e"), "null");
        ck_assert_int_eq(doc_get(d, "f")->kind, DOC_NULL);
        ck_assert_int_eq(doc_get(d, "g")->kind, DOC_NULL);
        ck_assert_int_eq(doc_get(d, "h")->kind, DOC_NULL);
        ck_assert_ptr_null(doc_find(d, "h"));
        ck_assert_str_eq(doc_text(d, "i"), "");
        ck_assert_str_eq(doc_text(d, "j"), "null");
        ck_assert_int_eq(doc_get(d, "k")->kind, DOC_NULL);
        ck_assert_str_eq(doc_text(d, "l"), "one\ntwo\n");
}
END_TEST

START_TEST(places_count_bytes) {
        autoptr(Doc) d = parse_by(doc_yaml_parse, "\xef\xbb\xbf"
                                                  "ü: ä\r\n\"ö\": {x: [ß, y]}\n");
        const Doc *y = doc_find(d, "ö.x")->children[1];
        autofree char *path = doc_path(y, NULL), *below = doc_path(y, doc_get(d, "ö"));

        ck_assert_uint_eq(doc_get(d, "ü")->at.line, 1);
        ck_assert_uint_eq(doc_get(d, "ü")->at.column, 5);
        ck_assert_uint_eq(y->at.line, 2);
        ck_assert_uint_eq(y->at.column, 16);
        ck_assert_str_eq(path, "ö.x[1]");
        ck_assert_str_eq(below, "x[1]");
}
END_TEST

START_TEST(aliases_and_merge_keys) {
        autoptr(Doc) d =
                parse_by(doc_yaml_parse, "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\n"
                                         "one: {<<: *a, y: own}\ntwo:\n  <<: [*a, *b]\n"
                                         "inner: {<<: &c {v: 5}}\nagain: *c\nagain2: &a other\nlast: *a\n");

        ck_assert_str_eq(doc_text(d, "one.x"), "1");
        ck_assert_str_eq(doc_text(d, "one.y"), "own");
        ck_assert_ptr_null(doc_find(d, "one.<<"));
        ck_assert_str_eq(doc_text(d, "two.y"), "2");
        ck_assert_str_eq(doc_text(d, "two.z"), "4");
        ck_assert_str_eq(doc_text(d, "inner.v"), "5");
        ck_assert_str_eq(doc_text(d, "again.v"), "5");
        ck_assert_str_eq(doc_text(d, "last"), "other");
}
END_TEST

START_TEST(bad_yaml_is_refused) {
        REFUSED("", "f: error: there is nothing in it\n");
        REFUSED("a: [b\n", "f:2:1: error: did not find expected ',' or ']'\n");
        REFUSED("a: 1\nb: 2\na: 3\n", "f:3:1: error: \"a\" is in this map twice\n");
        REFUSED("a: *x\n", "f:1:4: error: there is no complete \"&x\" before this alias\n");
        REFUSED("a: &x [*x]\n", "f:1:8: error: there is no complete \"&x\" before this alias\n");
        REFUSED("a: !reset x\n", "f:1:4: error: tag !reset is not supported\n");
        REFUSED("[a]: b\n", "f:1:1: error: a key must be a text, and not a list\n");
        REFUSED("a: 1\n---\nb: 2\n", "f:2:1: error: there is more than one document\n");
        REFUSED("a: 1\n<<: x\n", "f:2:5: error: \"<<\" needs a map, and not a text\n");
        REFUSED("a: 1\nb: \xff\n", "f:2:4: error: Text is not UTF-8\n");
        REFUSED("a: \0b\n", "f:1:4: error: NUL byte\n");
        REFUSED("a: \"\\0\"\n", "f:1:4: error: a text with a NUL byte\n");
        REFUSED("a: \x01\n", "f:1:4: error: control characters are not allowed\n");
}
END_TEST

START_TEST(trees_have_limits) {
        char deep[2 * DOC_DEPTH_MAX + 2];
        autofree char *wide = calloc(1, DOC_SOURCE_MAX + 2), *laughs = NULL;
        size_t size;
        FILE *f = open_memstream(&laughs, &size);

        memset(deep, '[', sizeof(deep));
        refuse_by(doc_yaml_parse, deep, sizeof(deep),
                  "f:1:65: error: lists and maps are nested more than 64 deep\n");
        deep[sizeof(deep) - 1] = '\0';
        refuse_by(doc_json_parse, deep, sizeof(deep) - 1, "f:1:129: error: ']' expected near end of file\n");

        memset(wide, ' ', DOC_SOURCE_MAX + 1);
        refuse_by(doc_yaml_parse, wide, DOC_SOURCE_MAX + 1, "f: error: the text is longer than 4 MiB\n");

        fputs("l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n", f);
        for (int i = 1; i < 9; i++)
                fprintf(f, "l%d: &l%d [*l%d, *l%d, *l%d, *l%d, *l%d, *l%d, *l%d, *l%d]\n", i, i, i - 1, i - 1,
                        i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        fclose(f);
        refuse_by(doc_yaml_parse, laughs, size,
                  "f:6:15: error: with all aliases written out this is more than 100000 values\n");
}
END_TEST

START_TEST(json_is_read) {
        autoptr(Doc) d =
                parse_by(doc_json_parse, "[{\"a\": 1, \"b\": [true, null, 1.5], \"c\": {\"d.e\": \"x\"}}]");
        const Doc *top = d->children[0];
        autofree char *path = doc_path(doc_get(top, "b")->children[2], NULL);

        ck_assert_str_eq(doc_text(top, "a"), "1");
        ck_assert_str_eq(doc_get(top, "b")->children[0]->text, "true");
        ck_assert_int_eq(doc_get(top, "b")->children[1]->kind, DOC_NULL);
        ck_assert_str_eq(doc_get(top, "b")->children[2]->text, "1.5");
        ck_assert_str_eq(doc_get(doc_get(top, "c"), "d.e")->text, "x");
        ck_assert_str_eq(path, "[0].b[2]");
        refuse_by(doc_json_parse, "[1,", 3, "f:1:3: error: ']' expected near end of file\n");
}
END_TEST

START_TEST(copies_are_equal_until_changed) {
        autoptr(Doc) d = parse_by(doc_yaml_parse, "a: [1, {b: 2}]\nc: ''\n"), copy = NULL;
        DocBudget budget = {};
        Doc *text;

        ck_assert_int_eq(doc_copy(d, &budget, &copy), 0);
        ck_assert_uint_eq(budget.nodes, 6);
        ck_assert(doc_equal(d, copy));
        text = doc_new(DOC_TEXT, d->at);
        text->text = strdup("x");
        ck_assert_int_eq(doc_set(copy, "c", d->at, text), 0);
        ck_assert_str_eq(doc_text(copy, "c"), "x");
        ck_assert(!doc_equal(d, copy));
        doc_free(doc_detach(copy, 0));
        ck_assert_ptr_null(doc_get(copy, "a"));
        ck_assert_uint_eq(copy->n, 1);
}
END_TEST

TEST_MAIN("doc", texts_stay_texts, places_count_bytes, aliases_and_merge_keys, bad_yaml_is_refused,
          trees_have_limits, json_is_read, copies_are_equal_until_changed)
