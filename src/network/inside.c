#include "network/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/cleanup.h"

int netns_enter(int ns_fd) {
        autoclose int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

        if (home < 0 || setns(ns_fd, CLONE_NEWNET) < 0)
                return -errno;
        return take_fd(home);
}

void netns_leave(int home) {
        if (setns(home, CLONE_NEWNET) < 0)
                abort();
        (void) close(home);
}

int netns_socket(int ns_fd, int family, int type) {
        int home = netns_enter(ns_fd), fd;

        if (home < 0)
                return home;
        fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        fd = fd < 0 ? -errno : fd;
        netns_leave(home);
        return fd;
}
