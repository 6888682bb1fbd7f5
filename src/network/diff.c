/* What the host should have of us, and what it has. */
#include "network/driver.h"
#include "network/net-items.h"
#include "network/nft-list.h"

static int list_table(Network *n, NetItems *desired, NetItems *actual) {
        autoptr(NftBatch) b = nft_batch_new(TABLE_NAME);
        struct mnl_socket *socket = NULL;
        int r;

        if (!b)
                return -ENOMEM;
        /* Without containers there is no table, sooner or later. */
        if (n->table)
                table_fill(n, b);
        nft_list_batch(b, desired);
        /* On one of its own: what an error leaves unread there is nobody else's. */
        socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
        if (!socket)
                return -errno;
        r = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
        if (r >= 0)
                r = nft_list_table(socket, TABLE_NAME, actual);
        (void) mnl_socket_close(socket);
        return r;
}

int network_diff(Network *n, json_t **ret) {
        autoitems NetItems desired = {}, actual = {};
        autoreality HostReality real = {};
        autostate HostState wanted = {};
        int r;

        network_describe(n, &wanted);
        r = wanted.failed ? -ENOMEM : host_reality_read(n->rtnl, &real);
        if (r < 0)
                return r;
        net_items_of_host(&wanted, &real, &desired, &actual);
        heal_list_lost(n, &real, &actual);
        r = list_table(n, &desired, &actual);
        if (r < 0)
                return r;
        *ret = net_items_compare(&desired, &actual);
        return *ret ? 0 : -ENOMEM;
}
