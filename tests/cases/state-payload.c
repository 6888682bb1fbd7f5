/*
 * What the units of the recorded scenarios run: state-payload NAME HOW.
 *
 * The first X_N runs (1) behave as HOW says, later ones as "ok". Every run and what it gets to see is one
 * line of /run/o/log, "MILLISECONDS NAME EVENT"; the number of runs is in /run/o/NAME.count.
 */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LOG "/run/o/log"

static const char *name;
static int status_on_term = -1;

static long long now_ms(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_BOOTTIME, &t);
        return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Also called from signal handlers, of programs that do nothing else at that time. */
static void tell(const char *event) {
        char line[512];
        int fd = open(LOG, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
        int n = snprintf(line, sizeof(line), "%lld %s %s\n", now_ms(), name, event);

        if (fd >= 0 && n > 0 && write(fd, line, (size_t) n) != n)
                _exit(90);
        (void) close(fd);
}

static void wait_ms(long ms) {
        struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

        while (nanosleep(&left, &left) < 0)
                ;
}

static void notify(const char *message) {
        struct sockaddr_un to = { .sun_family = AF_UNIX };
        const char *path = getenv("NOTIFY_SOCKET");
        int fd;

        if (!path)
                return;
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        (void) snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
        (void) sendto(fd, message, strlen(message), 0, (const struct sockaddr *) &to, sizeof(to));
        (void) close(fd);
}

__attribute__((noreturn)) static void stay(void) {
        for (;;)
                wait_ms(1000);
}

static void on_signal(int sig) {
        tell(sig == SIGTERM ? "got-SIGTERM" : "got-SIGHUP");
        if (sig == SIGTERM && status_on_term >= 0)
                _exit(status_on_term);
}

__attribute__((noreturn)) static void die(int sig) {
        (void) signal(sig, SIG_DFL);
        (void) raise(sig);
        _exit(91);
}

static int count_run(void) {
        char path[256];
        int n = 0;
        FILE *f;

        (void) snprintf(path, sizeof(path), "/run/o/%s.count", name);
        f = fopen(path, "re");
        if (f) {
                if (fscanf(f, "%d", &n) != 1)
                        n = 0;
                (void) fclose(f);
        }
        f = fopen(path, "we");
        if (!f)
                _exit(92);
        fprintf(f, "%d\n", ++n);
        (void) fclose(f);
        return n;
}

static int number_of(const char *variable, int otherwise) {
        const char *text = getenv(variable);

        return text ? atoi(text) : otherwise;
}

static const char *shown(const char *variable) {
        const char *text = getenv(variable);

        return text ? text : "-";
}

/* The argument of "WORD:ARGUMENT", or NULL. */
static const char *argument(const char *how, const char *word) {
        size_t n = strlen(word);

        return strncmp(how, word, n) == 0 && how[n] == ':' ? how + n + 1 : NULL;
}

/* A command beside the service: says what it was told. */
static void report(const char *event) {
        char text[400];

        (void) snprintf(text, sizeof(text), "%s:RESULT=%s,CODE=%s,STATUS=%s,MAINPID=%s", event,
                        shown("SERVICE_RESULT"), shown("EXIT_CODE"), shown("EXIT_STATUS"),
                        getenv("MAINPID") ? "set" : "-");
        tell(text);
}

/* The service proper ends at once, the one that it has started does not even by SIGTERM. */
static void have_child(void) {
        static char child[256];

        if (fork() != 0)
                return;
        (void) snprintf(child, sizeof(child), "%s-child", name);
        name = child;
        (void) signal(SIGTERM, on_signal);
        tell("up");
}

static void ignore_signals(void) {
        (void) signal(SIGTERM, SIG_IGN);
        (void) signal(SIGHUP, SIG_IGN);
        (void) signal(SIGINT, SIG_IGN);
        tell("ignoring");
}

/* What begins with READY=1. */
static int behave_ready(const char *how, int delay) {
        const char *a;

        notify("READY=1");
        if ((a = argument(how, "termexit"))) {
                status_on_term = atoi(a);
                (void) signal(SIGTERM, on_signal);
                stay();
        }
        if (strcmp(how, "hup") == 0) {
                (void) signal(SIGHUP, on_signal);
                stay();
        }

        wait_ms(delay);
        if ((a = argument(how, "ready-exit")))
                return atoi(a);
        if ((a = argument(how, "ready-sig")))
                die(atoi(a));
        if (strcmp(how, "wdtrigger") == 0) {
                notify("WATCHDOG=trigger");
                stay();
        }
        if (strcmp(how, "stopping") == 0) {
                notify("STOPPING=1");
                wait_ms(600);
                return 0;
        }
        return 93;
}

static int behave(const char *how, int delay) {
        const char *a;

        if ((a = argument(how, "log"))) {
                report(a);
                return 0;
        }
        if (strcmp(how, "ok") == 0) {
                notify("READY=1");
                if (getenv("X_ONESHOT"))
                        return 0;
                stay();
        }
        if ((a = argument(how, "exit"))) {
                wait_ms(delay);
                return atoi(a);
        }
        if ((a = argument(how, "sig"))) {
                wait_ms(delay);
                die(atoi(a));
        }
        if (strcmp(how, "hang") == 0)
                stay();
        if (strcmp(how, "child") == 0) {
                have_child();
                stay();
        }
        if (strcmp(how, "ignterm") == 0) {
                ignore_signals();
                notify("READY=1");
                stay();
        }
        return behave_ready(how, delay);
}

int main(int argc, char **argv) {
        char event[32];
        int n;

        if (argc < 3)
                return 94;
        name = argv[1];
        n = count_run();
        (void) snprintf(event, sizeof(event), "run%d", n);
        tell(event);
        return behave(n > number_of("X_N", 1) ? "ok" : argv[2], number_of("X_DELAY", 150));
}
