#include "network/listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "network/inside.h"
#include "network/internal.h"

#define BUFFER_BYTES (32 * 1024)

typedef struct Search {
        uint16_t port;
        Listener *items;
        size_t n;
        bool failed;
} Search;

static int on_socket(const struct nlmsghdr *h, void *data) {
        const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
        Search *s = data;
        Listener *grown, *l;
        struct nlattr *a;

        if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || ntohs(m->id.idiag_sport) != s->port ||
            m->id.idiag_dport != 0)
                return MNL_CB_OK;
        grown = reallocarray(s->items, s->n + 1, sizeof(*grown));
        if (!grown) {
                s->failed = true;
                return MNL_CB_OK;
        }
        s->items = grown;
        l = &grown[s->n++];
        *l = (Listener){ .address.family = m->idiag_family, .inode = m->idiag_inode };
        memcpy(l->address.bytes, m->id.idiag_src, inet_size(m->idiag_family));
        mnl_attr_for_each(a, h, sizeof(*m)) if (mnl_attr_get_type(a) == INET_DIAG_SKV6ONLY &&
                                                mnl_attr_get_payload_len(a) == 1) l->six_only =
                mnl_attr_get_u8(a);
        return MNL_CB_OK;
}

static int ask(struct mnl_socket *socket, uint8_t family, uint8_t protocol, Search *s) {
        char buffer[BUFFER_BYTES];
        struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
        struct inet_diag_req_v2 *q;
        int state = MNL_CB_OK;

        h->nlmsg_type = SOCK_DIAG_BY_FAMILY;
        h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        q = mnl_nlmsg_put_extra_header(h, sizeof(*q));
        *q = (struct inet_diag_req_v2){
                .sdiag_family = family,
                .sdiag_protocol = protocol,
                /* A socket that takes packets without a connection is in the state of a closed one. */
                .idiag_states = 1u << TCP_LISTEN | 1u << TCP_CLOSE,
        };
        if (mnl_socket_sendto(socket, h, h->nlmsg_len) < 0)
                return -errno;
        while (state > MNL_CB_STOP) {
                ssize_t size = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

                if (size < 0 && errno == EINTR)
                        continue;
                if (size < 0)
                        return -errno;
                state = mnl_cb_run(buffer, (size_t) size, 0, 0, on_socket, s);
        }
        return state < 0 ? -errno : 0;
}

static int open_socket(int ns_fd, struct mnl_socket **ret) {
        int r = ns_fd >= 0 ? netns_enter(ns_fd) : 0;

        if (r < 0)
                return r;
        *ret = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
        r = *ret ? 0 : -errno;
        if (ns_fd >= 0)
                netns_leave();
        return r;
}

int listeners_find(int ns_fd, Protocol protocol, uint16_t port, Listener **ret, size_t *ret_n) {
        const uint8_t number = protocol_number(protocol);
        struct mnl_socket *socket = NULL;
        Search s = { .port = port };
        int r;

        r = open_socket(ns_fd, &socket);
        if (r < 0)
                return r;
        r = ask(socket, AF_INET, number, &s);
        if (r >= 0)
                r = ask(socket, AF_INET6, number, &s);
        if (r >= 0 && s.failed)
                r = -ENOMEM;
        (void) mnl_socket_close(socket);
        if (r < 0) {
                free(s.items);
                return r;
        }
        *ret = s.items;
        *ret_n = s.n;
        return 0;
}

bool listener_is_any(const Listener *l) {
        static const uint8_t zero[16];

        return memcmp(l->address.bytes, zero, inet_size(l->address.family)) == 0;
}

bool listener_takes(const Listener *l, const InetAddress *to) {
        if (listener_is_any(l))
                return l->address.family == to->family || (l->address.family == AF_INET6 && !l->six_only);
        return inet_equal(&l->address, to);
}
