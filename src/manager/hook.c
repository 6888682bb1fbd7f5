/*
 * MACHINE_RUN_HOOK: the commands of ExecStartPre= and the like, on the host, as children of the manager. Each
 * runs in a cgroup of its own beside the container's, so that all that it has started goes with it, and so
 * that a container that has ended is known to have ended. Its pidfd is held like a container's: a manager
 * that takes over waits for it and learns its exit status.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "config/command-variables.h"
#include "config/words.h"
#include "manager/hook-output.h"
#include "manager/internal.h"
#include "manager/log-sink.h"
#include "runtime/exit-store.h"
#include "runtime/host-exec.h"

/* Below the directory of what is held, where no unit has this name. */
#define HOLD_DIRECTORY ".hooks"

static const ExecCommandList *list_of(const UnitSpec *spec, Hook hook) {
        const ServiceSection *s = &spec->service;

        switch (hook) {
        case HOOK_CONDITION:
                return &s->hooks->condition;
        case HOOK_START_PRE:
                return &s->hooks->start_pre;
        case HOOK_START_POST:
                return &s->hooks->start_post;
        case HOOK_RELOAD:
                return &s->hooks->reload;
        case HOOK_RELOAD_POST:
                return &s->hooks->reload_post;
        case HOOK_STOP:
                return &s->hooks->stop;
        case HOOK_STOP_POST:
                return &s->hooks->stop_post;
        case HOOK_NONE:
        case HOOK_N_:
        case HOOK_INVALID_:
                break;
        }
        return NULL;
}

/* One command of a list: of the host, or ReloadCmd= inside the container, which comes last. */
typedef struct Command {
        const ExecCommand *host;
        char **inside;
} Command;

/* False when the file has changed meanwhile and has no such command any more. */
static bool current_command(const Unit *u, Command *ret) {
        const ExecCommandList *list = u->spec ? list_of(u->spec, u->machine.hook) : NULL;
        unsigned i = u->machine.hook_index;

        *ret = (Command){};
        if (list && i < list->n)
                ret->host = &list->items[i];
        else if (list && i == list->n && u->machine.hook == HOOK_RELOAD && u->spec->container)
                ret->inside = u->spec->container->reload_command;
        return ret->host || ret->inside;
}

/* As the unit has it, with its key; free(). */
static char *command_to_string(const Unit *u, const Command *c) {
        autofree char *words = c->host     ? exec_command_to_string(c->host)
                               : c->inside ? words_join(c->inside)
                                           : strdup("");
        char *text;

        return asprintf(&text, "%s=%s", c->inside ? "ReloadCmd" : hook_to_string(u->machine.hook),
                        strempty(words)) < 0
                       ? NULL
                       : text;
}

/* --- cgroups ---------------------------------------------------------------------------------------- */

/* What a command has left behind may still be on its way out when the next one comes: it gets another name.
 */
enum { CGROUPS = 8 };

static char *cgroup_name(const Unit *u, unsigned n) {
        char *name;

        return asprintf(&name, "%s.hook%u", u->name, n) < 0 ? NULL : name;
}

static int make_cgroup(Unit *u, Fault *fault) {
        const LimitSpec none = LIMIT_SPEC_NONE;
        int r;

        r = cgroup_root_renew(u->manager->cgroups, fault);
        for (unsigned i = 0; i < CGROUPS && r >= 0; i++) {
                autofree char *name = cgroup_name(u, i);

                if (!name)
                        return -ENOMEM;
                (void) cgroup_remove(u->manager->cgroups, name);
                r = cgroup_create(u->manager->cgroups, name, &none, i + 1 < CGROUPS ? NULL : fault);
                if (r >= 0) {
                        u->hook_cgroup_fd = r;
                        return 0;
                }
                if (r == -EBUSY)
                        r = 0;
        }
        return r < 0 ? r : -EBUSY;
}

/* All that is left of commands ends here, whatever they have put into the background. */
static void drop_cgroups(Unit *u) {
        replace_fd(&u->hook_cgroup_fd, -EBADF);
        for (unsigned i = 0; i < CGROUPS; i++) {
                autofree char *name = cgroup_name(u, i);
                autoclose int fd = name ? cgroup_open(u->manager->cgroups, name) : -ENOMEM;

                if (fd < 0)
                        continue;
                if (cgroup_populated(fd) > 0)
                        (void) cgroup_kill(fd);
                /* What was killed takes a moment to go. */
                if (cgroup_remove(u->manager->cgroups, name) == -EBUSY)
                        u->hook_left = true;
        }
        if (u->hook_left)
                manager_schedule_collect(u->manager);
}

void unit_hook_collect(Unit *u) {
        if (!u->hook_left || u->hook)
                return;
        u->hook_left = false;
        drop_cgroups(u);
}

/* --- the command ------------------------------------------------------------------------------------ */

static int make_words(const ExecCommand *c, char *const *env, char ***ret) {
        autostrv char **words = NULL;
        autofree char *line = NULL;
        int r;

        if (c->flags & COMMAND_LITERAL)
                r = strv_copy(c->argv, &words);
        else
                r = command_variables_expand(c->argv, env, &words);
        if (r < 0)
                return r;
        /* Nothing is left of "$NAME" alone, but no program can do without a name of its own. */
        if (!words)
                r = strv_add(&words, c->path);
        if (r < 0)
                return r;

        if (c->flags & COMMAND_SHELL) {
                line = strv_join(words, " ");
                strv_free(take_ptr(words));
                if (!line)
                        return -ENOMEM;
                r = strv_add(&words, "sh");
                if (r >= 0)
                        r = strv_add(&words, "-c");
                if (r >= 0)
                        r = strv_add(&words, line);
        }
        *ret = take_ptr(words);
        return r;
}

static int run_on_host(Unit *u, const ExecCommand *c, const int output[2], int *ret_pidfd, pid_t *ret_pid,
                       Fault *fault) {
        const char *directory = u->spec->service.exec->working_directory;
        autostrv char **env = NULL, **words = NULL;
        int r;

        r = unit_hook_environment(u, &env, fault);
        if (r >= 0)
                r = make_words(c, env, &words);
        if (r >= 0)
                r = make_cgroup(u, fault);
        if (r < 0)
                return r;

        const HostExec x = {
                .path = c->flags & COMMAND_SHELL ? "/bin/sh" : c->path,
                .argv = words,
                .environment = env,
                .directory = !directory              ? NULL
                             : streq(directory, "~") ? "/root"
                             : directory[0] == '-'   ? directory + 1
                                                     : directory,
                .directory_optional = directory && directory[0] == '-',
                .cgroup_fd = u->hook_cgroup_fd,
                .stdout_fd = output[0],
                .stderr_fd = output[1],
        };
        return host_exec(&x, fault, ret_pidfd, ret_pid);
}

static int run_inside(Unit *u, char *const *argv, const int output[2], int *ret_pidfd, pid_t *ret_pid,
                      Fault *fault) {
        const ExecCall call = { .unit = u, .argv = argv, .stdio = { -1, output[0], output[1] } };
        ExecResult result;
        int r;

        r = unit_exec(&call, &result, fault);
        if (r < 0)
                return r;
        *ret_pidfd = result.pidfd;
        *ret_pid = result.pid;
        return 0;
}

int unit_open_log(const Unit *u, int ret_fds[2], Fault *fault) {
        const ManagerConfig *config = u->manager->config;
        const LogSinkRequest log = { .target = config->logs.target,
                                     .unit = u->name,
                                     .logs_dir = config->paths.logs,
                                     .uid = (uid_t) -1,
                                     .gid = (gid_t) -1 };
        int r;

        r = log_sink_open(&log, ret_fds);
        return r < 0 ? fault_set(fault, "logs", r, "%s", config->paths.logs) : 0;
}

static int run(Unit *u, const Command *c, int *ret_pidfd, pid_t *ret_pid, Fault *fault) {
        int output[2] = { -EBADF, -EBADF }, r;

        r = unit_open_log(u, output, fault);
        if (r < 0)
                return r;
        r = u->spec ? hook_output_redirect(&u->spec->service, output, fault) : 0;
        if (r >= 0)
                r = c->host ? run_on_host(u, c->host, output, ret_pidfd, ret_pid, fault)
                            : run_inside(u, c->inside, output, ret_pidfd, ret_pid, fault);
        cleanup_close_(&output[0]);
        cleanup_close_(&output[1]);
        return r;
}

static char *hold_path(const Unit *u) {
        char *path;

        return asprintf(&path, "%s/held/" HOLD_DIRECTORY "/%s", u->manager->config->paths.run, u->name) < 0
                       ? NULL
                       : path;
}

static void hold(Unit *u, int pidfd, pid_t pid) {
        autofree char *directory = NULL, *path = hold_path(u);

        if (pidfd_identity(pidfd, &u->hook_identity) < 0 || u->hook_identity == 0)
                (void) process_start_time(pid, &u->hook_identity);
        if (!path || asprintf(&directory, "%s/held/" HOLD_DIRECTORY, u->manager->config->paths.run) < 0)
                return;
        if (dir_make(AT_FDCWD, directory, 0700) >= 0)
                (void) exit_hold(pidfd, path, false, NULL);
}

/* Says what happened where somebody looks for it: in the log, and as the reason of a failed start. */
static void explain(Unit *u, const Command *c, const MainExit *e, bool ignored) {
        autofree char *command = command_to_string(u, c), *text = NULL;
        int n;

        if (e->kind == EXIT_KIND_EXITED)
                n = asprintf(&text, "%s exited with status %i", strempty(command), e->status);
        else if (e->kind == EXIT_KIND_UNKNOWN)
                n = asprintf(&text, "%s was lost with the last manager", strempty(command));
        else
                n = asprintf(&text, "%s was killed by %s", strempty(command), signal_to_name(e->status));
        if (n < 0)
                return;

        log_message(ignored ? LOG_INFO : LOG_WARNING, u->name, "%s%s", text, ignored ? ", ignored" : "");
        if (ignored || u->machine.hook == HOOK_STOP_POST || u->machine.hook == HOOK_RELOAD ||
            u->machine.hook == HOOK_RELOAD_POST)
                return;
        unit_set_fault(u, NULL);
        u->fault_text = strdup(text);
}

static void report(Unit *u, const MainExit *e) {
        MachineEvent event = { .type = EVENT_HOOK_EXITED, .exit = *e };
        bool asked_to_go = u->machine.state == MACHINE_STOP_SIGTERM ||
                           u->machine.state == MACHINE_STOP_SIGKILL ||
                           u->machine.state == MACHINE_STOP_WATCHDOG;
        Command c;

        (void) current_command(u, &c);
        event.ignored = c.host && c.host->flags & COMMAND_IGNORE_FAILURE;
        if (!(e->kind == EXIT_KIND_EXITED && e->status == 0) && !asked_to_go)
                explain(u, &c, e, event.ignored);
        unit_event(u, &event);
}

static void on_hook_exit(Child *child, const ChildExit *how, void *data) {
        autofree char *path = NULL;
        Unit *u = data;
        MainExit e = unit_exit_in_words(how);

        child_free(u->hook);
        u->hook = NULL;
        drop_cgroups(u);
        report(u, &e);

        /* Saved by now, so the kernel need not keep the status any longer. A next command has its own. */
        path = u->hook ? NULL : hold_path(u);
        if (path)
                (void) exit_release(path);
}

static int watch(Unit *u, int pidfd, pid_t pid) {
        autofree char *path = hold_path(u);
        const ChildInfo info = { .pidfd = pidfd, .pid = pid, .hold_path = path };

        return path ? child_watch(u->manager->children, &info, on_hook_exit, u, &u->hook) : -ENOMEM;
}

static int start(Unit *u, const Command *c, Fault *fault) {
        int pidfd = -EBADF, r;
        pid_t pid = 0;

        r = run(u, c, &pidfd, &pid, fault);
        if (r < 0)
                return r;
        hold(u, pidfd, pid);
        r = watch(u, pidfd, pid);
        if (r < 0)
                child_put_down(pidfd);
        return r;
}

void unit_run_hook(Unit *u) {
        MachineEvent lost = { .type = EVENT_HOOK_EXITED };
        autofree char *text = NULL;
        Fault fault = {};
        Command c;
        int r;

        /* One that was given up. */
        child_free(u->hook);
        u->hook = NULL;
        if (!current_command(u, &c)) {
                lost.exit.kind = EXIT_KIND_EXITED;
                unit_queue_event(u, &lost);
                return;
        }

        text = command_to_string(u, &c);
        log_message(LOG_DEBUG, u->name, "%s", strempty(text));
        r = start(u, &c, &fault);
        if (r >= 0) {
                /* From now on it can be found again. */
                (void) unit_save(u);
                return;
        }

        (void) fault_set(&fault, "command", r, "%s", strempty(text));
        unit_set_fault(u, &fault);
        log_message(LOG_ERR, u->name, "cannot run %s: %s", strempty(text), strempty(u->fault_text));
        lost.ignored = c.host && c.host->flags & COMMAND_IGNORE_FAILURE;
        unit_queue_event(u, &lost);
}

void unit_hook_signal(Unit *u, int sig) {
        if (u->hook)
                (void) child_signal(u->hook, sig);
}

void unit_hook_kill(Unit *u) {
        if (u->hook_cgroup_fd < 0 || cgroup_kill(u->hook_cgroup_fd) < 0)
                unit_hook_signal(u, SIGKILL);
}

void unit_hook_release(Unit *u) {
        autofree char *path = NULL;

        /* None was ever run; what a manager that died has left behind is not known by that. */
        if (u->manager->adopted && u->hook_identity == 0)
                return;
        path = hold_path(u);
        child_free(u->hook);
        u->hook = NULL;
        if (path)
                (void) exit_release(path);
        drop_cgroups(u);
}

/* --- adoption --------------------------------------------------------------------------------------- */

/* The one that the last manager has started: by what holds it, or by number and start time. */
static int find(const Unit *u, pid_t pid, uint64_t identity) {
        autofree char *path = hold_path(u);
        autoclose int fd = -EBADF;
        uint64_t found = 0;

        if (!path || pid <= 0)
                return -ESRCH;
        fd = exit_open(path);
        if (fd < 0)
                fd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (fd < 0)
                return -ESRCH;
        if ((pidfd_identity(fd, &found) == 0 && found == identity) ||
            (process_start_time(pid, &found) == 0 && found == identity))
                return take_fd(fd);
        return -ESRCH;
}

void unit_hook_adopt(Unit *u, pid_t pid, uint64_t identity) {
        autoclose int fd = find(u, pid, identity);

        u->hook_identity = identity;
        for (unsigned i = 0; i < CGROUPS && u->hook_cgroup_fd < 0; i++) {
                autofree char *name = cgroup_name(u, i);

                u->hook_cgroup_fd = name ? cgroup_open(u->manager->cgroups, name) : -ENOMEM;
        }
        if (fd >= 0 && watch(u, fd, pid) >= 0) {
                (void) take_fd(fd);
                return;
        }

        /* Saved before it was started: the time between the two is short, and what it has begun is ended. One
         * that has run, but whose end was seen by nobody, is not run again: it may have done half of its
         * work. */
        if (pid <= 0) {
                drop_cgroups(u);
                unit_run_hook(u);
                unit_process_events(u);
        } else
                report(u, &(MainExit){ .kind = EXIT_KIND_UNKNOWN });
}
