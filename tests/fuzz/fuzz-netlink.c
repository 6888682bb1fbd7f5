/* Answers of the kernel about links, addresses and routes, tampered with: any bytes as a row of messages. */
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "fuzz.h"
#include "network/rtnl.h"

static void check_text(const char *text, size_t size) {
        if (strnlen(text, size) == size)
                abort();
}

static void check_address(const InetAddress *a) {
        if (a->family != AF_UNSPEC && a->family != AF_INET && a->family != AF_INET6)
                abort();
}

static void check_prefix(const InetPrefix *p) {
        check_address(&p->address);
        if (p->address.family != AF_UNSPEC && p->bits > inet_size(p->address.family) * 8)
                abort();
}

static void read_message(const struct nlmsghdr *h) {
        RtnlAddress address;
        RtnlRoute route;
        RtnlLink link;

        if (rtnl_parse_link(h, &link) == 0) {
                check_text(link.name, sizeof(link.name));
                check_text(link.kind, sizeof(link.kind));
                check_text(link.alias, sizeof(link.alias));
        }
        if (rtnl_parse_address(h, &address) == 0) {
                check_prefix(&address.prefix);
                check_address(&address.broadcast);
                if (address.prefix.address.family == AF_UNSPEC)
                        abort();
        }
        if (rtnl_parse_route(h, &route) == 0) {
                check_prefix(&route.to);
                check_address(&route.via);
                check_address(&route.source);
                if (route.to.address.family == AF_UNSPEC)
                        abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct nlmsghdr *all = malloc(size + 1), *h = all;
        int left = (int) size;

        if (!all)
                return 0;
        memcpy(all, data, size);
        /* libmnl takes a length for a signed number; the kernel sends none that is that large. */
        for (; mnl_nlmsg_ok(h, left) && h->nlmsg_len <= size; h = mnl_nlmsg_next(h, &left))
                read_message(h);
        free(all);
        return 0;
}
