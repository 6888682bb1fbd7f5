/* The program file on a read-only mount. Needs root. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/exe.h"
#include "tests/unit/unit-test.h"

#define AGAIN "NSUNITS_TEST_AGAIN"

/* Where the second run begins, before main() knows of tests. */
__attribute__((constructor)) static void second_run(void) {
        char *argv[] = { NULL };

        if (!getenv(AGAIN))
                return;
        if (exe_protect(argv) != 0)
                _exit(2);
        /* Not by open(): while it runs, that says "text file busy" first. */
        _exit(chmod("/proc/self/exe", 0755) < 0 && errno == EROFS ? 0 : 3);
}

START_TEST(file_cannot_be_written) {
        char *argv[] = { (char *) "again", NULL };
        int status;
        pid_t pid;

        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                (void) setenv(AGAIN, "1", 1);
                (void) exe_protect(argv);
                _exit(4);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* As the manager runs what works for it. */
START_TEST(file_of_directory_cannot_be_written) {
        char path[PATH_MAX], *argv[] = { (char *) "again", NULL };
        ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
        int status;
        pid_t pid;

        ck_assert_int_gt(n, 0);
        path[n] = '\0';
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                char *name = strrchr(path, '/');
                int directory, program;

                *name++ = '\0';
                directory = exe_directory_open(path);
                program = openat(directory, name, O_PATH | O_CLOEXEC);
                (void) setenv(AGAIN, "1", 1);
                (void) execveat(program, "", argv, environ, AT_EMPTY_PATH);
                _exit(4);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), 0);
        ck_assert_int_eq(exe_directory_open("/nonexistent"), -ENOENT);
}
END_TEST

TEST_MAIN("exe", file_cannot_be_written, file_of_directory_cannot_be_written)
