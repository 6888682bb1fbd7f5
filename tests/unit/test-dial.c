/* Looks from outside: connections, pages, sockets below a root. In our own network namespace. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "basic/macro.h"
#include "manager/dial.h"
#include "unit-test.h"

typedef struct Seen {
        sd_event *event;
        DialOutcome outcome;
} Seen;

static void on_outcome(const DialOutcome *o, void *data) {
        Seen *seen = data;

        seen->outcome = (DialOutcome){ .passed = o->passed, .text = strdup(o->text) };
        (void) sd_event_exit(seen->event, 0);
}

static int root_fd = -1;

/* What is seen, at once or later. */
static DialOutcome look(const ProbeChoice *what) {
        int ns_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        autoptr(Dial) d = NULL;
        Seen seen = {};
        int r;

        ck_assert_int_eq(sd_event_new(&seen.event), 0);
        const DialCall call = { .event = seen.event, .what = what, .ns_fd = ns_fd, .root_fd = root_fd };

        r = dial_start(&call, on_outcome, &seen, &d, &seen.outcome);
        ck_assert_int_ge(r, 0);
        if (r == 0)
                ck_assert_int_eq(sd_event_loop(seen.event), 0);
        dial_free(take_ptr(d));
        sd_event_unref(seen.event);
        (void) close(ns_fd);
        ck_assert_ptr_nonnull(seen.outcome.text);
        return seen.outcome;
}

static void assert_seen(const ProbeChoice *what, bool passed, const char *text) {
        DialOutcome o = look(what);

        ck_assert_str_eq(o.text, text);
        ck_assert_int_eq(o.passed, passed);
        dial_outcome_clear(&o);
}

static int listen_on(uint16_t *ret_port) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(bind(fd, (struct sockaddr *) &a, sizeof(a)), 0);
        ck_assert_int_eq(listen(fd, 5), 0);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *) &a, &size), 0);
        *ret_port = ntohs(a.sin_port);
        return fd;
}

START_TEST(a_port_that_somebody_listens_on) {
        ProbeChoice what = { .kind = PROBE_TCP };
        char text[64];
        int fd = listen_on(&what.port);

        (void) snprintf(text, sizeof(text), "127.0.0.1:%u: connected", what.port);
        assert_seen(&what, true, text);
        what.host = (char[]){ "localhost" };
        assert_seen(&what, true, text);

        (void) close(fd);
        what.host = (char[]){ "127.0.0.1" };
        (void) snprintf(text, sizeof(text), "127.0.0.1:%u: Connection refused", what.port);
        assert_seen(&what, false, text);
}
END_TEST

typedef struct Server {
        int fd;
        const char *answer;
        char request[512];
} Server;

static void *serve(void *data) {
        Server *s = data;
        int fd = accept(s->fd, NULL, NULL);
        ssize_t n = recv(fd, s->request, sizeof(s->request) - 1, 0);

        s->request[n > 0 ? n : 0] = '\0';
        /* Byte by byte: an answer comes as it likes. */
        for (const char *p = s->answer; *p; p++)
                (void) send(fd, p, 1, MSG_NOSIGNAL);
        (void) close(fd);
        return NULL;
}

START_TEST(pages) {
        static const struct {
                const char *answer;
                bool passed;
                const char *seen; /* NULL: that it is not HTTP */
        } cases[] = {
                { "HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", true, "HTTP/1.1 200 OK" },
                { "HTTP/1.0 302 Found\n\n", true, "HTTP/1.0 302 Found" },
                { "HTTP/1.1 204\r\n\r\n", true, "HTTP/1.1 204" },
                { "HTTP/1.1 200 O\x1b[31mK\r\n", true, "HTTP/1.1 200 O?[31mK" },
                { "HTTP/1.1 404 Not Found\r\n\r\n", false, "HTTP/1.1 404 Not Found" },
                { "HTTP/1.1 503 Busy\r\n\r\n", false, "HTTP/1.1 503 Busy" },
                { "HTTP/1.1 100 Continue\r\n\r\n", false, "HTTP/1.1 100 Continue" },
                { "SSH-2.0-x\r\n", false, NULL },
                { "", false, NULL },
        };
        ProbeChoice what = { .kind = PROBE_HTTP, .path = (char[]){ "/healthz?a=b" } };
        int fd = listen_on(&what.port);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Server server = { .fd = fd, .answer = cases[i].answer };
                char not_http[96], request[128];
                pthread_t thread;

                (void) snprintf(not_http, sizeof(not_http), "127.0.0.1:%u: its answer is not HTTP",
                                what.port);
                (void) snprintf(request, sizeof(request),
                                "GET /healthz?a=b HTTP/1.0\r\nHost: 127.0.0.1:%u\r\n", what.port);
                ck_assert_int_eq(pthread_create(&thread, NULL, serve, &server), 0);
                assert_seen(&what, cases[i].passed, cases[i].seen ? cases[i].seen : not_http);
                ck_assert_int_eq(pthread_join(thread, NULL), 0);
                ck_assert_ptr_nonnull(startswith(server.request, request));
        }
        (void) close(fd);
}
END_TEST

START_TEST(sockets_below_a_root) {
        char root[] = "/tmp/test-dial-XXXXXX", path[64];
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        ProbeChoice what = { .kind = PROBE_UNIX, .path = (char[]){ "/run/app.sock" } };
        ProbeChoice link = { .kind = PROBE_UNIX, .path = (char[]){ "/link" } };
        int fd;

        ck_assert_ptr_nonnull(mkdtemp(root));
        root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_eq(mkdirat(root_fd, "run", 0755), 0);
        assert_seen(&what, false, "/run/app.sock: No such file or directory");

        for (size_t i = 0; i < 2; i++) {
                (void) snprintf(a.sun_path, sizeof(a.sun_path), "%s/run/app.sock", root);
                fd = socket(AF_UNIX, (i == 0 ? SOCK_STREAM : SOCK_SEQPACKET) | SOCK_CLOEXEC, 0);
                ck_assert_int_eq(bind(fd, (struct sockaddr *) &a, sizeof(a)), 0);
                assert_seen(&what, false, "/run/app.sock: Connection refused");
                ck_assert_int_eq(listen(fd, 0), 0);
                assert_seen(&what, true, "/run/app.sock: connected");

                /* Nobody has taken the first one, and there is room for no other. */
                if (i == 0)
                        assert_seen(&what, false, "/run/app.sock: nobody takes what waits there");
                (void) close(fd);
                ck_assert_int_eq(unlinkat(root_fd, "run/app.sock", 0), 0);
        }

        /* A link leads to what it would lead to inside, and so to nothing of the host's. */
        (void) snprintf(path, sizeof(path), "../../..%s/run", root);
        ck_assert_int_eq(symlinkat(path, root_fd, "link"), 0);
        assert_seen(&link, false, "/link: No such file or directory");

        ck_assert_int_eq(unlinkat(root_fd, "link", 0), 0);
        ck_assert_int_eq(unlinkat(root_fd, "run", AT_REMOVEDIR), 0);
        ck_assert_int_eq(rmdir(root), 0);
        (void) close(root_fd);
}
END_TEST

TEST_MAIN("dial", a_port_that_somebody_listens_on, pages, sockets_below_a_root)
