/* Our own terminal as the front of another one. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "basic/macro.h"
#include "ctl/terminal.h"

static struct termios saved;
static volatile sig_atomic_t saved_fd = -1;

void terminal_restore(void) {
        int fd = saved_fd;

        saved_fd = -1;
        if (fd >= 0)
                (void) tcsetattr(fd, TCSADRAIN, &saved);
}

/* tcsetattr() may be called in a signal handler (signal-safety(7)). */
static void on_deadly(int sig) {
        terminal_restore();
        (void) signal(sig, SIG_DFL);
        (void) raise(sig);
}

static int remember(int fd) {
        static const int deadly[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGABRT, SIGSEGV };

        if (tcgetattr(fd, &saved) < 0)
                return -errno;

        saved_fd = fd;
        (void) atexit(terminal_restore);
        for (size_t i = 0; i < ELEMENTSOF(deadly); i++)
                (void) signal(deadly[i], on_deadly);
        return 0;
}

int terminal_set_keys(int fd) {
        struct termios keys;
        int r;

        r = remember(fd);
        if (r < 0)
                return r;
        keys = saved;
        keys.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
        return tcsetattr(fd, TCSADRAIN, &keys) < 0 ? -errno : 0;
}

int terminal_set_raw(int fd) {
        struct termios raw;
        int r;

        r = remember(fd);
        if (r < 0)
                return r;
        raw = saved;
        cfmakeraw(&raw);
        return tcsetattr(fd, TCSADRAIN, &raw) < 0 ? -errno : 0;
}

void terminal_copy_size(int from, int to) {
        struct winsize size;

        if (ioctl(from, TIOCGWINSZ, &size) == 0)
                (void) ioctl(to, TIOCSWINSZ, &size);
}

unsigned terminal_columns(int fd, unsigned otherwise) {
        struct winsize size;

        return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : otherwise;
}
