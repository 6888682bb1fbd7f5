/*
 * Slow or dangerous work in a child: nsunits-worker or nsunits-archiver. It says on its standard output, a
 * JSON object a line, how far it is and how it ended.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "basic/log.h"
#include "basic/strv.h"
#include "image/worker.h"
#include "manager/internal.h"

#define LINE_MAX_BYTES (64 * 1024)

/* Descriptor at which the worker finds its input; more of them follow. */
#define INPUT_FD 3

_Static_assert(INPUT_FD + WORKER_FDS_MAX <= PROGRAM_FD_MIN, "a program would be overwritten before it runs");

struct Worker {
        Child *child; /* NULL = it could not be started, which is told by @failure */
        sd_event_source *output, *failure;
        int output_fd;
        char buffer[LINE_MAX_BYTES];
        size_t n;
        char *id;
        Fault fault;
        WorkerCall call;
        bool cancelled;
};

static void worker_free(Worker *w) {
        if (!w)
                return;

        child_free(w->child);
        (void) sd_event_source_disable_unref(w->output);
        (void) sd_event_source_disable_unref(w->failure);
        cleanup_close_(&w->output_fd);
        free(w->id);
        free(w);
}

AUTOPTR_DEFINE(Worker, worker_free);

static void take_lines(Worker *w) {
        char *line = w->buffer, *end;

        while ((end = memchr(line, '\n', w->n - (size_t) (line - w->buffer)))) {
                char *id = NULL;

                *end = '\0';
                if (w->call.line && !w->cancelled)
                        w->call.line(line, w->call.data);
                (void) image_worker_parse(line, &id, &w->fault);
                if (id) {
                        free(w->id);
                        w->id = id;
                }
                line = end + 1;
        }

        w->n -= (size_t) (line - w->buffer);
        memmove(w->buffer, line, w->n);
        if (w->n == sizeof(w->buffer)) /* no such line is ours */
                w->n = 0;
}

/* Returns false when there is nothing more to read now. */
static bool read_output(Worker *w) {
        ssize_t n = read(w->output_fd, w->buffer + w->n, sizeof(w->buffer) - w->n);

        if (n <= 0)
                return false;
        w->n += (size_t) n;
        take_lines(w);
        return true;
}

static int on_output(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        if (!read_output(userdata) && revents & EPOLLHUP)
                return sd_event_source_set_enabled(s, SD_EVENT_OFF);
        return 0;
}

static void tell_failure(const Worker *w) {
        autofree char *text = fault_to_string(&w->fault);

        w->call.reply(w->fault.error, text ? text : "out of memory", w->call.data);
}

static int on_failure(sd_event_source *s, void *userdata) {
        autoptr(Worker) w = userdata;

        if (!w->cancelled)
                tell_failure(w);
        return 0;
}

static void on_worker_exit(Child *child, const ChildExit *how, void *data) {
        autoptr(Worker) w = data;
        bool good = how->known && how->code == CLD_EXITED && how->status == 0;

        while (read_output(w))
                ;

        if (w->cancelled)
                return;
        if (good) {
                w->call.reply(0, strempty(w->id), w->call.data);
                return;
        }
        if (w->fault.error == 0)
                (void) fault_set(&w->fault, "worker", -EIO, "ended by %s %i",
                                 how->code == CLD_EXITED ? "status" : "signal", how->status);
        tell_failure(w);
}

typedef struct Inputs {
        int fds[WORKER_FDS_MAX];
        size_t n;
} Inputs;

static void inputs_close(Inputs *i) {
        while (i->n > 0)
                (void) close(i->fds[--i->n]);
}

#define autoinputs __attribute__((cleanup(inputs_close)))

/* Above the numbers that dup2 in the child is going to overwrite. */
static int inputs_add(Inputs *i, int fd) {
        int copy = i->n < WORKER_FDS_MAX ? fcntl(fd, F_DUPFD_CLOEXEC, INPUT_FD + WORKER_FDS_MAX) : -1;

        if (copy < 0)
                return i->n < WORKER_FDS_MAX ? -errno : -E2BIG;
        i->fds[i->n++] = copy;
        return 0;
}

static int inputs_take(const WorkerCall *call, Inputs *i) {
        int r = call->fd >= 0 ? inputs_add(i, call->fd) : 0;

        for (size_t k = 0; k < call->n_more_fds && r == 0; k++)
                r = inputs_add(i, call->more_fds[k]);
        return r;
}

static int spawn(const char *path, char *const *argv, const Inputs *inputs, int output_fd, pid_t *ret) {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attr;
        sigset_t none, all;
        int r;

        (void) sigemptyset(&none);
        (void) sigfillset(&all);
        if (posix_spawnattr_init(&attr) != 0)
                return -ENOMEM;
        if (posix_spawn_file_actions_init(&actions) != 0) {
                (void) posix_spawnattr_destroy(&attr);
                return -ENOMEM;
        }

        (void) posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        (void) posix_spawnattr_setsigmask(&attr, &none);
        (void) posix_spawnattr_setsigdefault(&attr, &all);
        r = posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
        for (size_t i = 0; i < inputs->n && r == 0; i++)
                r = posix_spawn_file_actions_adddup2(&actions, inputs->fds[i], INPUT_FD + (int) i);
        if (r == 0)
                r = posix_spawn(ret, path, &actions, &attr, argv, environ);

        (void) posix_spawn_file_actions_destroy(&actions);
        (void) posix_spawnattr_destroy(&attr);
        return -r;
}

static int build_argv(const char *program, char *const *args, char ***ret) {
        autostrv char **argv = NULL;
        int r;

        r = strv_add(&argv, strrchr(program, '/') + 1);
        if (r >= 0)
                r = strv_add_all(&argv, args);
        if (r >= 0)
                *ret = take_ptr(argv);
        return r;
}

void worker_kill(Worker *w) {
        if (w->child)
                (void) child_signal(w->child, SIGKILL);
}

void worker_cancel(Worker *w) {
        w->cancelled = true;
        worker_kill(w);
}

static int open_output(Manager *m, Worker *w, int *ret_theirs) {
        int pipes[2];

        if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        w->output_fd = pipes[0];
        *ret_theirs = pipes[1];
        /* The worker waits when we are slow; only our end must not block. */
        (void) fcntl(pipes[1], F_SETFL, 0);
        return sd_event_add_io(m->event, &w->output, w->output_fd, EPOLLIN, on_output, w);
}

static int start(Manager *m, Worker *w, const Inputs *inputs, int output_fd) {
        ChildInfo info = {};
        autostrv char **argv = NULL;
        char path[PROGRAM_PATH_MAX];
        int r;

        r = build_argv(program_file(w->call.program), w->call.args, &argv);
        if (r >= 0)
                r = program_path(&m->programs, w->call.program, path);
        if (r >= 0)
                r = spawn(path, argv, inputs, output_fd, &info.pid);
        if (r < 0)
                return fault_set(&w->fault, "worker", r, "%s", program_file(w->call.program));

        info.pidfd = (int) syscall(SYS_pidfd_open, info.pid, 0);
        if (info.pidfd < 0) {
                r = -errno;
                (void) kill(info.pid, SIGKILL);
                (void) waitpid(info.pid, NULL, 0);
                return r;
        }
        r = child_watch(m->children, &info, on_worker_exit, w, &w->child);
        if (r < 0)
                child_put_down(info.pidfd);
        return r;
}

int worker_run(Manager *m, const WorkerCall *call, Worker **ret) {
        autoptr(Worker) w = calloc(1, sizeof(*w));
        autoclose int theirs = -EBADF;
        autoinputs Inputs inputs = {};
        int r;

        if (!w)
                return -ENOMEM;
        w->output_fd = -EBADF;
        w->call = *call;

        r = inputs_take(call, &inputs);
        if (r >= 0)
                r = open_output(m, w, &theirs);
        if (r >= 0)
                r = start(m, w, &inputs, theirs);
        /* Which program it is that cannot be executed is said as everything else that a worker comes to. */
        if (w->fault.error < 0)
                r = sd_event_add_defer(m->event, &w->failure, on_failure, w);
        if (r < 0)
                return r;

        if (ret)
                *ret = w;
        (void) take_ptr(w); /* frees itself at its end */
        return 0;
}

int worker_input(const char *text) {
        autoclose int fd = memfd_create("nsunits-request", MFD_CLOEXEC);

        if (fd < 0)
                return -errno;
        if (write(fd, text, strlen(text)) != (ssize_t) strlen(text) || lseek(fd, 0, SEEK_SET) < 0)
                return -EIO;
        return take_fd(fd);
}

int worker_start(Manager *m, Program program, char *const *args, int fd, ManagerReplyFn reply, void *data) {
        const WorkerCall call = { .program = program, .args = args, .fd = fd, .reply = reply, .data = data };

        return worker_run(m, &call, NULL);
}

int manager_import_image(Manager *m, const char *name, const char *path, int fd, ManagerReplyFn reply,
                         void *data) {
        char *args[] = { (char *) "import", m->config->paths.store, (char *) strempty(name),
                         fd >= 0 ? (char *) "fd:3" : (char *) path, NULL };

        if (fd < 0 && !path)
                return -EINVAL;
        return worker_start(m, PROGRAM_ARCHIVER, args, fd, reply, data);
}
