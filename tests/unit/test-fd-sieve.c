/* Descriptors of others: which are harmless, and what is left of a message when the rest was kept away. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/fd-sieve.h"
#include "unit-test.h"

static FdKind kind_of(int fd) {
        FdKind kind;

        ck_assert_int_ge(fd, 0);
        kind = fd_kind(fd);
        (void) close(fd);
        return kind;
}

START_TEST(kinds_are_told) {
        int pipes[2];

        ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
        ck_assert_int_eq(kind_of(pipes[0]), FD_KIND_STREAM);
        ck_assert_int_eq(kind_of(pipes[1]), FD_KIND_STREAM);
        ck_assert_int_eq(kind_of(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), FD_KIND_STREAM);
        ck_assert_int_eq(kind_of(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), FD_KIND_STREAM);

        ck_assert_int_eq(kind_of(memfd_create("memory", MFD_CLOEXEC)), FD_KIND_OBJECT);
        ck_assert_int_eq(kind_of(eventfd(0, EFD_CLOEXEC)), FD_KIND_OBJECT);
        ck_assert_int_eq(kind_of(epoll_create1(EPOLL_CLOEXEC)), FD_KIND_OBJECT);
        ck_assert_int_eq(kind_of((int) syscall(SYS_pidfd_open, getpid(), 0)), FD_KIND_OBJECT);
        ck_assert_int_eq(kind_of(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)), FD_KIND_OBJECT);
        ck_assert_int_eq(kind_of(open("/dev/null", O_RDWR | O_CLOEXEC)), FD_KIND_OBJECT);

        ck_assert_int_eq(kind_of(open("/proc/self/status", O_RDONLY | O_CLOEXEC)), FD_KIND_FILE);
        ck_assert_int_eq(kind_of(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), FD_KIND_FILE);
        ck_assert_int_eq(kind_of(open("/", O_PATH | O_CLOEXEC)), FD_KIND_FILE);
}
END_TEST

static void make_pair(int pair[2]) {
        const int enable = 1;

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
        ck_assert_int_eq(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &enable, sizeof(enable)), 0);
}

static void say(int fd, const char *text, const int *fds, size_t n_fds) {
        const struct iovec part = { .iov_base = (char *) text, .iov_len = strlen(text) };

        ck_assert_int_eq(fd_message_send(fd, 0, &part, 1, fds, n_fds), 0);
}

START_TEST(files_are_left_out) {
        autoclose int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
        int pair[2], pipes[2], fds[3];
        char data[16], byte;
        FdMessage m = { .data = data, .size = sizeof(data) };
        FdSieve s;

        fd_sieve_init(&s);
        make_pair(pair);
        ck_assert_int_eq(fd_sieve_look(&s, pair[1], &m), -EAGAIN);
        ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
        fds[0] = fds[2] = file;
        fds[1] = pipes[1];
        say(pair[0], "first", fds, 3);
        say(pair[0], "second", NULL, 0);
        (void) close(pipes[1]);

        m.size = sizeof(data);
        ck_assert_int_eq(fd_sieve_look(&s, pair[1], &m), 1);
        ck_assert_mem_eq(data, "first", m.size);
        ck_assert_int_eq(m.sender.pid, getpid());
        ck_assert_uint_eq(m.n_fds, 1);
        ck_assert_uint_eq(m.n_lost, 2);
        ck_assert_int_eq(write(m.fds[0], "x", 1), 1);
        ck_assert_int_eq(read(pipes[0], &byte, 1), 1);

        /* Who is gone before the message is taken leaves it as it was. */
        fd_message_close(&m);
        fd_sieve_done(&s);
        m.size = sizeof(data);
        ck_assert_int_eq(fd_sieve_look(&s, pair[1], &m), 1);
        ck_assert_uint_eq(m.n_fds, 1);
        fd_sieve_take(&s, pair[1], &m);
        /* The other end is closed everywhere, though not necessarily by now. */
        ck_assert_int_eq(read(pipes[0], &byte, 1), 0);

        m.size = sizeof(data);
        ck_assert_int_eq(fd_sieve_look(&s, pair[1], &m), 1);
        ck_assert_mem_eq(data, "second", m.size);
        ck_assert_uint_eq(m.n_fds + m.n_lost, 0);
        fd_sieve_take(&s, pair[1], &m);
        m.size = sizeof(data);
        ck_assert_int_eq(fd_sieve_look(&s, pair[1], &m), -EAGAIN);
        fd_sieve_done(&s);
}
END_TEST

/* Its pidfd, of a process that waits to be killed. */
static int make_child(void) {
        pid_t pid = fork();
        int fd;

        ck_assert_int_ge(pid, 0);
        if (pid == 0)
                for (;;)
                        (void) pause();
        fd = (int) syscall(SYS_pidfd_open, pid, 0);
        ck_assert_int_ge(fd, 0);
        return fd;
}

static bool readable_within(int fd, int milliseconds) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        return poll(&p, 1, milliseconds) > 0;
}

/* Each of them in turn is the one that ends, while all others hang. */
START_TEST(any_child_makes_room) {
        FdSieve s;

        fd_sieve_init(&s);
        ck_assert_int_eq(fd_sieve_busy(&s), -EBADF);
        for (size_t i = 0; i < FD_SIEVE_CHILDREN; i++)
                s.pidfds[i] = make_child();
        for (size_t i = 0; i < FD_SIEVE_CHILDREN; i++) {
                int fd = fd_sieve_busy(&s);

                ck_assert_int_ge(fd, 0);
                ck_assert(!readable_within(fd, 0));
                ck_assert_int_eq(syscall(SYS_pidfd_send_signal, s.pidfds[i], SIGKILL, NULL, 0), 0);
                ck_assert(readable_within(fd, 20000));
                ck_assert_int_eq(fd_sieve_busy(&s), -EBADF);
                s.pidfds[i] = make_child();
        }
        for (size_t i = 0; i < FD_SIEVE_CHILDREN; i++)
                (void) syscall(SYS_pidfd_send_signal, s.pidfds[i], SIGKILL, NULL, 0);
        fd_sieve_done(&s);
}
END_TEST

TEST_MAIN("fd-sieve", kinds_are_told, files_are_left_out, any_child_makes_room)
