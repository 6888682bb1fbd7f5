/* How fast a container's links are, and what they have counted. */
#include <errno.h>

#include "network/internal.h"

static int limit_link(Rtnl *r, const char *name, uint64_t bits) {
        unsigned index = 0;
        int result = rtnl_get_index(r, name, &index);

        if (result < 0)
                return result;
        if (index == 0)
                return -ENODEV;
        if (bits != UINT64_MAX) {
                rtnl_limit(r, index, bits);
                return rtnl_commit(r);
        }
        rtnl_unlimit(r, index);
        result = rtnl_commit(r);
        return result == -ENOENT || result == -EINVAL ? 0 : result;
}

int network_limit(Network *n, const Attachment *a, int netns_fd, uint64_t bits, Fault *fault) {
        autoptr(Rtnl) inside = NULL;
        int r = a->n_links > 0 ? rtnl_new_in(netns_fd, &inside) : 0;

        for (size_t i = 0; r >= 0 && i < a->n_links; i++) {
                const NetworkLink *l = &a->links[i];

                if (!l->host_name[0] && bits == UINT64_MAX)
                        continue;
                if (!l->host_name[0]) {
                        (void) fault_set(fault, "BandwidthMax", -EOPNOTSUPP, "%s", l->network);
                        fault_advise(
                                fault,
                                "what is sent there does not pass the host; use Driver=bridge or routed");
                        return -EOPNOTSUPP;
                }
                /* Each end limits what it sends: the host's what the container receives. */
                r = limit_link(n->rtnl, l->host_name, bits);
                if (r >= 0)
                        r = limit_link(inside, l->name, bits);
        }
        if (r == -ENOENT)
                fault_advise(fault, "this kernel may lack the queue \"tbf\" (CONFIG_NET_SCH_TBF)");
        return r < 0 ? fault_set(fault, "BandwidthMax", r, "%s", a->unit) : 0;
}

bool network_traffic(Network *n, const Attachment *a, NetworkTraffic *ret) {
        NetworkTraffic sum = {};
        bool any = false;

        for (size_t i = 0; i < a->n_links; i++) {
                RtnlTraffic t;

                if (!a->links[i].host_name[0] || rtnl_get_traffic(n->rtnl, a->links[i].host_name, &t) <= 0)
                        continue;
                any = true;
                sum.received_bytes += t.sent_bytes;
                sum.received_packets += t.sent_packets;
                sum.sent_bytes += t.received_bytes;
                sum.sent_packets += t.received_packets;
        }
        if (any)
                *ret = sum;
        return any;
}
