/* ctl/unit-writer: what is written is what the reader of unit files gives back; ctl/unit-bundle: all or
 * nothing. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "ctl/unit-bundle.h"
#include "spec/unit-spec.h"
#include "unit-test.h"

static const Where at = { .file = "source", .line = 7, .column = 3 };

static char *text_of(UnitText *u) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        unit_text_write(u, false, f);
        ck_assert_int_eq(fclose(f), 0);
        return text;
}

/* Reads what was written; the unit is to be freed. */
static UnitSpec *read_back(UnitText *u) {
        RawUnit *raw = calloc(1, sizeof(*raw));
        autoptr(Diag) diag = diag_new();
        autofree char *text = text_of(u), *said = NULL;
        const SpecifierContext specifiers = { .host_name = "host" };
        UnitSpec *spec = NULL;

        raw->name = strdup(u->name);
        raw->fragment = strdup(u->name);
        ck_assert_int_eq(raw_unit_parse(raw, raw->fragment, text, strlen(text), diag), 0);
        (void) unit_spec_load(raw, &specifiers, diag, &spec);
        said = diag_to_string(diag);
        ck_assert_str_eq(said, "");
        return spec;
}

static UnitText *new_unit(void) {
        UnitText *u = NULL;

        ck_assert_int_eq(unit_text_new(UNIT_CONTAINER, "web", at, &u), 0);
        ck_assert_int_eq(unit_text_raw(u, PART_OWN, "Image", at, "nginx"), 0);
        return u;
}

/* What people, and others, put into command lines and variables. */
static const char *const strange[] = {
        "plain",     "two words",   "",         "100%",       "%h",       "$HOME ${X} $$",
        "it's",      "say \"x\"",   "back\\",   "\\n",        "\ttab\t",  "line\nline",
        "\r",        "#no comment", ";",        "-",          "ümläut ✓", " blanks ",
        "\x01\x1b[", "a=b",         "'single'", "\"double\"", "\\x41",    "\x7f",
        "~",         "[x]",         "*",        "a\\\nb",     "\"",       "'",
        "\\\"'%",    "=",
};

START_TEST(words_are_read_back) {
        autoptr(UnitText) u = new_unit();
        autoptr(UnitSpec) spec = NULL;
        autostrv char **words = NULL;

        for (size_t i = 0; i < ELEMENTSOF(strange); i++)
                ck_assert_int_eq(strv_add(&words, strange[i]), 0);
        ck_assert_int_eq(unit_text_words(u, PART_OWN, "Exec", at, words), 0);
        spec = read_back(u);
        ck_assert(strv_equal(spec->container->exec, words));
}
END_TEST

START_TEST(variables_are_read_back) {
        for (size_t i = 0; i < ELEMENTSOF(strange); i++) {
                autoptr(UnitText) u = new_unit();
                autoptr(UnitSpec) spec = NULL;
                autofree char *assignment = NULL;

                ck_assert_int_gt(asprintf(&assignment, "NAME=%s", strange[i]), 0);
                ck_assert_int_eq(unit_text_word(u, PART_OWN, "Environment", at, assignment), 0);
                spec = read_back(u);
                ck_assert_uint_eq(strv_length(spec->container->environment), 1);
                ck_assert_str_eq(spec->container->environment[0], assignment);
        }
}
END_TEST

/* One text is read back, or refused: it never becomes another one, or another line. */
START_TEST(values_are_read_back_or_refused) {
        size_t refused = 0;

        for (size_t i = 0; i < ELEMENTSOF(strange); i++) {
                autoptr(UnitText) u = new_unit();
                autoptr(UnitSpec) spec = NULL;
                int r = unit_text_value(u, PART_OWN, "User", at, strange[i]);

                if (r == -EINVAL) {
                        refused++;
                        continue;
                }
                ck_assert_int_eq(r, 0);
                spec = read_back(u);
                ck_assert_str_eq(spec->container->user, strange[i]);
        }
        ck_assert_uint_eq(refused, 5); /* those with control characters */
}
END_TEST

START_TEST(plain_words_are_read_back_or_refused) {
        autoptr(UnitText) u = new_unit();
        autoptr(UnitSpec) spec = NULL;

        ck_assert_int_eq(
                unit_text_plain_word(u, PART_OWN, "Sysctl", at, "net.ipv4.ip_local_port_range=1024 65000"),
                0);
        ck_assert_int_eq(unit_text_plain_word(u, PART_OWN, "Sysctl", at, "net.x=a\"b%c"), 0);
        ck_assert_int_eq(unit_text_plain_word(u, PART_OWN, "Sysctl", at, "net.x=a\\b"), -EINVAL);
        ck_assert_int_eq(unit_text_plain_word(u, PART_OWN, "Sysctl", at, "net.x='\""), -EINVAL);
        ck_assert_int_eq(unit_text_plain_word(u, PART_OWN, "Sysctl", at, "net.x=a\nb"), -EINVAL);
        spec = read_back(u);
        ck_assert_uint_eq(spec->container->system->sysctls.n, 2);
        ck_assert_str_eq(spec->container->system->sysctls.items[0].value, "1024 65000");
        ck_assert_str_eq(spec->container->system->sysctls.items[1].value, "a\"b%c");
}
END_TEST

START_TEST(text_of_a_unit) {
        autoptr(UnitText) u = new_unit();
        autofree char *text = NULL;

        ck_assert_int_eq(unit_text_raw(u, PART_SERVICE, "Restart", at, "always"), 0);
        ck_assert_int_eq(unit_text_raw(u, PART_UNIT, "After", at, "db.container"), 0);
        ck_assert_int_eq(unit_text_raw(u, PART_INSTALL, "WantedBy", at, "multi-user.target"), 0);
        ck_assert_int_eq(unit_text_note(u, "a note\nof two lines with %s", "\x1b[1m"), 0);
        ck_assert(unit_text_drop(u, PART_INSTALL, "WantedBy"));
        ck_assert(!unit_text_drop(u, PART_INSTALL, "WantedBy"));
        text = text_of(u);
        ck_assert_str_eq(
                text,
                "# a note\\012of two lines with \\033[1m\n"
                "[Unit]\nAfter=db.container\n\n[Container]\nImage=nginx\n\n[Service]\nRestart=always\n");
        ck_assert_uint_eq(u->lines[0].number, 6);
        ck_assert_uint_eq(u->lines[1].number, 9);
        ck_assert_uint_eq(u->lines[3].number, 0);
}
END_TEST

START_TEST(names_are_checked) {
        static const char *const bad[] = { "", ".hidden", "-x", "a/b", "a@b", "a b", "../x", "a\nb" };
        autobundle UnitBundle b = {};
        UnitText *u = NULL;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ck_assert_int_eq(unit_bundle_add(&b, UNIT_CONTAINER, bad[i], at, &u), -EINVAL);
        ck_assert_int_eq(unit_bundle_add(&b, UNIT_CONTAINER, "web", at, &u), 0);
        ck_assert_int_eq(unit_bundle_add(&b, UNIT_CONTAINER, "web", at, &u), -EEXIST);
        ck_assert_int_eq(unit_bundle_add(&b, UNIT_NETWORK, "web", at, &u), 0);
        ck_assert_ptr_eq(unit_bundle_find(&b, UNIT_NETWORK, "web"), u);
        ck_assert_ptr_null(unit_bundle_find(&b, UNIT_VOLUME, "web"));
}
END_TEST

START_TEST(bad_lines_become_notes) {
        autobundle UnitBundle b = {};
        autoptr(Diag) diag = diag_new();
        autofree char *said = NULL, *text = NULL;
        UnitText *u = NULL;

        ck_assert_int_eq(unit_bundle_add(&b, UNIT_CONTAINER, "web", at, &u), 0);
        ck_assert_int_eq(unit_text_raw(u, PART_OWN, "Image", at, "nginx"), 0);
        ck_assert_int_eq(unit_text_raw(u, PART_OWN, "PublishPort", at, "x"), 0);
        ck_assert_int_eq(unit_text_raw(u, PART_OWN, "PublishPort", at, "80:80"), 0);
        ck_assert_int_eq(unit_text_raw(u, PART_OWN, "PublishPort", at, "80:81"), 0);
        ck_assert_int_eq(unit_bundle_check(&b, diag), 0);
        said = diag_to_string(diag);
        ck_assert_str_eq(said,
                         "source:7:3: warning: web.container: PublishPort=: \"x\" is not a port number\n"
                         "source:7:3: warning: web.container: PublishPort=: host port 80 is published in "
                         "line 4 already\n");
        text = text_of(u);
        ck_assert_ptr_nonnull(
                strstr(text, "# PublishPort=x is left out: PublishPort=: \"x\" is not a port number\n"));
        ck_assert_ptr_nonnull(strstr(text, "[Container]\nImage=nginx\nPublishPort=80:80\n"));
}
END_TEST

START_TEST(a_unit_that_is_no_good_is_an_error) {
        autobundle UnitBundle b = {};
        autoptr(Diag) diag = diag_new();
        autofree char *said = NULL;
        UnitText *u = NULL;

        ck_assert_int_eq(unit_bundle_add(&b, UNIT_CONTAINER, "web", at, &u), 0);
        ck_assert_int_eq(unit_text_value(u, PART_OWN, "Image", at, "two words"), 0);
        ck_assert_int_eq(unit_bundle_check(&b, diag), -EINVAL);
        said = diag_to_string(diag);
        ck_assert_str_eq(said,
                         "source:7:3: warning: web.container: Image=: the name of an image has no blanks\n"
                         "source:7:3: error: web.container: neither Image= nor Rootfs= says what the "
                         "container is made from\n");
}
END_TEST

static size_t count_files(const char *path) {
        autoclosedir DIR *d = opendir(path);
        size_t n = 0;

        for (struct dirent *e; (e = readdir(d));)
                n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
        return n;
}

START_TEST(files_are_written_all_or_none) {
        char dir[] = "/tmp/test-unit-writer.XXXXXX";
        autobundle UnitBundle b = {};
        autofree char *name = NULL, *path = NULL, *file = NULL, *text = NULL;
        UnitText *u = NULL;

        ck_assert_ptr_nonnull(mkdtemp(dir));
        ck_assert_int_gt(asprintf(&path, "%s/units", dir), 0);
        ck_assert_int_gt(asprintf(&file, "%s/front.network", path), 0);
        ck_assert_int_eq(unit_bundle_add(&b, UNIT_CONTAINER, "web", at, &u), 0);
        ck_assert_int_eq(unit_bundle_add(&b, UNIT_NETWORK, "front", at, &u), 0);

        /* A directory of our own goes with the failure, another's file stays. */
        ck_assert_int_eq(mkdir(path, 0755), 0);
        ck_assert_int_eq(symlink("/nowhere", file), 0);
        ck_assert_int_eq(unit_bundle_save(&b, path, &name), -EEXIST);
        ck_assert_str_eq(name, "front.network");
        ck_assert_uint_eq(count_files(path), 1);
        free(take_ptr(name));

        ck_assert_int_eq(unlink(file), 0);
        ck_assert_int_eq(unit_bundle_save(&b, path, &name), 0);
        ck_assert_ptr_null(name);
        ck_assert_uint_eq(count_files(path), 2);
        ck_assert_int_eq(file_read(AT_FDCWD, file, 100, &text, NULL), 0);
        ck_assert_str_eq(text, "[Network]\n");

        ck_assert_int_eq(unit_bundle_save(&b, file, &name), -ENOTDIR);
        ck_assert_ptr_null(name);
        ck_assert_int_eq(tree_remove(AT_FDCWD, dir), 0);
}
END_TEST

TEST_MAIN("unit-writer", words_are_read_back, variables_are_read_back, values_are_read_back_or_refused,
          plain_words_are_read_back_or_refused, text_of_a_unit, names_are_checked, bad_lines_become_notes,
          a_unit_that_is_no_good_is_an_error, files_are_written_all_or_none)
