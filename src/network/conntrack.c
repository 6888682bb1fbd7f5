/* ctnetlink: one look at the table, or one per family and protocol, then one request per stale entry. */
/* Before the kernel's headers, which then leave out what they have in common. */
#include <netinet/in.h>

#include "network/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "basic/cleanup.h"
#include "network/inside.h"
#include "network/internal.h"

/* Bits of CTA_FILTER_ORIG_FLAGS (Linux, net/netfilter/nf_internals.h; since 5.8). */
#define FILTER_PROTO_NUM (1 << 3)
#define FILTER_DST_PORT  (1 << 5)

#define BUFFER_BYTES (32 * 1024)

/* Each look at the table costs the kernel some milliseconds however little is in it: it goes through all
 * slots, 262,144 on most machines. So few entries, of whatever family and protocol, are read at one look. */
#define FEW 1000

/* One direction of an entry. */
typedef struct Tuple {
        InetAddress source, destination;
        uint16_t source_port, destination_port;
        uint8_t protocol;
} Tuple;

/* What to delete: the original tuple as the kernel has told it, and its id. */
typedef struct Stale {
        uint8_t family;
        uint16_t size;
        uint8_t tuple[256];
        uint32_t id;
        bool has_id;
} Stale;

typedef struct Search {
        const FlowRule *rules; /* by their first ports */
        size_t n_rules;
        unsigned widest; /* the most ports that one of them has */
        Stale *found;
        size_t n_found;
        int error;
} Search;

static void read_ip(const struct nlattr *nest, uint8_t family, Tuple *t) {
        const size_t size = inet_size(family);
        struct nlattr *a;

        mnl_attr_for_each_nested(a, nest) {
                uint16_t type = mnl_attr_get_type(a);
                InetAddress *to = type == CTA_IP_V4_SRC || type == CTA_IP_V6_SRC   ? &t->source
                                  : type == CTA_IP_V4_DST || type == CTA_IP_V6_DST ? &t->destination
                                                                                   : NULL;

                if (!to || mnl_attr_get_payload_len(a) != size)
                        continue;
                to->family = family;
                memcpy(to->bytes, mnl_attr_get_payload(a), size);
        }
}

static void read_proto(const struct nlattr *nest, Tuple *t) {
        struct nlattr *a;

        mnl_attr_for_each_nested(a, nest) {
                uint16_t type = mnl_attr_get_type(a), size = mnl_attr_get_payload_len(a);

                if (type == CTA_PROTO_NUM && size == 1)
                        t->protocol = mnl_attr_get_u8(a);
                else if (type == CTA_PROTO_SRC_PORT && size == 2)
                        t->source_port = ntohs(mnl_attr_get_u16(a));
                else if (type == CTA_PROTO_DST_PORT && size == 2)
                        t->destination_port = ntohs(mnl_attr_get_u16(a));
        }
}

static void read_tuple(const struct nlattr *nest, uint8_t family, Tuple *t) {
        struct nlattr *a;

        mnl_attr_for_each_nested(a, nest) {
                if (mnl_attr_get_type(a) == CTA_TUPLE_IP)
                        read_ip(a, family, t);
                else if (mnl_attr_get_type(a) == CTA_TUPLE_PROTO)
                        read_proto(a, t);
        }
}

/* -- what is stale -- */

static bool is_in_range(const FlowRule *r, uint16_t port) {
        return port >= r->host_port && port - r->host_port < r->count;
}

static bool is_addressed(const FlowRule *r, const Tuple *original) {
        return r->protocol < PROTOCOL_N_ && protocol_number(r->protocol) == original->protocol &&
               r->to.family == original->destination.family && is_in_range(r, original->destination_port) &&
               (r->host_address.family == AF_UNSPEC || inet_equal(&r->host_address, &original->destination));
}

static bool leads_to(const FlowRule *r, const Tuple *original, const Tuple *reply) {
        return inet_equal(&reply->source, &r->to) &&
               reply->source_port == r->container_port + (original->destination_port - r->host_port);
}

/* Whoever a packet to another host passed by is none of ours. */
static bool is_translated(const Tuple *original, const Tuple *reply, uint32_t status) {
        return status & IPS_DST_NAT && (!inet_equal(&original->destination, &reply->source) ||
                                        original->destination_port != reply->source_port);
}

static bool is_stale_for(const FlowRule *r, const Tuple *original, const Tuple *reply, uint32_t status) {
        if (!is_addressed(r, original))
                return false;
        if (r->gone)
                return leads_to(r, original, reply);
        /* A stream that the host itself has answered goes on; to UDP nobody can have answered where no
         * process listens, and the port was free. */
        return is_translated(original, reply, status) ||
               (r->protocol == PROTOCOL_UDP && host_has_address(&original->destination));
}

/* The first rule that reaches as far as @port: there may be thousands, for each of thousands of entries. */
static size_t find_rule(const Search *s, uint16_t port) {
        size_t low = 0, high = s->n_rules;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (s->rules[middle].host_port + s->widest <= port)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static bool is_stale(const Search *s, const Tuple *original, const Tuple *reply, uint32_t status) {
        const uint16_t port = original->destination_port;
        const size_t first = find_rule(s, port);

        /* A port that was taken away and given back, or is a part of another range now. */
        for (size_t i = first; i < s->n_rules && s->rules[i].host_port <= port; i++)
                if (!s->rules[i].gone && is_addressed(&s->rules[i], original) &&
                    leads_to(&s->rules[i], original, reply))
                        return false;
        for (size_t i = first; i < s->n_rules && s->rules[i].host_port <= port; i++)
                if (is_stale_for(&s->rules[i], original, reply, status))
                        return true;
        return false;
}

static int remember(Search *s, uint8_t family, const struct nlattr *tuple, const struct nlattr *id) {
        uint16_t size = mnl_attr_get_payload_len(tuple);
        Stale *grown, *stale;

        if (size > sizeof(stale->tuple))
                return -EBADMSG;
        grown = reallocarray(s->found, s->n_found + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        s->found = grown;
        stale = &grown[s->n_found++];
        *stale = (Stale){ .family = family, .size = size };
        memcpy(stale->tuple, mnl_attr_get_payload(tuple), size);
        if (id && mnl_attr_get_payload_len(id) == sizeof(stale->id)) {
                memcpy(&stale->id, mnl_attr_get_payload(id), sizeof(stale->id));
                stale->has_id = true;
        }
        return 0;
}

static int on_entry(const struct nlmsghdr *h, void *data) {
        const uint8_t family = ((const struct nfgenmsg *) mnl_nlmsg_get_payload(h))->nfgen_family;
        const struct nlattr *original_nest = NULL, *id = NULL;
        Tuple original = {}, reply = {};
        uint32_t status = 0;
        Search *s = data;
        struct nlattr *a;

        mnl_attr_for_each(a, h, sizeof(struct nfgenmsg)) {
                switch (mnl_attr_get_type(a)) {
                case CTA_TUPLE_ORIG:
                        original_nest = a;
                        read_tuple(a, family, &original);
                        break;
                case CTA_TUPLE_REPLY:
                        read_tuple(a, family, &reply);
                        break;
                case CTA_STATUS:
                        if (mnl_attr_get_payload_len(a) == sizeof(status))
                                status = ntohl(mnl_attr_get_u32(a));
                        break;
                case CTA_ID:
                        id = a;
                        break;
                default:
                        break;
                }
        }
        if (original_nest && s->error == 0 && is_stale(s, &original, &reply, status))
                s->error = remember(s, family, original_nest, id);
        return MNL_CB_OK;
}

/* -- asking the kernel -- */

/* The one buffer of all questions: it is large. */
typedef struct Talk {
        struct mnl_socket *socket;
        char buffer[BUFFER_BYTES];
} Talk;

static struct nlmsghdr *begin(Talk *t, uint8_t family, uint16_t type, uint16_t flags) {
        struct nlmsghdr *h = mnl_nlmsg_put_header(t->buffer);
        struct nfgenmsg *m;

        h->nlmsg_type = (uint16_t) (NFNL_SUBSYS_CTNETLINK << 8 | type);
        h->nlmsg_flags = (uint16_t) (NLM_F_REQUEST | flags);
        m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
        *m = (struct nfgenmsg){ .nfgen_family = family, .version = NFNETLINK_V0 };
        return h;
}

static int talk(Talk *t, struct nlmsghdr *h, mnl_cb_t each, void *data) {
        int state = MNL_CB_OK;

        if (mnl_socket_sendto(t->socket, h, h->nlmsg_len) < 0)
                return -errno;
        while (state > MNL_CB_STOP) {
                ssize_t size = mnl_socket_recvfrom(t->socket, t->buffer, sizeof(t->buffer));

                if (size < 0 && errno == EINTR)
                        continue;
                if (size < 0)
                        return -errno;
                state = mnl_cb_run(t->buffer, (size_t) size, 0, mnl_socket_get_portid(t->socket), each, data);
        }
        return state < 0 ? -errno : 0;
}

static int on_count(const struct nlmsghdr *h, void *data) {
        struct nlattr *a;

        mnl_attr_for_each(a, h, sizeof(struct nfgenmsg)) {
                if (mnl_attr_get_type(a) == CTA_STATS_GLOBAL_ENTRIES &&
                    mnl_attr_get_payload_len(a) == sizeof(uint32_t))
                        *(uint32_t *) data = ntohl(mnl_attr_get_u32(a));
        }
        return MNL_CB_STOP;
}

/* In this network namespace; where the kernel does not tell, there may be any number. */
static uint32_t count_entries(Talk *t) {
        struct nlmsghdr *h = begin(t, AF_UNSPEC, IPCTNL_MSG_CT_GET_STATS, 0);
        uint32_t count = UINT32_MAX;

        return talk(t, h, on_count, &count) >= 0 ? count : UINT32_MAX;
}

static int look_at_all(Talk *t, Search *s) {
        struct nlmsghdr *h = begin(t, AF_UNSPEC, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
        int r = talk(t, h, on_entry, s);

        return r < 0 ? r : s->error;
}

/* @port: 0 = all of them. */
static int look(Talk *t, Search *s, uint8_t family, uint8_t protocol, uint16_t port) {
        struct nlmsghdr *h = begin(t, family, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
        struct nlattr *tuple, *proto, *filter;
        int r;

        tuple = mnl_attr_nest_start(h, CTA_TUPLE_ORIG);
        proto = mnl_attr_nest_start(h, CTA_TUPLE_PROTO);
        mnl_attr_put_u8(h, CTA_PROTO_NUM, protocol);
        if (port > 0)
                mnl_attr_put_u16(h, CTA_PROTO_DST_PORT, htons(port));
        mnl_attr_nest_end(h, proto);
        mnl_attr_nest_end(h, tuple);
        filter = mnl_attr_nest_start(h, CTA_FILTER);
        mnl_attr_put_u32(h, CTA_FILTER_ORIG_FLAGS,
                         (uint32_t) (FILTER_PROTO_NUM | (port > 0 ? FILTER_DST_PORT : 0)));
        mnl_attr_put_u32(h, CTA_FILTER_REPLY_FLAGS, 0);
        mnl_attr_nest_end(h, filter);
        r = talk(t, h, on_entry, s);
        return r < 0 ? r : s->error;
}

/* One that has gone by itself meanwhile is as good. */
static int forget(Talk *t, const Stale *stale) {
        struct nlmsghdr *h = begin(t, stale->family, IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
        int r;

        mnl_attr_put(h, CTA_TUPLE_ORIG | NLA_F_NESTED, stale->size, stale->tuple);
        if (stale->has_id)
                mnl_attr_put(h, CTA_ID, sizeof(stale->id), &stale->id);
        r = talk(t, h, NULL, NULL);
        return r == -ENOENT ? 0 : r;
}

/* The one port that all rules of a protocol are about; 0 = several. */
static uint16_t only_port(const FlowRule *rules, size_t n, Protocol protocol) {
        uint16_t port = 0;

        for (size_t i = 0; i < n; i++) {
                if (rules[i].protocol != protocol)
                        continue;
                if (rules[i].count != 1 || (port > 0 && port != rules[i].host_port))
                        return 0;
                port = rules[i].host_port;
        }
        return port;
}

static bool is_about(const FlowRule *rules, size_t n, Protocol protocol, uint8_t family) {
        for (size_t i = 0; i < n; i++)
                if (rules[i].protocol == protocol && rules[i].to.family == family)
                        return true;
        return false;
}

/* All that is stale. */
static int search(Talk *t, Search *s) {
        static const uint8_t families[] = { AF_INET, AF_INET6 };
        const uint32_t count = count_entries(t);
        int r = 0;

        if (count <= FEW)
                return count > 0 ? look_at_all(t, s) : 0;
        for (size_t i = 0; r >= 0 && i < 2 * PROTOCOL_N_; i++) {
                const Protocol protocol = (Protocol) (i / 2);

                if (is_about(s->rules, s->n_rules, protocol, families[i % 2]))
                        r = look(t, s, families[i % 2], protocol_number(protocol),
                                 only_port(s->rules, s->n_rules, protocol));
        }
        return r;
}

static int by_port(const void *a, const void *b) {
        const FlowRule *x = a, *y = b;

        return (int) x->host_port - (int) y->host_port;
}

static int purge(Talk *t, FlowRule *rules, size_t n) {
        Search s = { .rules = rules, .n_rules = n };
        int count = 0, r;

        if (n > 0)
                qsort(rules, n, sizeof(*rules), by_port);
        for (size_t i = 0; i < n; i++)
                s.widest = MAX_OF(s.widest, rules[i].count);
        r = search(t, &s);
        for (; r >= 0 && (size_t) count < s.n_found; count++)
                r = forget(t, &s.found[count]);
        free(s.found);
        return r < 0 ? r : count;
}

int conntrack_purge(FlowRule *rules, size_t n) {
        Talk t;
        int r;

        t.socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
        if (!t.socket)
                return -errno;
        r = mnl_socket_bind(t.socket, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : purge(&t, rules, n);
        (void) mnl_socket_close(t.socket);
        return r;
}
