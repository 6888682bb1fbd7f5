/* ctl: tables, in a pipe and on a terminal. */
#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "ctl/client.h"
#include "ctl/table.h"
#include "unit-test.h"

static const Column columns[] = {
        { "NAME", "name", COLUMN_CUT },
        { "SIZE", "size", COLUMN_RIGHT },
        { "STATE", "state", COLUMN_STATE },
};

static json_t *rows_of(const char *first) {
        json_t *rows = json_pack("[{s:s, s:i, s:s}, {s:s, s:i}]", "name", first, "size", 5, "state", "active",
                                 "name", "b", "size", 12345);

        ck_assert_ptr_nonnull(rows);
        return rows;
}

/* What comes out where stdout is @fd; it is read from @from. */
static void print_to(int fd, int from, const Options *options, const char *first, char *buf, size_t size) {
        autojson json_t *rows = rows_of(first);
        Ctl c = { .options = *options };
        int saved = dup(STDOUT_FILENO);
        ssize_t n;

        ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
        ck_assert_int_eq(table_print(&c, rows, columns, ELEMENTSOF(columns)), STATUS_OK);
        ck_assert_int_eq(fflush(stdout), 0);
        ck_assert_int_eq(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
        (void) close(saved);

        n = read(from, buf, size - 1);
        ck_assert_int_gt(n, 0);
        buf[n] = '\0';
}

static void print_in_pipe(const Options *options, const char *first, char *buf, size_t size) {
        int fds[2];

        ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
        print_to(fds[1], fds[0], options, first, buf, size);
        (void) close(fds[0]);
        (void) close(fds[1]);
}

static void print_on_terminal(unsigned short width, const Options *options, const char *first, char *buf,
                              size_t size) {
        struct winsize window = { .ws_row = 24, .ws_col = width };
        struct termios mode;
        int master, slave;

        ck_assert_int_eq(setenv("NO_COLOR", "1", 1), 0);
        ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, &window), 0);
        ck_assert_int_eq(tcgetattr(slave, &mode), 0);
        cfmakeraw(&mode);
        ck_assert_int_eq(tcsetattr(slave, TCSANOW, &mode), 0);
        print_to(slave, master, options, first, buf, size);
        (void) close(slave);
        (void) close(master);
}

START_TEST(columns_are_as_wide_as_what_is_in_them) {
        char buf[256];

        print_in_pipe(&(Options){}, "a-long-name", buf, sizeof(buf));
        ck_assert_str_eq(buf, "NAME         SIZE STATE\n"
                              "a-long-name     5 active\n"
                              "b           12345 -\n");
        print_in_pipe(&(Options){ .no_legend = true }, "a", buf, sizeof(buf));
        ck_assert_str_eq(buf, "a        5 active\n"
                              "b    12345 -\n");
}
END_TEST

START_TEST(nothing_is_no_table) {
        autojson json_t *rows = json_array();
        Ctl c = {};

        ck_assert_int_eq(table_print(&c, rows, columns, ELEMENTSOF(columns)), STATUS_OK);
}
END_TEST

START_TEST(width_is_not_length) {
        char buf[256];

        /* Two columns for each of the first two, one for the third, none for what is put above it. */
        print_in_pipe(&(Options){}, "日本e\u0301", buf, sizeof(buf));
        ck_assert_str_eq(buf, "NAME   SIZE STATE\n"
                              "日本e\u0301     5 active\n"
                              "b     12345 -\n");
}
END_TEST

START_TEST(what_steers_a_terminal_is_not_printed) {
        char buf[256];

        /* CSI as one character, and as two; a tab. */
        print_in_pipe(&(Options){ .no_legend = true },
                      "\xc2\x9b"
                      "2J\x1b[2J\tx",
                      buf, sizeof(buf));
        ck_assert_str_eq(buf, "??2J\\033[2J?x     5 active\n"
                              "b             12345 -\n");
}
END_TEST

START_TEST(lines_are_cut_to_the_terminal) {
        char buf[256];

        print_on_terminal(22, &(Options){}, "a-long-name", buf, sizeof(buf));
        ck_assert_str_eq(buf, "NAME       SIZE STATE\n"
                              "a-long-na     5 active\n"
                              "b         12345 -\n");
        /* Half a character is none. */
        print_on_terminal(18, &(Options){}, "日本日本", buf, sizeof(buf));
        ck_assert_str_eq(buf, "NAME   SIZE STATE\n"
                              "日本      5 active\n"
                              "b     12345 -\n");
        /* A column is never narrower than its head. */
        print_on_terminal(5, &(Options){}, "a-long-name", buf, sizeof(buf));
        ck_assert_str_eq(buf, "NAME  SIZE STATE\n"
                              "a-lo     5 active\n"
                              "b    12345 -\n");
        print_on_terminal(20, &(Options){ .full = true }, "a-long-name", buf, sizeof(buf));
        ck_assert_ptr_nonnull(strstr(buf, "a-long-name     5 active\n"));
}
END_TEST

TEST_MAIN("ctl-table", columns_are_as_wide_as_what_is_in_them, nothing_is_no_table, width_is_not_length,
          what_steers_a_terminal_is_not_printed, lines_are_cut_to_the_terminal)
