/*
 * The socket on which one container reports its readiness (sd_notify(3)).
 *
 * Each unit has its own, in a directory of its own that is bound into the container: who writes there
 * is that container, and after a restart of the manager a new socket of the same name is found.
 */
#pragma once

#include <systemd/sd-event.h>

#include "basic/cleanup.h"

/* Where the directory lies inside the container, and the value of NOTIFY_SOCKET=. /dev is always ours
 * and writable at launch, whatever the image looks like. */
#define NOTIFY_DIRECTORY_INSIDE "/dev/.nsunits"
#define NOTIFY_SOCKET_INSIDE    NOTIFY_DIRECTORY_INSIDE "/notify"

typedef struct NotifySocket NotifySocket;

/* Told for each message: @fields is a vector of NAME=VALUE. */
typedef void (*NotifyFn)(char *const *fields, void *data);

/**
 * notify_socket_open() - bind and listen
 * @directory: made when missing; an old socket in it is replaced
 *
 * Returns: 0 or a negative errno.
 */
int notify_socket_open(sd_event *event, const char *directory, NotifyFn fn, void *data, NotifySocket **ret);

/** notify_socket_drain() - handle the messages that are queued now, before the sender is judged dead. */
void notify_socket_drain(NotifySocket *n);

/** notify_socket_free() - NULL is fine. The directory stays. */
void notify_socket_free(NotifySocket *n);

AUTOPTR_DEFINE(NotifySocket, notify_socket_free);
