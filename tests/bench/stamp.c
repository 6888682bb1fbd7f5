/*
 * The payload of all measurements: stamps the monotonic clock at main(), then waits for SIGTERM.
 * Usage: stamp FILE [exit | lines N]
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void on_term(int sig) {
        (void) sig;
        _exit(0);
}

int main(int argc, char **argv) {
        struct timespec now;
        char line[32];
        int fd, n;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        if (argc < 2)
                return 2;

        (void) signal(SIGTERM, on_term);
        n = snprintf(line, sizeof(line), "%lld\n", (long long) now.tv_sec * 1000000000 + now.tv_nsec);
        fd = open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC);
        if (fd < 0 || write(fd, line, (size_t) n) != n)
                return 1;

        if (argc > 2 && strcmp(argv[2], "exit") == 0)
                return 0;
        if (argc > 3 && strcmp(argv[2], "lines") == 0) {
                for (long i = atol(argv[3]); i > 0; i--)
                        if (write(STDOUT_FILENO,
                                  "a line of a usual length, as programs write them into their logs\n",
                                  65) < 0)
                                return 1;
                return 0;
        }
        for (;;)
                (void) pause();
}
