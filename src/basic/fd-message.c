/* Messages with descriptors: the walk through control messages, once. */
#include "basic/fd-message.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "basic/macro.h"

typedef union Control {
        char bytes[CMSG_SPACE(FD_MESSAGE_MAX * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
} Control;

static void take_control(struct msghdr *header, FdMessage *m) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
                size_t size = c->cmsg_len - CMSG_LEN(0);

                if (c->cmsg_level != SOL_SOCKET)
                        continue;
                if (c->cmsg_type == SCM_CREDENTIALS && size == sizeof(m->sender))
                        memcpy(&m->sender, CMSG_DATA(c), size);
                if (c->cmsg_type == SCM_RIGHTS && size <= sizeof(m->fds)) {
                        memcpy(m->fds, CMSG_DATA(c), size);
                        m->n_fds = size / sizeof(int);
                }
        }
}

static int receive(int fd, int flags, size_t room, FdMessage *m) {
        struct iovec part = { .iov_base = m->data, .iov_len = m->size };
        Control control;
        struct msghdr header = {
                .msg_iov = &part,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = room,
        };
        ssize_t n;

        m->sender = (struct ucred){};
        m->n_fds = m->n_lost = 0;
        n = recvmsg(fd, &header, flags | MSG_CMSG_CLOEXEC | MSG_TRUNC);
        if (n < 0)
                return -errno;

        take_control(&header, m);
        if (header.msg_flags & MSG_CTRUNC) {
                m->n_lost = MAX_OF(m->n_fds, 1U);
                fd_message_close(m);
        }
        m->size = (size_t) n;
        return n > 0;
}

int fd_message_receive(int fd, int flags, FdMessage *m) {
        return receive(fd, flags, sizeof(Control), m);
}

int fd_message_peek(int fd, FdMessage *m) {
        return receive(fd, MSG_DONTWAIT | MSG_PEEK, CMSG_SPACE(sizeof(struct ucred)), m);
}

int fd_message_send(int fd, int flags, const struct iovec *parts, size_t n_parts, const int *fds,
                    size_t n_fds) {
        Control control = {};
        struct msghdr header = { .msg_iov = (struct iovec *) parts, .msg_iovlen = n_parts };

        if (n_fds > FD_MESSAGE_MAX)
                return -E2BIG;
        if (n_fds > 0) {
                const size_t size = n_fds * sizeof(int);
                struct cmsghdr *c = &control.align;

                header.msg_control = &control;
                header.msg_controllen = CMSG_SPACE(size);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(size);
                memcpy(CMSG_DATA(c), fds, size);
        }
        return sendmsg(fd, &header, flags | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void fd_message_close(FdMessage *m) {
        for (size_t i = 0; i < m->n_fds; i++)
                if (m->fds[i] >= 0)
                        (void) close(m->fds[i]);
        m->n_fds = 0;
}
