/* ctl: container lines from files. What is printed goes into a file that is compared. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/file.h"
#include "ctl/log-read.h"
#include "unit-test.h"

static char dir[] = "/tmp/test-log-file.XXXXXX";
static char path[64];

static void set_up(void) {
        ck_assert_ptr_nonnull(mkdtemp(dir));
        (void) snprintf(path, sizeof(path), "%s/web.container.log", dir);
}

static void tear_down(void) {
        ck_assert_int_eq(tree_remove(AT_FDCWD, dir), 0);
}

static void put(const char *data, size_t n) {
        ck_assert_int_eq(file_replace(AT_FDCWD, path, data, n, 0640, false), 0);
}

/* Runs log_file_read() with stdout in a file; gives what it printed, to be freed. */
static char *print(unsigned lines, usec_t since, int expected) {
        char *units[] = { (char *) "web.container", NULL }, *text;
        LogRequest q = { .units = units, .lines = lines, .since = since };
        char out[80];
        int saved, fd;

        (void) snprintf(out, sizeof(out), "%s/out", dir);
        (void) fflush(stdout);
        saved = dup(STDOUT_FILENO);
        fd = open(out, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
        ck_assert_int_ge(dup2(fd, STDOUT_FILENO), 0);
        (void) close(fd);
        ck_assert_int_eq(log_file_read(dir, &q), expected);
        (void) fflush(stdout);
        ck_assert_int_ge(dup2(saved, STDOUT_FILENO), 0);
        (void) close(saved);
        ck_assert_int_eq(file_read(AT_FDCWD, out, 1 << 20, &text, NULL), 0);
        return text;
}

#define EXPECT(lines, since, wanted)                  \
        do {                                          \
                char *text_ = print(lines, since, 0); \
                ck_assert_str_eq(text_, wanted);      \
                free(text_);                          \
        } while (0)

START_TEST(last_lines) {
        set_up();
        put("one\ntwo\nthree\n", 14);
        EXPECT(UINT_MAX, 0, "one\ntwo\nthree\n");
        EXPECT(2, 0, "two\nthree\n");
        EXPECT(9, 0, "one\ntwo\nthree\n");
        EXPECT(0, 0, "");
        /* A line that is still being written counts as one. */
        put("one\ntwo\nthr", 11);
        EXPECT(1, 0, "thr\n");
        EXPECT(2, 0, "two\nthr\n");
        tear_down();
}
END_TEST

START_TEST(lines_longer_than_a_block) {
        char *text = malloc(20001), *shown;

        ck_assert_ptr_nonnull(text);
        set_up();
        memset(text, 'x', 20000);
        memcpy(text, "first\n", 6);
        text[9000] = '\n';
        text[19999] = '\n';
        text[20000] = '\0';
        put(text, 20000);
        shown = print(1, 0, 0);
        ck_assert_uint_eq(strlen(shown), 20000 - 9001);
        free(shown);
        EXPECT(3, 0, text);
        free(text);
        tear_down();
}
END_TEST

START_TEST(rotation_leaves_nuls_at_the_head) {
        char data[10000] = {};

        set_up();
        memcpy(data + 5000, "new\nnewer\n", 10);
        put(data, 5010);
        EXPECT(UINT_MAX, 0, "new\nnewer\n");
        EXPECT(5, 0, "new\nnewer\n");
        tear_down();
}
END_TEST

/* As a container can make its file: no reader may go through all of that. */
START_TEST(holes_are_passed_over) {
        static const char block[4096] = "first\n";
        autofree char *all = NULL, *two = NULL, *none = NULL;
        autoclose int fd = -EBADF;

        set_up();
        put(block, sizeof(block));
        fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        ck_assert_int_eq(ftruncate(fd, (off_t) 1 << 42), 0);
        none = print(1, 0, 0);
        ck_assert_int_eq(write(fd, "second\nthird\n", 13), 13);

        two = print(2, 0, 0);
        ck_assert_str_eq(two, "second\nthird\n");
        all = print(UINT_MAX, 0, 0);
        ck_assert(startswith(all, "first\n"));
        tear_down();
}
END_TEST

START_TEST(nothing_is_newer_than_the_file) {
        struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

        set_up();
        put("old\n", 4);
        ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
        EXPECT(UINT_MAX, 2000 * USEC_PER_SEC, "");
        EXPECT(UINT_MAX, 500 * USEC_PER_SEC, "old\n");
        tear_down();
}
END_TEST

START_TEST(nothing_was_ever_written) {
        set_up();
        free(print(UINT_MAX, 0, -ENODATA));
        tear_down();
}
END_TEST

TEST_MAIN("ctl-log-file", last_lines, lines_longer_than_a_block, rotation_leaves_nuls_at_the_head,
          holes_are_passed_over, nothing_is_newer_than_the_file, nothing_was_ever_written)
