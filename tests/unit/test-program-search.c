/* Where a program is looked for: which places are tried, in which order, and what is said in the end. */
#include "runtime/program-search.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit-test.h"

/* What each place answers, in order; those after the last one have nothing. */
typedef struct Tries {
        long answers[8];
        size_t n;
} Tries;

static char tried[2 * PATH_MAX];

static long answer(ProgramSearch *s, void *data) {
        Tries *t = data;

        (void) snprintf(tried + strlen(tried), sizeof(tried) - strlen(tried), "%s ", s->program);
        ck_assert_uint_lt(t->n, 8);
        return t->answers[t->n] != 0 ? t->answers[t->n++] : (t->n++, -ENOENT);
}

static ProgramSearch search;

static void assert_tries(const char *name, const char *directories, Tries t, long result,
                         const char *places) {
        tried[0] = '\0';
        search = (ProgramSearch){ .name = name, .directories = directories };
        ck_assert_int_eq(program_search(&search, answer, &t), result);
        ck_assert_msg(strcmp(tried, places) == 0, "%.500s instead of %.500s", tried, places);
}

START_TEST(paths_are_tried_alone) {
        assert_tries("/bin/x", "/a:/b", (Tries){}, -ENOENT, "/bin/x ");
        assert_tries("./x", "/a:/b", (Tries){ { -EACCES } }, -EACCES, "./x ");
        assert_tries("x/", "/a", (Tries){ { -ENOTDIR } }, -ENOTDIR, "x/ ");
        assert_tries("/", "", (Tries){}, -ENOENT, "/ ");
}
END_TEST

START_TEST(directories_are_tried_in_order) {
        assert_tries("x", "/a:/b:/c", (Tries){}, -ENOENT, "/a/x /b/x /c/x ");
        assert_tries("x", "/a", (Tries){}, -ENOENT, "/a/x ");
        assert_tries("x", "relative:/", (Tries){}, -ENOENT, "relative/x //x ");
        assert_tries("x", "/a:/b:/c", (Tries){ { -ENOENT, -ENOTDIR, -E2BIG } }, -E2BIG, "/a/x /b/x /c/x ");
}
END_TEST

START_TEST(empty_directories_are_passed_over) {
        assert_tries("x", "", (Tries){}, -ENOENT, "");
        assert_tries("x", ":", (Tries){}, -ENOENT, "");
        assert_tries("x", ":/a::/b:", (Tries){}, -ENOENT, "/a/x /b/x ");
}
END_TEST

/* As execvp(3): who may not run one may run another; but if there is no other, that is what is said. */
START_TEST(refusals_are_remembered) {
        assert_tries("x", "/a:/b:/c", (Tries){ { -EACCES } }, -EACCES, "/a/x /b/x /c/x ");
        assert_tries("x", "/a:/b:/c", (Tries){ { -ENOENT, -EACCES, -ENOTDIR } }, -EACCES, "/a/x /b/x /c/x ");
        assert_tries("x", "/a:/b", (Tries){ { -ENOTDIR, -ENOENT } }, -ENOENT, "/a/x /b/x ");
        assert_tries("x", "/a:/b", (Tries){ { -EACCES, -ENOEXEC } }, -ENOEXEC, "/a/x /b/x ");
}
END_TEST

/* There is such a program, and it is meant. */
START_TEST(what_is_wrong_with_a_program_ends_it) {
        static const long errors[] = { -ENOEXEC, -ETXTBSY, -E2BIG, -ELOOP, -EPERM, -EIO, -ENOMEM };

        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
                assert_tries("x", "/a:/b", (Tries){ { errors[i] } }, errors[i], "/a/x ");
}
END_TEST

static long lacks_interpreter(ProgramSearch *s, void *data) {
        ++*(int *) data;
        s->no_interpreter = true;
        return -ENOENT;
}

START_TEST(missing_interpreter_ends_it) {
        int n = 0;

        search = (ProgramSearch){ .name = "x", .directories = "/a:/b" };
        ck_assert_int_eq(program_search(&search, lacks_interpreter, &n), -ENOENT);
        ck_assert_int_eq(n, 1);
        ck_assert(search.no_interpreter);
        /* Of the search before nothing is left. */
        assert_tries("x", "/a:/b", (Tries){}, -ENOENT, "/a/x /b/x ");
        ck_assert(!search.no_interpreter);
}
END_TEST

START_TEST(long_names) {
        char name[PATH_MAX + 1], directories[2 * PATH_MAX], fitting[2 * PATH_MAX + 4];

        memset(name, 'n', PATH_MAX);
        name[0] = '/';
        name[PATH_MAX] = '\0';
        assert_tries(name, "/a", (Tries){}, -ENAMETOOLONG, "");
        name[PATH_MAX - 1] = '\0';
        (void) snprintf(fitting, sizeof(fitting), "%s ", name);
        assert_tries(name, "/a", (Tries){}, -ENOENT, fitting);

        /* A directory whose paths would be too long is passed over, wherever they are. */
        memset(directories, 'd', PATH_MAX);
        (void) strcpy(directories + PATH_MAX, ":/a");
        assert_tries("x", directories, (Tries){}, -ENOENT, "/a/x ");
        (void) strcpy(directories + PATH_MAX - 2, ":/a");
        assert_tries("x", directories, (Tries){}, -ENOENT, "/a/x ");
        memset(directories, 'd', PATH_MAX);
        directories[PATH_MAX - 3] = '\0';
        (void) snprintf(fitting, sizeof(fitting), "%s/x ", directories);
        assert_tries("x", directories, (Tries){}, -ENOENT, fitting);
        assert_tries("xy", directories, (Tries){}, -ENOENT, "");
}
END_TEST

static void write_program(const char *path, const char *text, mode_t mode) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t) strlen(text));
        ck_assert_int_eq(close(fd), 0);
        ck_assert_int_eq(chmod(path, mode), 0);
}

static long run(ProgramSearch *s, void *data) {
        static const char *const argv[] = { "x", NULL };
        static char *const environment[] = { NULL };

        return program_run(s, argv, environment);
}

START_TEST(execution_tells_program_and_interpreter_apart) {
        char directory[] = "/tmp/nsunits-test-XXXXXX", path[64];

        ck_assert_ptr_nonnull(mkdtemp(directory));
        (void) snprintf(path, sizeof(path), "%s/x", directory);
        search = (ProgramSearch){ .name = "x", .directories = directory };
        ck_assert_int_eq(program_search(&search, run, NULL), -ENOENT);
        ck_assert(!search.no_interpreter);
        write_program(path, "#!/no/interpreter\n", 0755);
        ck_assert_int_eq(program_search(&search, run, NULL), -ENOENT);
        ck_assert(search.no_interpreter);
        write_program(path, "text\n", 0755);
        ck_assert_int_eq(program_search(&search, run, NULL), -ENOEXEC);
        ck_assert(!search.no_interpreter);
        write_program(path, "text\n", 0644);
        ck_assert_int_eq(program_search(&search, run, NULL), -EACCES);
        ck_assert(!search.no_interpreter);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

TEST_MAIN("program-search", paths_are_tried_alone, directories_are_tried_in_order,
          empty_directories_are_passed_over, refusals_are_remembered, what_is_wrong_with_a_program_ends_it,
          missing_interpreter_ends_it, long_names, execution_tells_program_and_interpreter_apart)
