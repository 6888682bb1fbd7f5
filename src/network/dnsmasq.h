/* How dnsmasq is told to serve one network. Pure. */
#pragma once

#include <stddef.h>

#include "network/network.h"

/**
 * dnsmasq_arguments() - its command line
 * @directory: of its own: it writes "pid" there when it answers, and reads all files of "hosts"
 * @servers:   what is asked about names outside; none: the host's servers
 *
 * Of a network without a way out it asks nobody at all. Returns: 0 or -ENOMEM.
 */
int dnsmasq_arguments(const char *directory, const NetworkFace *face, const InetAddress *servers,
                      size_t n_servers, char ***ret);
