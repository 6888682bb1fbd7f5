/* Requests about queues: limits of what a link sends. */
#include <linux/pkt_sched.h>

#include "basic/macro.h"
#include "network/rtnl-internal.h"

#define KIND "tbf"

/* What may go out at once, and how long a packet waits at most: tc-tbf(8) recommends ten milliseconds for the
 * first; less than a few packets would let none through. */
#define BURSTS_PER_SECOND 100
#define BURST_LEAST       (8 * 1024)
#define QUEUES_PER_SECOND 20

static struct nlmsghdr *begin(Rtnl *r, uint16_t type, uint16_t flags, unsigned index) {
        struct nlmsghdr *h = rtnl_begin(r, type, flags);
        struct tcmsg *m;

        if (!h)
                return NULL;
        m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
        m->tcm_family = AF_UNSPEC;
        m->tcm_ifindex = (int) index;
        m->tcm_parent = TC_H_ROOT;
        return h;
}

void rtnl_limit(Rtnl *r, unsigned index, uint64_t bits) {
        struct nlmsghdr *h = begin(r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index);
        const uint64_t rate = MAX_OF(bits / 8, 1);
        const uint32_t burst =
                (uint32_t) MIN_OF(MAX_OF(rate / BURSTS_PER_SECOND, BURST_LEAST), UINT32_MAX / 2);
        struct tc_tbf_qopt parameters = {
                .rate = { .linklayer = TC_LINKLAYER_ETHERNET, .rate = (uint32_t) MIN_OF(rate, UINT32_MAX) },
                .limit = (uint32_t) MIN_OF(rate / QUEUES_PER_SECOND + burst, UINT32_MAX),
        };
        struct nlattr *options;

        if (!h)
                return;
        mnl_attr_put_strz(h, TCA_KIND, KIND);
        options = mnl_attr_nest_start(h, TCA_OPTIONS);
        mnl_attr_put(h, TCA_TBF_PARMS, sizeof(parameters), &parameters);
        if (rate > UINT32_MAX)
                mnl_attr_put_u64(h, TCA_TBF_RATE64, rate);
        mnl_attr_put_u32(h, TCA_TBF_BURST, burst);
        mnl_attr_nest_end(h, options);
        rtnl_end(r);
}

void rtnl_unlimit(Rtnl *r, unsigned index) {
        struct nlmsghdr *h = begin(r, RTM_DELQDISC, 0, index);

        if (h)
                rtnl_end(r);
}
