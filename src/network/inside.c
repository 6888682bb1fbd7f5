#include "network/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "basic/cleanup.h"

/* Where we live never changes; it is opened once, for health checks come by the thousand. */
static int home_fd = -EBADF;

int netns_enter(int ns_fd) {
        if (home_fd < 0)
                home_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (home_fd < 0 || setns(ns_fd, CLONE_NEWNET) < 0)
                return -errno;
        return 0;
}

void netns_leave(void) {
        if (setns(home_fd, CLONE_NEWNET) < 0)
                abort();
}

int netns_socket(int ns_fd, int family, int type) {
        int fd, r = netns_enter(ns_fd);

        if (r < 0)
                return r;
        fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        fd = fd < 0 ? -errno : fd;
        netns_leave();
        return fd;
}

bool host_has_address(const InetAddress *a) {
        autoclose int fd = socket(a->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        const struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = a->v6 };
        const struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr = a->v4 };

        if (fd < 0)
                return false;
        return a->family == AF_INET6 ? bind(fd, (const struct sockaddr *) &six, sizeof(six)) == 0
                                     : bind(fd, (const struct sockaddr *) &four, sizeof(four)) == 0;
}
