#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "floor-network.h"

#define CONTAINER_PORT 80

typedef struct Network {
        char bridge[IFNAMSIZ], outer[IFNAMSIZ];
        struct in_addr address, gateway;
        unsigned prefix, port;
} Network;

static void fail(const char *what, const char *of) {
        fprintf(stderr, "floor: %s %s: %s\n", what, of, strerror(errno));
        _Exit(1);
}

static int network_parse(const char *text, Network *n) {
        char address[64], gateway[64];

        *n = (Network){ 0 };
        if (strcmp(text, "none") == 0)
                return 0;
        if (sscanf(text, "%15[^,],%63[^/]/%u,%63[^,],%u", n->bridge, address, &n->prefix, gateway,
                   &n->port) != 5 ||
            inet_pton(AF_INET, address, &n->address) != 1 || inet_pton(AF_INET, gateway, &n->gateway) != 1) {
                fprintf(stderr, "floor: what network is %s?\n", text);
                _Exit(2);
        }
        return 1;
}

/* @what, @of: what is asked for, in case that it fails. */
static void ask(int bus, const void *request, size_t size, const char *what, const char *of) {
        struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
        char answer[8192];
        ssize_t n;

        if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
                fail("socket for", what);
        if (mnl_socket_sendto(socket, request, size) < 0)
                fail("request for", what);
        n = mnl_socket_recvfrom(socket, answer, sizeof(answer));
        if (n < 0 || mnl_cb_run(answer, (size_t) n, 0, 0, NULL, NULL) < 0)
                fail(what, of);
        (void) mnl_socket_close(socket);
}

static struct nlmsghdr *begin(char *at, uint16_t type, uint16_t flags) {
        struct nlmsghdr *m = mnl_nlmsg_put_header(at);

        m->nlmsg_type = type;
        m->nlmsg_flags = NLM_F_REQUEST | flags;
        return m;
}

/* Nobody else's at this time, and not again at once: a link lives on for a moment after its container, and
 * two processes that make links have the same clock. */
static void name_link(Network *n, pid_t pid) {
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        (void) snprintf(n->outer, sizeof(n->outer), "fl%xt%x", (unsigned) pid & 0x3fffff,
                        (unsigned) (now.tv_sec * 1000 + now.tv_nsec / 1000000) & 0xffffff);
}

static void add_pair(const Network *n, pid_t pid) {
        char buffer[1024] = "";
        struct nlmsghdr *m = begin(buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
        struct ifinfomsg *link = mnl_nlmsg_put_extra_header(m, sizeof(*link));
        struct nlattr *info, *data, *peer;

        link->ifi_flags = link->ifi_change = IFF_UP;
        mnl_attr_put_strz(m, IFLA_IFNAME, n->outer);
        mnl_attr_put_u32(m, IFLA_MASTER, if_nametoindex(n->bridge));
        info = mnl_attr_nest_start(m, IFLA_LINKINFO);
        mnl_attr_put_strz(m, IFLA_INFO_KIND, "veth");
        data = mnl_attr_nest_start(m, IFLA_INFO_DATA);
        peer = mnl_attr_nest_start(m, VETH_INFO_PEER);
        (void) mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
        mnl_attr_put_strz(m, IFLA_IFNAME, "eth0");
        mnl_attr_put_u32(m, IFLA_NET_NS_PID, (uint32_t) pid);
        mnl_attr_nest_end(m, peer);
        mnl_attr_nest_end(m, data);
        mnl_attr_nest_end(m, info);
        ask(NETLINK_ROUTE, m, m->nlmsg_len, "link", n->outer);
}

/* The element "tcp . port : address . 80", added or deleted in one transaction. */
static void change_port(const Network *n, uint16_t message, uint16_t flags) {
        uint32_t key[2] = { IPPROTO_TCP, htons((uint16_t) n->port) },
                 target[2] = { n->address.s_addr, htons(CONTAINER_PORT) };
        struct nftnl_set_elem *element = nftnl_set_elem_alloc();
        struct nftnl_set *set = nftnl_set_alloc();
        struct mnl_nlmsg_batch *batch;
        char buffer[4096] = "";
        struct nlmsghdr *m;

        nftnl_set_set_str(set, NFTNL_SET_TABLE, "floor");
        nftnl_set_set_str(set, NFTNL_SET_NAME, "ports");
        nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key, sizeof(key));
        if (message == NFT_MSG_NEWSETELEM)
                nftnl_set_elem_set(element, NFTNL_SET_ELEM_DATA, target, sizeof(target));
        nftnl_set_elem_add(set, element);

        batch = mnl_nlmsg_batch_start(buffer, sizeof(buffer));
        nftnl_batch_begin(mnl_nlmsg_batch_current(batch), 0);
        mnl_nlmsg_batch_next(batch);
        m = nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(batch), message, NFPROTO_INET, flags | NLM_F_ACK,
                                  1);
        nftnl_set_elems_nlmsg_build_payload(m, set);
        mnl_nlmsg_batch_next(batch);
        nftnl_batch_end(mnl_nlmsg_batch_current(batch), 2);
        mnl_nlmsg_batch_next(batch);
        ask(NETLINK_NETFILTER, mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch), "published port on",
            n->bridge);
        mnl_nlmsg_batch_stop(batch);
        nftnl_set_free(set);
}

void floor_network_outside(const char *network, pid_t pid) {
        Network n;

        if (network_parse(network, &n) == 0)
                return;
        name_link(&n, pid);
        add_pair(&n, pid);
        change_port(&n, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
}

static struct nlmsghdr *link_up(char *at, const char *name) {
        struct nlmsghdr *m = begin(at, RTM_NEWLINK, 0);
        struct ifinfomsg *link = mnl_nlmsg_put_extra_header(m, sizeof(*link));

        link->ifi_index = (int) if_nametoindex(name);
        link->ifi_flags = link->ifi_change = IFF_UP;
        return m;
}

void floor_network_inside(const char *network) {
        char buffer[1024] = "";
        struct nlmsghdr *m = link_up(buffer, "lo");
        struct ifaddrmsg *address;
        struct rtmsg *route;
        size_t size = m->nlmsg_len;
        Network n;

        if (network_parse(network, &n) == 0) {
                m->nlmsg_flags |= NLM_F_ACK;
                ask(NETLINK_ROUTE, buffer, size, "link", "lo");
                return;
        }
        size += link_up(buffer + size, "eth0")->nlmsg_len;
        m = begin(buffer + size, RTM_NEWADDR, NLM_F_CREATE);
        address = mnl_nlmsg_put_extra_header(m, sizeof(*address));
        *address = (struct ifaddrmsg){ .ifa_family = AF_INET,
                                       .ifa_prefixlen = (uint8_t) n.prefix,
                                       .ifa_index = if_nametoindex("eth0") };
        mnl_attr_put_u32(m, IFA_LOCAL, n.address.s_addr);
        mnl_attr_put_u32(m, IFA_ADDRESS, n.address.s_addr);
        size += m->nlmsg_len;
        m = begin(buffer + size, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_ACK);
        route = mnl_nlmsg_put_extra_header(m, sizeof(*route));
        *route = (struct rtmsg){ .rtm_family = AF_INET,
                                 .rtm_table = RT_TABLE_MAIN,
                                 .rtm_protocol = RTPROT_STATIC,
                                 .rtm_type = RTN_UNICAST };
        mnl_attr_put_u32(m, RTA_GATEWAY, n.gateway.s_addr);
        size += m->nlmsg_len;
        ask(NETLINK_ROUTE, buffer, size, "network of", network);
}

void floor_network_remove(const char *network) {
        Network n;

        if (network_parse(network, &n) > 0)
                change_port(&n, NFT_MSG_DELSETELEM, 0);
}
