/* What the kernel has: its messages as plain structs. The parsers are pure and take any bytes. */
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "network/rtnl-internal.h"

/* A header of @size bytes fits into the message. */
static const void *header_of(const struct nlmsghdr *h, size_t size) {
        return h->nlmsg_len >= MNL_NLMSG_HDRLEN && mnl_nlmsg_get_payload_len(h) >= MNL_ALIGN(size)
                       ? mnl_nlmsg_get_payload(h)
                       : NULL;
}

static void copy_text(const struct nlattr *a, char *ret, size_t size) {
        size_t n = strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));

        (void) snprintf(ret, size, "%.*s", (int) n, (const char *) mnl_attr_get_payload(a));
}

static uint32_t number_of(const struct nlattr *a) {
        return mnl_attr_get_payload_len(a) >= sizeof(uint32_t) ? mnl_attr_get_u32(a) : 0;
}

static void copy_mac(const struct nlattr *a, uint8_t ret[6]) {
        if (mnl_attr_get_payload_len(a) == 6)
                memcpy(ret, mnl_attr_get_payload(a), 6);
}

static void copy_address(const struct nlattr *a, int family, InetAddress *ret) {
        if (mnl_attr_get_payload_len(a) != inet_size(family))
                return;
        ret->family = family;
        memcpy(ret->bytes, mnl_attr_get_payload(a), inet_size(family));
}

static void parse_port(const struct nlattr *data, RtnlLink *ret) {
        struct nlattr *a;

        mnl_attr_for_each_nested(a, data) {
                if (mnl_attr_get_type(a) == IFLA_BRPORT_MODE && mnl_attr_get_payload_len(a) >= 1)
                        ret->hairpin = mnl_attr_get_u8(a) != 0;
        }
}

static void parse_kind(const struct nlattr *info, RtnlLink *ret) {
        const struct nlattr *port = NULL;
        bool bridge = false;
        struct nlattr *a;

        mnl_attr_for_each_nested(a, info) {
                if (mnl_attr_get_type(a) == IFLA_INFO_KIND)
                        copy_text(a, ret->kind, sizeof(ret->kind));
                else if (mnl_attr_get_type(a) == IFLA_INFO_SLAVE_KIND)
                        bridge = strncmp(mnl_attr_get_payload(a), "bridge", mnl_attr_get_payload_len(a)) == 0;
                else if (mnl_attr_get_type(a) == IFLA_INFO_SLAVE_DATA)
                        port = a;
        }
        if (bridge && port)
                parse_port(port, ret);
}

int rtnl_parse_link(const struct nlmsghdr *h, RtnlLink *ret) {
        const struct ifinfomsg *info = header_of(h, sizeof(*info));
        struct nlattr *a;

        if (h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK)
                return 1;
        if (!info)
                return -EBADMSG;
        /* Of the same types are what a bridge tells of its ports. */
        if (info->ifi_family != AF_UNSPEC)
                return 1;

        *ret = (RtnlLink){ .index = (unsigned) info->ifi_index, .up = info->ifi_flags & IFF_UP };
        mnl_attr_for_each(a, h, sizeof(*info)) switch (mnl_attr_get_type(a)) {
        case IFLA_IFNAME:
                copy_text(a, ret->name, sizeof(ret->name));
                break;
        case IFLA_IFALIAS:
                copy_text(a, ret->alias, sizeof(ret->alias));
                break;
        case IFLA_MASTER:
                ret->master = number_of(a);
                break;
        case IFLA_LINK:
                ret->lower = number_of(a);
                break;
        case IFLA_MTU:
                ret->mtu = number_of(a);
                break;
        case IFLA_GROUP:
                ret->group = number_of(a);
                break;
        case IFLA_ADDRESS:
                copy_mac(a, ret->mac);
                break;
        case IFLA_PERM_ADDRESS:
                copy_mac(a, ret->permanent_mac);
                break;
        case IFLA_LINKINFO:
                parse_kind(a, ret);
                break;
        default:
                break;
        }
        return 0;
}

int rtnl_parse_address(const struct nlmsghdr *h, RtnlAddress *ret) {
        const struct ifaddrmsg *m = header_of(h, sizeof(*m));
        struct nlattr *a;
        uint32_t flags;

        if (h->nlmsg_type != RTM_NEWADDR && h->nlmsg_type != RTM_DELADDR)
                return 1;
        if (!m)
                return -EBADMSG;
        if (m->ifa_family != AF_INET && m->ifa_family != AF_INET6)
                return 1;

        *ret = (RtnlAddress){ .index = m->ifa_index, .scope = m->ifa_scope };
        ret->prefix.bits = m->ifa_prefixlen;
        flags = m->ifa_flags;
        mnl_attr_for_each(a, h, sizeof(*m)) {
                /* Of both, the local one is the link's own; IPv6 tells it with a peer only. */
                if (mnl_attr_get_type(a) == IFA_LOCAL ||
                    (mnl_attr_get_type(a) == IFA_ADDRESS && ret->prefix.address.family == AF_UNSPEC))
                        copy_address(a, m->ifa_family, &ret->prefix.address);
                else if (mnl_attr_get_type(a) == IFA_BROADCAST)
                        copy_address(a, m->ifa_family, &ret->broadcast);
                else if (mnl_attr_get_type(a) == IFA_FLAGS)
                        flags = number_of(a);
        }
        if (ret->prefix.address.family == AF_UNSPEC ||
            ret->prefix.bits > inet_size(ret->prefix.address.family) * 8)
                return -EBADMSG;
        ret->lasting =
                flags & IFA_F_PERMANENT && !(m->ifa_family == AF_INET6 && m->ifa_scope == RT_SCOPE_LINK);
        return 0;
}

int rtnl_parse_route(const struct nlmsghdr *h, RtnlRoute *ret) {
        const struct rtmsg *m = header_of(h, sizeof(*m));
        struct nlattr *a;

        if (h->nlmsg_type != RTM_NEWROUTE && h->nlmsg_type != RTM_DELROUTE)
                return 1;
        if (!m)
                return -EBADMSG;
        if ((m->rtm_family != AF_INET && m->rtm_family != AF_INET6) || m->rtm_flags & RTM_F_CLONED)
                return 1;
        if (m->rtm_dst_len > inet_size(m->rtm_family) * 8)
                return -EBADMSG;

        *ret = (RtnlRoute){
                .to = { .address.family = m->rtm_family, .bits = m->rtm_dst_len },
                .table = m->rtm_table,
                .protocol = m->rtm_protocol,
                .type = m->rtm_type,
                .scope = m->rtm_scope,
                .on_link = m->rtm_flags & RTNH_F_ONLINK,
        };
        mnl_attr_for_each(a, h, sizeof(*m)) switch (mnl_attr_get_type(a)) {
        case RTA_DST:
                copy_address(a, m->rtm_family, &ret->to.address);
                break;
        case RTA_GATEWAY:
                copy_address(a, m->rtm_family, &ret->via);
                break;
        case RTA_PREFSRC:
                copy_address(a, m->rtm_family, &ret->source);
                break;
        case RTA_OIF:
                ret->index = number_of(a);
                break;
        case RTA_TABLE:
                ret->table = number_of(a);
                break;
        case RTA_PRIORITY:
                ret->metric = number_of(a);
                break;
        default:
                break;
        }
        return ret->table == RT_TABLE_LOCAL ? 1 : 0;
}

static int parse_link(const struct nlmsghdr *h, void *item) {
        return rtnl_parse_link(h, item);
}

static int parse_address(const struct nlmsghdr *h, void *item) {
        return rtnl_parse_address(h, item);
}

static int parse_route(const struct nlmsghdr *h, void *item) {
        return rtnl_parse_route(h, item);
}

int rtnl_list_links(Rtnl *r, RtnlLink **ret, size_t *ret_n) {
        char request[RTNL_MESSAGE_BYTES];
        struct nlmsghdr *h = mnl_nlmsg_put_header(request);
        struct ifinfomsg *info;

        h->nlmsg_type = RTM_GETLINK;
        info = mnl_nlmsg_put_extra_header(h, sizeof(*info));
        info->ifi_family = AF_UNSPEC;
        mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        return rtnl_list(r, h, parse_link, sizeof(RtnlLink), ret, ret_n);
}

int rtnl_list_addresses(Rtnl *r, RtnlAddress **ret, size_t *ret_n) {
        char request[RTNL_MESSAGE_BYTES];
        struct nlmsghdr *h = mnl_nlmsg_put_header(request);
        struct ifaddrmsg *m;

        h->nlmsg_type = RTM_GETADDR;
        m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
        m->ifa_family = AF_UNSPEC;
        return rtnl_list(r, h, parse_address, sizeof(RtnlAddress), ret, ret_n);
}

static struct nlmsghdr *route_request(char *buffer, int family) {
        struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
        struct rtmsg *m;

        h->nlmsg_type = RTM_GETROUTE;
        m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
        m->rtm_family = (uint8_t) family;
        return h;
}

int rtnl_list_routes(Rtnl *r, RtnlRoute **ret, size_t *ret_n) {
        char request[RTNL_MESSAGE_BYTES];

        return rtnl_list(r, route_request(request, AF_UNSPEC), parse_route, sizeof(RtnlRoute), ret, ret_n);
}

typedef struct OverlapSearch {
        const InetPrefix *prefix;
        bool found;
} OverlapSearch;

static int on_route(const struct nlmsghdr *h, void *data) {
        OverlapSearch *search = data;
        RtnlRoute route;

        if (rtnl_parse_route(h, &route) == 0 && route.to.bits > 0 && route.table == RT_TABLE_MAIN)
                search->found |= inet_overlap(search->prefix, &route.to);
        return MNL_CB_OK;
}

int rtnl_overlaps(Rtnl *r, const InetPrefix *p, bool *ret) {
        OverlapSearch search = { .prefix = p };
        char request[RTNL_MESSAGE_BYTES];
        int result = rtnl_dump(r, route_request(request, p->address.family), on_route, &search);

        if (result >= 0)
                *ret = search.found;
        return result;
}

typedef struct DefaultRoute {
        unsigned index;
        uint32_t metric;
} DefaultRoute;

static int on_default(const struct nlmsghdr *h, void *data) {
        DefaultRoute *best = data;
        RtnlRoute route;

        if (rtnl_parse_route(h, &route) == 0 && route.to.bits == 0 && route.table == RT_TABLE_MAIN &&
            route.index > 0 && (best->index == 0 || route.metric < best->metric))
                *best = (DefaultRoute){ route.index, route.metric };
        return MNL_CB_OK;
}

int rtnl_default_device(Rtnl *r, char ret[IFNAMSIZ]) {
        char request[RTNL_MESSAGE_BYTES];
        DefaultRoute best = {};
        int result;

        result = rtnl_dump(r, route_request(request, AF_INET), on_default, &best);
        if (result >= 0 && best.index == 0)
                result = rtnl_dump(r, route_request(request, AF_INET6), on_default, &best);
        if (result < 0)
                return result;
        if (best.index == 0 || !if_indextoname(best.index, ret))
                ret[0] = '\0';
        return 0;
}
