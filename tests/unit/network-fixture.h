/* A host of its own for every test of the network: a namespace, with sockets in it and in its containers. */
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "unit-test.h"

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "network/internal.h"

#define must(call) ck_assert_msg((call) >= 0, "%s: %s", #call, strerror(errno))

/* Exit status 77 means "skipped" to meson. */
__attribute__((constructor)) static void skip_unless_root(void) {
        if (geteuid() != 0)
                _exit(77);
}

static inline InetPrefix prefix(const char *text) {
        InetPrefix p = {};

        ck_assert_int_eq(inet_parse_prefix(text, &p), 0);
        return p;
}

static inline InetAddress address(const char *text) {
        InetAddress a = {};

        ck_assert_int_eq(inet_parse(text, &a), 0);
        return a;
}

static inline int own_ns(void) {
        int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

        must(fd);
        return fd;
}

static inline void loopback_up(void) {
        autoptr(Rtnl) r = NULL;

        ck_assert_int_eq(rtnl_new(&r), 0);
        rtnl_set_up(r, "lo");
        ck_assert_int_eq(rtnl_commit(r), 0);
}

/* As netns_create() makes them. They stay until the test ends: each test is a process. */
static inline int make_ns(void) {
        int home = own_ns(), fd;

        must(unshare(CLONE_NEWNET));
        loopback_up();
        fd = own_ns();
        must(setns(home, CLONE_NEWNET));
        (void) close(home);
        return fd;
}

static inline void enter_host(void) {
        must(unshare(CLONE_NEWNS | CLONE_NEWNET));
        must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
        loopback_up();
}

/* @cgroup: for ::1; may be NULL. */
static inline Network *make_network_at(const char *cgroup) {
        const NetworkSettings settings = {
                .subnet4 = prefix("10.89.0.0/16"),
                .subnet6 = prefix("fd89::/64"),
                .pool4 = prefix("10.90.0.0/16"),
                .pool6 = prefix("fd90::/48"),
                .publish_localhost = true,
                .cgroup = cgroup,
        };
        Network *n = NULL;
        Fault fault = {};

        ck_assert_msg(network_new(&settings, &fault, &n) == 0, "%s: %s", fault.step, fault.object);
        return n;
}

static inline Network *make_network(void) {
        return make_network_at(NULL);
}

static inline int socket_in(int ns, int family, int type) {
        int home = own_ns(), fd;

        if (ns >= 0)
                must(setns(ns, CLONE_NEWNET));
        fd = socket(family, type | SOCK_CLOEXEC, 0);
        must(fd);
        if (ns >= 0)
                must(setns(home, CLONE_NEWNET));
        (void) close(home);
        return fd;
}

typedef union Socket {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
} Socket;

static inline socklen_t socket_of(const InetAddress *a, uint16_t port, Socket *ret) {
        memset(ret, 0, sizeof(*ret));
        ret->any.sa_family = (sa_family_t) a->family;
        if (a->family == AF_INET6) {
                ret->six.sin6_addr = a->v6;
                ret->six.sin6_port = htons(port);
                return sizeof(ret->six);
        }
        ret->four.sin_addr = a->v4;
        ret->four.sin_port = htons(port);
        return sizeof(ret->four);
}

/* Listens (TCP) or receives (UDP) on every address of both families. */
static inline int serve(int ns, int type, uint16_t port) {
        int fd = socket_in(ns, AF_INET6, type);
        Socket s;

        must(bind(fd, &s.any, socket_of(&(InetAddress){ .family = AF_INET6 }, port, &s)));
        if (type == SOCK_STREAM)
                must(listen(fd, 64));
        return fd;
}

/* Connects, within @timeout milliseconds. Returns 0 or a negative errno. */
static inline int reach_within(int ns, const char *to, uint16_t port, int timeout) {
        InetAddress a = address(to);
        autoclose int fd = socket_in(ns, a.family, SOCK_STREAM | SOCK_NONBLOCK);
        struct pollfd p = { .fd = fd, .events = POLLOUT };
        socklen_t size = sizeof(int);
        int error = 0;
        Socket s;

        if (connect(fd, &s.any, socket_of(&a, port, &s)) < 0 && errno != EINPROGRESS)
                return -errno;
        if (poll(&p, 1, timeout) == 0)
                return -ETIMEDOUT;
        must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
        return -error;
}

/* The kernel gives a neighbour three seconds to answer, which is little for a busy machine: whether it
 * answers at all is what counts. */
static inline int reach(int ns, const char *to, uint16_t port) {
        int r = -EHOSTUNREACH;

        for (int tries = 0; r == -EHOSTUNREACH && tries < 10; tries++)
                r = reach_within(ns, to, port, 20000);
        return r;
}

static inline bool is_cut_off(int ns, const char *to, uint16_t port) {
        return reach_within(ns, to, port, 200) < 0;
}

static inline size_t count_links(void) {
        autoptr(Rtnl) r = NULL;
        autofree RtnlLink *links = NULL;
        size_t n = 0;

        ck_assert_int_eq(rtnl_new(&r), 0);
        ck_assert_int_eq(rtnl_list_links(r, &links, &n), 0);
        return n;
}

/* As somebody else would: returns -ENOENT when there is none. */
static inline int delete_table(void) {
        autoptr(NftBatch) b = nft_batch_new(TABLE_NAME);
        struct mnl_socket *s = mnl_socket_open(NETLINK_NETFILTER);
        int r;

        ck_assert(b && s);
        ck_assert_int_eq(mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID), 0);
        nft_batch_del_table(b);
        r = nft_batch_commit(b, s);
        (void) mnl_socket_close(s);
        return r;
}

/* "lo" and no table. */
static inline void assert_nothing_left(void) {
        ck_assert_uint_eq(count_links(), 1);
        ck_assert_int_eq(delete_table(), -ENOENT);
}

typedef struct Wish {
        const char *network, *second, *address;
        const PublishSpec *publish;
        size_t n_publish;
        const JoinSpec *joins;
} Wish;

static inline int try(Network *n, const char *unit, int ns, Wish w, Fault *fault, Attachment **ret) {
        char *networks[] = { (char *) (w.network ? w.network : NETWORK_DEFAULT_NAME), (char *) w.second,
                             NULL };
        InetAddress a = w.address ? address(w.address) : (InetAddress){};
        const AttachRequest q = {
                .unit = unit,
                .link_hint = "test",
                .netns_fd = ns,
                .networks = networks,
                .joins = w.joins,
                .addresses = &a,
                .n_addresses = w.address ? 1 : 0,
                .publish = w.publish,
                .n_publish = w.n_publish,
        };

        *fault = (Fault){};
        return network_attach(n, &q, fault, ret);
}

static inline Attachment *attach(Network *n, const char *unit, int ns, Wish w) {
        Attachment *a = NULL;
        Fault fault = {};
        int r = try(n, unit, ns, w, &fault, &a);

        ck_assert_msg(r == 0, "%s: %s: %s", fault.step, fault.object, strerror(-r));
        return a;
}

/* As the next manager reads it. */
static inline json_t *saved_of(const Attachment *a) {
        autojsontext JsonText t = {};
        json_t *o, *saved;

        json_text_begin(&t, NULL, '{');
        network_attachment_save(a, &t);
        json_text_end(&t, '}');
        o = json_loads(json_text_finish(&t), 0, NULL);
        saved = json_incref(json_object_get(o, "network"));
        ck_assert_ptr_nonnull(saved);
        json_decref(o);
        return saved;
}

static inline const char *text_of(const NetworkLink *l, size_t i) {
        static char text[2][INET_TEXT_MAX];

        return inet_format(&l->addresses[i].address, text[i]);
}

/* As the manager does it, without the delay. */
static inline void detach(Network *n, Attachment *a, bool netns_dies) {
        network_detach(n, a, netns_dies);
        network_collect(n, NULL);
}

static inline void define(Network *n, const char *name, const char *subnet, bool internal) {
        InetPrefix p = subnet ? prefix(subnet) : (InetPrefix){};
        const NetworkSection s = { .subnets = &p, .n_subnets = subnet ? 1 : 0, .internal = internal };
        Fault f = {};
        int r = network_define(n, name, &s, &f);

        ck_assert_msg(r == 0, "%s: %s", f.step, f.object);
}

/* The host's own link, up0, to another machine (192.0.2.2, 2001:db8::2), which is the namespace @outside. */
static inline void connect_outside(int outside) {
        const uint8_t mac[6] = { 0x0a, 1, 1, 1, 1, 1 };
        const RtnlVeth veth = {
                .name = "up0", .peer_name = "eth0", .peer_mac = mac, .peer_netns_fd = outside
        };
        autoptr(Rtnl) here = NULL, there = NULL;
        InetPrefix own[] = { prefix("192.0.2.1/24"), prefix("2001:db8::1/64") };
        InetPrefix peer[] = { prefix("192.0.2.2/24"), prefix("2001:db8::2/64") };
        unsigned index;

        ck_assert_int_eq(rtnl_new(&here), 0);
        rtnl_add_veth(here, &veth);
        ck_assert_int_eq(rtnl_commit(here), 0);
        ck_assert_int_eq(rtnl_new_in(outside, &there), 0);
        for (size_t i = 0; i < 2; i++) {
                ck_assert_int_eq(rtnl_get_index(here, "up0", &index), 0);
                rtnl_add_address(here, index, &own[i]);
                ck_assert_int_eq(rtnl_commit(here), 0);
                ck_assert_int_eq(rtnl_get_index(there, "eth0", &index), 0);
                rtnl_set_up(there, "eth0");
                rtnl_add_address(there, index, &peer[i]);
                ck_assert_int_eq(rtnl_commit(there), 0);
        }
        ck_assert_int_eq(rtnl_get_index(here, "up0", &index), 0);
}
