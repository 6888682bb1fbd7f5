/* Texts of /etc/hosts and /etc/resolv.conf. */
#include <arpa/inet.h>

#include "basic/cleanup.h"
#include "network/names.h"
#include "unit-test.h"

static InetAddress address(const char *text) {
        InetAddress a = {};

        ck_assert_int_eq(inet_parse(text, &a), 0);
        return a;
}

START_TEST(hosts_name_everything) {
        const InetAddress own[] = { address("10.89.0.2"), address("fd89::2") };
        const HostEntry entries[] = {
                { .name = (char *) "db", .address = address("10.1.1.1") },
                { .name = (char *) "host", .address = {} },
        };
        const HostsRequest q = {
                .name = "web",
                .host_name = "www",
                .addresses = own,
                .n_addresses = 2,
                .entries = entries,
                .n_entries = 2,
                .gateway = address("10.89.0.1"),
                .peers = "10.89.0.9\tcache\n",
        };
        autofree char *text = names_hosts(&q);

        ck_assert_str_eq(text, "127.0.0.1\tlocalhost\n"
                               "::1\tlocalhost ip6-localhost ip6-loopback\n"
                               "10.1.1.1\tdb\n"
                               "10.89.0.1\thost\n"
                               "10.89.0.2\twww web\n"
                               "fd89::2\twww web\n"
                               "10.89.0.1\thost.containers.internal host.docker.internal\n"
                               "10.89.0.9\tcache\n");
}
END_TEST

START_TEST(hosts_without_network) {
        const HostEntry host = { .name = (char *) "host" };
        const HostsRequest q = { .name = "web", .host_name = "web", .entries = &host, .n_entries = 1 };
        autofree char *text = names_hosts(&q);

        ck_assert_str_eq(text, "127.0.0.1\tlocalhost\n"
                               "::1\tlocalhost ip6-localhost ip6-loopback\n"
                               "127.0.0.1\tweb\n");
}
END_TEST

START_TEST(servers_that_a_container_can_ask) {
        ck_assert(names_have_server("search a.example\nnameserver 192.0.2.1\n"));
        ck_assert(names_have_server("nameserver 127.0.0.53\nnameserver 192.0.2.1"));
        ck_assert(!names_have_server("nameserver 127.0.0.53\n"));
        ck_assert(!names_have_server(""));
        ck_assert(!names_have_server(NULL));
}
END_TEST

START_TEST(resolv_conf_of_the_host) {
        const ResolvRequest q = { .host_text = "# made by hand\n"
                                               "nameserver 127.0.0.53\n"
                                               "nameserver 127.0.0.1\n"
                                               "nameserver ::1\n"
                                               "nameserver\n"
                                               "nameserver nonsense\n"
                                               "nameserver 192.0.2.7\n"
                                               "nameserver fe80::1%eth0\n"
                                               "search example.org\n"
                                               "options ndots:2\n"
                                               "sortlist 10.0.0.0\n" };
        autofree char *text = names_resolv_conf(&q);

        ck_assert_str_eq(text, "nameserver 192.0.2.7\nnameserver fe80::1%eth0\nsearch example.org\n"
                               "options ndots:2\n");
}
END_TEST

START_TEST(resolv_conf_of_the_unit) {
        const InetAddress dns[] = { address("192.0.2.1"), address("2001:db8::1") };
        const ResolvRequest q = { .dns = dns,
                                  .n_dns = 2,
                                  .host_text = "nameserver 192.0.2.7\nsearch example.org\n" };
        autofree char *text = names_resolv_conf(&q);
        autofree char *none = names_resolv_conf(&(ResolvRequest){});

        ck_assert_str_eq(text, "nameserver 192.0.2.1\nnameserver 2001:db8::1\nsearch example.org\n");
        ck_assert_str_eq(none, "");
}
END_TEST

START_TEST(resolv_conf_words_of_the_unit) {
        char *search[] = { (char *) "a.example", (char *) "b.example", NULL },
             *dot[] = { (char *) ".", NULL };
        char *options[] = { (char *) "ndots:3", (char *) "rotate", NULL };
        ResolvRequest q = { .search = search,
                            .options = options,
                            .host_text = "nameserver 192.0.2.7\nsearch example.org\noptions edns0\n" };
        autofree char *text = names_resolv_conf(&q), *none = NULL;

        ck_assert_str_eq(text, "nameserver 192.0.2.7\nsearch a.example b.example\noptions ndots:3 rotate\n");
        q.search = dot;
        q.options = NULL;
        none = names_resolv_conf(&q);
        ck_assert_str_eq(none, "nameserver 192.0.2.7\noptions edns0\n");
}
END_TEST

TEST_MAIN("names", servers_that_a_container_can_ask, hosts_name_everything, hosts_without_network,
          resolv_conf_of_the_host, resolv_conf_of_the_unit, resolv_conf_words_of_the_unit)
