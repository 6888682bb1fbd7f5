/* See relay.h. */
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "ctl/relay.h"
#include "ctl/terminal.h"

/* What programs of the container wrote last may still be on its way through the terminal when the end is
 * known. Longer than this nobody waits for what keeps the terminal open in the background. */
#define DRAIN_MSEC 100

#define CTRL_D 4

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

void relay_drain(const Relay *r) {
        struct pollfd p = { .fd = r->terminal, .events = POLLIN };

        while (r->terminal >= 0 && poll(&p, 1, DRAIN_MSEC) > 0)
                if (copy_some(r->terminal, STDOUT_FILENO) <= 0)
                        break;
}

static void pass_input(Relay *r) {
        static const char end = CTRL_D;

        if (copy_some(STDIN_FILENO, r->terminal) > 0)
                return;

        /* A file came to its end: tell the program in the way of terminals. */
        r->input = false;
        (void) write_all(r->terminal, &end, 1);
}

static void pass_size(const Relay *r) {
        struct signalfd_siginfo si;

        (void) !read(r->winch, &si, sizeof(si));
        terminal_copy_size(STDIN_FILENO, r->terminal);
}

void relay_prepare(const Relay *r, struct pollfd p[RELAY_FDS]) {
        p[0] = (struct pollfd){ .fd = r->terminal, .events = POLLIN };
        p[1] = (struct pollfd){ .fd = r->input ? STDIN_FILENO : -1, .events = POLLIN };
        p[2] = (struct pollfd){ .fd = r->winch, .events = POLLIN };
}

void relay_pass(Relay *r, const struct pollfd p[RELAY_FDS]) {
        if (p[2].revents)
                pass_size(r);
        if (p[1].revents)
                pass_input(r);
        /* The end of the terminal comes with that of the program, or a little before. */
        if (p[0].revents && copy_some(r->terminal, STDOUT_FILENO) <= 0)
                replace_fd(&r->terminal, -EBADF);
}

int relay_begin(Relay *r, bool input) {
        sigset_t mask;

        r->input = input;
        terminal_copy_size(STDIN_FILENO, r->terminal);

        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGWINCH);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        r->winch = signalfd(-1, &mask, SFD_CLOEXEC);
        if (r->winch < 0)
                return -errno;
        return input && isatty(STDIN_FILENO) ? terminal_set_raw(STDIN_FILENO) : 0;
}

void relay_end(Relay *r) {
        terminal_restore();
        replace_fd(&r->terminal, -EBADF);
        replace_fd(&r->winch, -EBADF);
}
