/* One poll loop: a question from inside is passed on by a socket of its own, whose port nobody can guess. */
/* Before the kernel's headers, which then leave out what they have in common. */
#include <netinet/in.h>

#include "network/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libmnl/libmnl.h>
#include <linux/capability.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/clock.h"
#include "basic/file.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "network/dns-message.h"
#include "network/egress.h"
#include "network/internal.h"

#define NOBODY 65534

#define MESSAGE_MAX   8192
#define PENDING_MAX   64 /* questions under way */
#define ADDRESSES_MAX 64
#define SERVERS_MAX   3

/* The asker asks again by himself after five seconds (resolv.conf(5)). */
#define ANSWER_TIMEOUT (4 * USEC_PER_SEC)

/* Who has just been told an address is still to connect to it. */
#define LIFETIME_MIN 10u /* seconds */
#define LIFETIME_MAX (24u * 60 * 60)

#define RESOLV_PATH "/etc/resolv.conf"
#define RESOLV_MAX  ((size_t) 64 * 1024)

typedef struct Asker {
        struct sockaddr_in address;
        uint8_t query[MESSAGE_MAX];
        size_t size;
        int fd; /* to the server; negative = free */
        usec_t due;
} Asker;

typedef struct Gate {
        int inside;
        struct mnl_socket *nft;
        const char *prefix, *servers;
        char **names;  /* by position of the entry */
        unsigned turn; /* which of the servers is asked */
        Asker askers[PENDING_MAX];
} Gate;

/* -- whom to ask -- */

static size_t add_server(const char *text, InetAddress *ret, size_t n) {
        return n < SERVERS_MAX && inet_parse(text, &ret[n]) == 0 ? n + 1 : n;
}

/* Anew for each question: it is short, in memory, and may have changed. */
static size_t hosts_servers(InetAddress ret[SERVERS_MAX]) {
        autofree char *text = NULL;
        char *state = NULL;
        size_t n = 0;

        if (file_read(AT_FDCWD, RESOLV_PATH, RESOLV_MAX, &text, NULL) < 0)
                return 0;
        for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
                char word[INET_TEXT_MAX];

                if (sscanf(line, "nameserver %63s", word) == 1)
                        n = add_server(word, ret, n);
        }
        return n;
}

static bool pick_server(const Gate *g, InetAddress *ret) {
        InetAddress all[SERVERS_MAX];
        size_t n = 0;

        if (!streq(g->servers, GATE_NONE)) {
                autostrv char **words = NULL;

                if (strv_split(g->servers, ",", &words) < 0)
                        return false;
                STRV_FOREACH (word, words)
                        n = add_server(*word, all, n);
        } else
                n = hosts_servers(all);
        if (n > 0)
                *ret = all[g->turn % n];
        return n > 0;
}

static int connect_to(const InetAddress *server) {
        const struct sockaddr_in6 six = { .sin6_family = AF_INET6,
                                          .sin6_port = htons(GATE_PORT),
                                          .sin6_addr = server->v6 };
        const struct sockaddr_in four = { .sin_family = AF_INET,
                                          .sin_port = htons(GATE_PORT),
                                          .sin_addr = server->v4 };
        autoclose int fd = socket(server->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int r;

        if (fd < 0)
                return -errno;
        r = server->family == AF_INET6 ? connect(fd, (const struct sockaddr *) &six, sizeof(six))
                                       : connect(fd, (const struct sockaddr *) &four, sizeof(four));
        return r < 0 ? -errno : take_fd(fd);
}

/* -- questions -- */

static void forget(Asker *a) {
        (void) close(a->fd);
        a->fd = -EBADF;
}

/* A free place, or that of the one who has waited longest. */
static Asker *make_room(Gate *g) {
        Asker *oldest = &g->askers[0];

        for (size_t i = 0; i < PENDING_MAX; i++) {
                if (g->askers[i].fd < 0)
                        return &g->askers[i];
                if (g->askers[i].due < oldest->due)
                        oldest = &g->askers[i];
        }
        forget(oldest);
        return oldest;
}

static void take_question(Gate *g) {
        char name[DNS_NAME_MAX + 1];
        Asker *a = make_room(g);
        socklen_t size = sizeof(a->address);
        InetAddress server;
        ssize_t n;

        n = recvfrom(g->inside, a->query, sizeof(a->query), 0, (struct sockaddr *) &a->address, &size);
        if (n < 0 || dns_question(a->query, (size_t) n, name) < 0 || !pick_server(g, &server))
                return;
        a->size = (size_t) n;
        a->fd = connect_to(&server);
        if (a->fd < 0)
                return;
        a->due = clock_now(CLOCK_MONOTONIC) + ANSWER_TIMEOUT;
        if (send(a->fd, a->query, a->size, 0) < 0)
                forget(a);
}

/* -- answers -- */

static uint64_t lifetime_ms(uint32_t ttl) {
        uint32_t seconds = ttl < LIFETIME_MIN ? LIFETIME_MIN : ttl > LIFETIME_MAX ? LIFETIME_MAX : ttl;

        return (uint64_t) seconds * 1000;
}

static void let_through(Gate *g, const char *name, const DnsAddress *addresses, size_t n) {
        autoptr(NftBatch) b = NULL;
        bool any = false;

        for (size_t i = 0; g->names[i]; i++) {
                if (streq(g->names[i], GATE_NONE) || !dns_name_matches(name, g->names[i]))
                        continue;
                if (!b)
                        b = nft_batch_new(TABLE_NAME);
                if (!b)
                        return;
                nft_batch_set_family(b, NFPROTO_NETDEV);
                for (size_t j = 0; j < n; j++, any = true) {
                        const InetAddress *a = &addresses[j].address;
                        char set[EGRESS_NAME_MAX];

                        egress_set_name(g->prefix, i, a->family, set);
                        nft_batch_timed_element(b, set, a->bytes, inet_size(a->family),
                                                lifetime_ms(addresses[j].ttl));
                }
        }
        if (any && nft_batch_commit(b, g->nft) < 0)
                fprintf(stderr, "nsunits-gate: cannot let packets through to %s\n", name);
}

static void take_answer(Gate *g, Asker *a) {
        DnsAddress addresses[ADDRESSES_MAX];
        uint8_t answer[MESSAGE_MAX];
        char name[DNS_NAME_MAX + 1];
        ssize_t n = recv(a->fd, answer, sizeof(answer), 0);
        size_t found;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n < 0) {
                /* Nobody listens there: another server is asked next time. */
                g->turn++;
                forget(a);
                return;
        }
        if (!dns_is_answer(answer, (size_t) n, a->query, a->size) ||
            dns_question(a->query, a->size, name) < 0)
                return;
        found = dns_addresses(answer, (size_t) n, addresses, ADDRESSES_MAX);
        if (found > 0)
                let_through(g, name, addresses, found);
        dns_untruncate(answer, (size_t) n);
        (void) sendto(g->inside, answer, (size_t) n, 0, (const struct sockaddr *) &a->address,
                      sizeof(a->address));
        forget(a);
}

/* Returns milliseconds until the next one is due; -1 = none is. */
static int drop_late(Gate *g) {
        usec_t now = clock_now(CLOCK_MONOTONIC), next = USEC_INFINITY;

        for (size_t i = 0; i < PENDING_MAX; i++) {
                Asker *a = &g->askers[i];

                if (a->fd >= 0 && a->due <= now) {
                        g->turn++;
                        forget(a);
                } else if (a->fd >= 0)
                        next = MIN_OF(next, a->due);
        }
        return next == USEC_INFINITY ? -1 : (int) ((next - now) / USEC_PER_MSEC) + 1;
}

static int serve(Gate *g) {
        for (;;) {
                struct pollfd fds[PENDING_MAX + 1] = { { .fd = g->inside, .events = POLLIN } };
                int timeout = drop_late(g);

                for (size_t i = 0; i < PENDING_MAX; i++)
                        fds[i + 1] = (struct pollfd){ .fd = g->askers[i].fd, .events = POLLIN };
                if (poll(fds, PENDING_MAX + 1, timeout) < 0 && errno != EINTR)
                        return -errno;
                for (size_t i = 0; i < PENDING_MAX; i++)
                        if (g->askers[i].fd >= 0 && fds[i + 1].revents)
                                take_answer(g, &g->askers[i]);
                if (fds[0].revents)
                        take_question(g);
        }
}

/* -- a process with one privilege -- */

static int give_up_privileges(void) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {};
        const struct rlimit files = { PENDING_MAX + 32, PENDING_MAX + 32 };

        if (setrlimit(RLIMIT_NOFILE, &files) < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
            setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
            setresuid(NOBODY, NOBODY, NOBODY) < 0)
                return -errno;
        data[0].effective = data[0].permitted = 1u << CAP_NET_ADMIN;
        if (syscall(SYS_capset, &header, data) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        return 0;
}

static int open_nft(struct mnl_socket **ret) {
        int enable = 1;

        *ret = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
        if (!*ret || mnl_socket_bind(*ret, 0, MNL_SOCKET_AUTOPID) < 0)
                return -errno;
        (void) mnl_socket_setsockopt(*ret, NETLINK_CAP_ACK, &enable, sizeof(enable));
        return 0;
}

int gate_main(int argc, char **argv) {
        static Gate g;
        int r;

        if (argc < 4 || parse_int(argv[1], &g.inside) < 0) {
                fprintf(stderr, "usage: nsunits-gate FD PREFIX SERVERS NAME...\n");
                return EXIT_FAILURE;
        }
        g.prefix = argv[2];
        g.servers = argv[3];
        g.names = argv + 4;
        for (size_t i = 0; i < PENDING_MAX; i++)
                g.askers[i].fd = -EBADF;

        r = open_nft(&g.nft);
        if (r >= 0)
                r = give_up_privileges();
        if (r >= 0)
                r = serve(&g);
        fprintf(stderr, "nsunits-gate: %s\n", strerror(-r));
        return EXIT_FAILURE;
}
