/* Table inet nsunits as a whole: made with the first container, made again when others delete it. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/table.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "network/internal.h"
#include "network/ruleset.h"

/* The whole desired state in one transaction; @replace: a table of that name may be there. */
static int install(Network *n, bool replace) {
        autoptr(NftBatch) b = nft_batch_new(TABLE_NAME);

        if (!b)
                return -ENOMEM;

        if (replace) {
                /* Deleting what is not there is an error, so it is added before. */
                nft_batch_add_table(b);
                nft_batch_del_table(b);
        }
        ruleset_add(b);
        for (size_t i = 0; i < n->n_nets; i++) {
                const Net *net = n->nets[i];

                if (net->n_links > 0)
                        ruleset_network(b, true, net->bridge, net->subnets, net->n_subnets, net->internal);
        }
        for (size_t i = 0; i < n->n_attachments; i++)
                if (n->attachments[i]->published)
                        ports_enter(b, true, n->attachments[i]);
        return nft_batch_commit(b);
}

/* Reads what the monitor has; what we have just done ourselves is among it. */
static int drain(Network *n, mnl_cb_t on_each, void *data) {
        char buffer[32 * 1024];
        ssize_t size;

        while ((size = mnl_socket_recvfrom(n->monitor, buffer, sizeof(buffer))) > 0)
                if (on_each)
                        (void) mnl_cb_run(buffer, (size_t) size, 0, 0, on_each, data);
        return size < 0 ? -errno : 0;
}

static int replace(Network *n) {
        int r = install(n, true);

        (void) drain(n, NULL, NULL);
        return r;
}

int table_ensure(Network *n, Fault *fault) {
        int r;

        if (n->table)
                return 0;
        r = replace(n);
        if (r < 0)
                return fault_set(fault, "nftables", r, "table inet %s", TABLE_NAME);
        n->table = true;
        return 0;
}

void table_drop(Network *n) {
        autoptr(NftBatch) b = nft_batch_new(TABLE_NAME);

        if (!b || !n->table)
                return;
        /* First, so that the monitor does not take this for somebody else's doing. */
        n->table = false;
        nft_batch_del_table(b);
        (void) nft_batch_commit(b);
}

int monitor_open(Network *n) {
        int group = NFNLGRP_NFTABLES;

        n->monitor = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (!n->monitor || mnl_socket_bind(n->monitor, 0, MNL_SOCKET_AUTOPID) < 0 ||
            mnl_socket_setsockopt(n->monitor, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
                return -errno;
        return 0;
}

int network_monitor_fd(const Network *n) {
        return mnl_socket_get_fd(n->monitor);
}

static int on_message(const struct nlmsghdr *h, void *data) {
        struct nftnl_table *t;
        bool *deleted = data;

        if ((h->nlmsg_type & 0xff) != NFT_MSG_DELTABLE)
                return MNL_CB_OK;
        t = nftnl_table_alloc();
        if (t && nftnl_table_nlmsg_parse(h, t) == 0)
                *deleted |= streq_null(nftnl_table_get_str(t, NFTNL_TABLE_NAME), TABLE_NAME);
        if (t)
                nftnl_table_free(t);
        return MNL_CB_OK;
}

int network_process_monitor(Network *n) {
        bool deleted = false;
        int r;

        r = drain(n, on_message, &deleted);
        if (!n->table)
                return 0;
        /* Messages were lost: the end of the table may be among what they told. */
        if (r == -ENOBUFS)
                r = replace(n);
        else if (deleted)
                r = install(n, false);
        else
                return 0;
        return r < 0 ? r : 1;
}
