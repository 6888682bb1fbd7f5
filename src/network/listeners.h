/* Who listens on a port, here or inside of a container, asked of the kernel (sock_diag(7)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/inet.h"
#include "spec/container-spec.h"

typedef struct Listener {
        InetAddress address; /* all zeros = any of its family */
        bool six_only;       /* an IPv6 one that IPv4 does not reach */
        uint32_t inode;      /* of the socket */
} Listener;

/**
 * listeners_find() - sockets that wait for a port
 * @ns_fd: network namespace; negative = where this thread is
 * @ret:   free()
 *
 * Returns: 0, or a negative errno: -ENOENT where the kernel cannot tell of such sockets.
 */
int listeners_find(int ns_fd, Protocol protocol, uint16_t port, Listener **ret, size_t *ret_n);

/** listener_is_any() - does it take connections to every address? */
bool listener_is_any(const Listener *l);

/** listener_takes() - packets to that address? */
bool listener_takes(const Listener *l, const InetAddress *to);
