/* Pairs of links, one end on the host: what bridge and routed networks connect containers by. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "network/driver.h"

/* Bytes of a host link's name that come from the container's; the rest tells links of one name apart. */
#define HINT_MAX 8

#define NAME_TRIES 16

static void name_link(Network *n, NetworkLink *link, const char *hint, const char *unit) {
        /* Never the same name twice in a row: the link of a dead namespace lives for some 40 ms more. */
        uint32_t number = name_hash(unit) + n->link_serial++ * 2654435761u;

        (void) snprintf(link->host_name, sizeof(link->host_name), "%.*s-%06x", HINT_MAX, hint ? hint : "veth",
                        number & 0xffffff);
        /* The kernel refuses some bytes, and takes "%d" for a number that it is to choose. */
        for (char *p = link->host_name; *p; p++)
                if (!isalnum((unsigned char) *p) && *p != '-')
                        *p = '_';
}

/* A port of a bridge needs none, nor the host the routes and the groups that come with it, for each
 * container. Said before it has a carrier, and so before it gets one. */
static int stay_without_address(Network *n, const char *port) {
        int r;

        rtnl_set_no_link_local(n->rtnl, port);
        r = rtnl_commit(n->rtnl);
        return r == -EAFNOSUPPORT ? 0 : r;
}

/* A name that is still there belongs to a link that dies, or to an earlier manager's. A name that was asked
 * for is not replaced by another. */
int veth_add(Network *n, const Net *net, const AttachRequest *q, unsigned master, NetworkLink *link) {
        bool chosen = link->host_name[0] != '\0';
        int r = -EEXIST;

        for (unsigned i = 0; r == -EEXIST && i < (chosen ? 1 : NAME_TRIES); i++) {
                if (!chosen)
                        name_link(n, link, q->link_hint, q->unit);
                const RtnlVeth veth = {
                        .name = link->host_name,
                        .master = master,
                        .mtu = net->options.mtu,
                        .group = net->group,
                        .peer_name = link->name,
                        .peer_mac = link->mac,
                        .peer_netns_fd = q->netns_fd,
                };
                rtnl_add_veth(n->rtnl, &veth);
                r = rtnl_commit(n->rtnl);
        }
        /* What is there is not ours to delete, or to change. */
        if (r < 0)
                link->host_name[0] = '\0';
        return r < 0 || master == 0 ? r : stay_without_address(n, link->host_name);
}
