#include "manager/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/inet.h"
#include "basic/macro.h"
#include "basic/utf8.h"
#include "manager/priority.h"
#include "network/inside.h"

/* "HTTP/1.1 200 ", and as much of the reason as a person wants to see. */
#define ANSWER_MAX 200

struct Dial {
        DialCall call;
        DialFn fn;
        void *data;
        InetAddress addresses[2]; /* to be tried, one after the other */
        size_t n_addresses, at;
        int fd;
        sd_event_source *source;
        bool asked; /* http: the request is on its way */
        char answer[ANSWER_MAX];
        size_t n_answer;
};

void dial_outcome_clear(DialOutcome *o) {
        free(o->text);
        *o = (DialOutcome){};
}

static void hang_up(Dial *d) {
        d->source = sd_event_source_disable_unref(d->source);
        replace_fd(&d->fd, -EBADF);
}

void dial_free(Dial *d) {
        if (!d)
                return;
        hang_up(d);
        free(d);
}

/* What each step returns beside a negative errno: wait for the socket, or it is over. */
enum { WAIT, OVER };

static int conclude(DialOutcome *o, bool passed, const char *what, const char *words) {
        o->passed = passed;
        if (asprintf(&o->text, "%s%s%s", what, *words ? ": " : "", words) < 0)
                o->text = NULL;
        return OVER;
}

/* "127.0.0.1:80", "[::1]:80" */
static const char *address_text(const Dial *d, char buf[INET_TEXT_MAX + 16]) {
        const InetAddress *a = &d->addresses[d->at];
        char address[INET_TEXT_MAX];
        bool six = a->family == AF_INET6;

        (void) snprintf(buf, INET_TEXT_MAX + 16, "%s%s%s:%u", six ? "[" : "", inet_format(a, address),
                        six ? "]" : "", d->call.what->port);
        return buf;
}

static int connect_to(Dial *d) {
        const InetAddress *a = &d->addresses[d->at];
        const struct sockaddr_in v4 = { .sin_family = AF_INET,
                                        .sin_port = htons(d->call.what->port),
                                        .sin_addr = a->v4 };
        const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
                                         .sin6_port = htons(d->call.what->port),
                                         .sin6_addr = a->v6 };
        bool six = a->family == AF_INET6;

        d->fd = netns_socket(d->call.ns_fd, a->family, SOCK_STREAM);
        if (d->fd < 0)
                return d->fd;
        if (connect(d->fd, six ? (const struct sockaddr *) &v6 : (const struct sockaddr *) &v4,
                    six ? sizeof(v6) : sizeof(v4)) < 0)
                return -errno;
        return 0;
}

/* 0 = connected, -EINPROGRESS = not yet. Within one host the answer is there as soon as it was asked for. */
static int connection_state(const Dial *d) {
        struct pollfd p = { .fd = d->fd, .events = POLLOUT };
        socklen_t size = sizeof(int);
        int error = 0;

        if (poll(&p, 1, 0) == 0)
                return -EINPROGRESS;
        return getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? -errno : -error;
}

static int on_dial(sd_event_source *s, int fd, uint32_t revents, void *userdata);

static int wait_for(Dial *d, uint32_t events) {
        int r;

        if (d->source)
                return sd_event_source_set_io_events(d->source, events);
        r = sd_event_add_io(d->call.event, &d->source, d->fd, events, on_dial, d);
        return r < 0 ? r : sd_event_source_set_priority(d->source, PRIORITY_TIMER);
}

/* The connection stands. */
static int ask(Dial *d, DialOutcome *o) {
        const ProbeChoice *what = d->call.what;
        char name[INET_TEXT_MAX + 16];
        autofree char *text = NULL;
        int n;

        (void) address_text(d, name);
        if (what->kind == PROBE_TCP)
                return conclude(o, true, name, "connected");

        n = asprintf(&text,
                     "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: nsunits\r\nAccept: */*\r\n"
                     "Connection: close\r\n\r\n",
                     what->path, name);
        if (n < 0)
                return -ENOMEM;
        /* Less than a fresh socket's buffer. */
        if (send(d->fd, text, (size_t) n, MSG_NOSIGNAL) != n)
                return conclude(o, false, name, strerror(errno));
        d->asked = true;
        return wait_for(d, EPOLLIN) < 0 ? -ENOMEM : WAIT;
}

/* RFC 9112, section 4: the status line is all that is wanted. */
static int judge(Dial *d, DialOutcome *o) {
        char name[INET_TEXT_MAX + 16];
        unsigned status = 0;

        d->answer[strcspn(d->answer, "\r\n")] = '\0';
        if (sscanf(d->answer, "HTTP/%*1u.%*1u %3u", &status) != 1)
                return conclude(o, false, address_text(d, name), "its answer is not HTTP");
        for (char *p = d->answer; *p; p++)
                if ((unsigned char) *p < ' ' || (unsigned char) *p > '~')
                        *p = '?';
        return conclude(o, status >= 200 && status < 400, d->answer, "");
}

static int listen_to(Dial *d, DialOutcome *o) {
        ssize_t n = recv(d->fd, d->answer + d->n_answer, sizeof(d->answer) - 1 - d->n_answer, 0);
        char name[INET_TEXT_MAX + 16];

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return WAIT;
        if (n < 0)
                return conclude(o, false, address_text(d, name), strerror(errno));
        d->n_answer += (size_t) n;
        d->answer[d->n_answer] = '\0';
        if (n > 0 && !strchr(d->answer, '\n') && d->n_answer < sizeof(d->answer) - 1)
                return WAIT;
        return judge(d, o);
}

/* From the next address that is left. */
static int call_up(Dial *d, DialOutcome *o) {
        char name[INET_TEXT_MAX + 16];
        int r = 0;

        for (; d->at < d->n_addresses; d->at++) {
                if (d->fd < 0)
                        r = connect_to(d);
                if (r == 0 || r == -EINPROGRESS)
                        r = connection_state(d);
                if (r == -EINPROGRESS)
                        return wait_for(d, EPOLLOUT) < 0 ? -ENOMEM : WAIT;
                if (r == 0)
                        return ask(d, o);
                hang_up(d);
        }
        d->at = 0;
        return conclude(o, false, address_text(d, name), strerror(-r));
}

static int on_dial(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        DialOutcome outcome = {};
        Dial *d = userdata;
        int r;

        r = d->asked ? listen_to(d, &outcome) : call_up(d, &outcome);
        if (r == WAIT)
                return 0;
        hang_up(d);
        /* It may free us. */
        d->fn(&outcome, d->data);
        dial_outcome_clear(&outcome);
        return 0;
}

/* The path is looked up as the container would, and never leads out of its root. A file system that the
 * container itself has mounted (FUSE) makes nobody wait: the kernel keeps those who are not of its user
 * namespace out. */
static int connect_unix(int root_fd, const char *path) {
        static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
        autoclose int place = path_in_root_open(root_fd, path, O_PATH, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int r = -EPROTOTYPE;

        if (place < 0)
                return place;
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%i", place);
        for (size_t i = 0; i < ELEMENTSOF(types) && r == -EPROTOTYPE; i++) {
                autoclose int fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

                if (fd < 0)
                        return -errno;
                r = connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ? -errno : 0;
        }
        return r;
}

static int look_at_unix(const DialCall *call, DialOutcome *o) {
        int r = connect_unix(call->root_fd, call->what->path);

        if (r == -EAGAIN)
                return conclude(o, false, call->what->path, "nobody takes what waits there");
        return conclude(o, r == 0, call->what->path, r == 0 ? "connected" : strerror(-r));
}

static void find_addresses(Dial *d) {
        const char *host = d->call.what->host;

        if (host && !streq(host, "localhost") && inet_parse(host, &d->addresses[0]) == 0) {
                d->n_addresses = 1;
                return;
        }
        d->addresses[0] = (InetAddress){ .family = AF_INET, .v4.s_addr = htonl(INADDR_LOOPBACK) };
        d->addresses[1] = (InetAddress){ .family = AF_INET6, .v6 = IN6ADDR_LOOPBACK_INIT };
        d->n_addresses = 2;
}

int dial_start(const DialCall *call, DialFn fn, void *data, Dial **ret, DialOutcome *ret_outcome) {
        autoptr(Dial) d = NULL;
        int r;

        *ret_outcome = (DialOutcome){};
        if (call->what->kind == PROBE_UNIX)
                return look_at_unix(call, ret_outcome);

        d = calloc(1, sizeof(*d));
        if (!d)
                return -ENOMEM;
        d->call = *call;
        d->fn = fn;
        d->data = data;
        d->fd = -EBADF;
        find_addresses(d);

        r = call_up(d, ret_outcome);
        if (r == WAIT)
                *ret = take_ptr(d);
        return r;
}
