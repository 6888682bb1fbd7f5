/* The table of what containers may connect to, for the files of this folder and for the gate. */
#pragma once

#include <stdio.h>
#include <sys/socket.h>

#include "network/network.h"

#define EGRESS_NAME_MAX 64

/* Addresses that a name has by /etc/hosts. */
typedef struct EgressPeers {
        InetAddress *addresses;
        size_t n;
} EgressPeers;

/** egress_set_name() - of the set of a name's addresses: entry @entry of the list of a container. */
static inline void egress_set_name(const char *prefix, size_t entry, int family, char ret[EGRESS_NAME_MAX]) {
        (void) snprintf(ret, EGRESS_NAME_MAX, "%s.n%zu.%c", prefix, entry, family == AF_INET6 ? '6' : '4');
}

void egress_free(Egress *e);

bool egress_is_used(const Network *n);

/** egress_replace() - all of it anew from what is in memory; addresses of names come with the next question.
 */
int egress_replace(Network *n);

/** egress_sweep() - the same, or no table at all when nobody needs one. */
void egress_sweep(Network *n);
