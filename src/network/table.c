/* Table inet nsunits as a whole: made with the first container, made again when others change it. */
/* Before the kernel's headers, which then leave out what they have in common. */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/epoll.h>

#include "network/driver.h"
#include "network/ruleset.h"

void table_add_network(NftBatch *b, bool add, const Net *net) {
        const RulesetNetwork network = {
                .group = net->group,
                .subnets = net->subnets,
                .n_subnets = net->n_subnets,
                .internal = net->internal,
                .isolation = net->options.isolation,
                .outbound = net->options.outbound,
        };

        ruleset_network(b, add, &network);
}

/* A bridge of somebody else's is his business, and what does not pass the host is nobody's here. */
static bool has_rules(const Net *net) {
        return net->driver->passes_host && net->options.mode != NETWORK_SUBMODE_UNMANAGED;
}

void table_fill_elements(const Network *n, NftBatch *b) {
        for (size_t i = 0; i < n->n_nets; i++)
                if ((n->nets[i]->n_links > 0 || n->nets[i]->idle) && has_rules(n->nets[i]))
                        table_add_network(b, true, n->nets[i]);
        for (size_t i = 0; i < n->n_attachments; i++)
                if (n->attachments[i]->published)
                        ports_enter(b, true, n->attachments[i]);
}

void table_fill(const Network *n, NftBatch *b) {
        ruleset_add(b, n->settings.publish_localhost);
        table_fill_elements(n, b);
}

/* NFT_TABLE_F_PERSIST, since Linux 6.9: a table that has an owner does not go with it. */
#define TABLE_PERSIST (1 << 2)

/* @old: flags of the table that may be there; @flags: of the new one. */
static int install_as(Network *n, uint32_t old, uint32_t flags) {
        autoptr(NftBatch) b = nft_batch_new(TABLE_NAME);

        if (!b)
                return -ENOMEM;

        /* Deleting what is not there is an error, so it is added before: an owned one, also that of an
         * earlier manager, with the same flags. */
        nft_batch_add_table(b, old);
        nft_batch_del_table(b);
        nft_batch_add_table(b, flags);
        table_fill(n, b);
        return nft_batch_commit(b, n->nft);
}

/* The whole desired state in one transaction. */
static int install(Network *n) {
        const uint32_t owned = NFT_TABLE_F_OWNER | TABLE_PERSIST;

        /* A kernel that does not know these flags says so. */
        if (n->settings.own_table && (install_as(n, owned, owned) >= 0 || install_as(n, 0, owned) >= 0))
                return 0;
        return install_as(n, 0, 0);
}

int table_enter_network(Network *n, const Net *net, bool add, Fault *fault) {
        autoptr(NftBatch) b = NULL;
        int r;

        /* It is made with all that there is by then. */
        if (!n->table)
                return 0;
        b = nft_batch_new(TABLE_NAME);
        if (!b)
                return -ENOMEM;
        table_add_network(b, add, net);
        r = nft_batch_commit(b, n->nft);
        guard_enter_network(n, net, add);
        return r < 0 ? fault_set(fault, "nftables", r, "network %s", net->name) : 0;
}

void table_leave_network(Network *n, const Net *net) {
        /* Some of it was not there: what remains is better made anew. */
        if (table_enter_network(n, net, false, NULL) < 0)
                (void) table_replace(n);
}

int table_replace(Network *n) {
        int r = install(n);

        n->table = r >= 0;
        return r;
}

int table_ensure(Network *n, Fault *fault) {
        int r;

        if (n->table)
                return 0;
        r = table_replace(n);
        if (r >= 0)
                guard_ensure(n);
        return r < 0 ? fault_set(fault, "nftables", r, "table inet %s", TABLE_NAME) : 0;
}

void table_drop(Network *n) {
        autoptr(NftBatch) b = nft_batch_new(TABLE_NAME);

        if (!b || !n->table)
                return;
        n->table = false;
        guard_drop(n);
        nft_batch_del_table(b);
        (void) nft_batch_commit(b, n->nft);
}

static int open_socket(int flags, struct mnl_socket **ret) {
        *ret = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | flags);
        return !*ret || mnl_socket_bind(*ret, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
}

/* What we change ourselves is not told to us: a transaction with a thousand ports would overrun the monitor's
 * buffer, and what was lost there would be taken for somebody's change, to be undone by the same transaction.
 * A filter loads words in network order, netlink has them in the machine's.
 */
static int ignore_own_changes(Network *n) {
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(mnl_socket_get_portid(n->nft)), 0, 1),
                BPF_STMT(BPF_RET | BPF_K, 0),
                BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        };
        struct sock_fprog filter = { .len = ELEMENTSOF(code), .filter = code };

        return setsockopt(mnl_socket_get_fd(n->monitor), SOL_SOCKET, SO_ATTACH_FILTER, &filter,
                          sizeof(filter)) < 0
                       ? -errno
                       : 0;
}

int table_open_socket(Network *n) {
        struct epoll_event event = { .events = EPOLLIN };
        int group = NFNLGRP_NFTABLES, enable = 1, r;

        r = open_socket(0, &n->nft);
        if (r >= 0)
                r = open_socket(SOCK_NONBLOCK, &n->monitor);
        if (r >= 0)
                r = ignore_own_changes(n);
        if (r < 0)
                return r;
        /* Errors without a copy of our requests. */
        (void) mnl_socket_setsockopt(n->nft, NETLINK_CAP_ACK, &enable, sizeof(enable));
        if (mnl_socket_setsockopt(n->monitor, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0 ||
            epoll_ctl(n->monitor_fd, EPOLL_CTL_ADD, mnl_socket_get_fd(n->monitor), &event) < 0)
                return -errno;
        return 0;
}

/* Of every nftables message but those of generations, the first attribute is the table's name. */
static bool is_of_our_table(const struct nlmsghdr *h) {
        struct nlattr *a;

        mnl_attr_for_each(a, h, sizeof(struct nfgenmsg)) {
                if (mnl_attr_get_type(a) == NFTA_TABLE_NAME)
                        return mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0 &&
                               streq(mnl_attr_get_str(a), TABLE_NAME);
        }
        return false;
}

/* What others add does not hurt us; a part that they delete does. */
static bool is_loss(const struct nlmsghdr *h) {
        if (NFNL_SUBSYS_ID(h->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
                return false;

        switch (NFNL_MSG_TYPE(h->nlmsg_type)) {
        case NFT_MSG_DELTABLE:
        case NFT_MSG_DELCHAIN:
        case NFT_MSG_DELRULE:
        case NFT_MSG_DELSET:
                return is_of_our_table(h);
        case NFT_MSG_DELSETELEM:
                /* In the other table gates renew addresses of names. */
                return ((const struct nfgenmsg *) mnl_nlmsg_get_payload(h))->nfgen_family == NFPROTO_INET &&
                       is_of_our_table(h);
        default:
                return false;
        }
}

bool table_process(Network *n) {
        char buffer[32 * 1024];
        bool lost = false;

        for (;;) {
                ssize_t size = mnl_socket_recvfrom(n->monitor, buffer, sizeof(buffer));
                int left = (int) size;

                if (size < 0 && errno == EINTR)
                        continue;
                if (size < 0 && errno != ENOBUFS && errno != ENOSPC)
                        break;
                /* Others have changed something, of theirs perhaps. */
                n->firewalls_known = false;
                /* Messages were lost: the end of the table may be among what they told. */
                if (size < 0)
                        lost = true;
                for (struct nlmsghdr *h = (struct nlmsghdr *) buffer; size > 0 && mnl_nlmsg_ok(h, left);
                     h = mnl_nlmsg_next(h, &left))
                        lost |= is_loss(h);
        }
        return lost;
}
