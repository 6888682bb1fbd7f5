/* What the manager gives a gate. */
/* Before the kernel's headers, which then leave out what they have in common. */
#include <netinet/in.h>

#include "network/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/strv.h"
#include "network/inside.h"

int gate_socket(int ns_fd) {
        const struct sockaddr_in own = { .sin_family = AF_INET,
                                         .sin_port = htons(GATE_PORT),
                                         .sin_addr.s_addr = inet_addr(GATE_ADDRESS) };
        autoclose int fd = netns_socket(ns_fd, AF_INET, SOCK_DGRAM);
        int r;

        if (fd < 0)
                return fd;
        r = netns_enter(ns_fd);
        if (r < 0)
                return r;
        r = bind(fd, (const struct sockaddr *) &own, sizeof(own)) < 0 ? -errno : 0;
        netns_leave();
        if (r == 0 && fcntl(fd, F_SETFD, 0) < 0)
                r = -errno;
        return r < 0 ? r : take_fd(fd);
}

int gate_arguments(int fd, const char *prefix, const InetAddress *servers, size_t n_servers,
                   char *const *names, char ***ret) {
        autostrv char **argv = NULL, **list = NULL;
        autofree char *joined = NULL;
        char text[INET_TEXT_MAX];
        int r = 0;

        for (size_t i = 0; r == 0 && i < n_servers; i++)
                r = strv_add(&list, inet_format(&servers[i], text));
        if (r == 0 && n_servers == 0)
                r = strv_add(&list, GATE_NONE);
        joined = r == 0 ? strv_join(list, ",") : NULL;
        if (!joined)
                return -ENOMEM;
        if (strv_add(&argv, "nsunits-gate") < 0 || strv_addf(&argv, "%d", fd) < 0 ||
            strv_add(&argv, prefix) < 0 || strv_add(&argv, joined) < 0 || strv_add_all(&argv, names) < 0)
                return -ENOMEM;
        *ret = take_ptr(argv);
        return 0;
}
