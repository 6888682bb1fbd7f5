/* Published ports: whose they are, and whether packets pass. */
#include <linux/bpf.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "basic/file.h"
#include "network-fixture.h"
#include "network/nft-list.h"

typedef struct Host {
        Network *network;
        int one, outside;
        Attachment *a;
} Host;

/* A container, and a machine (192.0.2.2, 2001:db8::2) on the other side of the host's own link. */
static Host make_host_at(const PublishSpec *publish, size_t n, const char *cgroup) {
        Host h = { .outside = make_ns(), .one = make_ns() };
        char *networks[] = { (char *) NETWORK_DEFAULT_NAME, NULL };
        const AttachRequest q = { .unit = "a.container",
                                  .netns_fd = h.one,
                                  .networks = networks,
                                  .publish = publish,
                                  .n_publish = n };
        Fault f = {};

        connect_outside(h.outside);
        h.network = make_network_at(cgroup);
        ck_assert_msg(network_attach(h.network, &q, &f, &h.a) == 0, "%s: %s", f.step, f.object);
        ck_assert_msg(network_publish(h.network, h.a, &f) == 0, "%s: %s", f.step, f.object);
        return h;
}

static Host make_host(const PublishSpec *publish, size_t n) {
        return make_host_at(publish, n, NULL);
}

START_TEST(tcp_from_everywhere) {
        enter_host();
        const PublishSpec p = { .host_port = 8080, .container_port = 80, .count = 1 };
        Host h = make_host(&p, 1);
        autoclose int server = serve(h.one, SOCK_STREAM, 80);

        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 8080), 0);
        ck_assert_int_eq(reach(h.outside, "2001:db8::1", 8080), 0);
        ck_assert_int_eq(reach(-1, "192.0.2.1", 8080), 0);
        ck_assert_int_eq(reach(-1, "2001:db8::1", 8080), 0);
        ck_assert_int_eq(reach(-1, "127.0.0.1", 8080), 0);
        /* Its own port, by the host's addresses and by its gateway. */
        ck_assert_int_eq(reach(h.one, "192.0.2.1", 8080), 0);
        ck_assert_int_eq(reach(h.one, "2001:db8::1", 8080), 0);
        ck_assert_int_eq(reach(h.one, "10.89.0.1", 8080), 0);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 8081), -ECONNREFUSED);

        ck_assert_int_eq(network_unpublish(h.network, h.a), 0);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 8080), -ECONNREFUSED);
        ck_assert_int_eq(reach(-1, "127.0.0.1", 8080), -ECONNREFUSED);
        network_free(h.network);
}
END_TEST

START_TEST(only_on_one_address) {
        enter_host();
        const PublishSpec p[] = {
                { .host_address = address("192.0.2.1"), .host_port = 8080, .container_port = 80, .count = 1 },
                { .host_address = address("2001:db8::1"),
                  .host_port = 8081,
                  .container_port = 80,
                  .count = 1 },
        };
        Host h = make_host(p, 2);
        autoclose int server = serve(h.one, SOCK_STREAM, 80);

        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 8080), 0);
        ck_assert_int_eq(reach(h.outside, "2001:db8::1", 8080), -ECONNREFUSED);
        ck_assert_int_eq(reach(-1, "127.0.0.1", 8080), -ECONNREFUSED);
        ck_assert_int_eq(reach(h.outside, "2001:db8::1", 8081), 0);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 8081), -ECONNREFUSED);
        network_free(h.network);
}
END_TEST

START_TEST(udp_goes_and_comes) {
        enter_host();
        const PublishSpec p = {
                .protocol = PROTOCOL_UDP, .host_port = 5353, .container_port = 53, .count = 1
        };
        Host h = make_host(&p, 1);
        autoclose int server = serve(h.one, SOCK_DGRAM, 53);
        static const char *const to[] = { "192.0.2.1", "2001:db8::1", "127.0.0.1" };

        for (size_t i = 0; i < ELEMENTSOF(to); i++) {
                InetAddress a = address(to[i]);
                autoclose int fd = socket_in(i == 2 ? -1 : h.outside, a.family, SOCK_DGRAM);
                struct pollfd events = { .fd = server, .events = POLLIN };
                char text[8] = "";
                Socket s, from;
                socklen_t size = sizeof(from);

                must(connect(fd, &s.any, socket_of(&a, 5353, &s)));
                must(send(fd, "hello", 5, 0));
                ck_assert_int_eq(poll(&events, 1, 20000), 1);
                must(recvfrom(server, text, sizeof(text), 0, &from.any, &size));
                must(sendto(server, "world", 5, 0, &from.any, size));
                events.fd = fd;
                ck_assert_int_eq(poll(&events, 1, 20000), 1);
                ck_assert_int_eq(recv(fd, text, sizeof(text), 0), 5);
                ck_assert_str_eq(text, "world");
        }
        network_free(h.network);
}
END_TEST

START_TEST(ranges) {
        enter_host();
        const PublishSpec p = { .host_port = 20000, .container_port = 30000, .count = 3000 };
        Host h = make_host(&p, 1);
        autoclose int first = serve(h.one, SOCK_STREAM, 30000), last = serve(h.one, SOCK_STREAM, 32999);

        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 20000), 0);
        ck_assert_int_eq(reach(h.outside, "2001:db8::1", 22999), 0);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 23000), -ECONNREFUSED);
        ck_assert_int_eq(network_unpublish(h.network, h.a), 0);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 20000), -ECONNREFUSED);
        network_free(h.network);
}
END_TEST

START_TEST(random_ports) {
        enter_host();
        const PublishSpec p[] = { { .container_port = 80, .count = 1 },
                                  { .container_port = 81, .count = 2 },
                                  { .container_port = 80, .count = 1, .protocol = PROTOCOL_UDP } };
        Host h = make_host(p, 3);
        autoclose int server = serve(h.one, SOCK_STREAM, 80);
        const NetworkPort *ports = h.a->ports;
        autofree char *text = network_port_to_string(&ports[1]);
        char wanted[64];

        ck_assert_uint_ge(ports[0].host_port, 49152);
        ck_assert_uint_gt(ports[1].host_port, ports[0].host_port);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", ports[0].host_port), 0);
        (void) snprintf(wanted, sizeof(wanted), "*:%u-%u->81-82/tcp", ports[1].host_port,
                        ports[1].host_port + 1);
        ck_assert_str_eq(text, wanted);
        network_free(h.network);
}
END_TEST

static int set(Host *h, const PublishSpec *p, size_t n, Fault *f) {
        *f = (Fault){};
        return network_set_ports(h->network, h->a, p, n, f);
}

/* Of a map of the table, as the kernel has it. */
static size_t count_elements(const char *map) {
        struct mnl_socket *s = mnl_socket_open(NETLINK_NETFILTER);
        autoitems NetItems list = {};
        size_t n = 0;

        ck_assert_int_eq(mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID), 0);
        ck_assert_int_eq(nft_list_table(s, TABLE_NAME, &list), 0);
        (void) mnl_socket_close(s);
        for (size_t i = 0; i < list.n; i++) {
                const char *rest =
                        streq(list.items[i].what, "element") ? startswith(list.items[i].name, map) : NULL;

                n += rest && *rest == ':';
        }
        return n;
}

static void assert_no_difference(Network *n) {
        json_t *diff = NULL;

        ck_assert_int_eq(network_diff(n, &diff), 0);
        ck_assert_uint_eq(json_array_size(diff), 0);
        json_decref(diff);
}

START_TEST(equal_ranges_are_one_element) {
        enter_host();
        const PublishSpec p[] = {
                { .host_port = 9000, .container_port = 9000, .count = 101 },
                { .host_port = 9000, .container_port = 9000, .count = 101, .protocol = PROTOCOL_UDP },
                { .host_port = 9200, .container_port = 9300, .count = 3 },
                { .host_address = address("192.0.2.1"),
                  .host_port = 9400,
                  .container_port = 9400,
                  .count = 2 },
        };
        const PublishSpec moved[] = { { .host_port = 9050, .container_port = 9050, .count = 101 },
                                      { .host_port = 9040, .container_port = 9041, .count = 1 } };
        Host h = make_host(p, 4);
        autoclose int first = serve(h.one, SOCK_STREAM, 9000), last = serve(h.one, SOCK_STREAM, 9100);
        autoclose int next = serve(h.one, SOCK_STREAM, 9101), shifted = serve(h.one, SOCK_STREAM, 9302);
        autoclose int on = serve(h.one, SOCK_STREAM, 9401), one = serve(h.one, SOCK_STREAM, 9041);
        Fault f;

        ck_assert_uint_eq(count_elements("range4"), 2);
        ck_assert_uint_eq(count_elements("range6"), 2);
        ck_assert_uint_eq(count_elements("range4_on"), 1);
        ck_assert_uint_eq(count_elements("dnat4"), 3);
        assert_no_difference(h.network);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 9000), 0);
        ck_assert_int_eq(reach(h.outside, "2001:db8::1", 9100), 0);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 9101), -ECONNREFUSED);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 9202), 0);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 9401), 0);
        ck_assert_int_eq(reach(-1, "127.0.0.1", 9100), 0);

        /* One that overlaps its former self, in one transaction. */
        ck_assert_int_eq(set(&h, moved, 2, &f), 0);
        ck_assert_uint_eq(count_elements("range4"), 1);
        assert_no_difference(h.network);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 9000), -ECONNREFUSED);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 9101), 0);
        ck_assert_int_eq(reach(h.outside, "2001:db8::1", 9040), 0);
        ck_assert_int_eq(network_unpublish(h.network, h.a), 0);
        ck_assert_uint_eq(count_elements("range4"), 0);
        assert_no_difference(h.network);
        network_free(h.network);
}
END_TEST

START_TEST(conflicts_name_both) {
        enter_host();
        const PublishSpec p = { .host_port = 8080, .container_port = 80, .count = 2 };
        Host h = make_host(&p, 1);
        char *networks[] = { (char *) NETWORK_DEFAULT_NAME, NULL };
        PublishSpec other = { .host_port = 8081, .container_port = 90, .count = 1 };
        const AttachRequest q = { .unit = "b.container",
                                  .netns_fd = make_ns(),
                                  .networks = networks,
                                  .publish = &other,
                                  .n_publish = 1 };
        const PublishSpec twice[] = { { .host_port = 90, .container_port = 1, .count = 1 },
                                      { .host_port = 90, .container_port = 2, .count = 1 } };
        autoclose int listener = serve(-1, SOCK_STREAM, 9000);
        autoclose int local = socket_in(-1, AF_INET, SOCK_STREAM), udp = serve(-1, SOCK_DGRAM, 9002);
        InetAddress loopback = address("127.0.0.1");
        Attachment *b = NULL;
        char expected[200];
        Fault f = {};
        Socket s;

        ck_assert_int_eq(network_attach(h.network, &q, &f, &b), -EADDRINUSE);
        ck_assert_str_eq(f.object, "*:8081->90/tcp of b.container: a.container has it");
        other.host_address = address("192.0.2.1");
        f = (Fault){};
        ck_assert_int_eq(network_attach(h.network, &q, &f, &b), -EADDRINUSE);
        other.protocol = PROTOCOL_UDP;
        ck_assert_int_eq(network_attach(h.network, &q, NULL, &b), 0);

        ck_assert_int_eq(set(&h, twice, 2, &f), -EADDRINUSE);
        ck_assert_str_eq(f.object, "*:90->2/tcp of a.container: a.container has it");
        other = (PublishSpec){ .host_port = 8999, .container_port = 90, .count = 3 };
        ck_assert_int_eq(set(&h, &other, 1, &f), -EADDRINUSE);
        (void) snprintf(
                expected, sizeof(expected),
                "*:8999-9001->90-92/tcp of a.container: process %d (test-ports) of the host listens on "
                "port 9000",
                getpid());
        ck_assert_str_eq(f.object, expected);
        must(bind(local, &s.any, socket_of(&loopback, 9001, &s)));
        must(listen(local, 1));
        other = (PublishSpec){ .host_port = 9001, .container_port = 90, .count = 1 };
        ck_assert_int_eq(set(&h, &other, 1, &f), -EADDRINUSE);
        other = (PublishSpec){
                .host_port = 9002, .container_port = 90, .count = 1, .protocol = PROTOCOL_UDP
        };
        ck_assert_int_eq(set(&h, &other, 1, &f), -EADDRINUSE);
        other.protocol = PROTOCOL_TCP;
        ck_assert_int_eq(set(&h, &other, 1, &f), 0);
        network_free(h.network);
}
END_TEST

START_TEST(ports_change_while_running) {
        enter_host();
        const PublishSpec p[] = { { .host_port = 8080, .container_port = 80, .count = 1 },
                                  { .host_port = 8081, .container_port = 80, .count = 1 } };
        const PublishSpec now[] = { { .host_port = 8080, .container_port = 81, .count = 1 },
                                    { .host_port = 8082, .container_port = 80, .count = 1 } };
        Host h = make_host(p, 2);
        autoclose int server = serve(h.one, SOCK_STREAM, 80), second = serve(h.one, SOCK_STREAM, 81);
        struct pollfd events = { .fd = second, .events = POLLIN };
        Fault f;

        ck_assert_int_eq(set(&h, now, 2, &f), 0);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 8080), 0);
        ck_assert_int_eq(poll(&events, 1, 20000), 1);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 8081), -ECONNREFUSED);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 8082), 0);
        ck_assert_int_eq(set(&h, NULL, 0, &f), 0);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 8082), -ECONNREFUSED);
        ck_assert_int_eq(network_process_monitor(h.network), 0);
        network_free(h.network);
}
END_TEST

START_TEST(ports_come_and_go_while_running) {
        enter_host();
        const PublishSpec picked = { .container_port = 80, .count = 1 };
        const PublishSpec more[] = { { .host_port = 8080, .container_port = 80, .count = 1 },
                                     picked,
                                     picked };
        Host h = make_host(NULL, 0);
        autoclose int server = serve(h.one, SOCK_STREAM, 80);
        uint16_t port;
        Fault f;

        /* None at the start. */
        ck_assert_int_eq(set(&h, &picked, 1, &f), 0);
        port = h.a->ports[0].host_port;
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", port), 0);
        /* One that was picked is picked again, once. */
        ck_assert_int_eq(set(&h, more, 3, &f), 0);
        ck_assert_uint_eq(h.a->ports[1].host_port, port);
        ck_assert_uint_ne(h.a->ports[2].host_port, port);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 8080), 0);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", h.a->ports[2].host_port), 0);

        /* Somebody has deleted the table, and we have not noticed. */
        ck_assert_int_eq(system("nft delete table inet nsunits"), 0);
        ck_assert_int_eq(set(&h, &picked, 1, &f), 0);
        ck_assert_uint_eq(h.a->ports[0].host_port, port);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", port), 0);
        ck_assert_int_eq(reach(h.outside, "192.0.2.1", 8080), -ECONNREFUSED);
        network_free(h.network);
}
END_TEST

/* A cgroup of our own, with this process in it; false without cgroup2. */
static bool enter_cgroup(char path[64]) {
        static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
        char pid[16];

        for (size_t i = 0; i < ELEMENTSOF(roots); i++) {
                autofree char *procs = NULL;

                (void) snprintf(path, 64, "%s/nsunits-test-%d", roots[i], getpid());
                if (mkdir(path, 0755) < 0)
                        continue;
                ck_assert_int_gt(asprintf(&procs, "%s/cgroup.procs", path), 0);
                (void) snprintf(pid, sizeof(pid), "%d", getpid());
                if (file_write(AT_FDCWD, procs, pid) == 0)
                        return true;
                (void) rmdir(path);
        }
        return false;
}

static void leave_cgroup(char *path) {
        autofree char *procs = NULL;
        char pid[16];

        (void) snprintf(pid, sizeof(pid), "%d", getpid());
        ck_assert_int_gt(asprintf(&procs, "%.*s/cgroup.procs", (int) (strrchr(path, '/') - path), path), 0);
        ck_assert_int_eq(file_write(AT_FDCWD, procs, pid), 0);
        must(rmdir(path));
}

/* Those that look at connections by IPv6. */
static unsigned count_programs(const char *cgroup) {
        autoclose int fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        union bpf_attr attr = {};

        must(fd);
        attr.query.target_fd = (uint32_t) fd;
        attr.query.attach_type = BPF_CGROUP_INET6_CONNECT;
        must((int) syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)));
        return attr.query.prog_cnt;
}

START_TEST(localhost_by_program) {
        char cgroup[64];
        const PublishSpec p[] = {
                { .host_port = 8080, .container_port = 80, .count = 2 },
                { .host_address = address("::1"), .host_port = 90, .container_port = 80, .count = 1 }
        };
        json_t *saved;

        if (!enter_cgroup(cgroup))
                return;
        enter_host();
        Host h = make_host_at(p, 2, cgroup);
        autoclose int server = serve(h.one, SOCK_STREAM, 80), own = serve(h.outside, SOCK_STREAM, 8080);
        struct pollfd events = { .fd = own, .events = POLLIN };

        ck_assert_ptr_nonnull(h.network->localhost);
        ck_assert_int_eq(reach(-1, "::1", 8080), 0);
        ck_assert_int_eq(reach(-1, "127.0.0.1", 8080), 0);
        ck_assert_int_eq(reach(-1, "::1", 8082), -ECONNREFUSED);
        ck_assert_int_eq(reach(-1, "::1", 90), 0);
        ck_assert_int_eq(reach(-1, "127.0.0.1", 90), -ECONNREFUSED);
        ck_assert_int_eq(reach(h.one, "::1", 8080), -ECONNREFUSED);
        ck_assert_int_eq(reach(h.outside, "::1", 8080), 0);
        ck_assert_int_eq(poll(&events, 1, 20000), 1);

        /* With the program alone. */
        ck_assert_int_eq(delete_table(), 0);
        ck_assert_int_eq(reach(-1, "127.0.0.1", 8080), 0);
        ck_assert_int_eq(network_process_monitor(h.network), 1);

        /* While no manager runs, by the next one, and by none that knows of it. */
        saved = saved_of(h.a);
        network_free(h.network);
        ck_assert_int_eq(reach(-1, "::1", 8080), 0);
        h.network = make_network_at(cgroup);
        ck_assert_int_eq(network_adopt(h.network, saved, NULL, &h.a), 0);
        ck_assert_int_eq(network_settle(h.network, NULL), 0);
        ck_assert_int_eq(reach(-1, "::1", 8080), 0);
        /* The program stays for whoever comes next, if there is somebody soon. */
        ck_assert_int_eq(network_unpublish(h.network, h.a), 0);
        ck_assert_int_eq(reach(-1, "::1", 8080), -ECONNREFUSED);
        ck_assert_uint_eq(count_programs(cgroup), 1);
        ck_assert_int_eq(network_publish(h.network, h.a, NULL), 0);
        network_collect(h.network, NULL);
        ck_assert_int_eq(reach(-1, "::1", 8080), 0);
        ck_assert_int_eq(network_unpublish(h.network, h.a), 0);
        network_collect(h.network, NULL);
        ck_assert_uint_eq(count_programs(cgroup), 0);
        ck_assert_int_eq(network_publish(h.network, h.a, NULL), 0);
        ck_assert_int_eq(reach(-1, "::1", 8080), 0);
        network_free(h.network);
        h.network = make_network_at(cgroup);
        ck_assert_int_eq(network_settle(h.network, NULL), 0);
        ck_assert_int_eq(reach(-1, "::1", 8080), -ECONNREFUSED);
        ck_assert_uint_eq(count_programs(cgroup), 0);
        network_free(h.network);
        json_decref(saved);
        leave_cgroup(cgroup);
}
END_TEST

TEST_MAIN("ports", localhost_by_program, tcp_from_everywhere, only_on_one_address, udp_goes_and_comes, ranges,
          random_ports, equal_ranges_are_one_element, conflicts_name_both, ports_change_while_running,
          ports_come_and_go_while_running)
