/* The kernel tells the number of the socket (sock_diag(7)), and below /proc is who has it open. */
#include "network/listener.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/file.h"
#include "basic/macro.h"

typedef struct Search {
        uint16_t port; /* network order */
        uint32_t inode;
        char link[32]; /* how a descriptor of it reads */
        char *found;
} Search;

static int on_socket(const struct nlmsghdr *h, void *data) {
        const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
        Search *s = data;

        if (mnl_nlmsg_get_payload_len(h) >= sizeof(*m) && m->id.idiag_sport == s->port &&
            m->id.idiag_dport == 0 && m->idiag_inode > 0)
                s->inode = m->idiag_inode;
        return MNL_CB_OK;
}

static void find_socket(struct mnl_socket *socket, Search *s, uint8_t family, uint8_t protocol) {
        char buffer[32 * 1024];
        struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
        struct inet_diag_req_v2 *q;
        int state = MNL_CB_OK;

        h->nlmsg_type = SOCK_DIAG_BY_FAMILY;
        h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        h->nlmsg_seq = 1;
        q = mnl_nlmsg_put_extra_header(h, sizeof(*q));
        q->sdiag_family = family;
        q->sdiag_protocol = protocol;
        /* A socket that takes packets without a connection is in the state of a closed one. */
        q->idiag_states = 1u << TCP_LISTEN | 1u << TCP_CLOSE;
        if (mnl_socket_sendto(socket, h, h->nlmsg_len) < 0)
                return;
        while (state > MNL_CB_STOP) {
                ssize_t size = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

                if (size < 0)
                        return;
                state = mnl_cb_run(buffer, (size_t) size, 1, 0, on_socket, s);
        }
}

static int on_descriptor(int dir_fd, const char *name, void *data) {
        char target[sizeof(((Search *) 0)->link)] = "";
        Search *s = data;

        return readlinkat(dir_fd, name, target, sizeof(target) - 1) > 0 && streq(target, s->link);
}

static int on_process(int dir_fd, const char *name, void *data) {
        autofree char *command = NULL;
        char path[64];
        Search *s = data;

        if (!isdigit((unsigned char) name[0]))
                return 0;
        (void) snprintf(path, sizeof(path), "/proc/%.16s/fd", name);
        if (dir_each(AT_FDCWD, path, on_descriptor, s) <= 0)
                return 0;
        (void) snprintf(path, sizeof(path), "/proc/%.16s/comm", name);
        if (file_read_line(AT_FDCWD, path, &command) < 0 ||
            asprintf(&s->found, "process %s (%s)", name, command) < 0)
                s->found = NULL;
        return 1;
}

char *listener_find(Protocol protocol, uint16_t port) {
        static const uint8_t numbers[PROTOCOL_N_] = {
                [PROTOCOL_TCP] = IPPROTO_TCP, [PROTOCOL_UDP] = IPPROTO_UDP, [PROTOCOL_SCTP] = IPPROTO_SCTP
        };
        struct mnl_socket *socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
        Search s = { .port = htons(port) };

        if (!socket)
                return NULL;
        if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) >= 0) {
                find_socket(socket, &s, AF_INET, numbers[protocol]);
                if (s.inode == 0)
                        find_socket(socket, &s, AF_INET6, numbers[protocol]);
        }
        (void) mnl_socket_close(socket);
        if (s.inode == 0)
                return NULL;
        (void) snprintf(s.link, sizeof(s.link), "socket:[%u]", s.inode);
        (void) dir_each(AT_FDCWD, "/proc", on_process, &s);
        return s.found;
}
