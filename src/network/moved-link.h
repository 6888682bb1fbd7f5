/*
 * A link of the host that belongs to a container for a time: what it was, so that it can be so again.
 *
 * With the network namespace a virtual link dies, and a physical one comes back to the first namespace under
 * any name: it has to be brought back before. Record first, save the record, then move.
 */
#pragma once

#include <jansson.h>

#include "basic/fault.h"
#include "network/network.h"
#include "network/rtnl.h"

typedef struct MovedLink {
        char name[IFNAMSIZ];   /* on the host */
        char inside[IFNAMSIZ]; /* in the container */
        char kind[16];         /* of RtnlLink.kind */
        char master[IFNAMSIZ]; /* "" = none */
        uint8_t mac[6], permanent_mac[6];
        uint32_t mtu;
        bool up;
        RtnlAddress *addresses;
        RtnlRoute *routes; /* but for those that the kernel makes of addresses */
        size_t n_addresses, n_routes;
} MovedLink;

void moved_link_done(MovedLink *m);

/**
 * moved_link_record() - changes nothing
 *
 * Returns: 0, or a negative errno with @fault filled: -ENODEV there is no such link on the host. @ret is to
 * be cleared in either case.
 */
int moved_link_record(const char *name, const char *inside, MovedLink *ret, Fault *fault);

/** moved_link_go() - into the namespace, where it is down and has no address. */
int moved_link_go(const MovedLink *m, int netns_fd, Fault *fault);

/**
 * moved_link_return() - back to the host, as it was recorded
 *
 * One that never went, and one that the container has deleted or changed into another kind, are left alone.
 * When its name is taken by now, it comes back under another one.
 *
 * Returns: 1; 0 when there was nothing to do; or the first negative errno with @fault filled.
 */
int moved_link_return(const MovedLink *m, int netns_fd, Fault *fault);

/** moved_link_to_json() - a new reference; NULL when out of memory. */
json_t *moved_link_to_json(const MovedLink *m);

/** moved_link_from_json() - any JSON is survived. 0, -EBADMSG or -ENOMEM; @ret is to be cleared in any case.
 */
int moved_link_from_json(const json_t *j, MovedLink *ret);
