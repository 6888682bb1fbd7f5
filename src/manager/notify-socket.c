/* The receiving end of sd_notify(3) for one unit. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "basic/fd-sieve.h"
#include "basic/file.h"
#include "manager/notify-socket.h"
#include "manager/priority.h"

/* systemd's NOTIFY_BUFFER_MAX; longer messages are dropped. */
#define MESSAGE_MAX 4096

/* Messages taken in one turn, so that a flood from one container cannot starve the loop. */
#define MESSAGES_PER_TURN 16

/* How long a drain waits for those who close what came with earlier messages. It may be a container's will.
 */
#define DRAIN_PATIENCE_MSEC 100

struct NotifySocket {
        int fd;
        FdSieve sieve;
        sd_event_source *source, *sieve_source;
        NotifyFn fn;
        void *data;
        bool busy, dead; /* freed by its own callback */
};

static void destroy(NotifySocket *n) {
        (void) sd_event_source_disable_unref(n->sieve_source);
        (void) sd_event_source_disable_unref(n->source);
        fd_sieve_done(&n->sieve);
        if (n->fd >= 0)
                (void) close(n->fd);
        free(n);
}

/* Looked at first and taken off the queue when all is done: who is killed in between leaves it to the next
 * one. Returns 1 when a message was taken, 0 when there is none, -EBUSY when none can be taken yet. */
static int take_message(NotifySocket *n) {
        char text[MESSAGE_MAX + 1];
        FdMessage m = { .data = text, .size = MESSAGE_MAX };
        int r;

        r = fd_sieve_look(&n->sieve, n->fd, &m);
        if (r < 0)
                return r == -EBUSY ? r : 0;
        if (r > 0 && m.size <= MESSAGE_MAX) {
                text[m.size] = '\0';
                n->fn(&m, n->data);
        }
        fd_sieve_take(&n->sieve, n->fd, &m);
        return 1;
}

/* What is waited for is the sieve's, which may close it whenever it is asked for a message. */
static int hear_again(NotifySocket *n) {
        n->sieve_source = sd_event_source_disable_unref(n->sieve_source);
        return sd_event_source_set_enabled(n->source, SD_EVENT_ON);
}

static int on_sieve_free(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        return hear_again(userdata);
}

/* A container that has the closing of its descriptors hang is not heard meanwhile, and nobody else notices.
 */
static void wait_for_sieve(NotifySocket *n) {
        int fd = fd_sieve_busy(&n->sieve);

        if (fd < 0 || sd_event_add_io(sd_event_source_get_event(n->source), &n->sieve_source, fd, EPOLLIN,
                                      on_sieve_free, n) < 0)
                return;
        (void) sd_event_source_set_priority(n->sieve_source, PRIORITY_NOTIFY);
        (void) sd_event_source_set_enabled(n->source, SD_EVENT_OFF);
}

static bool wait_a_moment(NotifySocket *n, int *patience) {
        struct pollfd p = { .fd = fd_sieve_busy(&n->sieve), .events = POLLIN };
        bool over = p.fd < 0 || (*patience > 0 && poll(&p, 1, *patience) > 0);

        *patience = 0;
        return over;
}

static void take_messages(NotifySocket *n, int patience) {
        int r = 1;

        if (n->busy)
                return;
        n->busy = true;
        if (n->sieve_source)
                (void) hear_again(n);
        for (int i = 0; i < MESSAGES_PER_TURN && !n->dead && r != 0; i++) {
                r = take_message(n);
                if (r == -EBUSY && !wait_a_moment(n, &patience))
                        break;
        }
        n->busy = false;
        if (n->dead)
                destroy(n);
        else if (r == -EBUSY)
                wait_for_sieve(n);
}

static int on_message(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        take_messages(userdata, 0);
        return 0;
}

void notify_socket_drain(NotifySocket *n) {
        if (n)
                take_messages(n, DRAIN_PATIENCE_MSEC);
}

int notify_socket_fd(const NotifySocket *n) {
        return n->fd;
}

static int bind_in(int directory_fd) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        autoclose int fd = -EBADF;
        int enable = 1, r;
        mode_t mask;

        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &enable, sizeof(enable)) < 0)
                return -errno;

        /* The container's users are not ours; what they may do here is bounded by the messages we take. Set
         * before there is a name, for afterwards the name may be a container's link to another file. */
        if (fchmod(fd, 0666) < 0)
                return -errno;
        mask = umask(0);
        (void) unlinkat(directory_fd, "notify", 0);
        /* Through /proc: a unit's directory may be longer than the 108 bytes of sun_path. */
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%i/notify", directory_fd);
        r = bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 ? -errno : 0;
        (void) umask(mask);
        return r < 0 ? r : fd_move_up(take_fd(fd));
}

int notify_socket_bind(const char *directory) {
        autoclose int directory_fd = dir_make_open(AT_FDCWD, directory, 0755);

        return directory_fd < 0 ? directory_fd : bind_in(directory_fd);
}

int notify_socket_new(const NotifySetup *setup, int fd, NotifySocket **ret) {
        NotifySocket *n = calloc(1, sizeof(*n));
        int r;

        if (!n)
                return -ENOMEM;
        n->fd = -EBADF; /* not ours before all has worked */
        fd_sieve_init(&n->sieve);
        n->fn = setup->fn;
        n->data = setup->data;

        r = sd_event_add_io(setup->event, &n->source, fd, EPOLLIN, on_message, n);
        if (r >= 0)
                r = sd_event_source_set_priority(n->source, PRIORITY_NOTIFY);
        if (r < 0) {
                destroy(n);
                return r;
        }
        n->fd = fd;
        *ret = n;
        return 0;
}

void notify_socket_free(NotifySocket *n) {
        if (!n)
                return;
        n->dead = true;
        if (!n->busy)
                destroy(n);
}
