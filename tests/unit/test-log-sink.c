/* The two descriptors of a container: what journald is told, what falls back to the file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit-test.h"

#include "basic/cleanup.h"
#include "basic/file.h"
#include "manager/log-sink.h"

static void enter(void) {
        char dir[] = "/var/tmp/nsunits-test-XXXXXX";

        ck_assert_ptr_nonnull(mkdtemp(dir));
        ck_assert_int_eq(chdir(dir), 0);
}

static void leave(void) {
        autofree char *dir = get_current_dir_name();

        ck_assert_int_eq(chdir("/"), 0);
        ck_assert_int_eq(tree_remove(AT_FDCWD, dir), 0);
}

static LogSinkRequest request(LogTarget target) {
        return (LogSinkRequest){
                .target = target,
                .unit = "web.container",
                .logs_dir = "logs",
                .journal = "stdout.socket",
                .uid = geteuid(),
                .gid = getegid(),
        };
}

static int listen_as_journald(int backlog) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "stdout.socket" };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        ck_assert_int_eq(listen(fd, backlog), 0);
        return fd;
}

static void expect_stream(int listen_fd, int sink_fd, const char *text) {
        autoclose int fd = accept(listen_fd, NULL, NULL);
        char found[256] = {};

        ck_assert_int_eq(write(sink_fd, "hello\n", 6), 6);
        ck_assert_int_gt(recv(fd, found, sizeof(found) - 1, 0), 0);
        ck_assert_str_eq(found, text);
}

START_TEST(journal) {
        autoclose int listen_fd = -EBADF;
        LogSinkRequest q;
        int fds[2];

        enter();
        listen_fd = listen_as_journald(8);
        for (int target = LOG_TARGET_AUTO; target <= LOG_TARGET_JOURNAL; target++) {
                q = request((LogTarget) target);
                ck_assert_int_eq(log_sink_open(&q, fds), LOG_TARGET_JOURNAL);
                ck_assert_int_eq(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
                ck_assert_int_ne(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, 0);
                expect_stream(listen_fd, fds[0], "web\n\n6\n1\n0\n0\n0\nhello\n");
                expect_stream(listen_fd, fds[1], "web\n\n3\n1\n0\n0\n0\nhello\n");
                (void) close(fds[0]);
                (void) close(fds[1]);
        }
        ck_assert(!file_exists(AT_FDCWD, "logs"));
        leave();
}
END_TEST

START_TEST(identifier) {
        autoclose int listen_fd = -EBADF;
        LogSinkRequest q;
        int fds[2];

        enter();
        listen_fd = listen_as_journald(8);
        q = request(LOG_TARGET_JOURNAL);
        q.identifier = "front desk";
        ck_assert_int_eq(log_sink_open(&q, fds), LOG_TARGET_JOURNAL);
        expect_stream(listen_fd, fds[0], "front desk\n\n6\n1\n0\n0\n0\nhello\n");
        (void) close(fds[0]);
        (void) close(fds[1]);

        /* It would end the line, and the next one be a unit. */
        q.identifier = "a\nb";
        ck_assert_int_eq(log_sink_open(&q, fds), -EINVAL);
        leave();
}
END_TEST

START_TEST(file) {
        autofree char *text = NULL;
        LogSinkRequest q;
        int fds[2];

        enter();
        q = request(LOG_TARGET_JOURNAL);
        ck_assert_int_eq(log_sink_open(&q, fds), -ENOENT);

        /* Twice: a restart appends. */
        for (int i = 0; i < 2; i++) {
                q = request(i == 0 ? LOG_TARGET_AUTO : LOG_TARGET_FILE);
                ck_assert_int_eq(log_sink_open(&q, fds), LOG_TARGET_FILE);
                ck_assert_int_eq(write(fds[0], "out\n", 4), 4);
                ck_assert_int_eq(write(fds[1], "err\n", 4), 4);
                (void) close(fds[0]);
                (void) close(fds[1]);
        }
        ck_assert_int_eq(file_read(AT_FDCWD, "logs/web.container.log", 100, &text, NULL), 0);
        ck_assert_str_eq(text, "out\nerr\nout\nerr\n");
        leave();
}
END_TEST

/* A journald that does not accept must not hold up the manager. */
START_TEST(hanging_journald) {
        autoclose int listen_fd = -EBADF;
        LogSinkRequest q;
        int fds[2], r = 0;

        enter();
        listen_fd = listen_as_journald(0);
        for (int i = 0; i < 10 && r != LOG_TARGET_FILE; i++) {
                q = request(LOG_TARGET_AUTO);
                r = log_sink_open(&q, fds);
                ck_assert_int_ge(r, 0);
                (void) close(fds[0]);
                (void) close(fds[1]);
        }
        ck_assert_int_eq(r, LOG_TARGET_FILE);
        leave();
}
END_TEST

/* Nobody plants a link where root is going to append. */
START_TEST(links_are_refused) {
        LogSinkRequest q;
        int fds[2];

        enter();
        ck_assert_int_eq(mkdir("logs", 0750), 0);
        ck_assert_int_eq(symlink("../victim", "logs/web.container.log"), 0);
        q = request(LOG_TARGET_FILE);
        ck_assert_int_eq(log_sink_open(&q, fds), -ELOOP);
        ck_assert(!file_exists(AT_FDCWD, "victim"));
        leave();
}
END_TEST

TEST_MAIN("manager/log-sink", journal, identifier, file, hanging_journald, links_are_refused)
