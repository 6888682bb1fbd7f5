/* Requests about links. */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <string.h>

#include "basic/macro.h"
#include "network/rtnl-internal.h"

#define MACVLAN_BC_CUTOFF 9 /* IFLA_MACVLAN_BC_CUTOFF, since Linux 6.4 */

static struct nlmsghdr *begin_link(Rtnl *r, uint16_t type, uint16_t flags, const char *name, bool up) {
        struct nlmsghdr *h = rtnl_begin(r, type, flags);
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

/* A change of one that is there. */
static struct nlmsghdr *begin_index(Rtnl *r, unsigned index) {
        struct nlmsghdr *h = begin_link(r, RTM_NEWLINK, 0, NULL, false);

        if (h)
                ((struct ifinfomsg *) mnl_nlmsg_get_payload(h))->ifi_index = (int) index;
        return h;
}

static void put_nonzero(struct nlmsghdr *h, uint16_t attribute, uint32_t value) {
        if (value > 0)
                mnl_attr_put_u32(h, attribute, value);
}

void rtnl_add_bridge(Rtnl *r, const RtnlBridge *b) {
        struct nlmsghdr *h = begin_link(r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, b->name, true);
        struct nlattr *info, *data;

        if (!h)
                return;

        mnl_attr_put(h, IFLA_ADDRESS, 6, b->mac);
        put_nonzero(h, IFLA_MTU, b->mtu);
        put_nonzero(h, IFLA_GROUP, b->group);
        info = mnl_attr_nest_start(h, IFLA_LINKINFO);
        mnl_attr_put_strz(h, IFLA_INFO_KIND, "bridge");
        if (b->vlans) {
                data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
                mnl_attr_put_u8(h, IFLA_BR_VLAN_FILTERING, 1);
                mnl_attr_nest_end(h, data);
        }
        mnl_attr_nest_end(h, info);
        rtnl_end(r);
}

void rtnl_add_veth(Rtnl *r, const RtnlVeth *v) {
        struct nlmsghdr *h = begin_link(r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, v->name, !v->down);
        struct nlattr *info, *data, *peer;
        struct ifinfomsg *peer_info;

        if (!h)
                return;

        put_nonzero(h, IFLA_MASTER, v->master);
        put_nonzero(h, IFLA_MTU, v->mtu);
        put_nonzero(h, IFLA_GROUP, v->group);
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
        if (v->peer_mac)
                mnl_attr_put(h, IFLA_ADDRESS, 6, v->peer_mac);
        put_nonzero(h, IFLA_MTU, v->mtu);
        mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t) v->peer_netns_fd);
        mnl_attr_put_u32(h, IFLA_NUM_TX_QUEUES, 1);
        mnl_attr_put_u32(h, IFLA_NUM_RX_QUEUES, 1);
        mnl_attr_nest_end(h, peer);
        mnl_attr_nest_end(h, data);
        mnl_attr_nest_end(h, info);
        rtnl_end(r);
}

void rtnl_add_upper(Rtnl *r, const RtnlUpper *u) {
        struct nlmsghdr *h = begin_link(r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, u->name, false);
        bool macvlan = streq(u->kind, "macvlan");
        struct nlattr *info, *data;

        if (!h)
                return;

        mnl_attr_put_u32(h, IFLA_LINK, u->lower);
        mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t) u->netns_fd);
        if (u->mac)
                mnl_attr_put(h, IFLA_ADDRESS, 6, u->mac);
        put_nonzero(h, IFLA_MTU, u->mtu);
        info = mnl_attr_nest_start(h, IFLA_LINKINFO);
        mnl_attr_put_strz(h, IFLA_INFO_KIND, u->kind);
        data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
        if (macvlan)
                mnl_attr_put_u32(h, IFLA_MACVLAN_MODE, u->mode);
        else
                mnl_attr_put_u16(h, IFLA_IPVLAN_MODE, (uint16_t) u->mode);
        if (u->cutoff_set)
                mnl_attr_put_u32(h, MACVLAN_BC_CUTOFF, (uint32_t) u->cutoff);
        mnl_attr_nest_end(h, data);
        mnl_attr_nest_end(h, info);
        rtnl_end(r);
}

void rtnl_del_link(Rtnl *r, const char *name) {
        if (begin_link(r, RTM_DELLINK, 0, name, false))
                rtnl_end(r);
}

void rtnl_set_up(Rtnl *r, const char *name) {
        if (begin_link(r, RTM_NEWLINK, 0, name, true))
                rtnl_end(r);
}

void rtnl_set_no_link_local(Rtnl *r, const char *name) {
        struct nlmsghdr *h = begin_link(r, RTM_NEWLINK, 0, name, false);
        struct nlattr *spec, *six;

        if (!h)
                return;
        spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
        six = mnl_attr_nest_start(h, AF_INET6);
        mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
        mnl_attr_nest_end(h, six);
        mnl_attr_nest_end(h, spec);
        rtnl_end(r);
}

void rtnl_set_flags(Rtnl *r, unsigned index, bool up) {
        struct nlmsghdr *h = begin_index(r, index);
        struct ifinfomsg *info;

        if (!h)
                return;
        info = mnl_nlmsg_get_payload(h);
        info->ifi_change = IFF_UP;
        info->ifi_flags = up ? IFF_UP : 0;
        rtnl_end(r);
}

static void set_number(Rtnl *r, unsigned index, uint16_t attribute, uint32_t value) {
        struct nlmsghdr *h = begin_index(r, index);

        if (!h)
                return;
        mnl_attr_put_u32(h, attribute, value);
        rtnl_end(r);
}

void rtnl_set_mtu(Rtnl *r, unsigned index, uint32_t mtu) {
        set_number(r, index, IFLA_MTU, mtu);
}

void rtnl_set_group(Rtnl *r, unsigned index, uint32_t group) {
        set_number(r, index, IFLA_GROUP, group);
}

void rtnl_set_master(Rtnl *r, unsigned index, unsigned master) {
        set_number(r, index, IFLA_MASTER, master);
}

void rtnl_set_mac(Rtnl *r, unsigned index, const uint8_t mac[6]) {
        struct nlmsghdr *h = begin_index(r, index);

        if (!h)
                return;
        mnl_attr_put(h, IFLA_ADDRESS, 6, mac);
        rtnl_end(r);
}

void rtnl_set_alias(Rtnl *r, unsigned index, const char *alias) {
        struct nlmsghdr *h = begin_index(r, index);

        if (!h)
                return;
        mnl_attr_put_strz(h, IFLA_IFALIAS, alias);
        rtnl_end(r);
}

static struct nlmsghdr *begin_port(Rtnl *r, uint16_t type, unsigned index) {
        struct nlmsghdr *h = rtnl_begin(r, type, 0);
        struct ifinfomsg *info;

        if (!h)
                return NULL;
        info = mnl_nlmsg_put_extra_header(h, sizeof(*info));
        info->ifi_family = AF_BRIDGE;
        info->ifi_index = (int) index;
        return h;
}

void rtnl_set_hairpin(Rtnl *r, unsigned index) {
        struct nlmsghdr *h = begin_port(r, RTM_SETLINK, index);
        struct nlattr *port;

        if (!h)
                return;

        port = mnl_attr_nest_start(h, IFLA_PROTINFO);
        mnl_attr_put_u8(h, IFLA_BRPORT_MODE, 1);
        mnl_attr_nest_end(h, port);
        rtnl_end(r);
}

static void change_vlan(Rtnl *r, uint16_t type, unsigned index, uint16_t vlan, uint16_t flags) {
        struct nlmsghdr *h = begin_port(r, type, index);
        struct bridge_vlan_info vlan_info = { .flags = flags, .vid = vlan };
        struct nlattr *spec;

        if (!h)
                return;

        spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
        mnl_attr_put(h, IFLA_BRIDGE_VLAN_INFO, sizeof(vlan_info), &vlan_info);
        mnl_attr_nest_end(h, spec);
        rtnl_end(r);
}

void rtnl_set_vlan(Rtnl *r, unsigned index, uint16_t vlan) {
        /* A new port is on the bridge's default one. */
        if (vlan != 1)
                change_vlan(r, RTM_DELLINK, index, 1, 0);
        change_vlan(r, RTM_SETLINK, index, vlan, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
}

void rtnl_rename(Rtnl *r, unsigned index, const char *name) {
        struct nlmsghdr *h = begin_index(r, index);

        if (!h)
                return;
        mnl_attr_put_strz(h, IFLA_IFNAME, name);
        rtnl_end(r);
}

void rtnl_move(Rtnl *r, unsigned index, int netns_fd, const char *name) {
        struct nlmsghdr *h = begin_index(r, index);

        if (!h)
                return;
        mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t) netns_fd);
        mnl_attr_put_strz(h, IFLA_IFNAME, name);
        rtnl_end(r);
}
