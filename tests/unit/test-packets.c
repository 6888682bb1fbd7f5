/* Addresses that a cgroup may talk to, and what is counted, with datagrams over the loopback. Needs root and
 * cgroup2. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup-fixture.h"

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/inet.h"
#include "cgroup/packets.h"

static socklen_t address_of(const char *text, uint16_t port, struct sockaddr_storage *ret) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *) ret;
        struct sockaddr_in *four = (struct sockaddr_in *) ret;

        memset(ret, 0, sizeof(*ret));
        if (strchr(text, ':')) {
                six->sin6_family = AF_INET6;
                six->sin6_port = port;
                ck_assert_int_eq(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
                return sizeof(*six);
        }
        four->sin_family = AF_INET;
        four->sin_port = port;
        ck_assert_int_eq(inet_pton(AF_INET, text, &four->sin_addr), 1);
        return sizeof(*four);
}

static int bind_to(const char *text, struct sockaddr_storage *ret) {
        socklen_t size = address_of(text, 0, ret);
        int s = socket(ret->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (s < 0 || bind(s, (struct sockaddr *) ret, size) < 0) {
                cleanup_close_(&s);
                return -EADDRNOTAVAIL;
        }
        ck_assert_int_eq(getsockname(s, (struct sockaddr *) ret, &size), 0);
        return s;
}

static void enter(void) {
        char text[24];

        (void) snprintf(text, sizeof(text), "%d", getpid());
        if (file_write(fd, "cgroup.procs", text) < 0)
                _exit(200);
}

static int status_of(pid_t pid) {
        int status;

        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status));
        return WEXITSTATUS(status);
}

/* The errno of a datagram from a process of the cgroup to @text, which is an address of ours. */
static int send_inside(const char *text) {
        struct sockaddr_storage to;
        autoclose int target = bind_to(text, &to);
        pid_t pid;

        ck_assert_int_ge(target, 0);
        pid = fork();
        if (pid == 0) {
                int s;

                enter();
                s = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
                _exit(sendto(s, "x", 1, 0, (struct sockaddr *) &to, sizeof(to)) < 0 ? errno : 0);
        }
        return status_of(pid);
}

static void send_from(const char *text, char what, const struct sockaddr_storage *to) {
        struct sockaddr_storage from;
        autoclose int s = bind_to(text, &from);

        ck_assert_int_ge(s, 0);
        ck_assert_int_eq(sendto(s, &what, 1, 0, (const struct sockaddr *) to, sizeof(*to)), 1);
}

/* The first that a process of the cgroup gets of two datagrams, from @first and from @second. */
static char receive_inside(const char *first, const char *second) {
        struct sockaddr_storage at;
        int ready[2];
        char c;
        pid_t pid;

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ready), 0);
        pid = fork();
        if (pid == 0) {
                int s;

                enter();
                s = bind_to(first, &at);
                if (s < 0 || write(ready[0], &at, sizeof(at)) != sizeof(at))
                        _exit(201);
                _exit(recv(s, &c, 1, 0) == 1 ? c : 202);
        }
        ck_assert_int_eq(read(ready[1], &at, sizeof(at)), sizeof(at));
        send_from(first, '1', &at);
        send_from(second, '2', &at);
        (void) close(ready[0]);
        (void) close(ready[1]);
        return (char) status_of(pid);
}

static InetPrefix prefix(const char *text) {
        InetPrefix p;

        ck_assert_int_eq(inet_parse_prefix(text, &p), 0);
        return p;
}

START_TEST(lists_are_kept) {
        InetPrefix all[] = { prefix("0.0.0.0/0"), prefix("::/0") }, some[] = { prefix("127.0.0.16/28") },
                   one[] = { prefix("127.0.0.20/32") }, much[] = { all[0], one[0], all[1] };
        LimitSpec l = LIMIT_SPEC_NONE;

        begin();
        l.ip_deny = (InetPrefixList){ all, 2 };
        l.ip_allow = (InetPrefixList){ some, 1 };
        ck_assert_int_eq(cgroup_restrict_packets(fd, &l, NULL), 0);
        ck_assert_int_eq(send_inside("127.0.0.1"), EPERM);
        ck_assert_int_eq(send_inside("127.0.0.15"), EPERM);
        ck_assert_int_eq(send_inside("127.0.0.16"), 0);
        ck_assert_int_eq(send_inside("127.0.0.31"), 0);
        ck_assert_int_eq(send_inside("127.0.0.32"), EPERM);

        /* In place of that: one is denied, all else is not. */
        l.ip_allow = (InetPrefixList){};
        l.ip_deny = (InetPrefixList){ one, 1 };
        ck_assert_int_eq(cgroup_restrict_packets(fd, &l, NULL), 0);
        ck_assert_int_eq(send_inside("127.0.0.1"), 0);
        ck_assert_int_eq(send_inside("127.0.0.20"), EPERM);
        ck_assert_int_eq(receive_inside("127.0.0.20", "127.0.0.21"), '2');

        /* What comes behind all addresses says nothing. */
        l.ip_deny = (InetPrefixList){ much, 3 };
        ck_assert_int_eq(cgroup_restrict_packets(fd, &l, NULL), 0);
        ck_assert_int_eq(send_inside("127.0.0.20"), EPERM);
        ck_assert_int_eq(send_inside("127.0.0.1"), EPERM);
        l.ip_allow = (InetPrefixList){ all, 2 };
        ck_assert_int_eq(cgroup_restrict_packets(fd, &l, NULL), 0);
        ck_assert_int_eq(send_inside("127.0.0.20"), 0);
        l.ip_allow = (InetPrefixList){};

        l.ip_deny = (InetPrefixList){};
        ck_assert_int_eq(cgroup_restrict_packets(fd, &l, NULL), 0);
        ck_assert_int_eq(send_inside("127.0.0.20"), 0);
        ck_assert_int_eq(receive_inside("127.0.0.20", "127.0.0.21"), '1');
        end();
}
END_TEST

START_TEST(both_families_are_kept) {
        InetPrefix local6[] = { prefix("::1/128") }, near[] = { prefix("::/64") },
                   local4[] = { prefix("127.0.0.0/8") };
        struct sockaddr_storage address;
        LimitSpec l = LIMIT_SPEC_NONE;
        autoclose int s = bind_to("::1", &address);

        if (s < 0)
                return;
        begin();
        l.ip_deny = (InetPrefixList){ local6, 1 };
        ck_assert_int_eq(cgroup_restrict_packets(fd, &l, NULL), 0);
        ck_assert_int_eq(send_inside("::1"), EPERM);
        ck_assert_int_eq(send_inside("127.0.0.1"), 0);
        l.ip_deny = (InetPrefixList){ near, 1 };
        ck_assert_int_eq(cgroup_restrict_packets(fd, &l, NULL), 0);
        ck_assert_int_eq(send_inside("::1"), EPERM);
        l.ip_deny = (InetPrefixList){ local4, 1 };
        ck_assert_int_eq(cgroup_restrict_packets(fd, &l, NULL), 0);
        ck_assert_int_eq(send_inside("::1"), 0);
        ck_assert_int_eq(send_inside("127.0.0.1"), EPERM);
        end();
}
END_TEST

START_TEST(packets_are_counted) {
        InetPrefix one[] = { prefix("127.0.0.20/32") };
        PacketCount in, out;
        LimitSpec l = LIMIT_SPEC_NONE;

        begin();
        ck_assert_int_eq(cgroup_count_packets(fd, &in, &out), -ENOENT);
        l.ip_accounting = true;
        ck_assert_int_eq(cgroup_restrict_packets(fd, &l, NULL), 0);
        ck_assert_int_eq(cgroup_count_packets(fd, &in, &out), 0);
        ck_assert_uint_eq(in.packets + out.packets, 0);
        ck_assert_int_eq(send_inside("127.0.0.1"), 0);
        ck_assert_int_eq(cgroup_count_packets(fd, &in, &out), 0);
        ck_assert_uint_eq(out.packets, 1);
        ck_assert_uint_eq(out.bytes, 20 + 8 + 1);
        ck_assert_uint_eq(in.packets, 0);
        ck_assert_int_eq(receive_inside("127.0.0.20", "127.0.0.21"), '1');
        ck_assert_int_eq(cgroup_count_packets(fd, &in, &out), 0);
        ck_assert_uint_ge(in.packets, 1);

        /* It goes on with another list, and what is refused does not count. */
        l.ip_deny = (InetPrefixList){ one, 1 };
        ck_assert_int_eq(cgroup_restrict_packets(fd, &l, NULL), 0);
        ck_assert_int_eq(send_inside("127.0.0.20"), EPERM);
        ck_assert_int_eq(cgroup_count_packets(fd, &in, &out), 0);
        ck_assert_uint_eq(out.packets, 1);
        end();
}
END_TEST

START_TEST(many_addresses_are_fine_too_many_are_not) {
        InetPrefix many[1025];
        LimitSpec l = LIMIT_SPEC_NONE;
        Fault fault = {};

        begin();
        for (unsigned i = 0; i < 1025; i++) {
                many[i] = prefix("2001:db8::/127");
                many[i].address.bytes[5] = (uint8_t) (i >> 8);
                many[i].address.bytes[6] = (uint8_t) i;
        }
        many[1023] = prefix("127.0.0.20/32");
        l.ip_deny = (InetPrefixList){ many, 1024 };
        ck_assert_int_eq(cgroup_restrict_packets(fd, &l, &fault), 0);
        ck_assert_int_eq(send_inside("127.0.0.20"), EPERM);
        ck_assert_int_eq(send_inside("127.0.0.1"), 0);
        l.ip_deny.n = 1025;
        ck_assert_int_eq(cgroup_restrict_packets(fd, &l, &fault), -E2BIG);
        ck_assert_str_eq(fault.object, "IPAddressDeny=");
        end();
}
END_TEST

TEST_MAIN("packets", lists_are_kept, both_families_are_kept, packets_are_counted,
          many_addresses_are_fine_too_many_are_not)
