/*
 * A server for the tests of sockets: takes those that it is handed (sd_listen_fds(3), without the library),
 * answers each connection, or each packet, by its pid and how many it has answered. Static: a root needs
 * nothing else.
 *
 * Usage: listen-payload [N]: ends with status 0 after N answers. Status 3: it was handed nothing.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST 3
#define MAX   16

static int handed(void) {
        const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");

        return pid && n && atoi(pid) == getpid() && atoi(n) <= MAX ? atoi(n) : 0;
}

static int is_listening(int fd) {
        socklen_t size = sizeof(int);
        int value = 0;

        return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value;
}

static void answer_packet(int fd, const char *text) {
        struct sockaddr_storage from;
        socklen_t size = sizeof(from);
        char data[64];

        if (recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *) &from, &size) >= 0)
                (void) sendto(fd, text, strlen(text), 0, (struct sockaddr *) &from, size);
}

/* Blocks: that the next one waits here is what is tested. */
static void answer_connection(int fd, const char *text) {
        int c = accept(fd, NULL, NULL);

        if (c < 0)
                return;
        (void) !write(c, text, strlen(text));
        (void) close(c);
}

/* The first process of a container has to ask for it. */
static void on_term(int sig) {
        _exit(0);
}

int main(int argc, char **argv) {
        int n = handed(), most = argc > 1 ? atoi(argv[1]) : 0;
        struct pollfd fds[MAX] = {};

        (void) signal(SIGTERM, on_term);

        printf("handed %d: %s\n", n, getenv("LISTEN_FDNAMES") ? getenv("LISTEN_FDNAMES") : "");
        (void) fflush(stdout);
        if (n == 0)
                return 3;
        for (int i = 0; i < n; i++)
                fds[i] = (struct pollfd){ .fd = FIRST + i, .events = POLLIN };

        for (int answers = 0; most == 0 || answers < most;) {
                if (poll(fds, (nfds_t) n, -1) < 0)
                        return 4;
                for (int i = 0; i < n; i++) {
                        char text[64];

                        if (!(fds[i].revents & POLLIN))
                                continue;
                        (void) snprintf(text, sizeof(text), "socket %d answer %d\n", i, ++answers);
                        if (is_listening(fds[i].fd))
                                answer_connection(fds[i].fd, text);
                        else
                                answer_packet(fds[i].fd, text);
                }
        }
        return 0;
}
