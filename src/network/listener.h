/* Whose process has a port of the host. */
#pragma once

#include "network/network.h"

/**
 * listener_find() - a process that listens on @port, or receives on it without a connection
 *
 * Slow: it looks through the descriptors of all processes, and is for messages only.
 *
 * Returns: "process 123 (nginx)", to be freed; NULL when none is found, or out of memory.
 */
char *listener_find(Protocol protocol, uint16_t port);
