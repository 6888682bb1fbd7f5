/* Networks of every driver and with every option, and what others do to their links, in a host of our own. */
#include <linux/rtnetlink.h>

#include "basic/file.h"
#include "network-fixture.h"

typedef struct Wanted {
        NetworkDriver driver;
        const char *subnet, *subnet6, *range, *option, *second_option;
        bool internal;
} Wanted;

static void define_as(Network *n, const char *name, Wanted w) {
        InetPrefix subnets[2] = { w.subnet ? prefix(w.subnet) : (InetPrefix){},
                                  w.subnet6 ? prefix(w.subnet6) : (InetPrefix){} };
        char *options[] = { (char *) w.option, (char *) w.second_option, NULL };
        InetRange range = {};
        const NetworkSection s = {
                .driver = w.driver,
                .subnets = subnets,
                .n_subnets = w.subnet6  ? 2
                             : w.subnet ? 1
                                        : 0,
                .ranges = { .items = &range, .n = w.range ? 1 : 0 },
                .internal = w.internal,
                .options = options,
        };
        Fault f = {};
        int r;

        if (w.range) {
                InetPrefix p = prefix(w.range);

                range = (InetRange){ p.address, inet_broadcast(&p), p.bits };
        }
        r = network_define(n, name, &s, &f);
        ck_assert_msg(r == 0, "%s: %s", f.step, f.object);
}

static Attachment *attach_to(Network *n, const char *unit, int ns, const char *network) {
        return attach(n, unit, ns, (Wish){ .network = network });
}

START_TEST(routed) {
        enter_host();
        Network *n = make_network();
        int one = make_ns(), two = make_ns(), other = make_ns(), outside = make_ns();
        const PublishSpec publish = { .host_port = 8080, .container_port = 80, .count = 1 };
        Attachment *a, *b, *c;

        connect_outside(outside);
        define_as(n, "r.network", (Wanted){ NETWORK_DRIVER_ROUTED, "10.77.0.0/24", "fd77::/64" });
        a = attach(n, "a.container", one,
                   (Wish){ .network = "r.network", .publish = &publish, .n_publish = 1 });
        b = attach_to(n, "b.container", two, "r.network");
        c = attach_to(n, "c.container", other, NULL);
        ck_assert_int_eq(network_publish(n, a, NULL), 0);
        /* lo, up0, a link for each, and the bridge of the default network only. */
        ck_assert_uint_eq(count_links(), 6);

        autoclose int server = serve(one, SOCK_STREAM, 80), gateway = serve(-1, SOCK_STREAM, 81);
        for (size_t i = 0; i < 2; i++) {
                ck_assert_int_eq(reach(two, text_of(&a->links[0], i), 80), 0);
                ck_assert_int_eq(reach(-1, text_of(&a->links[0], i), 80), 0);
                ck_assert(is_cut_off(other, text_of(&a->links[0], i), 80));
        }
        ck_assert_int_eq(reach(two, "10.77.0.1", 81), 0);
        ck_assert_int_eq(reach(two, "fd77::1", 81), 0);
        ck_assert_int_eq(reach(outside, "192.0.2.1", 8080), 0);
        ck_assert_int_eq(reach(outside, "2001:db8::1", 8080), 0);
        ck_assert_int_eq(reach(two, "192.0.2.1", 8080), 0);
        ck_assert_int_eq(reach(one, "192.0.2.1", 8080), 0);
        ck_assert_int_eq(reach(other, "192.0.2.1", 8080), 0);
        ck_assert_int_eq(reach(-1, "127.0.0.1", 8080), 0);

        detach(n, a, false);
        ck_assert(is_cut_off(outside, "192.0.2.1", 8080));
        detach(n, b, false);
        detach(n, c, false);
        ck_assert_uint_eq(count_links(), 2);
        ck_assert_int_eq(delete_table(), -ENOENT);
        network_free(n);
}
END_TEST

START_TEST(routed_and_internal) {
        enter_host();
        Network *n = make_network();
        int one = make_ns(), two = make_ns(), outside = make_ns();
        Attachment *a;

        connect_outside(outside);
        define_as(n, "r.network",
                  (Wanted){ NETWORK_DRIVER_ROUTED, "10.77.0.0/24", .internal = true, .option = "mtu=1400" });
        a = attach_to(n, "a.container", one, "r.network");
        (void) attach_to(n, "b.container", two, "r.network");

        autoclose int server = serve(one, SOCK_STREAM, 80), far = serve(outside, SOCK_STREAM, 80);
        ck_assert_int_eq(reach(two, text_of(&a->links[0], 0), 80), 0);
        ck_assert_int_eq(reach(two, "192.0.2.2", 80), -ENETUNREACH);
        network_free(n);
}
END_TEST

static RtnlLink link_in(int ns, const char *name) {
        autoptr(Rtnl) r = NULL;
        RtnlLink link = {};

        ck_assert_int_eq(ns < 0 ? rtnl_new(&r) : rtnl_new_in(ns, &r), 0);
        ck_assert_int_ge(rtnl_get_link(r, name, &link), 0);
        return link;
}

/* An address of its own would be routes and groups of the host for each container. */
START_TEST(bridge_ports_have_no_address) {
        enter_host();
        Network *n = make_network();
        int one = make_ns(), small = make_ns();
        Attachment *a = attach_to(n, "a.container", one, NULL), *b;
        autofree char *path = NULL, *mode = NULL;

        ck_assert_int_gt(asprintf(&path, "/proc/sys/net/ipv6/conf/%s/addr_gen_mode", a->links[0].host_name),
                         0);
        ck_assert_int_eq(file_read_line(AT_FDCWD, path, &mode), 0);
        ck_assert_str_eq(mode, "1");

        /* IPv6 needs 1280 bytes: this one has none that could be told so. */
        define_as(n, "s.network",
                  (Wanted){ NETWORK_DRIVER_BRIDGE, "10.78.0.0/24", .internal = true, .option = "mtu=1000" });
        b = attach_to(n, "b.container", small, "s.network");
        ck_assert_uint_eq(link_in(-1, b->links[0].host_name).mtu, 1000);
        autoclose int server = serve(small, SOCK_STREAM, 80);
        ck_assert_int_eq(reach(-1, text_of(&b->links[0], 0), 80), 0);

        detach(n, a, false);
        detach(n, b, false);
        assert_nothing_left();
        network_free(n);
}
END_TEST

START_TEST(macvlan) {
        enter_host();
        Network *n = make_network();
        int one = make_ns(), two = make_ns(), outside = make_ns();
        const PublishSpec publish = { .host_port = 8080, .container_port = 80, .count = 1 };
        /* There is no such end. */
        const JoinSpec join = { .host_interface_name = (char *) "up0" };
        Attachment *a, *b = NULL;
        Fault f;

        connect_outside(outside);
        define_as(n, "m.network",
                  (Wanted){ NETWORK_DRIVER_MACVLAN, "192.0.2.0/24", .range = "192.0.2.128/28",
                            .option = "parent=up0", .second_option = "mtu=1300" });
        a = attach(n, "a.container", one,
                   (Wish){ .network = "m.network", .publish = &publish, .n_publish = 1, .joins = &join });
        ck_assert_str_eq(text_of(&a->links[0], 0), "192.0.2.128");
        ck_assert_str_eq(a->links[0].host_name, "");
        (void) attach_to(n, "b.container", two, "m.network");
        ck_assert_uint_eq(count_links(), 2);
        ck_assert_str_eq(link_in(one, "eth0").kind, "macvlan");
        ck_assert_uint_eq(link_in(one, "eth0").mtu, 1300);

        autoclose int server = serve(one, SOCK_STREAM, 80), far = serve(outside, SOCK_STREAM, 81);
        ck_assert_int_eq(reach(two, text_of(&a->links[0], 0), 80), 0);
        ck_assert_int_eq(reach(outside, text_of(&a->links[0], 0), 80), 0);
        ck_assert_int_eq(reach(one, "192.0.2.2", 81), 0);
        /* The host is not on the way: there is nothing that a port could be published by. */
        ck_assert_int_eq(network_publish(n, a, NULL), 0);
        ck_assert_int_eq(reach(outside, "192.0.2.1", 8080), -ECONNREFUSED);

        define_as(n, "none.network",
                  (Wanted){ NETWORK_DRIVER_MACVLAN, "10.7.0.0/24", .option = "parent=up7" });
        ck_assert_int_eq(try(n, "x.container", make_ns(), (Wish){ .network = "none.network" }, &f, &b),
                         -ENODEV);
        ck_assert_str_eq(f.object, "up7");
        network_free(n);
}
END_TEST

START_TEST(device_of_the_default_route) {
        enter_host();
        Network *n = make_network();
        int one = make_ns(), outside = make_ns();
        autoptr(Rtnl) r = NULL;
        RtnlRoute route = { .to.address.family = AF_INET, .via = address("192.0.2.2") };
        Attachment *a, *b = NULL;
        Fault f;

        connect_outside(outside);
        define_as(n, "m.network", (Wanted){ NETWORK_DRIVER_MACVLAN, "10.7.0.0/24" });
        ck_assert_int_eq(try(n, "b.container", make_ns(), (Wish){ .network = "m.network" }, &f, &b), -ENODEV);
        ck_assert_str_eq(f.object, "m.network: the host has no default route");
        ck_assert_str_eq(f.advice, "name one: InterfaceName=");

        ck_assert_int_eq(rtnl_new(&r), 0);
        rtnl_add_route(r, &route);
        ck_assert_int_eq(rtnl_commit(r), 0);
        a = attach_to(n, "a.container", one, "m.network");
        ck_assert_str_eq(a->links[0].device, "up0");
        network_free(n);
}
END_TEST

START_TEST(ipvlan) {
        enter_host();
        Network *n = make_network();
        int one = make_ns(), two = make_ns(), outside = make_ns();
        Attachment *a = NULL;
        Fault f;
        int r;

        connect_outside(outside);
        define_as(n, "i.network",
                  (Wanted){ NETWORK_DRIVER_IPVLAN, "192.0.2.0/24", .range = "192.0.2.128/28",
                            .option = "parent=up0" });
        r = try(n, "a.container", one, (Wish){ .network = "i.network" }, &f, &a);
        if (r == -EOPNOTSUPP) {
                ck_assert_str_eq(f.step, "make link");
                ck_assert_str_eq(f.object, "eth0 on up0");
                ck_assert_str_eq(f.advice, "this kernel has no links of the kind ipvlan");
                network_free(n);
                return;
        }
        ck_assert_int_eq(r, 0);
        (void) attach_to(n, "b.container", two, "i.network");
        autoclose int server = serve(one, SOCK_STREAM, 80);
        ck_assert_int_eq(reach(two, text_of(&a->links[0], 0), 80), 0);
        ck_assert_int_eq(reach(outside, text_of(&a->links[0], 0), 80), 0);
        network_free(n);
}
END_TEST

START_TEST(isolation) {
        enter_host();
        Network *n = make_network();
        static const char *const names[] = { "o1.network", "o2.network", "s.network", "d.network" };
        static const char *const options[] = { "isolate=false", "isolate=false", "isolate=strict", NULL };
        const PublishSpec publish[4] = { { .host_port = 8000, .container_port = 80, .count = 1 },
                                         { .host_port = 8001, .container_port = 80, .count = 1 },
                                         { .host_port = 8002, .container_port = 80, .count = 1 },
                                         { .host_port = 8003, .container_port = 80, .count = 1 } };
        Attachment *a[4];
        int ns[4], outside = make_ns(), servers[4];

        connect_outside(outside);
        for (size_t i = 0; i < 4; i++) {
                define_as(n, names[i], (Wanted){ .option = options[i] });
                ns[i] = make_ns();
                a[i] = attach(n, names[i], ns[i],
                              (Wish){ .network = names[i], .publish = &publish[i], .n_publish = 1 });
                ck_assert_int_eq(network_publish(n, a[i], NULL), 0);
                servers[i] = serve(ns[i], SOCK_STREAM, 80);
        }

        ck_assert_int_eq(reach(ns[0], text_of(&a[1]->links[0], 0), 80), 0);
        ck_assert(is_cut_off(ns[0], text_of(&a[3]->links[0], 0), 80));
        ck_assert(is_cut_off(ns[3], text_of(&a[0]->links[0], 0), 80));
        ck_assert_int_eq(reach(ns[0], "192.0.2.1", 8003), 0);
        ck_assert(is_cut_off(ns[0], "192.0.2.1", 8002));
        ck_assert(is_cut_off(ns[2], "192.0.2.1", 8000));
        ck_assert_int_eq(reach(outside, "192.0.2.1", 8002), 0);
        for (size_t i = 0; i < 4; i++)
                (void) close(servers[i]);
        network_free(n);
}
END_TEST

START_TEST(outbound_address) {
        enter_host();
        Network *n = make_network();
        int one = make_ns(), outside = make_ns();
        autoclose int far = serve(outside, SOCK_STREAM, 80), from = -EBADF;
        struct pollfd ready = { .fd = far, .events = POLLIN };
        socklen_t size = sizeof(Socket);
        InetPrefix second = prefix("192.0.2.9/24");
        autoptr(Rtnl) r = NULL;
        char text[64];
        Socket s;

        connect_outside(outside);
        ck_assert_int_eq(rtnl_new(&r), 0);
        rtnl_add_address(r, link_in(-1, "up0").index, &second);
        ck_assert_int_eq(rtnl_commit(r), 0);
        define_as(n, "x.network", (Wanted){ .subnet = "10.77.0.0/24", .option = "outbound_addr4=192.0.2.9" });
        (void) attach_to(n, "a.container", one, "x.network");

        ck_assert_int_eq(reach(one, "192.0.2.2", 80), 0);
        ck_assert_int_eq(poll(&ready, 1, 20000), 1);
        from = accept4(far, &s.any, &size, SOCK_CLOEXEC);
        must(from);
        ck_assert_str_eq(inet_ntop(AF_INET6, &s.six.sin6_addr, text, sizeof(text)), "::ffff:192.0.2.9");
        network_free(n);
}
END_TEST

START_TEST(ranges_and_subnets) {
        enter_host();
        Network *n = make_network();
        InetPrefix subnets[] = { prefix("10.77.0.0/24"), prefix("10.78.0.0/30") };
        InetRange range = { address("10.77.0.20"), address("10.77.0.21"), 0 };
        const NetworkSection s = { .subnets = subnets,
                                   .n_subnets = 2,
                                   .ranges = { .items = &range, .n = 1 } };
        static const char *const expected[] = { "10.77.0.20", "10.77.0.21", "10.78.0.2" };
        Attachment *a[3], *b = NULL;
        Fault f;

        ck_assert_int_eq(network_define(n, "x.network", &s, NULL), 0);
        for (size_t i = 0; i < 3; i++) {
                a[i] = attach_to(n, "a.container", make_ns(), "x.network");
                ck_assert_str_eq(text_of(&a[i]->links[0], 0), expected[i]);
        }
        ck_assert_int_eq(try(n, "b.container", make_ns(), (Wish){ .network = "x.network" }, &f, &b),
                         -EADDRNOTAVAIL);
        ck_assert_str_eq(f.object, "10.78.0.0/30 of x.network");
        ck_assert_str_eq(f.advice, "every address of the subnet is taken");
        /* A wanted one may lie outside of the range. */
        (void) attach(n, "c.container", make_ns(), (Wish){ .network = "x.network", .address = "10.77.0.7" });
        network_free(n);
}
END_TEST

START_TEST(static_routes) {
        enter_host();
        Network *n = make_network();
        InetPrefix subnet = prefix("10.77.0.0/24");
        NetworkRoute route = { prefix("10.200.0.0/16"), address("10.77.0.9"), 7 };
        const NetworkSection s = { .subnets = &subnet,
                                   .n_subnets = 1,
                                   .routes = { .items = &route, .n = 1 } };
        int one = make_ns(), router = make_ns();
        autoclose int server = serve(router, SOCK_STREAM, 80);
        InetPrefix beyond = prefix("10.200.0.1/32");
        autoptr(Rtnl) r = NULL;

        ck_assert_int_eq(network_define(n, "x.network", &s, NULL), 0);
        (void) attach(n, "router.container", router,
                      (Wish){ .network = "x.network", .address = "10.77.0.9" });
        (void) attach_to(n, "a.container", one, "x.network");
        ck_assert_int_eq(rtnl_new_in(router, &r), 0);
        rtnl_add_address(r, link_in(router, "lo").index, &beyond);
        ck_assert_int_eq(rtnl_commit(r), 0);
        ck_assert_int_eq(reach(one, "10.200.0.1", 80), 0);
        network_free(n);
}
END_TEST

/* -- what others do -- */

static void assert_no_difference(Network *n) {
        json_t *diff = NULL;
        autofree char *text = NULL;

        ck_assert_int_eq(network_diff(n, &diff), 0);
        text = json_dumps(diff, JSON_INDENT(1));
        ck_assert_msg(json_array_size(diff) == 0, "%.2000s", text);
        json_decref(diff);
}

static void tell(void (*request)(Rtnl *r, unsigned index), const char *link) {
        autoptr(Rtnl) r = NULL;

        ck_assert_int_eq(rtnl_new(&r), 0);
        request(r, link_in(-1, link).index);
        ck_assert_int_eq(rtnl_commit(r), 0);
}

static void set_down(Rtnl *r, unsigned index) {
        rtnl_set_flags(r, index, false);
}

static void leave_bridge(Rtnl *r, unsigned index) {
        rtnl_set_master(r, index, 0);
}

static void delete_bridge(Rtnl *r, unsigned index) {
        rtnl_del_link(r, "nsunits0");
}

static void delete_address(Rtnl *r, unsigned index) {
        InetPrefix p = prefix("10.89.0.1/16");

        rtnl_del_address(r, index, &p);
}

static void delete_route(Rtnl *r, unsigned index) {
        rtnl_del_route(r, &(RtnlRoute){ .to = prefix("10.89.0.0/16"),
                                        .protocol = RTPROT_KERNEL,
                                        .index = index,
                                        .scope = RT_SCOPE_LINK });
}

static void delete_routes_of_routed(Rtnl *r, unsigned index) {
        rtnl_del_route(r, &(RtnlRoute){ .to = prefix("10.77.0.2/32"),
                                        .protocol = RTNL_PROTOCOL_OURS,
                                        .index = index,
                                        .scope = RT_SCOPE_LINK });
}

static void change_group(Rtnl *r, unsigned index) {
        rtnl_set_group(r, index, 7);
}

static void join_other_bridge(Rtnl *r, unsigned index) {
        rtnl_set_master(r, index, link_in(-1, "lan0").index);
}

static void add_bridge(Rtnl *r, unsigned index) {
        const uint8_t mac[6] = { 0x02, 1, 2, 3, 4, 5 };

        rtnl_add_bridge(r, &(RtnlBridge){ .name = "lan0", .mac = mac });
}

static void delete_other_bridge(Rtnl *r, unsigned index) {
        rtnl_del_link(r, "lan0");
}

START_TEST(links_heal) {
        enter_host();
        Network *n = make_network();
        int one = make_ns(), two = make_ns(), far = make_ns();
        Attachment *a, *b, *c;

        define_as(n, "r.network", (Wanted){ NETWORK_DRIVER_ROUTED, "10.77.0.0/24" });
        a = attach_to(n, "a.container", one, NULL);
        b = attach_to(n, "b.container", two, NULL);
        c = attach_to(n, "c.container", far, "r.network");
        autoclose int server = serve(one, SOCK_STREAM, 80), other = serve(far, SOCK_STREAM, 80);
        assert_no_difference(n);

        const struct {
                void (*request)(Rtnl *r, unsigned index);
                const char *link;
        } cases[] = {
                { delete_bridge, "nsunits0" },
                { delete_address, "nsunits0" },
                { delete_route, "nsunits0" },
                { set_down, "nsunits0" },
                { change_group, "nsunits0" },
                { set_down, a->links[0].host_name },
                { leave_bridge, a->links[0].host_name },
                { join_other_bridge, a->links[0].host_name },
                { set_down, c->links[0].host_name },
                { delete_routes_of_routed, c->links[0].host_name },
        };

        tell(add_bridge, "lo");
        /* Our own doings are not taken for somebody else's. */
        ck_assert_int_eq(network_process_monitor(n), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                tell(cases[i].request, cases[i].link);
                ck_assert_msg(network_process_monitor(n) == NETWORK_LINKS_RESTORED, "case %zu", i);
                ck_assert_msg(network_process_monitor(n) == 0, "case %zu, twice", i);
                for (size_t j = 0; j < 2; j++) {
                        ck_assert_msg(reach(two, text_of(&a->links[0], j), 80) == 0, "case %zu", i);
                        ck_assert_msg(reach(-1, text_of(&a->links[0], j), 80) == 0, "case %zu", i);
                }
                ck_assert_msg(reach(-1, text_of(&c->links[0], 0), 80) == 0, "case %zu", i);
                ck_assert_int_eq(network_process_monitor(n), 0);
                assert_no_difference(n);
        }
        detach(n, b, false);
        ck_assert_int_eq(network_process_monitor(n), 0);
        detach(n, c, false);
        ck_assert_int_eq(network_process_monitor(n), 0);
        detach(n, a, false);
        ck_assert_int_eq(network_process_monitor(n), 0);
        tell(delete_other_bridge, "lan0");
        assert_nothing_left();
        network_free(n);
}
END_TEST

START_TEST(foreign_bridge) {
        enter_host();
        Network *n = make_network();
        /* It begins like those of ours. */
        const uint8_t mac[6] = { 0x0a, 0x57, 2, 3, 4, 5 };
        const JoinSpec join = { .host_interface_name = (char *) "lan0" };
        autoptr(Rtnl) r = NULL;
        Attachment *a = NULL, *b;
        Fault f;

        ck_assert_int_eq(rtnl_new(&r), 0);
        rtnl_add_bridge(r, &(RtnlBridge){ .name = "lan0", .mac = mac });
        ck_assert_int_eq(rtnl_commit(r), 0);
        ck_assert_int_eq(network_settle(n, NULL), 0);
        ck_assert_uint_eq(count_links(), 2);
        define_as(n, "x.network",
                  (Wanted){ .subnet = "10.77.0.0/24", .option = "com.docker.network.bridge.name=lan0" });
        ck_assert_int_eq(
                try(n, "a.container", make_ns(), (Wish){ .network = "x.network", .joins = &join }, &f, &a),
                -EEXIST);
        ck_assert_uint_eq(count_links(), 2);
        ck_assert(!net_find(n, "x.network")->idle);
        ck_assert_str_eq(f.object, "lan0");
        ck_assert_str_eq(f.advice, "lan0 is somebody else's; Options=mode=unmanaged uses it as it is");

        define_as(n, "x.network",
                  (Wanted){ .subnet = "10.77.0.0/24",
                            .option = "com.docker.network.bridge.name=lan0",
                            .second_option = "mode=unmanaged" });
        a = attach_to(n, "a.container", make_ns(), "x.network");
        b = attach_to(n, "b.container", make_ns(), "x.network");
        ck_assert_uint_eq(link_in(-1, a->links[0].host_name).master, link_in(-1, "lan0").index);
        detach(n, a, false);
        detach(n, b, false);
        ck_assert_uint_eq(count_links(), 2);
        network_free(n);
}
END_TEST

TEST_MAIN("network-drivers", routed, routed_and_internal, bridge_ports_have_no_address, macvlan,
          device_of_the_default_route, ipvlan, isolation, outbound_address, ranges_and_subnets, static_routes,
          links_heal, foreign_bridge)
