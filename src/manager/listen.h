/*
 * Sockets that start a container, as ListenStream= and its like ask for them: made on the host, bound and
 * listening. Knows no unit.
 */
#pragma once

#include <stddef.h>

#include "basic/fault.h"
#include "spec/reach-section.h"

/** listen_count() - how many sockets are asked for. */
size_t listen_count(const ListenKeys *keys);

/** listen_describe() - the @i-th of them, "stream 127.0.0.1:80"; streams first, then datagrams. Free it. */
char *listen_describe(const ListenKeys *keys, size_t i);

/**
 * listen_open() - make the @i-th
 *
 * A socket of the file system that nobody listens on any more is replaced.
 * Returns: a descriptor, or a negative errno with @fault filled: -EADDRINUSE, ...
 */
int listen_open(const ListenKeys *keys, size_t i, Fault *fault);

/** listen_again() - a container that has shut it down must not take it away from the next one. 0 or -errno.
 */
int listen_again(const ListenKeys *keys, size_t i, int fd);

/** listen_end() - @fd is about to be closed, and a copy of it may be so later: it is in nobody's way until
 * then. */
void listen_end(int fd);

/** listen_remove() - take it out of the file system, if it is there. */
void listen_remove(const ListenKeys *keys, size_t i);
