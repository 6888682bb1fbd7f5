/* One netlink socket: opening it in a namespace, requests, answers, notifications. */
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "basic/macro.h"
#include "network/netlink.h"

#define ANSWER_MAX 128

/* One answer is at most a page of links; dumps come in pieces of up to 32 KiB (netlink(7)). */
#define RECEIVE_MAX 32768

struct Netlink {
        struct mnl_socket *socket;
        uint32_t sequence;
        char answer[ANSWER_MAX];
};

static struct {
        unsigned countdown;
        bool happened;
} injection;

void netlink_inject_failure(unsigned nth) {
        injection.countdown = nth;
        injection.happened = false;
}

bool netlink_injected(void) {
        bool happened = injection.happened;

        injection.happened = false;
        return happened;
}

/* Is it this request's turn to fail? */
static bool inject(void) {
        if (injection.countdown == 0 || --injection.countdown > 0)
                return false;

        injection.happened = true;
        return true;
}

static int socket_open(int protocol, uint32_t groups, struct mnl_socket **ret) {
        struct mnl_socket *s;
        int on = 1, size = 32 * 1024 * 1024, r;

        s = mnl_socket_open2(protocol, SOCK_CLOEXEC);
        if (!s)
                return -errno;

        if (mnl_socket_bind(s, groups, MNL_SOCKET_AUTOPID) < 0) {
                r = -errno;
                (void) mnl_socket_close(s);
                return r;
        }

        /* Short acknowledgements with words in them, and room for one transaction of a whole ruleset.
         * None of it is a condition for working. */
        (void) mnl_socket_setsockopt(s, NETLINK_EXT_ACK, &on, sizeof(on));
        (void) mnl_socket_setsockopt(s, NETLINK_CAP_ACK, &on, sizeof(on));
        (void) setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
        (void) setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
        *ret = s;
        return 0;
}

static int socket_open_in(int netns_fd, int protocol, struct mnl_socket **ret) {
        autoclose int home = -EBADF;
        int r;

        home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (home < 0)
                return -errno;
        if (setns(netns_fd, CLONE_NEWNET) < 0)
                return -errno;

        r = socket_open(protocol, 0, ret);

        /* In a container's namespace every later step would change the wrong network. */
        if (setns(home, CLONE_NEWNET) < 0)
                abort();
        return r;
}

int netlink_open(int protocol, uint32_t groups, int netns_fd, Netlink **ret) {
        autoptr(Netlink) n = NULL;
        int r;

        n = calloc(1, sizeof(*n));
        if (!n)
                return -ENOMEM;

        if (netns_fd >= 0)
                r = socket_open_in(netns_fd, protocol, &n->socket);
        else
                r = socket_open(protocol, groups, &n->socket);
        if (r < 0)
                return r;

        *ret = take_ptr(n);
        return 0;
}

void netlink_free(Netlink *n) {
        if (!n)
                return;

        if (n->socket)
                (void) mnl_socket_close(n->socket);
        free(n);
}

int netlink_fd(const Netlink *n) {
        return mnl_socket_get_fd(n->socket);
}

uint32_t netlink_port(const Netlink *n) {
        return mnl_socket_get_portid(n->socket);
}

uint32_t netlink_next_sequence(Netlink *n) {
        /* 0 marks notifications. */
        if (++n->sequence == 0)
                n->sequence = 1;
        return n->sequence;
}

const char *netlink_answer(const Netlink *n) {
        return n->answer;
}

/* The words that follow a short acknowledgement (NLM_F_CAPPED) as attributes. */
static void parse_words(const struct nlmsghdr *h, char *text) {
        size_t offset = MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct nlmsgerr));
        const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
        const struct nlattr *a;

        if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
                return;
        if (!(h->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len > sizeof(struct nlmsghdr))
                offset += MNL_ALIGN(e->msg.nlmsg_len - sizeof(struct nlmsghdr));

        while (offset + sizeof(*a) <= h->nlmsg_len) {
                a = (const struct nlattr *) ((const char *) h + offset);
                if (a->nla_len < sizeof(*a) || a->nla_len > h->nlmsg_len - offset)
                        return;
                if ((a->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG) {
                        (void) snprintf(text, ANSWER_MAX, "%.*s", (int) (a->nla_len - sizeof(*a)),
                                        (const char *) (a + 1));
                        return;
                }
                offset += MNL_ALIGN(a->nla_len);
        }
}

int netlink_parse_answer(const void *buffer, size_t size, uint32_t last, bool *answered, char *text) {
        const struct nlmsghdr *h = buffer;
        int left = (int) size, first = 0;

        for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
                const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

                if (h->nlmsg_type != NLMSG_ERROR)
                        continue;
                if (mnl_nlmsg_get_payload_len(h) < sizeof(*e))
                        return first < 0 ? first : -EBADMSG;

                if (h->nlmsg_seq == last)
                        *answered = true;
                if (e->error == 0 || first < 0)
                        continue;
                first = e->error < 0 && e->error >= -4095 ? e->error : -EBADMSG;
                parse_words(h, text);
        }

        return first < 0 ? first : left > 0 ? -EBADMSG : 0;
}

int netlink_transact(Netlink *n, const void *buffer, size_t size, uint32_t last) {
        char answer[RECEIVE_MAX] __attribute__((aligned(8)));
        bool answered = false;
        int r = 0;

        n->answer[0] = '\0';
        if (inject())
                return -EIO;
        if (mnl_socket_sendto(n->socket, buffer, size) < 0)
                return -errno;

        for (;;) {
                ssize_t got = recv(mnl_socket_get_fd(n->socket), answer, sizeof(answer), MSG_DONTWAIT);
                int k;

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0 && errno != EAGAIN)
                        r = r < 0 ? r : -errno;
                if (got <= 0)
                        break;

                k = netlink_parse_answer(answer, (size_t) got, last, &answered, n->answer);
                if (r == 0)
                        r = k;
        }

        return r < 0 ? r : answered ? 0 : -EPROTO;
}

/* Returns 1 at the end of the answer. */
static int query_walk(const char *buffer, size_t size, bool multi, NetlinkMessageFn fn, void *data) {
        const struct nlmsghdr *h = (const void *) buffer;
        int left = (int) size, r;

        for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
                if (h->nlmsg_flags & NLM_F_DUMP_INTR)
                        return -EINTR;
                if (h->nlmsg_type == NLMSG_DONE)
                        return 1;
                if (h->nlmsg_type == NLMSG_ERROR) {
                        const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

                        if (mnl_nlmsg_get_payload_len(h) < sizeof(*e))
                                return -EBADMSG;
                        return e->error < 0 ? e->error : 1;
                }
                if (h->nlmsg_type < NLMSG_MIN_TYPE)
                        continue;

                r = fn(h, data);
                if (r < 0)
                        return r;
                if (!multi)
                        return 1;
        }

        return 0;
}

int netlink_query(Netlink *n, const struct nlmsghdr *request, NetlinkMessageFn fn, void *data) {
        char answer[RECEIVE_MAX] __attribute__((aligned(8)));
        bool multi = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
        int r = 0, end = 0;

        n->answer[0] = '\0';
        if (mnl_socket_sendto(n->socket, request, request->nlmsg_len) < 0)
                return -errno;

        /* Read to the end also after an error, or the next request gets this one's answers. */
        while (end == 0) {
                ssize_t got = recv(mnl_socket_get_fd(n->socket), answer, sizeof(answer), MSG_DONTWAIT);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return r < 0 ? r : errno == EAGAIN ? -EPROTO : -errno;

                end = query_walk(answer, (size_t) got, multi, fn, data);
                if (end < 0) {
                        r = r < 0 ? r : end;
                        end = multi ? 0 : 1;
                }
        }

        return r;
}

int netlink_drain(Netlink *n, NetlinkMessageFn fn, void *data) {
        char buffer[RECEIVE_MAX] __attribute__((aligned(8)));
        int r = 0;

        for (;;) {
                ssize_t got = recv(mnl_socket_get_fd(n->socket), buffer, sizeof(buffer), MSG_DONTWAIT);
                const struct nlmsghdr *h = (const void *) buffer;
                int left = (int) got;

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0 && errno == ENOBUFS) {
                        r = -ENOBUFS;
                        continue;
                }
                if (got < 0)
                        return errno == EAGAIN ? r : -errno;

                for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
                        int k = h->nlmsg_type < NLMSG_MIN_TYPE ? 0 : fn(h, data);

                        if (k < 0)
                                return k;
                }
        }
}
