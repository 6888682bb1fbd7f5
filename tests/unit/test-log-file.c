/* Rotation under running writers: every line that remains is whole, in order, and the newest is there. */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit-test.h"

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/strv.h"
#include "manager/log-file.h"

#define UNIT  "web.container"
#define LIMIT (256 * 1024)

/* Lines of each writer, far more than fit. */
#define LINES 40000

static void enter(const char *template) {
        char dir[64];

        (void) snprintf(dir, sizeof(dir), "%s/nsunits-test-XXXXXX", template);
        ck_assert_ptr_nonnull(mkdtemp(dir));
        ck_assert_int_eq(chdir(dir), 0);
}

static void leave(void) {
        autofree char *dir = get_current_dir_name();

        ck_assert_int_eq(chdir("/"), 0);
        ck_assert_int_eq(tree_remove(AT_FDCWD, dir), 0);
}

static pid_t start_writer(char name) {
        pid_t pid = fork();
        int fd;

        if (pid != 0)
                return pid;

        fd = log_file_open("logs", UNIT, geteuid(), getegid());
        for (unsigned i = 0; fd >= 0 && i < LINES; i++) {
                char line[128];
                int n = snprintf(
                        line, sizeof(line), "%c %u %.*s.\n", name, i, (int) (i % 80),
                        "--------------------------------------------------------------------------------");

                if (write(fd, line, (size_t) n) != n)
                        _exit(1);
        }
        _exit(fd < 0);
}

/* Skip the NULs at the head, then every line must follow on its writer's line before. */
static void check_lines(const char *path) {
        autofclose FILE *f = fopen(path, "re");
        unsigned long last[2] = { 0, 0 };
        bool seen[2] = { false, false };
        char line[256];
        int c;

        ck_assert_ptr_nonnull(f);
        while ((c = fgetc(f)) == '\0')
                ;
        ungetc(c, f);

        while (fgets(line, sizeof(line), f)) {
                size_t n = strlen(line);
                unsigned long i;
                char name, *end;

                name = line[0];
                ck_assert_msg((name == 'a' || name == 'b') && line[1] == ' ', "not the start of a line: %s",
                              line);
                ck_assert_msg(n > 3 && line[n - 1] == '\n' && line[n - 2] == '.', "cut: %s", line);
                i = strtoul(line + 2, &end, 10);
                ck_assert_uint_eq(n, (size_t) (end - line) + 1 + i % 80 + 2);
                if (seen[name - 'a'])
                        ck_assert_uint_eq(i, last[name - 'a'] + 1);
                seen[name - 'a'] = true;
                last[name - 'a'] = i;
        }
        ck_assert(!seen[0] || last[0] == LINES - 1);
        ck_assert(!seen[1] || last[1] == LINES - 1);
        ck_assert(seen[0] || seen[1]);
}

static void rotate_under_writers(void) {
        autofree char *path = log_file_path("logs", UNIT);
        int running = 2, status, cuts = 0, r;
        struct stat st;

        ck_assert_str_eq(path, "logs/" UNIT ".log");
        ck_assert_int_gt(start_writer('a'), 0);
        ck_assert_int_gt(start_writer('b'), 0);

        while (running > 0) {
                r = log_file_rotate(path, LIMIT, NULL);
                ck_assert_msg(r >= 0 || r == -ENOENT, "%s", strerror(-r));
                cuts += r == 1;
                while (running > 0 && waitpid(-1, &status, WNOHANG) > 0) {
                        ck_assert_int_eq(status, 0);
                        running--;
                }
        }
        ck_assert_int_ge(log_file_rotate(path, LIMIT, NULL), 0);
        /* How many depends on what else the machine does. */
        ck_assert_int_ge(cuts, 1);

        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_le(st.st_blocks * 512, LIMIT);
        ck_assert_int_gt(st.st_blocks * 512, LIMIT / 4);
        check_lines(path);
}

START_TEST(collapsed) {
        enter("/var/tmp");
        rotate_under_writers();
        leave();
}
END_TEST

/* A tmpfs can only punch holes. */
START_TEST(punched) {
        enter("/dev/shm");
        rotate_under_writers();
        leave();
}
END_TEST

START_TEST(small_is_left_alone) {
        autoclose int fd = -EBADF;
        struct stat st;

        enter("/var/tmp");
        ck_assert_int_eq(log_file_rotate("logs/none.log", LIMIT, NULL), -ENOENT);
        fd = log_file_open("logs", UNIT, geteuid(), getegid());
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0137, 0);
        ck_assert_int_eq(write(fd, "line\n", 5), 5);
        ck_assert_int_eq(log_file_rotate("logs/" UNIT ".log", LIMIT, NULL), 0);
        ck_assert_int_eq(log_file_rotate("logs/" UNIT ".log", 0, NULL), 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_int_eq(st.st_size, 5);
        leave();
}
END_TEST

/* One line longer than anybody looks: cut somewhere, but not lost altogether. */
START_TEST(endless_line) {
        autoclose int fd = -EBADF;
        char block[4096];
        struct stat st;

        enter("/var/tmp");
        memset(block, 'x', sizeof(block));
        fd = log_file_open("logs", UNIT, geteuid(), getegid());
        for (int i = 0; i < 256; i++)
                ck_assert_int_eq(write(fd, block, sizeof(block)), (ssize_t) sizeof(block));
        ck_assert_int_eq(log_file_rotate("logs/" UNIT ".log", LIMIT, NULL), 1);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_int_le(st.st_blocks * 512, LIMIT);
        ck_assert_int_eq(write(fd, "end\n", 4), 4);
        leave();
}
END_TEST

static void check_tail(const char *text, size_t size, size_t n, const char *wanted) {
        autostrv char **lines = NULL;
        autofree char *got = NULL;

        ck_assert_int_eq(file_replace(AT_FDCWD, "tail", text, size, 0600, false), 0);
        ck_assert_int_eq(log_file_tail("tail", n, &lines), 0);
        got = strv_join(lines, "|");
        ck_assert_str_eq(got, wanted);
}

START_TEST(the_last_lines_are_read) {
        autofree char *text = malloc(10000);
        autostrv char **lines = NULL;

        ck_assert_ptr_nonnull(text);
        enter("/tmp");
        check_tail("", 0, 3, "");
        check_tail("one\ntwo\n", 8, 3, "one|two");
        check_tail("one\ntwo\nthree\nfour", 18, 2, "three|four");
        check_tail("cut\0\0\0one\ntwo\n", 14, 3, "one|two"); /* as rotation leaves it */

        memset(text, 'x', 10000);
        memcpy(text + 9000, "\nlast\n", 6);
        check_tail(text, 9006, 3, "last"); /* the beginning of the other line is out of sight */
        ck_assert_int_eq(file_replace(AT_FDCWD, "tail", text, 9000, 0600, false), 0);
        ck_assert_int_eq(log_file_tail("tail", 3, &lines), 0);
        ck_assert_uint_eq(strlen(lines[0]), 200);
        ck_assert_int_eq(log_file_tail("missing", 3, &lines), -ENOENT);
        leave();
}
END_TEST

TEST_MAIN("manager/log-file", the_last_lines_are_read, collapsed, punched, small_is_left_alone, endless_line)
