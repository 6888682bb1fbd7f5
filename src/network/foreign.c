/* Before the kernel's headers, which then leave out what they have in common. */
#include <netinet/in.h>
#include <stdio.h>

#include "network/foreign.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "basic/strv.h"
#include "network/internal.h"

#define BUFFER_BYTES (32 * 1024)

static const char *family_word(uint32_t family) {
        return family == NFPROTO_IPV4   ? "ip"
               : family == NFPROTO_IPV6 ? "ip6"
               : family == NFPROTO_INET ? "inet"
                                        : NULL;
}

static int on_chain(const struct nlmsghdr *h, void *data) {
        struct nftnl_chain *c = nftnl_chain_alloc();
        char ***list = data;
        const char *family;
        int r = 0;

        if (!c)
                return MNL_CB_OK;
        if (nftnl_chain_nlmsg_parse(h, c) >= 0 && nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM) &&
            nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM) == NF_INET_FORWARD &&
            nftnl_chain_is_set(c, NFTNL_CHAIN_POLICY) &&
            nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY) == NF_DROP) {
                family = family_word(nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY));
                if (family)
                        r = strv_addf(list, "%s %s %s", family, nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE),
                                      nftnl_chain_get_str(c, NFTNL_CHAIN_NAME));
        }
        nftnl_chain_free(c);
        return r < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

int foreign_find_drops(char ***ret) {
        struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
        char buffer[BUFFER_BYTES];
        struct nlmsghdr *h = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, NLM_F_DUMP, 1);
        autostrv char **list = NULL;
        int state = MNL_CB_OK, r = 0;

        if (!socket)
                return -errno;
        if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
            mnl_socket_sendto(socket, h, h->nlmsg_len) < 0)
                r = -errno;
        while (r >= 0 && state > MNL_CB_STOP) {
                ssize_t size = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

                if (size < 0 && errno == EINTR)
                        continue;
                state = size < 0 ? MNL_CB_ERROR : mnl_cb_run(buffer, (size_t) size, 1, 0, on_chain, &list);
                r = state < 0 ? -errno : 0;
        }
        (void) mnl_socket_close(socket);
        if (r >= 0)
                *ret = take_ptr(list);
        return r;
}
