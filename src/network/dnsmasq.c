#include "network/dnsmasq.h"

#include "basic/strv.h"

static int add_upstream(const NetworkFace *face, const InetAddress *servers, size_t n, char ***argv) {
        char text[INET_TEXT_MAX];
        int r;

        /* It runs on the host and follows changes of this file: a resolver on the loopback is good for it. */
        if (!face->internal && n == 0)
                return strv_add(argv, "--resolv-file=/etc/resolv.conf");

        r = strv_add(argv, "--no-resolv");
        for (size_t i = 0; r == 0 && i < n && !face->internal; i++)
                r = strv_addf(argv, "--server=%s", inet_format(&servers[i], text));
        return r;
}

int dnsmasq_arguments(const char *directory, const NetworkFace *face, const InetAddress *servers,
                      size_t n_servers, char ***ret) {
        static const char *const always[] = {
                "dnsmasq",
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--no-hosts",
                "--bind-interfaces",
                "--log-facility=-",
                "--cache-size=1000",
                /* A name without a dot is a container's, or nobody's. */
                "--domain-needed",
        };
        autostrv char **argv = NULL;
        char text[INET_TEXT_MAX];
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(always); i++)
                r = strv_add(&argv, always[i]);
        if (r == 0)
                r = strv_addf(&argv, "--pid-file=%s/pid", directory);
        if (r == 0)
                r = strv_addf(&argv, "--hostsdir=%s/hosts", directory);
        for (size_t i = 0; r == 0 && i < face->n; i++) {
                r = strv_addf(&argv, "--listen-address=%s", inet_format(&face->gateways[i], text));
                /* Who has which address of ours is asked of nobody else. */
                if (r == 0)
                        r = strv_addf(&argv, "--rev-server=%s", inet_format_prefix(&face->subnets[i], text));
        }
        if (r == 0)
                r = add_upstream(face, servers, n_servers, &argv);
        if (r == 0)
                *ret = take_ptr(argv);
        return r;
}
