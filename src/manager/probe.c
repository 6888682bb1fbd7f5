#include "manager/probe.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "basic/utf8.h"
#include "manager/internal.h"
#include "manager/priority.h"

/* Of a command without HealthMaxLogSize=: what a pipe holds. */
#define OUTPUT_MAX (64 * 1024)

struct Probe {
        Unit *unit;
        ProbeFn fn;
        void *data;
        Dial *dial;
        pid_t pid; /* 0 = none, or it has ended */
        int output_fd;
        sd_event_source *output_source;
        char *output;
        size_t size, max;
};

pid_t probe_pid(const Probe *p) {
        return p ? p->pid : 0;
}

void probe_kill(pid_t pid) {
        /* It leads a session of its own. */
        (void) kill(-pid, SIGKILL);
}

void probe_free(Probe *p) {
        if (!p)
                return;

        if (p->pid > 0) {
                probe_kill(p->pid);
                manager_exec_forget(p->unit->manager, p);
        }
        dial_free(p->dial);
        (void) sd_event_source_disable_unref(p->output_source);
        cleanup_close_(&p->output_fd);
        free(p->output);
        free(p);
}

void probe_leave(Probe *p) {
        if (p && p->pid > 0) {
                manager_exec_leave(p->unit->manager, p);
                p->pid = 0;
        }
        probe_free(p);
}

static void on_dialled(const DialOutcome *outcome, void *data) {
        Probe *p = data;

        p->fn(outcome, p->data);
}

/* The pid of the main process may be another's by now, unless it is alive after the file was opened. */
static int open_root(const Unit *u) {
        autoclose int fd = -EBADF;
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/%i/root", child_pid(u->main));
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (child_signal(u->main, 0) < 0)
                return -ESRCH;
        return take_fd(fd);
}

static int start_dial(Probe *p, const ProbeChoice *what, ProbeOutcome *o) {
        autoclose int root = what->kind == PROBE_UNIX ? open_root(p->unit) : -EBADF;
        const DialCall call = {
                .event = p->unit->manager->event,
                .what = what,
                .ns_fd = child_pidfd(p->unit->main),
                .root_fd = root,
        };

        return dial_start(&call, on_dialled, p, &p->dial, o);
}

/* --- a command --------------------------------------------------------------------------------------- */

/* What is too much is read all the same: nobody is to wait for us. True at the end. */
static bool drain(Probe *p) {
        char buf[4096];
        ssize_t n;

        while ((n = read(p->output_fd, buf, sizeof(buf))) > 0) {
                size_t take = MIN_OF((size_t) n, p->max - p->size);
                char *grown = take > 0 ? realloc(p->output, p->size + take + 1) : NULL;

                if (!grown)
                        continue;
                p->output = grown;
                memcpy(p->output + p->size, buf, take);
                p->size += take;
        }
        return n == 0;
}

static int on_output(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Probe *p = userdata;

        if (drain(p))
                p->output_source = sd_event_source_disable_unref(p->output_source);
        return 0;
}

/* For logs, the bus and terminals. */
static char *tidy(Probe *p) {
        char *text = take_ptr(p->output);
        size_t size = p->size;

        while (size > 0 && strchr(" \t\r\n", text[size - 1]))
                size--;
        for (size_t i = 0; i < size; i++)
                if (((unsigned char) text[i] < ' ' && !strchr("\t\n", text[i])) || !text[i] ||
                    text[i] == 0x7f)
                        text[i] = '?';
        for (size_t i = 0; text && (i = i + utf8_find_invalid(text + i, size - i)) < size; i++)
                text[i] = '?';
        if (text)
                text[size] = '\0';
        return text;
}

static void on_exit_of_command(int code, int status, void *data) {
        Probe *p = data;
        ProbeOutcome o = { .passed = code == CLD_EXITED && status == 0 };
        char *text;

        p->pid = 0;
        (void) drain(p);
        o.text = tidy(p);
        if (!o.passed && !(o.text && *o.text) &&
            asprintf(&text, code == CLD_EXITED ? "exit status %i" : "killed by signal %i", status) >= 0) {
                free(o.text);
                o.text = text;
        }
        p->fn(&o, p->data);
        dial_outcome_clear(&o);
}

static int open_output(Probe *p, int *ret_write) {
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        p->output_fd = fds[0];
        *ret_write = fds[1];
        if (fcntl(p->output_fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        r = sd_event_add_io(p->unit->manager->event, &p->output_source, p->output_fd, EPOLLIN, on_output, p);
        return r < 0 ? r : sd_event_source_set_priority(p->output_source, PRIORITY_NOTIFY);
}

static int start_command(Probe *p, char *const *argv, Fault *fault) {
        autoclose int output = -EBADF;
        int terminal, r;

        r = open_output(p, &output);
        if (r < 0)
                return fault_set(fault, "pipe", r, NULL);

        const ExecCall call = { .unit = p->unit, .argv = argv, .stdio = { -1, output, output } };

        return manager_exec(p->unit->manager, &call, on_exit_of_command, p, &terminal, &p->pid, fault);
}

int probe_start(Unit *u, const ProbeChoice *what, size_t output_max, ProbeFn fn, void *data, Probe **ret,
                ProbeOutcome *ret_outcome) {
        autoptr(Probe) p = calloc(1, sizeof(*p));
        Fault fault = {};
        int r;

        *ret_outcome = (ProbeOutcome){};
        if (!p)
                return 1;
        *p = (Probe){ .unit = u, .fn = fn, .data = data, .output_fd = -EBADF };
        p->max = output_max > 0 ? MIN_OF(output_max, (size_t) OUTPUT_MAX) : OUTPUT_MAX;

        r = what->kind == PROBE_EXEC ? start_command(p, what->argv, &fault)
                                     : start_dial(p, what, ret_outcome);
        if (r < 0)
                ret_outcome->text = fault.error < 0 ? fault_to_string(&fault) : strdup(strerror(-r));
        if (r != 0)
                return 1;
        *ret = take_ptr(p);
        return 0;
}
