/* One buffer of netlink requests; the first error sticks, so that the use reads as a list. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "network/inside.h"
#include "network/rtnl.h"

#define BATCH_BYTES   (32 * 1024)
#define MESSAGE_BYTES 1024 /* no single request of ours is longer */

struct Rtnl {
        struct mnl_socket *socket;
        struct mnl_nlmsg_batch *batch;
        char buffer[BATCH_BYTES];
        uint32_t seq, first_seq;
        int error;
};

void rtnl_free(Rtnl *r) {
        if (!r)
                return;

        if (r->batch)
                mnl_nlmsg_batch_stop(r->batch);
        if (r->socket)
                (void) mnl_socket_close(r->socket);
        free(r);
}

int rtnl_new(Rtnl **ret) {
        autoptr(Rtnl) r = calloc(1, sizeof(*r));
        int enable = 1;

        if (!r)
                return -ENOMEM;

        r->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
        if (!r->socket || mnl_socket_bind(r->socket, 0, MNL_SOCKET_AUTOPID) < 0)
                return -errno;
        /* Answers without a copy of our requests. */
        (void) mnl_socket_setsockopt(r->socket, NETLINK_CAP_ACK, &enable, sizeof(enable));

        r->batch = mnl_nlmsg_batch_start(r->buffer, BATCH_BYTES - MESSAGE_BYTES);
        if (!r->batch)
                return -ENOMEM;
        r->seq = r->first_seq = 1;
        *ret = take_ptr(r);
        return 0;
}

int rtnl_new_in(int netns_fd, Rtnl **ret) {
        int r = netns_enter(netns_fd);

        if (r < 0)
                return r;
        r = rtnl_new(ret);
        netns_leave();
        return r;
}

static void fail(Rtnl *r, int error) {
        if (r->error == 0)
                r->error = error;
}

static struct nlmsghdr *begin(Rtnl *r, uint16_t type, uint16_t flags) {
        struct nlmsghdr *h;

        if (r->error < 0)
                return NULL;

        h = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(r->batch));
        h->nlmsg_type = type;
        h->nlmsg_flags = (uint16_t) (NLM_F_REQUEST | NLM_F_ACK | flags);
        h->nlmsg_seq = r->seq++;
        return h;
}

static void end(Rtnl *r) {
        if (!mnl_nlmsg_batch_next(r->batch))
                fail(r, -EMSGSIZE);
}

static struct nlmsghdr *begin_link(Rtnl *r, uint16_t type, uint16_t flags, const char *name, bool up) {
        struct nlmsghdr *h = begin(r, type, flags);
        struct ifinfomsg *info;

        if (!h)
                return NULL;

        info = mnl_nlmsg_put_extra_header(h, sizeof(*info));
        info->ifi_family = AF_UNSPEC;
        if (up)
                info->ifi_flags = info->ifi_change = IFF_UP;
        if (name)
                mnl_attr_put_strz(h, IFLA_IFNAME, name);
        return h;
}

void rtnl_add_bridge(Rtnl *r, const char *name, const uint8_t mac[6]) {
        struct nlmsghdr *h = begin_link(r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name, true);
        struct nlattr *info;

        if (!h)
                return;

        mnl_attr_put(h, IFLA_ADDRESS, 6, mac);
        info = mnl_attr_nest_start(h, IFLA_LINKINFO);
        mnl_attr_put_strz(h, IFLA_INFO_KIND, "bridge");
        mnl_attr_nest_end(h, info);
        end(r);
}

void rtnl_add_veth(Rtnl *r, const RtnlVeth *v) {
        struct nlmsghdr *h = begin_link(r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, v->name, true);
        struct nlattr *info, *data, *peer;
        struct ifinfomsg *peer_info;

        if (!h)
                return;

        mnl_attr_put_u32(h, IFLA_MASTER, v->master);
        /* One queue each: more cost memory per container and gain nothing for a virtual link. */
        mnl_attr_put_u32(h, IFLA_NUM_TX_QUEUES, 1);
        mnl_attr_put_u32(h, IFLA_NUM_RX_QUEUES, 1);
        info = mnl_attr_nest_start(h, IFLA_LINKINFO);
        mnl_attr_put_strz(h, IFLA_INFO_KIND, "veth");
        data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
        peer = mnl_attr_nest_start(h, VETH_INFO_PEER);
        peer_info = mnl_nlmsg_put_extra_header(h, sizeof(*peer_info));
        peer_info->ifi_family = AF_UNSPEC;
        mnl_attr_put_strz(h, IFLA_IFNAME, v->peer_name);
        mnl_attr_put(h, IFLA_ADDRESS, 6, v->peer_mac);
        mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t) v->peer_netns_fd);
        mnl_attr_put_u32(h, IFLA_NUM_TX_QUEUES, 1);
        mnl_attr_put_u32(h, IFLA_NUM_RX_QUEUES, 1);
        mnl_attr_nest_end(h, peer);
        mnl_attr_nest_end(h, data);
        mnl_attr_nest_end(h, info);
        end(r);
}

void rtnl_del_link(Rtnl *r, const char *name) {
        if (begin_link(r, RTM_DELLINK, 0, name, false))
                end(r);
}

void rtnl_set_up(Rtnl *r, const char *name) {
        if (begin_link(r, RTM_NEWLINK, 0, name, true))
                end(r);
}

void rtnl_set_alias(Rtnl *r, unsigned index, const char *alias) {
        struct nlmsghdr *h = begin_link(r, RTM_NEWLINK, 0, NULL, false);

        if (!h)
                return;

        ((struct ifinfomsg *) mnl_nlmsg_get_payload(h))->ifi_index = (int) index;
        mnl_attr_put_strz(h, IFLA_IFALIAS, alias);
        end(r);
}

void rtnl_set_master(Rtnl *r, unsigned index, unsigned master) {
        struct nlmsghdr *h = begin(r, RTM_NEWLINK, 0);
        struct ifinfomsg *info;

        if (!h)
                return;

        info = mnl_nlmsg_put_extra_header(h, sizeof(*info));
        info->ifi_family = AF_UNSPEC;
        info->ifi_index = (int) index;
        mnl_attr_put_u32(h, IFLA_MASTER, master);
        end(r);
}

void rtnl_set_hairpin(Rtnl *r, unsigned index) {
        struct nlmsghdr *h = begin(r, RTM_SETLINK, 0);
        struct ifinfomsg *info;
        struct nlattr *port;

        if (!h)
                return;

        info = mnl_nlmsg_put_extra_header(h, sizeof(*info));
        info->ifi_family = AF_BRIDGE;
        info->ifi_index = (int) index;
        port = mnl_attr_nest_start(h, IFLA_PROTINFO);
        mnl_attr_put_u8(h, IFLA_BRPORT_MODE, 1);
        mnl_attr_nest_end(h, port);
        end(r);
}

void rtnl_add_address(Rtnl *r, unsigned index, const InetPrefix *p) {
        struct nlmsghdr *h = begin(r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
        struct ifaddrmsg *a;

        if (!h)
                return;

        a = mnl_nlmsg_put_extra_header(h, sizeof(*a));
        a->ifa_family = (uint8_t) p->address.family;
        a->ifa_prefixlen = p->bits;
        a->ifa_index = index;
        a->ifa_scope = RT_SCOPE_UNIVERSE;
        /* No duplicate address detection: we gave the address, and it would delay its use by a second. */
        mnl_attr_put_u32(h, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT);
        mnl_attr_put(h, IFA_LOCAL, inet_size(p->address.family), p->address.bytes);
        mnl_attr_put(h, IFA_ADDRESS, inet_size(p->address.family), p->address.bytes);
        end(r);
}

void rtnl_add_route(Rtnl *r, unsigned index, const InetAddress *gateway) {
        struct nlmsghdr *h = begin(r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
        struct rtmsg *m;

        if (!h)
                return;

        m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
        m->rtm_family = (uint8_t) gateway->family;
        m->rtm_table = RT_TABLE_MAIN;
        m->rtm_protocol = RTPROT_STATIC;
        m->rtm_scope = RT_SCOPE_UNIVERSE;
        m->rtm_type = RTN_UNICAST;
        mnl_attr_put(h, RTA_GATEWAY, inet_size(gateway->family), gateway->bytes);
        mnl_attr_put_u32(h, RTA_OIF, index);
        end(r);
}

/* Reads answers until those of @n requests are in; returns the first error. */
static int read_answers(Rtnl *r, uint32_t n) {
        char answer[16 * 1024];
        int first = 0;

        while (n > 0) {
                ssize_t size = mnl_socket_recvfrom(r->socket, answer, sizeof(answer));
                int left = (int) size;

                if (size < 0 && errno == EINTR)
                        continue;
                if (size < 0)
                        return -errno;

                for (struct nlmsghdr *h = (struct nlmsghdr *) answer; mnl_nlmsg_ok(h, left);
                     h = mnl_nlmsg_next(h, &left)) {
                        const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

                        if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq < r->first_seq)
                                continue;
                        n--;
                        if (e->error < 0 && first == 0)
                                first = e->error;
                }
        }
        return first;
}

int rtnl_commit(Rtnl *r) {
        int error = r->error;

        if (error == 0 && !mnl_nlmsg_batch_is_empty(r->batch)) {
                if (mnl_socket_sendto(r->socket, mnl_nlmsg_batch_head(r->batch),
                                      mnl_nlmsg_batch_size(r->batch)) < 0)
                        error = -errno;
                else
                        error = read_answers(r, r->seq - r->first_seq);
        }

        /* After an overflow the first reset keeps the message that had no room. */
        do
                mnl_nlmsg_batch_reset(r->batch);
        while (!mnl_nlmsg_batch_is_empty(r->batch));
        r->error = 0;
        r->first_seq = r->seq;
        return error;
}

int rtnl_get_index(Rtnl *r, const char *name, unsigned *ret) {
        char buffer[16 * 1024];
        struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
        struct ifinfomsg *info;
        ssize_t size;

        h->nlmsg_type = RTM_GETLINK;
        h->nlmsg_flags = NLM_F_REQUEST;
        h->nlmsg_seq = r->seq++;
        r->first_seq = r->seq;
        info = mnl_nlmsg_put_extra_header(h, sizeof(*info));
        info->ifi_family = AF_UNSPEC;
        mnl_attr_put_strz(h, IFLA_IFNAME, name);
        mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        if (mnl_socket_sendto(r->socket, h, h->nlmsg_len) < 0)
                return -errno;

        *ret = 0;
        size = mnl_socket_recvfrom(r->socket, buffer, sizeof(buffer));
        if (size < 0)
                return -errno;
        h = (struct nlmsghdr *) buffer;
        if (h->nlmsg_type == NLMSG_ERROR) {
                const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

                return e->error == -ENODEV ? 0 : e->error;
        }
        info = mnl_nlmsg_get_payload(h);
        *ret = (unsigned) info->ifi_index;
        return 0;
}

typedef struct OverlapSearch {
        const InetPrefix *prefix;
        bool found;
} OverlapSearch;

static int on_route(const struct nlmsghdr *h, void *data) {
        const struct rtmsg *m = mnl_nlmsg_get_payload(h);
        OverlapSearch *search = data;
        InetPrefix route = { .address.family = m->rtm_family, .bits = m->rtm_dst_len };
        struct nlattr *a;

        if (m->rtm_dst_len == 0 || m->rtm_table != RT_TABLE_MAIN)
                return MNL_CB_OK;

        mnl_attr_for_each(a, h, sizeof(*m)) if (mnl_attr_get_type(a) == RTA_DST &&
                                                mnl_attr_get_payload_len(a) == inet_size(m->rtm_family)) {
                memcpy(route.address.bytes, mnl_attr_get_payload(a), inet_size(m->rtm_family));
                search->found |= inet_overlap(search->prefix, &route);
        }
        return MNL_CB_OK;
}

/* Sends the request @h for a list and calls @each for every entry. */
static int dump(Rtnl *r, struct nlmsghdr *h, mnl_cb_t each, void *data) {
        char buffer[32 * 1024];
        uint32_t seq = r->seq++;
        int state = MNL_CB_OK;

        r->first_seq = r->seq;
        h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        h->nlmsg_seq = seq;
        if (mnl_socket_sendto(r->socket, h, h->nlmsg_len) < 0)
                return -errno;

        while (state > MNL_CB_STOP) {
                ssize_t size = mnl_socket_recvfrom(r->socket, buffer, sizeof(buffer));

                if (size < 0 && errno == EINTR)
                        continue;
                if (size < 0)
                        return -errno;
                state = mnl_cb_run(buffer, (size_t) size, seq, mnl_socket_get_portid(r->socket), each, data);
        }
        return state < 0 ? -errno : 0;
}

int rtnl_overlaps(Rtnl *r, const InetPrefix *p, bool *ret) {
        OverlapSearch search = { .prefix = p };
        char request[MESSAGE_BYTES];
        struct nlmsghdr *h = mnl_nlmsg_put_header(request);
        struct rtmsg *m;
        int result;

        h->nlmsg_type = RTM_GETROUTE;
        m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
        m->rtm_family = (uint8_t) p->address.family;
        result = dump(r, h, on_route, &search);
        if (result >= 0)
                *ret = search.found;
        return result;
}

typedef struct LinkList {
        RtnlLink *items;
        size_t n;
        bool failed;
} LinkList;

static bool is_bridge(const struct nlattr *info) {
        struct nlattr *a;

        mnl_attr_for_each_nested(a, info) {
                if (mnl_attr_get_type(a) == IFLA_INFO_KIND)
                        return streq(mnl_attr_get_str(a), "bridge");
        }
        return false;
}

static int on_link(const struct nlmsghdr *h, void *data) {
        const struct ifinfomsg *info = mnl_nlmsg_get_payload(h);
        LinkList *list = data;
        RtnlLink *items = reallocarray(list->items, list->n + 1, sizeof(*items)), *l;
        struct nlattr *a;

        if (!items) {
                list->failed = true;
                return MNL_CB_OK;
        }
        list->items = items;
        l = &items[list->n++];
        *l = (RtnlLink){ .index = (unsigned) info->ifi_index };

        mnl_attr_for_each(a, h, sizeof(*info)) {
                if (mnl_attr_get_type(a) == IFLA_IFNAME)
                        (void) snprintf(l->name, sizeof(l->name), "%s", mnl_attr_get_str(a));
                else if (mnl_attr_get_type(a) == IFLA_MASTER)
                        l->master = mnl_attr_get_u32(a);
                else if (mnl_attr_get_type(a) == IFLA_ADDRESS && mnl_attr_get_payload_len(a) == 6)
                        memcpy(l->mac, mnl_attr_get_payload(a), 6);
                else if (mnl_attr_get_type(a) == IFLA_LINKINFO)
                        l->is_bridge = is_bridge(a);
        }
        return MNL_CB_OK;
}

int rtnl_list_links(Rtnl *r, RtnlLink **ret, size_t *ret_n) {
        LinkList list = {};
        char request[MESSAGE_BYTES];
        struct nlmsghdr *h = mnl_nlmsg_put_header(request);
        struct ifinfomsg *info;
        int result;

        h->nlmsg_type = RTM_GETLINK;
        info = mnl_nlmsg_put_extra_header(h, sizeof(*info));
        info->ifi_family = AF_UNSPEC;
        mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        result = dump(r, h, on_link, &list);
        if (result >= 0 && list.failed)
                result = -ENOMEM;
        if (result < 0) {
                free(list.items);
                return result;
        }
        *ret = list.items;
        *ret_n = list.n;
        return 0;
}
