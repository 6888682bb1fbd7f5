/* What lets a host pass packets on, and what keeps containers from telling it where to. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "basic/file.h"
#include "network/driver.h"

static int set_sysctl(const char *path, const char *value, Fault *fault) {
        autofree char *now = NULL;
        int r;

        if (file_read_line(AT_FDCWD, path, &now) == 0 && streq(now, value))
                return 0;
        r = file_write(AT_FDCWD, path, value);
        return r < 0 ? fault_set(fault, "system control", r, "%s", path) : 0;
}

/* A host that forwards ignores router advertisements unless told otherwise (ip-sysctl, "accept_ra"): links
 * that have their addresses and routes from them would lose both. */
static int keep_advertisements(Fault *fault) {
        autoclosedir DIR *links = opendir("/proc/sys/net/ipv6/conf");
        struct dirent *e;

        while (links && (e = readdir(links))) {
                autofree char *path = NULL, *now = NULL;
                int r;

                /* "default" is what links get that are made later, ours among them. */
                if (e->d_name[0] == '.' || streq(e->d_name, "all") || streq(e->d_name, "default"))
                        continue;
                if (asprintf(&path, "/proc/sys/net/ipv6/conf/%s/accept_ra", e->d_name) < 0)
                        return -ENOMEM;
                if (file_read_line(AT_FDCWD, path, &now) < 0 || !streq(now, "1"))
                        continue;
                r = set_sysctl(path, "2", fault);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int allow_ipv6_forwarding(Fault *fault) {
        static const char path[] = "/proc/sys/net/ipv6/conf/all/forwarding";
        autofree char *now = NULL;
        int r;

        if (file_read_line(AT_FDCWD, path, &now) == 0 && streq(now, "1"))
                return 0;
        r = keep_advertisements(fault);
        return r < 0 ? r : set_sysctl(path, "1", fault);
}

static bool has_ipv6(const Net *net) {
        for (size_t i = 0; i < net->n_subnets; i++)
                if (net->subnets[i].address.family == AF_INET6)
                        return true;
        return false;
}

/* Without these no packet passes from one link to another. */
int forward_allow(const Net *net, Fault *fault) {
        int r = set_sysctl("/proc/sys/net/ipv4/ip_forward", "1", fault);

        return r >= 0 && has_ipv6(net) ? allow_ipv6_forwarding(fault) : r;
}

static int set_link_sysctl(int family, const char *link, const char *name, const char *value, Fault *fault) {
        char path[128];

        (void) snprintf(path, sizeof(path), "/proc/sys/net/ipv%c/conf/%s/%s", family == AF_INET6 ? '6' : '4',
                        link, name);
        return set_sysctl(path, value, fault);
}

int forward_answer_localhost(const Network *n, const char *link, Fault *fault) {
        return n->settings.publish_localhost ? set_link_sysctl(AF_INET, link, "route_localnet", "1", fault)
                                             : 0;
}

/* What containers announce must not become a route of the host, and a network without IPv6 must not reach the
 * host by link-local addresses. To be done before the first link: nobody is heard until then. */
int forward_close_ears(const Net *net, const char *link, Fault *fault) {
        char path[64];

        /* Links of less than 1280 bytes have no IPv6, nor has a kernel without it. */
        (void) snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s", link);
        if (!file_exists(AT_FDCWD, path))
                return 0;
        return has_ipv6(net) ? set_link_sysctl(AF_INET6, link, "accept_ra", "0", fault)
                             : set_link_sysctl(AF_INET6, link, "disable_ipv6", "1", fault);
}

int forward_check_source(const char *link, Fault *fault) {
        return set_link_sysctl(AF_INET, link, "rp_filter", "1", fault);
}
