/* A moment inside the network namespace of a container: what is opened there stays there. */
#pragma once

#include <stdbool.h>

#include "basic/inet.h"

/**
 * netns_enter() - this thread goes there; it is not to wait for anything before it is back
 * @ns_fd: of the namespace, or pidfd of a process in it
 *
 * Returns: 0, or a negative errno.
 */
int netns_enter(int ns_fd);

/** netns_leave() - back to where the first netns_enter() began. Who cannot come back must not go on. */
void netns_leave(void);

/** netns_socket() - a socket of that namespace, without blocking and close-on-exec. */
int netns_socket(int ns_fd, int family, int type);

/** host_has_address() - is it an address of where this thread is, now? */
bool host_has_address(const InetAddress *a);
