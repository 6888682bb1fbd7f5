/* Links of a container beside those of its networks: MACVLAN=, IPVLAN=, VirtualEthernetExtra=. */
#include <errno.h>
#include <linux/if_link.h>

#include "basic/macro.h"
#include "network/internal.h"

static int add_upper(Network *n, const ExtraLink *link, int netns_fd, Fault *fault) {
        bool macvlan = link->kind == EXTRA_LINK_MACVLAN;
        unsigned lower = 0;
        int r;

        r = rtnl_get_index(n->rtnl, link->host, &lower);
        if (r >= 0 && lower == 0)
                r = -ENODEV;
        if (r < 0)
                return fault_set(fault, "interface", r, "%s", link->host);
        rtnl_add_upper(n->rtnl,
                       &(RtnlUpper){ .kind = macvlan ? "macvlan" : "ipvlan",
                                     .name = link->inside,
                                     .lower = lower,
                                     .mode = macvlan ? (uint32_t) MACVLAN_MODE_BRIDGE : IPVLAN_MODE_L2,
                                     .netns_fd = netns_fd });
        r = rtnl_commit(n->rtnl);
        return r < 0 ? fault_set(fault, "make link", r, "%s on %s", link->inside, link->host) : 0;
}

static int add_pair(Network *n, const ExtraLink *link, int netns_fd, Fault *fault) {
        int r;

        rtnl_add_veth(n->rtnl, &(RtnlVeth){ .name = link->host,
                                            .peer_name = link->inside,
                                            .peer_netns_fd = netns_fd,
                                            .down = true });
        r = rtnl_commit(n->rtnl);
        return r < 0 ? fault_set(fault, "make link", r, "%s to %s", link->host, link->inside) : 0;
}

int network_add_extra(Network *n, const ExtraLink *link, int netns_fd, Fault *fault) {
        return link->kind == EXTRA_LINK_VETH ? add_pair(n, link, netns_fd, fault)
                                             : add_upper(n, link, netns_fd, fault);
}

void network_drop_extra(Network *n, const ExtraLink *link) {
        if (link->kind != EXTRA_LINK_VETH)
                return;
        rtnl_del_link(n->rtnl, link->host);
        (void) rtnl_commit(n->rtnl);
}
