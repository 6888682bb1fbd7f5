/*
 * The socket on which one container reports its readiness (sd_notify(3)).
 *
 * Each unit has its own, in a directory of its own that is bound into the container: who writes there
 * is that container. The socket outlives the manager (keeper.h), with what is queued on it.
 */
#pragma once

#include <systemd/sd-event.h>

#include "basic/cleanup.h"
#include "basic/fd-message.h"

/* Where the directory lies inside the container, and the value of NOTIFY_SOCKET=. /dev is always ours
 * and writable at launch, whatever the image looks like. */
#define NOTIFY_DIRECTORY_INSIDE "/dev/.nsunits"
#define NOTIFY_SOCKET_INSIDE    NOTIFY_DIRECTORY_INSIDE "/notify"

typedef struct NotifySocket NotifySocket;

/* Told for each message, which has a NUL behind it. Its descriptors, none of which is a file that may keep us
 * waiting (basic/fd-sieve.h), may be taken, by setting them to a negative number; the others are closed. It
 * may free the socket. */
typedef void (*NotifyFn)(FdMessage *m, void *data);

typedef struct NotifySetup {
        sd_event *event;
        NotifyFn fn;
        void *data;
} NotifySetup;

/** notify_socket_bind() - a socket in @directory, which is made when missing; an old one is replaced. */
int notify_socket_bind(const char *directory);

/**
 * notify_socket_new() - listen
 * @fd: taken over on success
 *
 * A message is taken off the socket when @setup->fn has returned: for who is killed before, it is still
 * there. Returns: 0 or a negative errno.
 */
int notify_socket_new(const NotifySetup *setup, int fd, NotifySocket **ret);

/** notify_socket_drain() - handle the messages that are queued now, before the sender is judged dead. Those
 * behind one whose descriptors take their time to be closed come later. */
void notify_socket_drain(NotifySocket *n);

/** notify_socket_fd() - borrowed. */
int notify_socket_fd(const NotifySocket *n);

/** notify_socket_free() - NULL is fine. The directory stays. */
void notify_socket_free(NotifySocket *n);

AUTOPTR_DEFINE(NotifySocket, notify_socket_free);
