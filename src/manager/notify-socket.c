/* The receiving end of sd_notify(3) for one unit. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "basic/file.h"
#include "manager/notify-socket.h"
#include "manager/priority.h"

/* systemd's NOTIFY_BUFFER_MAX; longer messages are dropped. */
#define MESSAGE_MAX 4096

/* Messages taken in one turn, so that a flood from one container cannot starve the loop. */
#define MESSAGES_PER_TURN 16

struct NotifySocket {
        int fd;
        sd_event_source *source;
        Keeper *keeper;
        NotifyFn fn;
        void *data;
        bool busy, dead; /* freed by its own callback */
};

static void destroy(NotifySocket *n) {
        (void) sd_event_source_disable_unref(n->source);
        if (n->fd >= 0)
                (void) close(n->fd);
        free(n);
}

/* Looked at first and taken off the queue when all is done: who is killed in between leaves it to the next
 * one. Returns 1 when a message was taken, 0 when there is none. */
static int take_message(NotifySocket *n) {
        char text[MESSAGE_MAX + 1];
        FdMessage m = { .data = text, .size = MESSAGE_MAX };
        int r;

        r = fd_message_receive(n->fd, MSG_DONTWAIT | MSG_PEEK, &m);
        if (r < 0)
                return 0;
        if (r > 0 && m.size <= MESSAGE_MAX) {
                text[m.size] = '\0';
                n->fn(&m, n->data);
        }
        /* The kernel closes what came along; these are no last closes as long as we have our own. */
        (void) recv(n->fd, text, 1, MSG_DONTWAIT);
        keeper_close_fds(n->keeper, &m);
        return 1;
}

static void take_messages(NotifySocket *n) {
        if (n->busy)
                return;
        n->busy = true;
        for (int i = 0; i < MESSAGES_PER_TURN && !n->dead; i++)
                if (take_message(n) == 0)
                        break;
        n->busy = false;
        if (n->dead)
                destroy(n);
}

static int on_message(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        take_messages(userdata);
        return 0;
}

void notify_socket_drain(NotifySocket *n) {
        if (n)
                take_messages(n);
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
        n->keeper = setup->keeper;
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
