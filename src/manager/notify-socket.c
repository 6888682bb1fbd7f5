/* The receiving end of sd_notify(3) for one unit. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "manager/notify-socket.h"
#include "manager/priority.h"

/* systemd's NOTIFY_BUFFER_MAX; longer messages are dropped. */
#define MESSAGE_MAX 4096

/* Messages taken in one turn, so that a flood from one container cannot starve the loop. */
#define MESSAGES_PER_TURN 16

struct NotifySocket {
        int fd;
        sd_event_source *source;
        NotifyFn fn;
        void *data;
};

/* Returns 1 when a message was taken, 0 when there is none. */
static int take_message(NotifySocket *n) {
        char text[MESSAGE_MAX + 1];
        autostrv char **fields = NULL;
        ssize_t size;

        /* Without a control buffer the kernel closes any descriptor that is sent along. */
        size = recv(n->fd, text, sizeof(text), MSG_DONTWAIT | MSG_TRUNC);
        if (size < 0)
                return 0;
        if (size == 0 || size > MESSAGE_MAX)
                return 1;

        text[size] = '\0';
        if (strv_split(text, "\n", &fields) == 0 && fields)
                n->fn(fields, n->data);
        return 1;
}

static int on_message(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        for (int i = 0; i < MESSAGES_PER_TURN; i++)
                if (take_message(userdata) == 0)
                        break;
        return 0;
}

void notify_socket_drain(NotifySocket *n) {
        for (int i = 0; n && i < MESSAGES_PER_TURN; i++)
                if (take_message(n) == 0)
                        break;
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
        return r < 0 ? r : take_fd(fd);
}

int notify_socket_open(sd_event *event, const char *directory, NotifyFn fn, void *data, NotifySocket **ret) {
        autoptr(NotifySocket) n = NULL;
        autoclose int directory_fd = -EBADF;
        int r;

        n = calloc(1, sizeof(*n));
        if (!n)
                return -ENOMEM;
        n->fd = -EBADF;
        n->fn = fn;
        n->data = data;

        directory_fd = dir_make_open(AT_FDCWD, directory, 0755);
        if (directory_fd < 0)
                return directory_fd;

        n->fd = bind_in(directory_fd);
        if (n->fd < 0)
                return n->fd;

        r = sd_event_add_io(event, &n->source, n->fd, EPOLLIN, on_message, n);
        if (r < 0)
                return r;

        r = sd_event_source_set_priority(n->source, PRIORITY_NOTIFY);
        if (r < 0)
                return r;

        *ret = take_ptr(n);
        return 0;
}

void notify_socket_free(NotifySocket *n) {
        if (!n)
                return;

        (void) sd_event_source_disable_unref(n->source);
        if (n->fd >= 0)
                (void) close(n->fd);
        free(n);
}
