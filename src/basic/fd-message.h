/* One message of a Unix socket, with what travels beside its bytes: descriptors, and who has sent it. */
#pragma once

#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* The kernel's SCM_MAX_FD. */
#define FD_MESSAGE_MAX 253

typedef struct FdMessage {
        char *data; /* the caller's */
        size_t size;
        struct ucred sender; /* pid 0 = not told: the socket lacks SO_PASSCRED */
        int fds[FD_MESSAGE_MAX];
        size_t n_fds;
        size_t n_lost; /* descriptors that came along and are not here; at least so many */
} FdMessage;

/**
 * fd_message_receive() - take one message
 * @flags:  of recvmsg(2); with MSG_PEEK the message stays, and its descriptors are copies
 * @m:      .data and .size are the room; then .size is the size of the message, which may be more than there
 *          was room for. Its descriptors are the caller's, close-on-exec; all or none of them.
 *
 * Returns: 1; 0 at the end of a connection, or for a datagram without bytes; a negative errno.
 */
int fd_message_receive(int fd, int flags, FdMessage *m);

/** fd_message_peek() - the same, without waiting, of a message that stays, and that comes without its
 * descriptors: .n_lost says whether there are some. The socket must have SO_PASSCRED. */
int fd_message_peek(int fd, FdMessage *m);

/** fd_message_send() - all of it, or a negative errno. */
int fd_message_send(int fd, int flags, const struct iovec *parts, size_t n_parts, const int *fds,
                    size_t n_fds);

/** fd_message_close() - what nobody has taken (set to a negative number). */
void fd_message_close(FdMessage *m);
