/* The notify socket: messages arrive as fields, floods and rubbish do no harm, descriptors are not taken. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "manager/notify-socket.h"
#include "unit-test.h"

static unsigned n_messages;
static char *last;

static void on_message(char *const *fields, void *data) {
        n_messages++;
        free(last);
        last = strv_join(fields, "|");
}

static NotifySocket *open_socket(sd_event **ret_event, struct sockaddr_un *ret_address) {
        static char directory[] = "/tmp/test-notify-XXXXXX";
        NotifySocket *n = NULL;

        ck_assert_ptr_nonnull(mkdtemp(directory));
        ck_assert_int_ge(sd_event_new(ret_event), 0);
        ck_assert_int_eq(notify_socket_open(*ret_event, directory, on_message, NULL, &n), 0);
        *ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
        (void) snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s/notify", directory);
        return n;
}

static void say(const struct sockaddr_un *address, const char *text, size_t size) {
        autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        (void) sendto(fd, text, size, MSG_DONTWAIT, (const struct sockaddr *) address, sizeof(*address));
}

START_TEST(message_becomes_fields) {
        static const char text[] = "READY=1\nSTATUS=all good\n";
        struct sockaddr_un address;
        sd_event *event;
        NotifySocket *n = open_socket(&event, &address);

        say(&address, text, sizeof(text) - 1);
        ck_assert_int_gt(sd_event_run(event, 1000000), 0);
        ck_assert_uint_eq(n_messages, 1);
        ck_assert_str_eq(last, "READY=1|STATUS=all good");

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

START_TEST(descriptors_are_not_taken) {
        autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        autoclose int pipe_read = -EBADF;
        struct sockaddr_un address;
        char control[CMSG_SPACE(sizeof(int))] = {}, byte;
        struct iovec iov = { .iov_base = (char *) "FDSTORE=1", .iov_len = 9 };
        struct msghdr message = {
                .msg_name = &address,
                .msg_namelen = sizeof(address),
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = control,
                .msg_controllen = sizeof(control),
        };
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        int pipes[2];
        sd_event *event;
        NotifySocket *n = open_socket(&event, &address);

        ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
        pipe_read = pipes[0];
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &pipes[1], sizeof(int));
        ck_assert_int_ge(sendmsg(fd, &message, 0), 0);
        (void) close(pipes[1]);
        notify_socket_drain(n);
        ck_assert_uint_eq(n_messages, 1);

        /* End of file: nobody holds the other end, which travelled with the message, any more. */
        ck_assert_int_eq(read(pipe_read, &byte, 1), 0);

        notify_socket_free(n);
        sd_event_unref(event);
}
END_TEST

TEST_MAIN("notify-socket", message_becomes_fields, too_long_and_empty_are_dropped, descriptors_are_not_taken)
