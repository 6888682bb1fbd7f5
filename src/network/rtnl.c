/* One buffer of netlink requests; the first error sticks, so that the use reads as a list. */
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "network/inside.h"
#include "network/rtnl-internal.h"

#define BATCH_BYTES (32 * 1024)

struct Rtnl {
        struct mnl_socket *socket;
        struct mnl_nlmsg_batch *batch;
        char buffer[BATCH_BYTES];
        struct nlmsghdr *last; /* of the batch */
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

        r->batch = mnl_nlmsg_batch_start(r->buffer, BATCH_BYTES - RTNL_MESSAGE_BYTES);
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

struct nlmsghdr *rtnl_begin(Rtnl *r, uint16_t type, uint16_t flags) {
        struct nlmsghdr *h;

        if (r->error < 0)
                return NULL;

        h = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(r->batch));
        h->nlmsg_type = type;
        h->nlmsg_flags = (uint16_t) (NLM_F_REQUEST | flags);
        h->nlmsg_seq = r->seq++;
        r->last = h;
        return h;
}

void rtnl_end(Rtnl *r) {
        if (!mnl_nlmsg_batch_next(r->batch))
                fail(r, -EMSGSIZE);
}

/* Reads answers up to that of the last request, which alone is answered in any case; others are when they
 * fail. Returns the first error. */
static int read_answers(Rtnl *r, uint32_t last) {
        char answer[16 * 1024];
        bool done = false;
        int first = 0;

        while (!done) {
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
                        done |= h->nlmsg_seq == last;
                        if (e->error < 0 && first == 0)
                                first = e->error;
                }
        }
        return first;
}

int rtnl_commit(Rtnl *r) {
        int error = r->error;

        if (error == 0 && !mnl_nlmsg_batch_is_empty(r->batch)) {
                r->last->nlmsg_flags |= NLM_F_ACK;
                if (mnl_socket_sendto(r->socket, mnl_nlmsg_batch_head(r->batch),
                                      mnl_nlmsg_batch_size(r->batch)) < 0)
                        error = -errno;
                else
                        error = read_answers(r, r->last->nlmsg_seq);
        }

        /* After an overflow the first reset keeps the message that had no room. */
        do
                mnl_nlmsg_batch_reset(r->batch);
        while (!mnl_nlmsg_batch_is_empty(r->batch));
        r->error = 0;
        r->first_seq = r->seq;
        return error;
}

/* The answer is in @buffer; 0 = there is no such link. */
static int ask_for_link(Rtnl *r, const char *name, uint32_t mask, char *buffer, size_t space,
                        struct nlmsghdr **ret) {
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
        mnl_attr_put_u32(h, IFLA_EXT_MASK, mask);
        if (mnl_socket_sendto(r->socket, h, h->nlmsg_len) < 0)
                return -errno;

        size = mnl_socket_recvfrom(r->socket, buffer, space);
        if (size < 0)
                return -errno;
        h = (struct nlmsghdr *) buffer;
        if (!mnl_nlmsg_ok(h, (int) size))
                return -EBADMSG;
        if (h->nlmsg_type == NLMSG_ERROR) {
                const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

                return e->error == -ENODEV ? 0 : e->error;
        }
        *ret = h;
        return 1;
}

int rtnl_get_link(Rtnl *r, const char *name, RtnlLink *ret) {
        char buffer[16 * 1024];
        struct nlmsghdr *h;
        int result = ask_for_link(r, name, RTEXT_FILTER_SKIP_STATS, buffer, sizeof(buffer), &h);

        if (result <= 0)
                return result;
        result = rtnl_parse_link(h, ret);
        return result < 0 ? result : result == 0;
}

int rtnl_get_traffic(Rtnl *r, const char *name, RtnlTraffic *ret) {
        char buffer[16 * 1024];
        struct rtnl_link_stats64 stats;
        struct nlmsghdr *h;
        struct nlattr *a;
        int result = ask_for_link(r, name, 0, buffer, sizeof(buffer), &h);

        if (result <= 0)
                return result;
        mnl_attr_for_each(a, h, sizeof(struct ifinfomsg)) {
                if (mnl_attr_get_type(a) != IFLA_STATS64 || mnl_attr_get_payload_len(a) < sizeof(stats))
                        continue;
                memcpy(&stats, mnl_attr_get_payload(a), sizeof(stats));
                *ret = (RtnlTraffic){ .received_bytes = stats.rx_bytes,
                                      .received_packets = stats.rx_packets,
                                      .sent_bytes = stats.tx_bytes,
                                      .sent_packets = stats.tx_packets };
                return 1;
        }
        return 0;
}

int rtnl_get_index(Rtnl *r, const char *name, unsigned *ret) {
        RtnlLink link = {};
        int result = rtnl_get_link(r, name, &link);

        if (result < 0)
                return result;
        *ret = link.index;
        return 0;
}

int rtnl_dump(Rtnl *r, struct nlmsghdr *h, mnl_cb_t each, void *data) {
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

typedef struct List {
        RtnlParseFn parse;
        size_t size, n;
        char *items;
        int error;
} List;

static int on_item(const struct nlmsghdr *h, void *data) {
        List *list = data;
        char *items = reallocarray(list->items, list->n + 1, list->size);
        int r;

        if (!items) {
                list->error = -ENOMEM;
                return MNL_CB_OK;
        }
        list->items = items;
        memset(items + list->n * list->size, 0, list->size);
        r = list->parse(h, items + list->n * list->size);
        if (r < 0)
                list->error = r;
        if (r == 0)
                list->n++;
        return MNL_CB_OK;
}

int rtnl_list(Rtnl *r, struct nlmsghdr *h, RtnlParseFn parse, size_t size, void *ret, size_t *ret_n) {
        List list = { .parse = parse, .size = size };
        int result = rtnl_dump(r, h, on_item, &list);

        if (result >= 0)
                result = list.error;
        if (result < 0) {
                free(list.items);
                return result;
        }
        *(void **) ret = list.items;
        *ret_n = list.n;
        return 0;
}
