/*
 * The manager's face on D-Bus: org.nsunits1 on its private socket always, and on the system bus when
 * there is one. One set of vtables serves both.
 */
#pragma once

#include <systemd/sd-event.h>

#include "basic/cleanup.h"
#include "basic/fault.h"
#include "manager/manager.h"

typedef struct Bus Bus;

/**
 * bus_new() - serve @m; becomes its listener
 * @event, @m: borrowed, must outlive the bus
 *
 * A system bus that is not there, or goes away, is waited for without polling.
 *
 * Returns: 0, or a negative errno with @fault filled when the private socket cannot be made.
 */
int bus_new(sd_event *event, Manager *m, Fault *fault, Bus **ret);

/**
 * bus_run() - the event loop, in which whoever asks something is answered within milliseconds
 *
 * Ends of containers and the like are more urgent than questions, but a thousand of them in a row keep no
 * question waiting.
 *
 * Returns: the exit code of the loop, or a negative errno.
 */
int bus_run(Bus *b);

/** bus_free() - hang up on all clients and remove the socket. NULL is fine. */
void bus_free(Bus *b);

AUTOPTR_DEFINE(Bus, bus_free);

/**
 * bus_add_client() - serve one more connection, as if it had come in over the private socket
 * @fd: connected stream socket; taken over, also on failure
 */
int bus_add_client(Bus *b, int fd);
