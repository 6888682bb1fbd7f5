/* Attaching, isolation, leases, adoption, and failures at every step, in a namespace of our own. */
#include <net/if.h>

#include "network-fixture.h"
#include "network/worker.h"

/* Instead of libmnl's: the request of this number fails. */
static unsigned fail_at, n_sent;

ssize_t mnl_socket_sendto(const struct mnl_socket *s, const void *data, size_t size) {
        static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

        if (++n_sent == fail_at) {
                errno = ENOBUFS;
                return -1;
        }
        return sendto(mnl_socket_get_fd(s), data, size, 0, (const struct sockaddr *) &kernel, sizeof(kernel));
}

START_TEST(attached_and_gone) {
        enter_host();
        Network *n = make_network();
        int one = make_ns(), two = make_ns();
        Attachment *a, *b;

        assert_nothing_left();
        a = attach(n, "a.container", one, (Wish){});
        b = attach(n, "b.container", two, (Wish){});
        ck_assert_uint_eq(count_links(), 4);
        ck_assert_str_eq(a->links[0].name, "eth0");
        ck_assert_uint_eq(a->links[0].n_addresses, 2);
        ck_assert_int_eq(a->links[0].addresses[0].address.family, AF_INET);
        ck_assert(!inet_equal(&a->links[0].addresses[0].address, &b->links[0].addresses[0].address));

        autoclose int server = serve(one, SOCK_STREAM, 80);
        ck_assert_int_eq(reach(two, text_of(&a->links[0], 0), 80), 0);
        ck_assert_int_eq(reach(two, text_of(&a->links[0], 1), 80), 0);
        ck_assert_int_eq(reach(-1, text_of(&a->links[0], 0), 80), 0);
        ck_assert_int_eq(reach(one, "127.0.0.1", 80), 0);

        detach(n, a, false);
        ck_assert_uint_eq(count_links(), 3);
        detach(n, b, false);
        assert_nothing_left();
        detach(n, NULL, false);
        network_free(n);
}
END_TEST

START_TEST(wanted_addresses) {
        enter_host();
        Network *n = make_network();
        Attachment *a = attach(n, "a.container", make_ns(), (Wish){ .address = "10.89.7.7" }), *b = NULL;
        Attachment *six = attach(n, "six.container", make_ns(), (Wish){ .address = "fd89::77" });
        int ns = make_ns();
        Fault f;

        ck_assert_str_eq(text_of(&a->links[0], 0), "10.89.7.7");
        ck_assert_uint_eq(a->links[0].n_addresses, 2);
        ck_assert_int_eq(six->links[0].addresses[0].address.family, AF_INET);
        ck_assert_str_eq(text_of(&six->links[0], 1), "fd89::77");

        ck_assert_int_eq(try(n, "b.container", ns, (Wish){ .address = "10.89.7.7" }, &f, &b), -EADDRINUSE);
        ck_assert_str_eq(f.object, "10.89.7.7 belongs to a.container");
        ck_assert_int_eq(try(n, "b.container", ns, (Wish){ .address = "10.89.0.1" }, &f, &b), -EADDRINUSE);
        ck_assert_str_eq(f.object, "10.89.0.1 belongs to the gateway");
        ck_assert_int_eq(try(n, "b.container", ns, (Wish){ .address = "10.88.0.1" }, &f, &b), -EADDRNOTAVAIL);
        ck_assert_int_eq(try(n, "b.container", ns, (Wish){ .address = "10.89.255.255" }, &f, &b),
                         -EADDRNOTAVAIL);
        ck_assert_int_eq(try(n, "b.container", ns, (Wish){ .address = "10.89.0.0" }, &f, &b), -EADDRNOTAVAIL);

        detach(n, a, true);
        b = attach(n, "b.container", ns, (Wish){ .address = "10.89.7.7" });
        ck_assert_str_eq(text_of(&b->links[0], 0), "10.89.7.7");
        network_free(n);
}
END_TEST

/* Somebody has entered two namespaces that were given up: they lose their links, those of others stay. */
START_TEST(kept_namespaces) {
        enter_host();
        Network *n = make_network();
        int one = make_ns(), two = make_ns(), three = make_ns(), four = make_ns();
        Attachment *a = attach(n, "a.container", one, (Wish){}), *b = attach(n, "b.container", two, (Wish){}),
                   *c = attach(n, "c.container", three, (Wish){ .address = "10.89.7.7" });
        autoclose int server = serve(one, SOCK_STREAM, 80);

        ck_assert(!network_delete_kept(n));
        detach(n, b, true);
        detach(n, c, true);
        c = attach(n, "c.container", four, (Wish){ .address = "10.89.7.7" });
        ck_assert_uint_eq(count_links(), 6);
        ck_assert_int_eq(reach(two, text_of(&a->links[0], 0), 80), 0);

        ck_assert(network_delete_kept(n));
        ck_assert_uint_eq(count_links(), 6);
        ck_assert(network_delete_kept(n));
        ck_assert_uint_eq(count_links(), 5);
        ck_assert_int_eq(reach(two, text_of(&a->links[0], 0), 80), -ENETUNREACH);
        ck_assert(!network_delete_kept(n));
        ck_assert_uint_eq(count_links(), 4);
        ck_assert_int_eq(reach(four, text_of(&a->links[0], 0), 80), 0);

        detach(n, a, false);
        detach(n, c, false);
        assert_nothing_left();
        network_free(n);
}
END_TEST

START_TEST(exhausted) {
        enter_host();
        Network *n = make_network();
        Attachment *a, *b = NULL;
        int ns = make_ns();
        Fault f;

        define(n, "tiny.network", "10.77.0.0/30", false);
        a = attach(n, "a.container", make_ns(), (Wish){ .network = "tiny.network" });
        ck_assert_str_eq(text_of(&a->links[0], 0), "10.77.0.2");
        ck_assert_int_eq(try(n, "b.container", ns, (Wish){ .network = "tiny.network" }, &f, &b),
                         -EADDRNOTAVAIL);
        ck_assert_str_eq(f.object, "10.77.0.0/30 of tiny.network");
        ck_assert_int_eq(network_undefine(n, "tiny.network"), -EBUSY);
        ck_assert_int_eq(try(n, "b.container", ns, (Wish){ .network = "tiny.network" }, &f, &b), -ENOENT);
        detach(n, a, false);
        ck_assert_int_eq(network_undefine(n, "tiny.network"), -ENOENT);
        assert_nothing_left();
        network_free(n);
}
END_TEST

START_TEST(definitions) {
        enter_host();
        Network *n = make_network();
        InetPrefix p = prefix("10.89.5.0/24"), small = prefix("10.70.0.0/31"), other = prefix("10.71.0.0/24");
        InetAddress gateway = address("10.72.0.1");
        NetworkSection s = { .subnets = &p, .n_subnets = 1 };
        Fault f = {};

        ck_assert_int_eq(network_define(n, "x.network", &s, &f), -EADDRINUSE);
        ck_assert_str_eq(f.object, "x.network: subnet 10.89.5.0/24 belongs to default");
        s.subnets = &small;
        ck_assert_int_eq(network_define(n, "x.network", &s, NULL), -EINVAL);
        s = (NetworkSection){ .subnets = &other, .n_subnets = 1, .gateways = &gateway, .n_gateways = 1 };
        ck_assert_int_eq(network_define(n, "x.network", &s, NULL), -EINVAL);
        ck_assert_ptr_null(net_find(n, "x.network"));

        /* From the pools; once more from them; and what fails changes nothing. */
        s = (NetworkSection){ .ipv6 = true };
        ck_assert_int_eq(network_define(n, "x.network", &s, NULL), 0);
        ck_assert_int_eq(network_define(n, "x.network", &s, NULL), 0);
        ck_assert_uint_eq(n->n_nets, 2);
        ck_assert_uint_eq(net_find(n, "x.network")->n_subnets, 2);
        ck_assert_int_eq(network_define(n, "y.network", &s, NULL), 0);
        ck_assert(
                !inet_overlap(&net_find(n, "x.network")->subnets[0], &net_find(n, "y.network")->subnets[0]));
        ck_assert(
                !inet_overlap(&net_find(n, "x.network")->subnets[1], &net_find(n, "y.network")->subnets[1]));
        s = (NetworkSection){ .subnets = &p, .n_subnets = 1 };
        ck_assert_int_eq(network_define(n, "x.network", &s, NULL), -EADDRINUSE);
        ck_assert_uint_eq(net_find(n, "x.network")->n_subnets, 2);
        network_free(n);
}
END_TEST

START_TEST(networks_are_apart) {
        enter_host();
        Network *n = make_network();
        int one = make_ns(), two = make_ns(), both = make_ns(), inner = make_ns();
        const PublishSpec publish = { .host_port = 8080, .container_port = 80, .count = 1 };
        char gateway[INET_TEXT_MAX];
        Attachment *a, *i;

        define(n, "one.network", NULL, false);
        define(n, "two.network", NULL, false);
        define(n, "inner.network", NULL, true);
        a = attach(n, "a.container", one,
                   (Wish){ .network = "one.network", .publish = &publish, .n_publish = 1 });
        (void) attach(n, "b.container", two, (Wish){ .network = "two.network" });
        i = attach(n, "i.container", inner, (Wish){ .network = "inner.network" });
        (void) attach(n, "c.container", both, (Wish){ .network = "inner.network", .second = "one.network" });
        ck_assert_int_eq(network_publish(n, a, NULL), 0);

        autoclose int server = serve(one, SOCK_STREAM, 80), inside = serve(inner, SOCK_STREAM, 80);
        ck_assert(is_cut_off(two, text_of(&a->links[0], 0), 80));
        ck_assert_int_eq(reach(two, inet_format(&net_find(n, "two.network")->gateways[0], gateway), 8080), 0);
        ck_assert_int_eq(reach(both, text_of(&a->links[0], 0), 80), 0);
        ck_assert_int_eq(reach(both, text_of(&i->links[0], 0), 80), 0);
        ck_assert(is_cut_off(two, text_of(&i->links[0], 0), 80));
        ck_assert_int_eq(reach(inner, text_of(&a->links[0], 0), 80), -ENETUNREACH);
        network_free(n);
}
END_TEST

START_TEST(adopted) {
        enter_host();
        Network *n = make_network(), *m;
        int one = make_ns(), two = make_ns();
        const PublishSpec publish = { .host_port = 8080, .container_port = 80, .count = 1 };
        Attachment *a, *b, *c = NULL;
        json_t *first, *second, *again;
        Fault f;

        define(n, "gone.network", "10.77.0.0/24", false);
        a = attach(n, "a.container", one, (Wish){ .publish = &publish, .n_publish = 1 });
        b = attach(n, "b.container", two, (Wish){ .network = "gone.network", .address = "10.77.0.9" });
        ck_assert_int_eq(network_publish(n, a, NULL), 0);
        first = saved_of(a);
        second = saved_of(b);
        network_free(n);

        autoclose int server = serve(one, SOCK_STREAM, 80);
        ck_assert_int_eq(reach(-1, "127.0.0.1", 8080), 0);

        m = make_network();
        ck_assert_int_eq(network_adopt(m, first, NULL, &a), 0);
        ck_assert_int_eq(network_adopt(m, first, &f, &c), -EADDRINUSE);
        ck_assert_int_eq(network_adopt(m, second, NULL, &b), 0);
        ck_assert_uint_eq(m->n_attachments, 2);
        again = saved_of(a);
        ck_assert(json_equal(first, again));
        ck_assert_int_eq(network_settle(m, NULL), 0);
        ck_assert_int_eq(reach(-1, "127.0.0.1", 8080), 0);
        ck_assert_int_eq(
                try(m, "c.container", make_ns(), (Wish){ .publish = &publish, .n_publish = 1 }, &f, &c),
                -EADDRINUSE);
        ck_assert_str_eq(f.object, "*:8080->80/tcp of c.container: a.container has it");
        ck_assert_int_eq(try(m, "c.container", make_ns(), (Wish){ .network = "gone.network" }, &f, &c),
                         -ENOENT);

        detach(m, a, false);
        detach(m, b, false);
        assert_nothing_left();
        network_free(m);
        json_decref(first);
        json_decref(second);
        json_decref(again);
}
END_TEST

/* What runs has its subnet, though another network was given it meanwhile: that one waits. */
START_TEST(adopted_before_others) {
        enter_host();
        Network *n = make_network(), *m;
        int one = make_ns(), two = make_ns();
        Attachment *a, *b = NULL;
        json_t *saved;
        Fault f = {};

        define(n, "old.network", "10.77.0.0/24", false);
        a = attach(n, "a.container", one, (Wish){ .network = "old.network" });
        saved = saved_of(a);
        network_free(n);

        m = make_network();
        define(m, "new.network", "10.77.0.0/16", false);
        ck_assert_int_eq(network_adopt(m, saved, NULL, &a), 0);
        ck_assert_int_eq(network_settle(m, NULL), 0);
        autoclose int server = serve(one, SOCK_STREAM, 80);
        ck_assert_int_eq(reach(-1, text_of(&a->links[0], 0), 80), 0);
        ck_assert_int_eq(network_open(m, (char *[]){ (char *) "new.network", NULL }, &f), -EADDRINUSE);
        ck_assert_uint_eq(count_links(), 3);
        ck_assert_int_eq(try(m, "b.container", two, (Wish){ .network = "new.network" }, &f, &b), -EADDRINUSE);
        ck_assert_str_eq(f.object, "new.network: subnet 10.77.0.0/16 belongs to old.network");

        detach(m, a, false);
        b = attach(m, "b.container", two, (Wish){ .network = "new.network" });
        detach(m, b, false);
        assert_nothing_left();
        network_free(m);
        json_decref(saved);
}
END_TEST

START_TEST(settled_again) {
        enter_host();
        Network *n = make_network(), *m;
        int one = make_ns(), two = make_ns();
        Attachment *a = attach(n, "a.container", one, (Wish){});
        autoptr(Rtnl) r = NULL;
        json_t *saved = saved_of(a);

        /* Nobody tells the next manager of this one. */
        (void) attach(n, "lost.container", two, (Wish){});
        define(n, "lost.network", NULL, false);
        (void) attach(n, "lost-too.container", make_ns(), (Wish){ .network = "lost.network" });
        ck_assert_uint_eq(count_links(), 6);
        network_free(n);

        /* And somebody has deleted what it should find. */
        ck_assert_int_eq(rtnl_new(&r), 0);
        rtnl_del_link(r, "nsunits0");
        ck_assert_int_eq(rtnl_commit(r), 0);
        ck_assert_int_eq(delete_table(), 0);

        m = make_network();
        ck_assert_int_eq(network_adopt(m, saved, NULL, &a), 0);
        ck_assert_int_eq(network_settle(m, NULL), 0);
        autoclose int server = serve(one, SOCK_STREAM, 80);
        ck_assert_int_eq(reach(-1, text_of(&a->links[0], 0), 80), 0);
        network_free(m);

        m = make_network();
        ck_assert_int_eq(network_settle(m, NULL), 0);
        ck_assert_int_eq(delete_table(), -ENOENT);
        network_free(m);
        json_decref(saved);
}
END_TEST

START_TEST(bad_saves_change_nothing) {
        static const char *const bad[] = {
                "[]",
                "{}",
                "{'unit': 'x', 'links': [{}]}",
                "{'unit': 'x', 'ports': [{'protocol': 'tcp', 'host_port': 0}]}",
                "{'unit': 'x', 'links': [{'network': 'default', 'host_link': 'h', 'link': 'eth0',"
                " 'mac': '0a:58:00:00:00:02', 'addresses': ['10.89.0.9/16'], 'gateways': []}], 'ports': [1]}",
                "{'unit': 'x', 'links': [{'network': 'tiny', 'host_link': 'h', 'link': 'eth0',"
                " 'mac': '0a:58:00:00:00:02', 'addresses': ['10.1.0.9/32'], 'gateways': []}]}",
        };
        enter_host();
        Network *n = make_network();
        Attachment *a, *x = NULL;

        a = attach(n, "a.container", make_ns(), (Wish){});
        json_t *saved = saved_of(a);
        network_free(n);
        n = make_network();

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                json_t *j = json_pack("s", bad[i]);
                autofree char *text = strdup(bad[i]);

                json_decref(j);
                for (char *p = text; *p; p++)
                        if (*p == '\'')
                                *p = '"';
                j = json_loads(text, 0, NULL);
                ck_assert_ptr_nonnull(j);
                ck_assert_msg(network_adopt(n, j, NULL, &x) < 0, "%s", bad[i]);
                ck_assert_uint_eq(n->n_attachments, 0);
                ck_assert_uint_eq(n->n_nets, 1);
                ck_assert_uint_eq(count_links(), 3);
                json_decref(j);
        }
        ck_assert_int_eq(network_adopt(n, saved, NULL, &a), 0);
        json_decref(saved);
        network_free(n);
}
END_TEST

START_TEST(table_is_restored) {
        enter_host();
        Network *n = make_network();
        int one = make_ns();
        const PublishSpec publish = { .host_port = 8080, .container_port = 80, .count = 1 };
        Attachment *a = attach(n, "a.container", one, (Wish){ .publish = &publish, .n_publish = 1 });
        autoclose int server = serve(one, SOCK_STREAM, 80);

        /* Our own doings are not taken for somebody else's. */
        ck_assert_int_eq(network_publish(n, a, NULL), 0);
        ck_assert_int_eq(network_unpublish(n, a), 0);
        ck_assert_int_eq(network_publish(n, a, NULL), 0);
        ck_assert_int_eq(network_process_monitor(n), 0);

        ck_assert_int_eq(delete_table(), 0);
        ck_assert(is_cut_off(-1, "127.0.0.1", 8080));
        ck_assert_int_eq(network_process_monitor(n), 1);
        ck_assert_int_eq(reach(-1, "127.0.0.1", 8080), 0);
        ck_assert_int_eq(network_process_monitor(n), 0);

        /* Unpublished while the table was away, before the monitor was read. */
        ck_assert_int_eq(delete_table(), 0);
        ck_assert_int_eq(network_unpublish(n, a), 0);
        ck_assert(is_cut_off(-1, "127.0.0.1", 8080));
        detach(n, a, false);
        ck_assert_int_eq(network_process_monitor(n), 0);
        assert_nothing_left();
        network_free(n);
}
END_TEST

static Network *make_owner(bool own) {
        const NetworkSettings settings = { .subnet4 = prefix("10.89.0.0/16"), .own_table = own };
        Network *n = NULL;

        ck_assert_int_eq(network_new(&settings, NULL, &n), 0);
        return n;
}

START_TEST(table_is_owned) {
        enter_host();
        Network *n = make_owner(true);
        Attachment *a = attach(n, "a.container", make_ns(), (Wish){}), *b;
        json_t *saved = saved_of(a);
        int r = delete_table();

        /* A kernel before 6.9: as without. */
        if (r == 0) {
                ck_assert_int_eq(network_process_monitor(n), NETWORK_TABLE_RESTORED);
                network_free(n);
                json_decref(saved);
                return;
        }
        ck_assert_int_eq(r, -EPERM);
        ck_assert_int_eq(network_process_monitor(n), 0);
        network_free(n);

        /* It is there after its owner, and belongs to the next one, unless that wants to own nothing. */
        for (int own = 1; own >= 0; own--) {
                n = make_owner(own);
                ck_assert_int_eq(network_adopt(n, saved, NULL, &b), 0);
                ck_assert_int_eq(network_settle(n, NULL), 0);
                ck_assert_int_eq(delete_table(), own ? -EPERM : 0);
                network_free(n);
        }
        /* What was nobody's can be owned as well. */
        for (int own = 0; own <= 1; own++) {
                n = make_owner(own);
                ck_assert_int_eq(network_adopt(n, saved, NULL, &b), 0);
                ck_assert_int_eq(network_settle(n, NULL), 0);
                network_free(n);
        }
        n = make_owner(true);
        ck_assert_int_eq(network_adopt(n, saved, NULL, &b), 0);
        ck_assert_int_eq(network_settle(n, NULL), 0);
        ck_assert_int_eq(delete_table(), -EPERM);
        network_free(n);
        n = make_owner(false);
        ck_assert_int_eq(network_settle(n, NULL), 0);
        ck_assert_int_eq(delete_table(), -ENOENT);
        network_free(n);
        json_decref(saved);
}
END_TEST

START_TEST(many_own_changes_are_not_told) {
        enter_host();
        Network *n = make_network();
        int one = make_ns();
        const PublishSpec publish = { .host_port = 10000, .container_port = 10000, .count = 5000 };
        Attachment *a = attach(n, "a.container", one, (Wish){ .publish = &publish, .n_publish = 1 });

        /* More than the monitor's buffer takes. */
        ck_assert_int_eq(network_publish(n, a, NULL), 0);
        ck_assert_int_eq(network_process_monitor(n), 0);
        ck_assert_int_eq(delete_table(), 0);
        ck_assert_int_eq(network_process_monitor(n), 1);
        ck_assert_int_eq(network_process_monitor(n), 0);
        network_free(n);
}
END_TEST

START_TEST(parts_of_the_table_are_restored) {
        enter_host();
        Network *n = make_network();
        int one = make_ns();
        const PublishSpec publish = { .host_port = 8080, .container_port = 80, .count = 1 };
        Attachment *a = attach(n, "a.container", one, (Wish){ .publish = &publish, .n_publish = 1 });
        autoclose int server = serve(one, SOCK_STREAM, 80);
        autoptr(NftBatch) b = nft_batch_new(TABLE_NAME);
        struct mnl_socket *s = mnl_socket_open(NETLINK_NETFILTER);

        ck_assert_int_eq(network_publish(n, a, NULL), 0);
        ck_assert_int_eq(mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID), 0);
        ports_enter(b, false, a);
        ck_assert_int_eq(nft_batch_commit(b, s), 0);
        ck_assert_int_ne(reach(-1, "127.0.0.1", 8080), 0);
        ck_assert_int_eq(network_process_monitor(n), 1);
        ck_assert_int_eq(reach(-1, "127.0.0.1", 8080), 0);
        ck_assert_int_eq(network_process_monitor(n), 0);
        (void) mnl_socket_close(s);
        network_free(n);
}
END_TEST

/* On a second network of that driver. */
static void fail_everywhere(NetworkDriver driver, unsigned least) {
        enter_host();
        Network *n = make_network();
        const PublishSpec publish[] = { { .host_port = 8080, .container_port = 80, .count = 1 },
                                        { .container_port = 81, .count = 1 } };
        InetPrefix p = prefix("10.77.0.0/24");
        const NetworkSection s = { .driver = driver, .subnets = &p, .n_subnets = 1 };
        Attachment *a = NULL;
        unsigned step, n_failed = 0;
        int r = -1;
        Fault f;

        ck_assert_int_eq(network_define(n, "two.network", &s, NULL), 0);
        for (step = 1; step < 100; step++) {
                int ns = make_ns();

                n_sent = 0;
                fail_at = step;
                r = try(n, "a.container", ns,
                        (Wish){ .second = "two.network", .publish = publish, .n_publish = 2 }, &f, &a);
                if (r == 0)
                        r = network_publish(n, a, &f);
                fail_at = 0;
                if (n_sent < step)
                        break;
                if (a)
                        detach(n, a, false);
                network_collect(n, NULL);

                /* What guards the table can be done without. */
                ck_assert(r == -ENOBUFS || r == 0);
                ck_assert(r == 0 || f.step[0] != '\0');
                n_failed += r < 0;
                ck_assert_msg(count_links() == 1, "after a failure at request %u (%s)", step, f.step);
                ck_assert_int_eq(delete_table(), -ENOENT);
                ck_assert_uint_eq(n->n_attachments, 0);
                ck_assert_ptr_null(n->leases);
                a = NULL;
                (void) close(ns);
        }
        ck_assert_int_eq(r, 0);
        ck_assert_uint_gt(n_failed, least);
        detach(n, a, false);
        assert_nothing_left();
        network_free(n);
}

/* Only the last request asks for an answer; the kernel tells of others when they fail. */
START_TEST(each_failure_of_a_batch_is_told) {
        static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
        const RtnlBridge taken = { .name = "lo", .mac = mac };
        autoptr(Rtnl) r = NULL;
        unsigned index = 0;

        enter_host();
        ck_assert_int_eq(rtnl_new(&r), 0);
        for (int last = 0; last < 2; last++) {
                rtnl_del_link(r, "none0");
                rtnl_add_bridge(r, &taken);
                rtnl_set_up(r, "none1");
                if (last == 0)
                        rtnl_set_up(r, "lo");
                ck_assert_int_eq(rtnl_commit(r), -ENODEV);
                /* None of them is left for the next one. */
                rtnl_add_bridge(r, &taken);
                rtnl_set_up(r, "lo");
                ck_assert_int_eq(rtnl_commit(r), -EEXIST);
                ck_assert_int_eq(rtnl_get_index(r, "lo", &index), 0);
                ck_assert_uint_eq(index, 1);
                rtnl_set_up(r, "lo");
                ck_assert_int_eq(rtnl_commit(r), 0);
        }
}
END_TEST

START_TEST(failures_leave_nothing) {
        fail_everywhere(NETWORK_DRIVER_BRIDGE, 15);
}
END_TEST

START_TEST(failures_leave_nothing_routed) {
        fail_everywhere(NETWORK_DRIVER_ROUTED, 15);
}
END_TEST

/* What is there before the first link serves it, and goes without one. */
START_TEST(opened_before_attached) {
        char *networks[] = { (char *) "two.network", (char *) "none.network", NULL };
        InetPrefix p = prefix("10.77.0.0/24");
        const NetworkSection s = { .n_subnets = 1, .subnets = &p };
        NetworkFace face;
        Attachment *a;
        unsigned step;
        int r = -1;

        enter_host();
        Network *n = make_network();
        ck_assert_int_eq(network_define(n, "two.network", &s, NULL), 0);
        ck_assert(!network_face(n, "two.network", &face));
        for (step = 1; r < 0; step++) {
                n_sent = 0;
                fail_at = step;
                r = network_open(n, networks, NULL);
                fail_at = n_sent < step ? 0 : fail_at;
                if (fail_at > 0) {
                        fail_at = 0;
                        r = -1;
                        network_collect(n, NULL);
                        assert_nothing_left();
                }
        }
        ck_assert_uint_ge(step, 5);
        ck_assert_uint_eq(count_links(), 2);
        ck_assert(network_face(n, "two.network", &face));
        ck_assert_uint_eq(face.n_links, 0);

        n_sent = 0;
        ck_assert_int_eq(network_open(n, networks, NULL), 0);
        ck_assert_uint_eq(n_sent, 0);
        a = attach(n, "a.container", make_ns(), (Wish){ .network = "two.network" });
        ck_assert_uint_eq(count_links(), 3);
        network_collect(n, NULL);
        ck_assert_uint_eq(count_links(), 3);
        detach(n, a, false);
        assert_nothing_left();
        ck_assert(!network_face(n, "two.network", &face));
        network_free(n);
}
END_TEST

/* What is left to be deleted is no part of what comes next, however late it goes. */
START_TEST(deleted_by_others) {
        char number[16], *words[] = { (char *) "delete-links", number, NULL };
        LinkNumbers left = {};
        enter_host();
        Network *n = make_network();
        int one = make_ns();
        unsigned first, second;
        Attachment *a = attach(n, "a.container", one, (Wish){});

        first = if_nametoindex("nsunits0");
        network_detach(n, a, false);
        network_collect(n, &left);
        ck_assert_uint_eq(left.n, 1);
        ck_assert_uint_eq(left.items[0], first);
        ck_assert_uint_eq(if_nametoindex("nsunits0"), first);
        ck_assert_int_eq(delete_table(), -ENOENT);
        network_collect(n, &left);
        ck_assert_uint_eq(left.n, 1);

        /* Sooner than it is deleted. */
        a = attach(n, "a.container", one, (Wish){});
        autoclose int server = serve(one, SOCK_STREAM, 80);
        ck_assert_uint_ne(if_nametoindex("nsunits0"), first);
        (void) snprintf(number, sizeof(number), "%u", first);
        ck_assert_int_eq(network_worker_main(2, words), 0);
        ck_assert_int_eq(reach(-1, text_of(&a->links[0], 0), 80), 0);
        ck_assert_int_le(network_process_monitor(n), 0);

        /* One that is in use is not taken for such. */
        second = if_nametoindex("nsunits0");
        rtnl_set_alias(n->rtnl, second, "");
        ck_assert_int_eq(rtnl_commit(n->rtnl), 0);
        detach(n, attach(n, "b.container", make_ns(), (Wish){}), false);
        ck_assert_uint_eq(if_nametoindex("nsunits0"), second);

        network_detach(n, a, false);
        network_collect(n, &left);
        ck_assert_uint_eq(left.n, 2);
        (void) snprintf(number, sizeof(number), "%u", left.items[1]);
        ck_assert_int_eq(network_worker_main(2, words), 0);
        assert_nothing_left();
        ck_assert_int_ne(network_worker_main(2, (char *[]){ (char *) "delete-links", (char *) "0", NULL }),
                         0);
        network_free(n);
        free(left.items);
}
END_TEST

/* A part of a pool is free again when its bridge is left, not only when that is gone. */
START_TEST(left_without_addresses) {
        LinkNumbers left = {};
        enter_host();
        Network *n = make_network();
        char first[INET_TEXT_MAX];

        for (size_t i = 0; i < 2; i++) {
                Attachment *a;

                define(n, "x.network", NULL, false);
                a = attach(n, "a.container", make_ns(), (Wish){ .network = "x.network" });
                if (i == 0)
                        (void) snprintf(first, sizeof(first), "%s", text_of(&a->links[0], 0));
                ck_assert_str_eq(text_of(&a->links[0], 0), first);
                network_detach(n, a, false);
                network_collect(n, &left);
                ck_assert_uint_eq(left.n, i + 1);
                ck_assert_int_eq(network_undefine(n, "x.network"), 0);
        }
        network_free(n);
        free(left.items);
}
END_TEST

TEST_MAIN("network", attached_and_gone, wanted_addresses, kept_namespaces, exhausted, definitions,
          networks_are_apart, adopted, adopted_before_others, settled_again, bad_saves_change_nothing,
          table_is_restored, table_is_owned, many_own_changes_are_not_told, parts_of_the_table_are_restored,
          each_failure_of_a_batch_is_told, failures_leave_nothing, failures_leave_nothing_routed,
          opened_before_attached, deleted_by_others, left_without_addresses)
