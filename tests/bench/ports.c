/*
 * What a change of published ports costs, as src/network makes it: one transaction, sent and answered.
 *
 *      bench-ports COUNT ROUNDS       in a network namespace of its own, beside COUNT ports that are there
 *
 * Prints a line for each of the rounds and changes: "published", "moved", "taken back", and nanoseconds.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "network/ruleset.h"

/* All within the kernel's limit for what a socket takes at once. */
#define AT_ONCE 500

typedef struct Change {
        bool add;
        NetworkPort port;
        InetAddress to;
} Change;

static long long now(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (long long) t.tv_sec * 1000000000 + t.tv_nsec;
}

static void commit(struct mnl_socket *socket, NftBatch *b, const char *what) {
        int r = nft_batch_commit(b, socket);

        if (r == 0)
                return;
        fprintf(stderr, "bench-ports: %s: %d\n", what, r);
        exit(1);
}

static Change change(bool add, unsigned host_port, const char *to) {
        Change c = { .add = add,
                     .port = { .protocol = PROTOCOL_TCP,
                               .host_port = (uint16_t) host_port,
                               .container_port = 80,
                               .count = 1 },
                     .to = { .family = AF_INET } };

        (void) inet_pton(AF_INET, to, &c.to.v4);
        return c;
}

static void apply(struct mnl_socket *socket, const char *what, const Change *changes, size_t n) {
        long long begin = now();
        autoptr(NftBatch) b = nft_batch_new("nsunits");

        for (size_t i = 0; b && i < n; i++)
                ruleset_port(b, changes[i].add, &changes[i].port, &changes[i].to);
        if (!b)
                exit(1);
        commit(socket, b, what);
        printf("%s %lld\n", what, now() - begin);
}

static void fill(struct mnl_socket *socket, unsigned count) {
        autoptr(NftBatch) table = nft_batch_new("nsunits");

        if (!table)
                exit(1);
        nft_batch_add_table(table, 0);
        ruleset_add(table, false);
        commit(socket, table, "table");
        for (unsigned i = 0; i < count;) {
                autoptr(NftBatch) b = nft_batch_new("nsunits");

                for (unsigned end = i + AT_ONCE; b && i < count && i < end; i++) {
                        Change c = change(true, 20000 + i, "10.1.2.3");

                        ruleset_port(b, true, &c.port, &c.to);
                }
                if (!b)
                        exit(1);
                commit(socket, b, "elements");
        }
}

int main(int argc, char **argv) {
        unsigned count = argc == 3 ? (unsigned) atoi(argv[1]) : 0,
                 rounds = argc == 3 ? (unsigned) atoi(argv[2]) : 0;
        const Change publish = change(true, 8080, "10.1.2.3"),
                     move[] = { change(false, 8080, "10.1.2.3"), change(true, 8080, "10.1.2.4") },
                     take_back = change(false, 8080, "10.1.2.4");
        struct mnl_socket *socket;

        if (rounds == 0 || count > 40000) {
                fprintf(stderr, "usage: bench-ports COUNT ROUNDS\n");
                return 2;
        }
        if (unshare(CLONE_NEWNET) < 0 || !(socket = mnl_socket_open(NETLINK_NETFILTER)) ||
            mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
                perror("bench-ports");
                return 1;
        }
        fill(socket, count);
        for (unsigned i = 0; i < rounds; i++) {
                apply(socket, "published", &publish, 1);
                apply(socket, "moved", move, 2);
                apply(socket, "taken back", &take_back, 1);
        }
        (void) mnl_socket_close(socket);
        return 0;
}
