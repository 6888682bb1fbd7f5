/* Stands in for a server that says itself when it is ready: one message, and then it waits for its end. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The first process of a container has to ask for its signals. */
static void on_end(int sig) {
        _exit(0);
}

int main(void) {
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un to = { .sun_family = AF_UNIX };
        int fd;

        (void) signal(SIGTERM, on_end);
        (void) signal(SIGUSR1, on_end);

        if (!path || strlen(path) >= sizeof(to.sun_path))
                return 2;
        memcpy(to.sun_path, path, strlen(path) + 1);

        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || sendto(fd, "READY=1", 7, 0, (struct sockaddr *) &to, sizeof(to)) < 0)
                return 3;
        for (;;)
                (void) pause();
}
