/* nsctl exec: a program inside a running container, with our standard streams or with a terminal of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/terminal.h"

/* What programs of the container wrote last may still be on its way through the terminal when the end is
 * known. Longer than this nobody waits for what keeps the terminal open in the background. */
#define DRAIN_MSEC 100

#define CTRL_D 4

/* As other container tools have it: what went wrong is ours, the program cannot be executed, there is none.
 */
enum {
        EXEC_FAILED = 125,
        EXEC_NOT_EXECUTABLE = 126,
        EXEC_NOT_FOUND = 127,
};

typedef struct Session {
        int end;      /* socket on which the end is told */
        int terminal; /* master side, or -EBADF */
        int winch;    /* signalfd of SIGWINCH, or -EBADF */
        bool input;   /* standard input is still passed on */
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
        s->terminal = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return s->terminal < 0 ? -errno : 0;
}

static int write_all(int fd, const char *data, size_t n) {
        while (n > 0) {
                ssize_t k = write(fd, data, n);

                if (k < 0 && errno == EAGAIN) {
                        struct pollfd p = { .fd = fd, .events = POLLOUT };

                        (void) poll(&p, 1, -1);
                        continue;
                }
                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                data += k;
                n -= (size_t) k;
        }
        return 0;
}

/* Returns 1, 0 at the end, or a negative errno. */
static int copy_some(int from, int to) {
        char buf[16 * 1024];
        ssize_t n;
        int r;

        n = read(from, buf, sizeof(buf));
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return 1;
        if (n < 0 && errno == EIO) /* the other side of a terminal has been closed by all */
                return 0;
        if (n <= 0)
                return n < 0 ? -errno : 0;

        r = write_all(to, buf, (size_t) n);
        return r < 0 ? r : 1;
}

static void drain(const Session *s) {
        struct pollfd p = { .fd = s->terminal, .events = POLLIN };

        while (s->terminal >= 0 && poll(&p, 1, DRAIN_MSEC) > 0)
                if (copy_some(s->terminal, STDOUT_FILENO) <= 0)
                        break;
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

static void pass_input(Session *s) {
        static const char end = CTRL_D;

        if (copy_some(STDIN_FILENO, s->terminal) > 0)
                return;

        /* A file came to its end: tell the program in the way of terminals. */
        s->input = false;
        (void) write_all(s->terminal, &end, 1);
}

static void pass_size(const Session *s) {
        struct signalfd_siginfo si;

        (void) !read(s->winch, &si, sizeof(si));
        terminal_copy_size(STDIN_FILENO, s->terminal);
}

static int serve(Session *s) {
        for (;;) {
                struct pollfd p[] = {
                        { .fd = s->end, .events = POLLIN },
                        { .fd = s->terminal, .events = POLLIN },
                        { .fd = s->input ? STDIN_FILENO : -1, .events = POLLIN },
                        { .fd = s->winch, .events = POLLIN },
                };

                if (poll(p, ELEMENTSOF(p), -1) < 0 && errno != EINTR)
                        return ctl_errno(-errno, "poll");

                if (p[3].revents)
                        pass_size(s);
                if (p[2].revents)
                        pass_input(s);
                /* The end of the terminal comes with that of the program, or a little before. */
                if (p[1].revents && copy_some(s->terminal, STDOUT_FILENO) <= 0)
                        replace_fd(&s->terminal, -EBADF);
                if (p[0].revents) {
                        drain(s);
                        return status_of(s);
                }
        }
}

static int prepare_terminal(const Ctl *c, Session *s) {
        sigset_t mask;
        int r;

        s->input = c->options.interactive;
        terminal_copy_size(STDIN_FILENO, s->terminal);

        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGWINCH);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        s->winch = signalfd(-1, &mask, SFD_CLOEXEC);
        if (s->winch < 0)
                return -errno;

        if (!c->options.interactive || !isatty(STDIN_FILENO))
                return 0;
        r = terminal_set_raw(STDIN_FILENO);
        return r;
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
        Session s = { .end = -EBADF, .terminal = -EBADF, .winch = -EBADF };
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
                r = prepare_terminal(c, &s);
        status = r < 0 ? ctl_errno(r, "cannot set up the terminal") : serve(&s);
        terminal_restore();

        replace_fd(&s.end, -EBADF);
        replace_fd(&s.terminal, -EBADF);
        replace_fd(&s.winch, -EBADF);
        return status;
}
