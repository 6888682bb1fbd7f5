/* Two processes: the first one of a process namespace, which waits, and the program. */
#include "image/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"

/* Longer lines are cut into pieces. */
#define LINE_SIZE 16384

typedef struct Pipes {
        int output[2];  /* what the program says */
        int failure[2]; /* an errno, when it could not be run or has been killed */
} Pipes;

#define PIPES_INIT                                                          \
        {                                                                   \
                .output = { -EBADF, -EBADF }, .failure = { -EBADF, -EBADF } \
        }

static void pipes_close(Pipes *p) {
        for (size_t i = 0; i < 2; i++) {
                cleanup_close_(&p->output[i]);
                cleanup_close_(&p->failure[i]);
        }
}

#define autopipes __attribute__((cleanup(pipes_close)))

/* In a child. */
static _Noreturn void give_up(const Pipes *p, int error) {
        (void) !write(p->failure[1], &error, sizeof(error));
        _exit(EXIT_FAILURE);
}

static _Noreturn void become_program(const Tool *t, const Pipes *p) {
        /* Above the numbers that are going to be overwritten. */
        int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
        int output = fcntl(p->output[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

        if (input < 0 || output < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
            dup2(output, STDERR_FILENO) < 0 || chdir(t->directory) < 0)
                give_up(p, errno);
        (void) signal(SIGPIPE, SIG_DFL);
        /* What the manager is spared is not spared for the programs of others. */
        (void) file_write(AT_FDCWD, "/proc/self/oom_score_adj", "0");
        (void) execvpe(t->argv[0], t->argv, t->environment);
        give_up(p, errno == ENOENT ? ENOPKG : errno);
}

static bool has_ended(int pidfd) {
        struct pollfd p = { .fd = pidfd, .events = POLLIN };

        return poll(&p, 1, 0) != 0;
}

/* The first process of the namespace: with it, all others end. @parent: its pidfd. */
static _Noreturn void first_main(const Tool *t, const Pipes *p, int parent) {
        int status = 0;
        pid_t pid, ended;

        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || has_ended(parent))
                _exit(EXIT_FAILURE);
        if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0 ||
            mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
                give_up(p, errno);
        pid = fork();
        if (pid < 0)
                give_up(p, errno);
        if (pid == 0)
                become_program(t, p);

        do
                ended = wait(&status);
        while (ended != pid && (ended > 0 || errno == EINTR));
        if (!WIFEXITED(status))
                give_up(p, EINTR);
        _exit(WEXITSTATUS(status));
}

static int spawn(const Tool *t, Pipes *p, pid_t *ret) {
        autoclose int self = (int) syscall(SYS_pidfd_open, getpid(), 0);
        pid_t pid;

        if (self < 0 || pipe2(p->output, O_CLOEXEC) < 0 || pipe2(p->failure, O_CLOEXEC) < 0)
                return -errno;
        /* As fork(2), with namespaces: glibc has no call for that. */
        pid = (pid_t) syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid < 0)
                return -errno;
        if (pid == 0)
                first_main(t, p, self);

        cleanup_close_(&p->output[1]);
        cleanup_close_(&p->failure[1]);
        p->output[1] = p->failure[1] = -EBADF;
        *ret = pid;
        return 0;
}

static void tell_lines(const Tool *t, int fd) {
        char buffer[LINE_SIZE];
        size_t n = 0;
        ssize_t got;

        while ((got = read(fd, buffer + n, sizeof(buffer) - 1 - n)) > 0 || (got < 0 && errno == EINTR)) {
                char *line = buffer, *end;

                n += (size_t) MAX_OF(got, 0);
                while ((end = memchr(line, '\n', n - (size_t) (line - buffer)))) {
                        *end = '\0';
                        t->line(line, t->data);
                        line = end + 1;
                }
                n -= (size_t) (line - buffer);
                memmove(buffer, line, n);
                if (n < sizeof(buffer) - 1)
                        continue;
                buffer[n] = '\0';
                t->line(buffer, t->data);
                n = 0;
        }
        buffer[n] = '\0';
        if (n > 0)
                t->line(buffer, t->data);
}

int tool_run(const Tool *t) {
        autopipes Pipes p = PIPES_INIT;
        int status = 0, error, r;
        pid_t pid = 0;

        r = spawn(t, &p, &pid);
        if (r < 0)
                return r;
        tell_lines(t, p.output[0]);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (read(p.failure[0], &error, sizeof(error)) == sizeof(error))
                return -error;
        if (!WIFEXITED(status))
                return -EINTR;
        return WEXITSTATUS(status) == 0 ? 0 : 1;
}
