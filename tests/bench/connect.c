/*
 * TCP connections, one after another: how many a second come through a published port.
 *
 *      connect serve PORT                     accept, read a byte, answer it, close; for ever
 *      connect count ADDRESS PORT SECONDS     open, send a byte, wait for it, close; prints how many a second
 *      connect once ADDRESS PORT              one of these: does anybody answer?
 *
 * Two processes at a time on each side, so that neither waits for the other alone. Connections end by a
 * reset: a port that waits for its last packets could not be used again, and there are not enough of them.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES 2

static void fail(const char *what) {
        perror(what);
        exit(1);
}

static _Noreturn void serve(const char *port) {
        struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t) atoi(port)) };
        int fd = socket(AF_INET6, SOCK_STREAM, 0), on = 1;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
            bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(fd, 4096) < 0)
                fail("connect: listen");
        for (int i = 1; i < PROCESSES; i++)
                if (fork() == 0) {
                        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
                        break;
                }
        for (;;) {
                int peer = accept(fd, NULL, NULL);
                char byte;

                if (peer < 0)
                        continue;
                if (read(peer, &byte, 1) == 1)
                        (void) !write(peer, &byte, 1);
                (void) close(peer);
        }
}

static int exchange(const struct sockaddr_in *to) {
        struct linger reset = { .l_onoff = 1 };
        struct timeval limit = { .tv_sec = 3 };
        int fd = socket(AF_INET, SOCK_STREAM, 0), r = -1;
        char byte = 'x';

        if (fd < 0)
                return -1;
        if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0 &&
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
            connect(fd, (const struct sockaddr *) to, sizeof(*to)) == 0 && write(fd, &byte, 1) == 1 &&
            read(fd, &byte, 1) == 1)
                r = 0;
        (void) close(fd);
        return r;
}

static double now(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

/* Each process counts for itself, in memory that is everybody's. */
static int count(const struct sockaddr_in *to, double seconds) {
        long *done = mmap(NULL, PROCESSES * sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                          -1, 0);
        double begin = now();
        long all = 0, failed = 0;
        int status;

        if (done == MAP_FAILED)
                fail("connect: mmap");
        for (int i = 0; i < PROCESSES; i++)
                if (fork() == 0) {
                        long bad = 0;

                        while (now() - begin < seconds)
                                if (exchange(to) == 0)
                                        done[i]++;
                                else
                                        bad++;
                        _exit(bad > 0);
                }
        while (wait(&status) > 0)
                failed |= status;
        for (int i = 0; i < PROCESSES; i++)
                all += done[i];
        if (failed)
                fprintf(stderr, "connect: some connections failed\n");
        printf("%.0f\n", (double) all / (now() - begin));
        return failed || all == 0;
}

int main(int argc, char **argv) {
        struct sockaddr_in to = { .sin_family = AF_INET };

        (void) signal(SIGPIPE, SIG_IGN);
        if (argc == 3 && strcmp(argv[1], "serve") == 0)
                serve(argv[2]);
        if (argc >= 4 && inet_pton(AF_INET, argv[2], &to.sin_addr) == 1) {
                to.sin_port = htons((uint16_t) atoi(argv[3]));
                if (argc == 5 && strcmp(argv[1], "count") == 0)
                        return count(&to, atof(argv[4]));
                if (argc == 4 && strcmp(argv[1], "once") == 0)
                        return exchange(&to) < 0;
        }
        fprintf(stderr, "usage: connect serve PORT | count ADDRESS PORT SECONDS | once ADDRESS PORT\n");
        return 2;
}
