/*
 * The name server of a container that may connect to hosts by their names only (EgressAllow=): a process of
 * its own, `nsunits-gate`. It answers inside of the container, at 127.0.0.11, asks the container's
 * name servers on the host, and lets the container's packets through to the addresses of an allowed name, for
 * as long as the record lives, before it passes the answer on.
 *
 * It reads what the container and the world send, and has no privilege but to change the firewall.
 */
#pragma once

#include <stddef.h>

#include "basic/inet.h"

/* As with Docker; a program that looks for its name server there finds it. */
#define GATE_ADDRESS "127.0.0.11"
#define GATE_PORT    53

/* nsunits-gate FD PREFIX SERVERS NAME...
 *      FD       the socket inside
 *      PREFIX   of the names of the container's sets (egress_set_name())
 *      SERVERS  addresses with commas between; "-" = those of the host's resolv.conf, as it changes
 *      NAME...  one per entry of EgressAllow=, "-" where the entry is no name */
#define GATE_NONE "-"

/** gate_socket() - the socket for it, in the network namespace @ns_fd; a descriptor that is inherited, or an
 * errno. */
int gate_socket(int ns_fd);

/** gate_arguments() - its command line. 0 or -ENOMEM. */
int gate_arguments(int fd, const char *prefix, const InetAddress *servers, size_t n_servers,
                   char *const *names, char ***ret);

/** gate_main() - of that program. Does not return while all is well; an exit status. */
int gate_main(int argc, char **argv);
