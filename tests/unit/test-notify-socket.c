/* The notify socket: messages arrive, floods and rubbish do no harm, descriptors are taken or closed. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fd-sieve.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "manager/notify-socket.h"
#include "unit-test.h"

static unsigned n_messages;
static char *last;

static int taken = -EBADF;
static bool take;
static NotifySocket *to_be_freed;

static void on_message(FdMessage *m, void *data) {
        n_messages++;
        free(last);
        last = strdup(m->data);
        ck_assert_int_eq(m->sender.pid, getpid());
        if (take && m->n_fds == 1) {
                taken = m->fds[0];
                m->fds[0] = -EBADF;
        }
        notify_socket_free(take_ptr(to_be_freed));
}

static NotifySocket *open_socket_for(NotifyFn fn, sd_event **ret_event, struct sockaddr_un *ret_address) {
        static char directory[] = "/tmp/test-notify-XXXXXX";
        NotifySocket *n = NULL;

        ck_assert_ptr_nonnull(mkdtemp(directory));
        ck_assert_int_ge(sd_event_new(ret_event), 0);
        const NotifySetup setup = { .event = *ret_event, .fn = fn };

        ck_assert_int_eq(notify_socket_new(&setup, notify_socket_bind(directory), &n), 0);
        *ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
        (void) snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s/notify", directory);
        return n;
}

static NotifySocket *open_socket(sd_event **ret_event, struct sockaddr_un *ret_address) {
        return open_socket_for(on_message, ret_event, ret_address);
}

static void say(const struct sockaddr_un *address, const char *text, size_t size) {
        autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        (void) sendto(fd, text, size, MSG_DONTWAIT, (const struct sockaddr *) address, sizeof(*address));
}

START_TEST(messages_arrive) {
        static const char text[] = "READY=1\nSTATUS=all good\n";
        struct sockaddr_un address;
        sd_event *event;
        NotifySocket *n = open_socket(&event, &address);

        say(&address, text, sizeof(text) - 1);
        ck_assert_int_gt(sd_event_run(event, 1000000), 0);
        ck_assert_uint_eq(n_messages, 1);
        ck_assert_str_eq(last, "READY=1\nSTATUS=all good\n");

        notify_socket_free(n);
        sd_event_unref(event);
}
END_TEST

START_TEST(too_long_and_empty_are_dropped) {
        static char big[8192];
        struct sockaddr_un address;
        sd_event *event;
        NotifySocket *n = open_socket(&event, &address);

        memset(big, 'x', sizeof(big));
        say(&address, big, sizeof(big));
        say(&address, "", 0);
        say(&address, "READY=1", 7);
        notify_socket_drain(n);
        ck_assert_uint_eq(n_messages, 1);
        ck_assert_str_eq(last, "READY=1");

        notify_socket_free(n);
        sd_event_unref(event);
}
END_TEST

/* Sends the writing end of a pipe along; the reading end. */
static int say_with_pipe(const struct sockaddr_un *address) {
        autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct iovec part = { .iov_base = (char *) "FDSTORE=1", .iov_len = 9 };
        int pipes[2];

        ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
        ck_assert_int_eq(connect(fd, (const struct sockaddr *) address, sizeof(*address)), 0);
        ck_assert_int_eq(fd_message_send(fd, 0, &part, 1, &pipes[1], 1), 0);
        (void) close(pipes[1]);
        return pipes[0];
}

START_TEST(descriptors_are_closed_or_taken) {
        autoclose int pipe_read = -EBADF, again = -EBADF;
        struct sockaddr_un address;
        char byte;
        sd_event *event;
        NotifySocket *n = open_socket(&event, &address);

        pipe_read = say_with_pipe(&address);
        notify_socket_drain(n);
        ck_assert_uint_eq(n_messages, 1);
        /* End of file: nobody holds the other end, which travelled with the message, any more. */
        ck_assert_int_eq(read(pipe_read, &byte, 1), 0);

        take = true;
        again = say_with_pipe(&address);
        notify_socket_drain(n);
        ck_assert_uint_eq(n_messages, 2);
        ck_assert_int_eq(write(taken, "x", 1), 1);
        (void) close(taken);
        ck_assert_int_eq(read(again, &byte, 1), 1);
        ck_assert_int_eq(read(again, &byte, 1), 0);

        notify_socket_free(n);
        sd_event_unref(event);
}
END_TEST

/* Whoever is killed while he deals with a message leaves it to the next one. */
START_TEST(message_stays_until_it_is_dealt_with) {
        struct sockaddr_un address;
        sd_event *event;
        NotifySocket *n = open_socket(&event, &address), *next;
        int fd = dup(notify_socket_fd(n));
        const NotifySetup setup = { .event = event, .fn = on_message };

        say(&address, "READY=1", 7);
        say(&address, "STATUS=x", 8);
        /* The first one frees the socket: it was dealt with, the second one was not looked at. */
        to_be_freed = n;
        notify_socket_drain(n);
        ck_assert_uint_eq(n_messages, 1);

        ck_assert_int_eq(notify_socket_new(&setup, fd, &next), 0);
        notify_socket_drain(next);
        ck_assert_uint_eq(n_messages, 2);
        ck_assert_str_eq(last, "STATUS=x");
        notify_socket_free(next);
        sd_event_unref(event);
}
END_TEST

/* --- descriptors whose closing hangs: a tracer holds up the end of each child that closes some --- */

#define HELD_MAX 16

static pid_t held[HELD_MAX];
static size_t n_held;

/* The child that looks at the message at hand. */
static pid_t find_child(void) {
        autofree char *path = NULL, *text = NULL;
        int pid = 0;

        ck_assert_int_ge(asprintf(&path, "/proc/self/task/%i/children", getpid()), 0);
        if (file_read(AT_FDCWD, path, 4096, &text, NULL) < 0)
                return 0;
        for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
                bool known = false;

                ck_assert_int_eq(parse_int(word, &pid), 0);
                for (size_t i = 0; i < n_held; i++)
                        known |= held[i] == pid;
                if (!known)
                        return pid;
        }
        return 0;
}

static bool cannot_trace;

static void hold_child(FdMessage *m, void *data) {
        pid_t pid = m->n_fds > 0 ? find_child() : 0;

        n_messages++;
        if (m->n_fds == 0)
                return;
        ck_assert_uint_lt(n_held, HELD_MAX);
        cannot_trace |= pid <= 0 || ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT) < 0;
        if (!cannot_trace)
                held[n_held++] = pid;
}

static void let_go(void) {
        while (n_held > 0) {
                pid_t pid = held[--n_held];
                int status;

                ck_assert_int_eq(waitpid(pid, &status, __WALL), pid);
                ck_assert_int_eq(status >> 8, SIGTRAP | PTRACE_EVENT_EXIT << 8);
                ck_assert_int_eq(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0);
                ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        }
}

/* Whoever comes in between, as the end of the main process does, finds that the waiting is over. */
START_TEST(is_heard_after_descriptors_that_hang) {
        struct sockaddr_un address;
        sd_event *event;
        NotifySocket *n = open_socket_for(hold_child, &event, &address);

        ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        for (size_t i = 0; i < FD_SIEVE_CHILDREN && !cannot_trace; i++) {
                (void) close(say_with_pipe(&address));
                ck_assert_int_gt(sd_event_run(event, 10000000), 0);
        }
        if (!cannot_trace) {
                ck_assert_uint_eq(n_messages, FD_SIEVE_CHILDREN);
                say(&address, "READY=1", 7);
                ck_assert_int_eq(sd_event_run(event, 0), 0); /* it waits */

                let_go();
                notify_socket_drain(n);
                ck_assert_uint_eq(n_messages, FD_SIEVE_CHILDREN + 1);
                say(&address, "STOPPING=1", 10);
                for (int i = 0; i < 3 && n_messages < FD_SIEVE_CHILDREN + 2; i++)
                        ck_assert_int_ge(sd_event_run(event, 10000000), 0);
                ck_assert_uint_eq(n_messages, FD_SIEVE_CHILDREN + 2);
        }
        notify_socket_free(n);
        sd_event_unref(event);
}
END_TEST

TEST_MAIN("notify-socket", messages_arrive, too_long_and_empty_are_dropped, descriptors_are_closed_or_taken,
          message_stays_until_it_is_dealt_with, is_heard_after_descriptors_that_hang)
