/*
 * Messages whose descriptors somebody else has chosen, and who may mean harm.
 *
 * A file of a file system that a process serves (FUSE) waits for that process in poll(2), in every close(2),
 * and so in the exec and at the end of whoever has it open. So such files never get here: a child looks at
 * what has come, hands on what is harmless, and is the one that takes the message and closes the rest.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "basic/fd-message.h"

typedef enum FdKind {
        FD_KIND_STREAM, /* a socket, pipe or pseudo terminal: may hang up */
        FD_KIND_OBJECT, /* of the kernel's making: memory, events, namespaces, devices; is not to be polled */
        FD_KIND_FILE,   /* of a file system: everything may take as long as that likes */
} FdKind;

/** fd_kind() - asks no file system. */
FdKind fd_kind(int fd);

/** fd_close_all_but() - for children that may hang: nobody shall wait for them because they have a copy of
 * something. */
void fd_close_all_but(int a, int b);

/* That many children may be closing what came with earlier messages of a socket. */
#define FD_SIEVE_CHILDREN 8

/* One for each socket. */
typedef struct FdSieve {
        int channel;                   /* to the child of the message that was looked at; or none */
        int pidfds[FD_SIEVE_CHILDREN]; /* of children that had not ended when last looked at; or none */
        int busy;                      /* epoll over these, when there is no room for another one; or none */
} FdSieve;

/** fd_sieve_init() - has nothing to be freed before the first look. */
void fd_sieve_init(FdSieve *s);

/**
 * fd_sieve_look() - at the next message, which stays
 * @m: as with fd_message_receive(); .n_lost is the number of descriptors that were left out
 *
 * Returns: as fd_message_receive(). -EAGAIN: there is none. -EBUSY: the children of earlier
 * messages are still closing what came with them; fd_sieve_busy() tells when to come again.
 */
int fd_sieve_look(FdSieve *s, int fd, FdMessage *m);

/** fd_sieve_take() - the message that was looked at, off the socket; what is left in @m is closed. */
void fd_sieve_take(FdSieve *s, int fd, FdMessage *m);

/** fd_sieve_busy() - the descriptor that becomes readable when another message may be looked at; or -EBADF:
 * now. It is the sieve's, and good until the next call. */
int fd_sieve_busy(FdSieve *s);

/** fd_sieve_done() - children are left to themselves. */
void fd_sieve_done(FdSieve *s);
