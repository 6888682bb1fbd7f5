/* Sockets that start a container. */
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/inet.h"
#include "basic/macro.h"
#include "manager/listen.h"
#include "runtime/identity.h"

typedef union Address {
        struct sockaddr any;
        struct sockaddr_un local;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
} Address;

/* One line of the file. */
typedef struct Wanted {
        const ListenSpec *spec;
        int type; /* SOCK_* */
} Wanted;

static const char *type_word(int type) {
        return type == SOCK_STREAM ? "stream" : type == SOCK_DGRAM ? "datagram" : "sequential-packet";
}

size_t listen_count(const ListenKeys *keys) {
        return keys->stream.n + keys->datagram.n + keys->sequential.n;
}

static Wanted wanted_at(const ListenKeys *keys, size_t i) {
        if (i < keys->stream.n)
                return (Wanted){ &keys->stream.items[i], SOCK_STREAM };
        i -= keys->stream.n;
        if (i < keys->datagram.n)
                return (Wanted){ &keys->datagram.items[i], SOCK_DGRAM };
        return (Wanted){ &keys->sequential.items[i - keys->datagram.n], SOCK_SEQPACKET };
}

char *listen_describe(const ListenKeys *keys, size_t i) {
        const Wanted w = wanted_at(keys, i);
        const bool v6 = w.spec->address.family == AF_INET6;
        char address[INET_TEXT_MAX], *text;
        int r;

        if (w.spec->path)
                r = asprintf(&text, "%s %s", type_word(w.type), w.spec->path);
        else if (w.spec->address.family == AF_UNSPEC)
                r = asprintf(&text, "%s *:%u", type_word(w.type), w.spec->port);
        else
                r = asprintf(&text, "%s %s%s%s:%u", type_word(w.type), v6 ? "[" : "",
                             inet_format(&w.spec->address, address), v6 ? "]" : "", w.spec->port);
        return r < 0 ? NULL : text;
}

/* -- in the file system -- */

/* Is it left over from somebody who is no more? Nobody listens on a plain file either. */
static bool is_stale(const Address *a, socklen_t size, int type) {
        struct stat st;
        autoclose int fd = -EBADF;

        if (lstat(a->local.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
                return false;
        fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        return fd >= 0 && connect(fd, &a->any, size) < 0 && errno == ECONNREFUSED;
}

static int bind_with_mode(int fd, const Address *a, socklen_t size, mode_t mode) {
        const mode_t before = umask(~mode & 0777);
        int r = bind(fd, &a->any, size) < 0 ? -errno : 0;

        (void) umask(before);
        return r;
}

/* With the directories above it. */
static int make_parent(const ListenKeys *keys, const char *path) {
        autofree char *parent = strndup(path, (size_t) (strrchr(path, '/') - path));
        mode_t before;
        int r;

        if (!parent)
                return -ENOMEM;
        before = umask(0);
        r = *parent ? dir_make(AT_FDCWD, parent, keys->directory_mode) : 0;
        (void) umask(before);
        return r;
}

/* What lies there now: in a directory of others it may be something else. */
static int change_owner(const char *path, uid_t uid, gid_t gid) {
        autoclose int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISSOCK(st.st_mode))
                return -ENOTSOCK;
        return fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

static int give_to_owner(const ListenKeys *keys, const char *path, Fault *fault) {
        autoidentity Identity owner = {};
        autoclose int root_fd = -EBADF;
        int r;

        if (!keys->user && !keys->group)
                return 0;
        root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root_fd < 0)
                return -errno;
        r = identity_resolve(root_fd, keys->user, keys->group, fault, &owner);
        if (r < 0)
                return r;
        return change_owner(path, owner.uid, owner.gid);
}

static int bind_local(const ListenKeys *keys, const Wanted *w, int fd, Fault *fault) {
        const char *path = w->spec->path;
        Address a = { .local.sun_family = AF_UNIX };
        size_t length = strlen(path);
        socklen_t size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length + (*path == '/'));
        int r;

        if (length >= sizeof(a.local.sun_path))
                return -ENAMETOOLONG;
        memcpy(a.local.sun_path, path, length + 1);
        if (*path == '@') {
                a.local.sun_path[0] = '\0';
                return bind(fd, &a.any, size) < 0 ? -errno : 0;
        }

        r = make_parent(keys, path);
        if (r >= 0)
                r = bind_with_mode(fd, &a, size, keys->mode);
        if (r == -EADDRINUSE && is_stale(&a, size, w->type)) {
                (void) unlink(path);
                r = bind_with_mode(fd, &a, size, keys->mode);
        }
        return r < 0 ? r : give_to_owner(keys, path, fault);
}

/* -- in the network -- */

static int set(int fd, int level, int option, int value) {
        return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_options(const ListenKeys *keys, const Wanted *w, int family, int fd) {
        /* Connections of the last one that linger are in nobody's way; to datagrams it would mean to share.
         */
        int r = w->type == SOCK_STREAM ? set(fd, SOL_SOCKET, SO_REUSEADDR, 1) : 0;

        if (r >= 0 && keys->reuse_port)
                r = set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
        if (r >= 0 && keys->free_bind)
                r = family == AF_INET6 ? set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1)
                                       : set(fd, IPPROTO_IP, IP_FREEBIND, 1);
        if (r >= 0 && family == AF_INET6 && keys->ipv6_only != IPV6_ONLY_DEFAULT)
                r = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, keys->ipv6_only == IPV6_ONLY_YES);
        if (r < 0 || w->type != SOCK_STREAM)
                return r;

        /* Connections have these from the socket that they come to. */
        if (keys->no_delay)
                r = set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        if (r >= 0 && keys->keep_alive)
                r = set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        return r;
}

static int bind_inet(const ListenSpec *spec, int family, int fd) {
        Address a = {};
        socklen_t size;

        if (family == AF_INET6) {
                a.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(spec->port) };
                if (spec->address.family == AF_INET6)
                        a.v6.sin6_addr = spec->address.v6;
                size = sizeof(a.v6);
        } else {
                a.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(spec->port) };
                if (spec->address.family == AF_INET)
                        a.v4.sin_addr = spec->address.v4;
                size = sizeof(a.v4);
        }
        return bind(fd, &a.any, size) < 0 ? -errno : 0;
}

/* A port alone is one of IPv6, and by that of IPv4, or of this alone where the kernel has no other. */
static int open_inet(const ListenKeys *keys, const Wanted *w) {
        int family = w->spec->address.family == AF_INET ? AF_INET : AF_INET6, r;
        autoclose int fd = socket(family, w->type | SOCK_CLOEXEC, 0);

        if (fd < 0 && errno == EAFNOSUPPORT && w->spec->address.family == AF_UNSPEC) {
                family = AF_INET;
                fd = socket(family, w->type | SOCK_CLOEXEC, 0);
        }
        if (fd < 0)
                return -errno;
        r = set_options(keys, w, family, fd);
        if (r >= 0)
                r = bind_inet(w->spec, family, fd);
        return r < 0 ? r : take_fd(fd);
}

/* -- -- */

static int start_listening(const ListenKeys *keys, int fd) {
        int backlog = keys->backlog > INT_MAX ? INT_MAX : (int) keys->backlog;

        return listen(fd, backlog) < 0 ? -errno : 0;
}

static int open_socket(const ListenKeys *keys, const Wanted *w, Fault *fault) {
        autoclose int fd = -EBADF;
        int r;

        if (!w->spec->path) {
                r = fd = open_inet(keys, w);
        } else {
                fd = socket(AF_UNIX, w->type | SOCK_CLOEXEC, 0);
                r = fd < 0 ? -errno : bind_local(keys, w, fd, fault);
        }
        if (r >= 0 && w->type != SOCK_DGRAM)
                r = start_listening(keys, fd);
        return r < 0 ? r : take_fd(fd);
}

int listen_open(const ListenKeys *keys, size_t i, Fault *fault) {
        const Wanted w = wanted_at(keys, i);
        int r = open_socket(keys, &w, fault);

        if (r < 0) {
                autofree char *what = listen_describe(keys, i);

                (void) fault_set(fault, "socket", r, "%s", strempty(what));
        }
        return r;
}

int listen_again(const ListenKeys *keys, size_t i, int fd) {
        socklen_t size = sizeof(int);
        int listens = 0;

        if (wanted_at(keys, i).type == SOCK_DGRAM ||
            (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens))
                return 0;
        return start_listening(keys, fd);
}

/* With SO_REUSEADDR, a port is taken only by who listens there: see inet_csk_bind_conflict() of Linux. */
void listen_end(int fd) {
        (void) shutdown(fd, SHUT_RDWR);
}

void listen_remove(const ListenKeys *keys, size_t i) {
        const char *path = wanted_at(keys, i).spec->path;

        if (path && *path == '/')
                (void) unlink(path);
}
