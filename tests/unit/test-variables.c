/* Variables in the values of Quadlet's sections: systemd's rules for command lines, at load. */
#include "basic/macro.h"
#include "basic/strv.h"
#include "raw-helper.h"
#include "spec-helper.h"

#define WEB(text)     "[Container]\nImage=nginx\n" text
#define SERVICE(text) "[Service]\n" text

static int read_file(const char *path, size_t max, FileStamp *ret_stamp, char **ret, size_t *ret_size) {
        *ret_stamp = (FileStamp){ .size = 1 };
        if (!streq(path, "/etc/web.env"))
                return -ENOENT;
        *ret = strdup("TAG=from-file\nWORDS=one  two\n");
        *ret_size = strlen(*ret);
        ck_assert_uint_lt(*ret_size, max);
        return 0;
}

/* Without what is said about the keys of [Service] as such: hooks have these variables, too. */
static char *about_container(const Diag *diag) {
        char *said = NULL;
        size_t n;
        FILE *f = open_memstream(&said, &n);

        for (size_t i = 0; i < diag_count(diag); i++) {
                autofree char *line = diag_item_to_string(diag_get(diag, i));

                if (!strstr(line, "is not supported yet"))
                        fprintf(f, "%s\n", line);
        }
        ck_assert_int_eq(fclose(f), 0);
        return said;
}

/* The unit on a machine that has /etc/web.env, and what is said about it; NULL when it is refused. */
static UnitSpec *load_there(const char *text, const char *messages) {
        const SpecifierContext machine = { .config_dir = "/etc", .read_file = read_file };
        autoptr(Diag) diag = diag_new();
        RawUnit *raw = calloc(1, sizeof(*raw));
        autofree char *said = NULL;
        UnitSpec *u = NULL;

        raw->name = strdup("web.container");
        ck_assert_int_eq(raw_unit_parse(raw, "web", text, strlen(text), diag), 0);
        if (unit_spec_load(raw, &machine, diag, &u) < 0)
                raw_unit_free(raw);
        said = about_container(diag);
        ck_assert_str_eq(said, messages);
        return u;
}

START_TEST(braces_stand_for_a_value_anywhere) {
        autoptr(UnitSpec) u = load_there(
                "[Container]\nImage=docker.io/nginx:${TAG}\nContainerName=web-${N}\nVolume=${DIR}/data:/"
                "data\n"
                "PublishPort=${N}000:80\nEnvironment=A=x${N}y \"B=${WORDS}\"\nLabel=n=${N}\n" SERVICE(
                        "Environment=N=8 DIR=/srv \"WORDS=one  two\" TAG=1.27\n"),
                "");
        const ContainerSection *c = u->container;

        ck_assert_str_eq(c->image, "docker.io/nginx:1.27");
        ck_assert_str_eq(c->container_name, "web-8");
        ck_assert_str_eq(c->volumes.items[0].source, "/srv/data");
        ck_assert_uint_eq(c->network.publish.items[0].host_port, 8000);
        ck_assert_str_eq(c->environment[0], "A=x8y");
        ck_assert_str_eq(c->environment[1], "B=one  two");
        ck_assert_str_eq(c->labels[0], "n=8");
}
END_TEST

START_TEST(a_word_of_its_own_is_any_number_of_words) {
        autoptr(UnitSpec) u =
                load_there(WEB("Exec=run $WORDS ${WORDS} $EMPTY -c 'echo $WORDS $$HOME' a$WORDS\n")
                                   SERVICE("Environment=\"WORDS=one  two\" EMPTY=\n"),
                           "");
        char *const expected[] = { (char *) "run",     (char *) "one",
                                   (char *) "two",     (char *) "one  two",
                                   (char *) "-c",      (char *) "echo $WORDS $HOME",
                                   (char *) "a$WORDS", NULL };

        ck_assert(strv_equal(u->container->exec, expected));
}
END_TEST

START_TEST(files_are_read_and_win) {
        autoptr(UnitSpec) u = load_there(WEB("ContainerName=web-${TAG}\nExec=$WORDS\n")
                                                 SERVICE("EnvironmentFile=/etc/web.env\nEnvironment=TAG=own\n"
                                                         "EnvironmentFile=-/etc/none.env\n"),
                                         "");

        ck_assert_str_eq(u->container->container_name, "web-from-file");
        ck_assert_uint_eq(strv_length(u->container->exec), 2);
}
END_TEST

START_TEST(names_without_a_value_come_from_the_service) {
        autoptr(UnitSpec) u =
                load_there(WEB("Environment=TAG\n") SERVICE("EnvironmentFile=/etc/web.env\n"), "");

        ck_assert_str_eq(u->container->environment[0], "TAG=from-file");
}
END_TEST

START_TEST(what_replaces_is_not_looked_at_again) {
        autoptr(UnitSpec) u = load_there(WEB("Exec=${A} $B\n") SERVICE("Environment=A=${B} B=$$\n"), "");

        ck_assert_str_eq(u->container->exec[0], "${B}");
        ck_assert_str_eq(u->container->exec[1], "$$");
}
END_TEST

START_TEST(other_sections_have_none) {
        autoptr(UnitSpec) u = load_there(WEB("[Unit]\nDescription=costs $$5 ${X}\n"), "");

        ck_assert_str_eq(u->unit.description, "costs $$5 ${X}");
}
END_TEST

START_TEST(an_empty_text_is_said) {
        autoptr(UnitSpec) u = load_there(WEB("Exec=run ${X} $Y\n"),
                                         "web:3:10: warning: Exec=: the variable X has no value and is taken "
                                         "as empty (Environment= of "
                                         "[Service] sets it; $${X} is left for the container)\n"
                                         "web:3:15: warning: Exec=: the variable Y has no value and is taken "
                                         "as empty (Environment= of "
                                         "[Service] sets it; $${Y} is left for the container)\n");

        ck_assert_uint_eq(strv_length(u->container->exec), 2);
        ck_assert_str_eq(u->container->exec[1], "");
}
END_TEST

START_TEST(mistakes) {
        static const struct {
                const char *text, *said;
        } cases[] = {
                { "Volume=/x/${DIR}:/data\n", "3:11: error: Volume=: the variable DIR has no value "
                                              "(Environment= of [Service] sets it)\n" },
                { "Volume=$DIR:/data\n", "3:8: error: Volume=: \"$DIR:/data\" is not a variable (a part of a "
                                         "word is written ${NAME})\n" },
                { "Exec=grep $\n",
                  "3:11: error: Exec=: \"$\" is not a variable (\"$$\" is a dollar sign)\n" },
                { "Exec=a${X\n", "3:7: error: Exec=: \"${\" needs a \"}\"\n" },
                { "Exec=a${X:-b}\n",
                  "3:7: error: Exec=: \"${X:-b}\" is not a variable (\"$$\" is a dollar sign)\n" },
                { "Environment=P=${P}\n[Service]\nEnvironmentFile=/etc/none.env\n",
                  "3:15: error: Environment=: the variable P has no value (/etc/none.env, which "
                  "EnvironmentFile= names, cannot be read: No such file or directory)\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autofree char *text = NULL, *said = NULL;

                ck_assert_int_gt(asprintf(&text, WEB("%s"), cases[i].text), 0);
                ck_assert_int_gt(asprintf(&said, "web:%s", cases[i].said), 0);
                ck_assert_ptr_null(load_there(text, said));
        }
}
END_TEST

/* The text alone, on a machine where the file is gone, or says something else. */
START_TEST(a_text_keeps_what_files_said) {
        autoptr(UnitSpec) u =
                load_there(WEB("ContainerName=web-${TAG}\nExec=$WORDS ${OWN}\nEnvironment=A=$$\n")
                                   SERVICE("EnvironmentFile=/etc/web.env\nEnvironment=OWN=o\n"),
                           "");
        autofree char *text = raw_unit_to_text(u->raw), *again = NULL;
        autoptr(UnitSpec) later = NULL;

        ck_assert(strv_equal(u->raw->variable_files, (char *[]){ (char *) "/etc/web.env", NULL }));
        ck_assert_uint_eq(u->raw->variable_stamps[0].size, 1);
        ck_assert_int_eq(load_text("web.container", text, NULL, &later), 0);
        ck_assert_str_eq(later->container->container_name, "web-from-file");
        ck_assert(strv_equal(later->container->exec, u->container->exec));
        ck_assert_ptr_null(later->raw->variable_files);

        /* And once more. */
        again = raw_unit_to_text(later->raw);
        ck_assert_str_eq(again, text);
}
END_TEST

START_TEST(files_that_no_value_asks_for_are_not_read) {
        autoptr(UnitSpec) u =
                load_there(WEB("Exec=echo $$TAG\n") SERVICE("EnvironmentFile=/etc/web.env\n"), "");

        ck_assert_ptr_null(u->raw->variable_files);
        ck_assert_uint_eq(count_sections(u->raw), 2);
}
END_TEST

TEST_MAIN("variables", braces_stand_for_a_value_anywhere, a_word_of_its_own_is_any_number_of_words,
          files_are_read_and_win, names_without_a_value_come_from_the_service,
          what_replaces_is_not_looked_at_again, other_sections_have_none, an_empty_text_is_said, mistakes,
          a_text_keeps_what_files_said, files_that_no_value_asks_for_are_not_read)
