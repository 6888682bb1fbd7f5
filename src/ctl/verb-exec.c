/* nsctl exec: a program inside a running container, with our standard streams or with a terminal of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/relay.h"

/* As other container tools have it: what went wrong is ours, the program cannot be executed, there is none.
 */
enum {
        EXEC_FAILED = 125,
        EXEC_NOT_EXECUTABLE = 126,
        EXEC_NOT_FOUND = 127,
};

typedef struct Session {
        int end; /* socket on which the end is told */
        Relay relay;
} Session;

static int append_streams(const Ctl *c, sd_bus_message *m, int null_fd) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "h");
        if (r >= 0 && !c->options.tty)
                r = sd_bus_message_append(m, "hhh", c->options.interactive ? STDIN_FILENO : null_fd,
                                          STDOUT_FILENO, STDERR_FILENO);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int make_call(Ctl *c, const char *unit, char **argv, char **environment, sd_bus_message **ret) {
        automessage sd_bus_message *m = NULL;
        autoclose int null_fd = -EBADF;
        int r;

        null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null_fd < 0)
                return -errno;

        r = client_message_new(c, "ExecUnit", &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", unit);
        if (r >= 0)
                r = sd_bus_message_append_strv(m, argv);
        if (r >= 0)
                r = sd_bus_message_append_strv(m, environment);
        if (r >= 0)
                r = sd_bus_message_append(m, "ssb", strempty(c->options.user), strempty(c->options.workdir),
                                          (int) c->options.tty);
        if (r >= 0)
                r = append_streams(c, m, null_fd);
        if (r < 0)
                return r;

        *ret = take_ptr(m);
        return 0;
}

static int read_answer(sd_bus_message *reply, Session *s) {
        int r, fd;

        r = sd_bus_message_read(reply, "uh", NULL, &fd);
        if (r < 0)
                return r;
        s->end = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (s->end < 0)
                return -errno;

        r = sd_bus_message_enter_container(reply, 'a', "h");
        if (r > 0)
                r = sd_bus_message_read(reply, "h", &fd);
        if (r <= 0)
                return r;
        s->relay.terminal = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return s->relay.terminal < 0 ? -errno : 0;
}

/* "exited 3": as a shell would say it. */
static int status_of(const Session *s) {
        char text[64] = "", how[16];
        ssize_t n;
        int value;

        do
                n = recv(s->end, text, sizeof(text) - 1, 0);
        while (n < 0 && errno == EINTR);

        if (n <= 0 || sscanf(text, "%15s %d", how, &value) != 2) {
                ctl_error("the connection to the manager broke off, the program was hung up");
                return EXEC_FAILED;
        }
        return streq(how, "exited") ? value : 128 + value;
}

static int serve(Session *s) {
        for (;;) {
                struct pollfd p[1 + RELAY_FDS] = { { .fd = s->end, .events = POLLIN } };

                relay_prepare(&s->relay, p + 1);
                if (poll(p, ELEMENTSOF(p), -1) < 0 && errno != EINTR)
                        return ctl_errno(-errno, "poll");
                relay_pass(&s->relay, p + 1);
                if (p[0].revents) {
                        relay_drain(&s->relay);
                        return status_of(s);
                }
        }
}

static int environment_of(const Ctl *c, char ***ret) {
        const char *term = getenv("TERM");
        int r;

        STRV_FOREACH (e, c->options.env) {
                if (!strchr(*e, '=') || **e == '=') {
                        ctl_error("--env=%s is not of the form NAME=VALUE", *e);
                        return -EINVAL;
                }
                r = strv_env_set(ret, *e);
                if (r < 0)
                        return r;
        }
        if (c->options.tty && term && !strv_env_get(*ret, "TERM"))
                return strv_addf(ret, "TERM=%s", term);
        return 0;
}

static int failure(const char *unit, int r, const sd_bus_error *error) {
        (void) client_failure(unit, r, error);
        if (sd_bus_error_has_name(error, BUS_ERROR_NO_SUCH_PROGRAM))
                return EXEC_NOT_FOUND;
        return sd_bus_error_has_name(error, BUS_ERROR_NOT_EXECUTABLE) ? EXEC_NOT_EXECUTABLE : EXEC_FAILED;
}

int verb_exec(Ctl *c, char **words) {
        Session s = { .end = -EBADF, .relay = RELAY_INIT };
        automessage sd_bus_message *m = NULL, *reply = NULL;
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autostrv char **environment = NULL;
        autofree char *unit = NULL;
        int r, status;

        if (ctl_unit_name(words[1], &unit) < 0 || environment_of(c, &environment) < 0 || client_open(c) < 0)
                return EXEC_FAILED;

        r = make_call(c, unit, words + 2, environment, &m);
        if (r == 0)
                r = client_call_message(c, m, &error, &reply);
        if (r == 0)
                r = read_answer(reply, &s);
        if (r < 0)
                return failure(unit, r, &error);

        if (c->options.tty)
                r = relay_begin(&s.relay, c->options.interactive);
        status = r < 0 ? ctl_errno(r, "cannot set up the terminal") : serve(&s);
        replace_fd(&s.end, -EBADF);
        relay_end(&s.relay);
        return status;
}
