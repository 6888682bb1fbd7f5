/* Namespaces without processes. Needs root. */
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/nsfs.h>

#include "tests/unit/runtime-test.h"

/* The only link is the loopback, which can be used. */
static void assert_begun(int net) {
        int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd;
        struct ifreq lo = { .ifr_name = "lo" };
        struct if_nameindex *links;

        must(home);
        must(setns(net, CLONE_NEWNET));
        must(fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        must(ioctl(fd, SIOCGIFFLAGS, &lo));
        ck_assert_int_eq(lo.ifr_flags & (IFF_UP | IFF_LOOPBACK), IFF_UP | IFF_LOOPBACK);
        links = if_nameindex();
        ck_assert_ptr_nonnull(links);
        ck_assert_str_eq(links[0].if_name, "lo");
        ck_assert_ptr_null(links[1].if_name);
        if_freenameindex(links);
        must(setns(home, CLONE_NEWNET));
        (void) close(fd);
        (void) close(home);
}

START_TEST(holds_without_process) {
        IdExtent lines[] = { { 0, BASE, 1000 }, { 1000, 5000, 1 }, { 1001, BASE + 1001, 64535 } };
        const IdMap map = { { lines, 3 }, { lines, 1 } };
        int user, net, owner, again;
        struct stat a, b;
        int fds, mounts;

        must(unshare(CLONE_NEWNS));
        must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
        must(mount("tmpfs", "/mnt", "tmpfs", 0, NULL));
        fds = count_descriptors();
        mounts = count_lines("/proc/self/mountinfo");
        must(user = userns_create(&map, NULL, NULL));
        must(net = netns_create(user, NULL));
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
        assert_begun(net);

        must(owner = ioctl(net, NS_GET_USERNS));
        must(fstat(owner, &a));
        must(fstat(user, &b));
        ck_assert_uint_eq(a.st_ino, b.st_ino);

        must(ns_hold(net, "/mnt/net", NULL));
        must(fstat(net, &a));
        (void) close(net);
        must(again = ns_open("/mnt/net"));
        must(fstat(again, &b));
        ck_assert_uint_eq(a.st_ino, b.st_ino);
        must(ns_hold(again, "/mnt/net", NULL)); /* replaces */
        must(ns_release("/mnt/net"));
        must(ns_release("/mnt/net"));
        ck_assert_int_eq(ns_open("/mnt/net"), -ENOENT);

        (void) close(again);
        (void) close(owner);
        (void) close(user);
        ck_assert_int_eq(count_descriptors(), fds);
        ck_assert_int_eq(count_lines("/proc/self/mountinfo"), mounts);
}
END_TEST

/* Made while the caller does other things. */
START_TEST(network_comes_with_the_users) {
        IdExtent line = { 0, BASE, 65536 };
        const IdMap map = { { &line, 1 }, { &line, 1 } };
        const int fds = count_descriptors();
        NetnsBirth *birth = NULL;
        int user, net, owner;
        struct stat a, b;

        must(user = userns_create(&map, &birth, NULL));
        ck_assert_ptr_nonnull(birth);
        must(net = netns_finish(birth, NULL));
        ck_assert_int_eq(ioctl(net, NS_GET_NSTYPE), CLONE_NEWNET);
        assert_begun(net);
        must(owner = ioctl(net, NS_GET_USERNS));
        must(fstat(owner, &a));
        must(fstat(user, &b));
        ck_assert_uint_eq(a.st_ino, b.st_ino);
        (void) close(net);
        (void) close(owner);
        (void) close(user);

        /* The manager's own user namespace is its owner. */
        must(net = netns_create(-1, NULL));
        assert_begun(net);
        (void) close(net);

        must(user = userns_create(&map, &birth, NULL));
        netns_abandon(birth);
        (void) close(user);
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
        ck_assert_int_eq(count_descriptors(), fds);
}
END_TEST

START_TEST(bad_maps_are_told) {
        IdExtent lines[] = { { 0, BASE, 10 }, { 5, BASE + 100, 10 } };
        const IdMap twice = { { lines, 2 }, { lines, 2 } }, half = { { lines, 1 }, {} };
        Fault fault = {};

        ck_assert_int_eq(userns_create(&twice, NULL, &fault), -EINVAL);
        ck_assert_str_eq(fault.step, "user namespace");
        ck_assert_ptr_nonnull(strstr(fault.object, "uid_map"));
        ck_assert_int_eq(userns_create(&half, NULL, NULL), -EINVAL);
}
END_TEST

TEST_MAIN("userns", holds_without_process, network_comes_with_the_users, bad_maps_are_told)
