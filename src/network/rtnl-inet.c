/* Requests about addresses and routes. */
#include <errno.h>

#include "network/rtnl-internal.h"

static void put_address(struct nlmsghdr *h, uint16_t attribute, const InetAddress *a) {
        if (a->family != AF_UNSPEC)
                mnl_attr_put(h, attribute, inet_size(a->family), a->bytes);
}

void rtnl_restore_address(Rtnl *r, unsigned index, const RtnlAddress *address) {
        struct nlmsghdr *h = rtnl_begin(r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
        const InetPrefix *p = &address->prefix;
        struct ifaddrmsg *a;

        if (!h)
                return;

        a = mnl_nlmsg_put_extra_header(h, sizeof(*a));
        a->ifa_family = (uint8_t) p->address.family;
        a->ifa_prefixlen = p->bits;
        a->ifa_index = index;
        a->ifa_scope = address->scope;
        /* No duplicate address detection: we gave the address, and it would delay its use by a second. */
        mnl_attr_put_u32(h, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT);
        put_address(h, IFA_LOCAL, &p->address);
        put_address(h, IFA_ADDRESS, &p->address);
        put_address(h, IFA_BROADCAST, &address->broadcast);
        rtnl_end(r);
}

void rtnl_add_address(Rtnl *r, unsigned index, const InetPrefix *p) {
        rtnl_restore_address(r, index, &(RtnlAddress){ .prefix = *p, .scope = RT_SCOPE_UNIVERSE });
}

void rtnl_del_address(Rtnl *r, unsigned index, const InetPrefix *p) {
        struct nlmsghdr *h = rtnl_begin(r, RTM_DELADDR, 0);
        struct ifaddrmsg *a;

        if (!h)
                return;

        a = mnl_nlmsg_put_extra_header(h, sizeof(*a));
        a->ifa_family = (uint8_t) p->address.family;
        a->ifa_prefixlen = p->bits;
        a->ifa_index = index;
        put_address(h, IFA_LOCAL, &p->address);
        rtnl_end(r);
}

static void put_route(Rtnl *r, uint16_t type, uint16_t flags, const RtnlRoute *route) {
        struct nlmsghdr *h = rtnl_begin(r, type, flags);
        struct rtmsg *m;

        if (!h)
                return;

        m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
        m->rtm_family = (uint8_t) route->to.address.family;
        m->rtm_dst_len = route->to.bits;
        m->rtm_table = RT_TABLE_UNSPEC;
        m->rtm_protocol = route->protocol ? route->protocol : RTPROT_STATIC;
        m->rtm_scope = route->scope;
        m->rtm_type = route->type ? route->type : RTN_UNICAST;
        m->rtm_flags = route->on_link ? RTNH_F_ONLINK : 0;
        mnl_attr_put_u32(h, RTA_TABLE, route->table ? route->table : RT_TABLE_MAIN);
        if (route->to.bits > 0)
                put_address(h, RTA_DST, &route->to.address);
        put_address(h, RTA_GATEWAY, &route->via);
        put_address(h, RTA_PREFSRC, &route->source);
        if (route->index > 0)
                mnl_attr_put_u32(h, RTA_OIF, route->index);
        if (route->metric > 0)
                mnl_attr_put_u32(h, RTA_PRIORITY, route->metric);
        rtnl_end(r);
}

void rtnl_add_route(Rtnl *r, const RtnlRoute *route) {
        put_route(r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);
}

void rtnl_del_route(Rtnl *r, const RtnlRoute *route) {
        put_route(r, RTM_DELROUTE, 0, route);
}
