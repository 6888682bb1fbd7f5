/*
 * Programs that `nsctl exec` runs inside containers: children of the manager, each followed until it ends or
 * its client goes away. They belong to the container: they die with its process namespace.
 */
#include <fcntl.h>
#include <signal.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "manager/internal.h"
#include "spec/spec-make.h"

struct ExecSession {
        Manager *manager;
        Child *child;
        ManagerExecFn done; /* NULL: the client has gone */
        void *data;
        ExecSession *next; /* Manager.exec_sessions */
};

static void session_free(ExecSession *s) {
        if (!s)
                return;

        for (ExecSession **p = &s->manager->exec_sessions; *p; p = &(*p)->next)
                if (*p == s) {
                        *p = s->next;
                        break;
                }
        child_free(s->child);
        free(s);
}

AUTOPTR_DEFINE(ExecSession, session_free);

void manager_exec_free_all(Manager *m) {
        while (m->exec_sessions)
                session_free(m->exec_sessions);
}

static void on_exec_exit(Child *child, const ChildExit *how, void *data) {
        autoptr(ExecSession) s = data;

        if (s->done)
                s->done(how->code, how->status, s->data);
}

static void forget(Manager *m, const void *data, bool hang_up) {
        for (ExecSession *s = m->exec_sessions; s; s = s->next)
                if (s->data == data && s->done) {
                        s->done = NULL;
                        if (hang_up)
                                (void) child_signal(s->child, SIGHUP);
                }
}

void manager_exec_forget(Manager *m, void *data) {
        forget(m, data, true);
}

void manager_exec_leave(Manager *m, void *data) {
        forget(m, data, false);
}

/* The environment of the container's own process, with what the call sets on top. */
static int make_environment(const ExecCall *call, const ContainerSpec *spec, char ***ret) {
        autostrv char **env = NULL;
        int r;

        r = strv_copy(spec->environment, &env);
        STRV_FOREACH (assignment, call->environment)
                if (r >= 0)
                        r = strv_env_set(&env, *assignment);
        if (r >= 0 && call->terminal && !strv_env_get(env, "TERM"))
                r = strv_add(&env, "TERM=xterm");
        if (r >= 0)
                *ret = take_ptr(env);
        return r;
}

static int resolve_user(Unit *u, const ExecCall *call, Identity *ret, Fault *fault) {
        autofree char *user = NULL;
        autoclose int root = -EBADF;
        char *colon;

        /* Not the root of its process: what the container has mounted there could answer late or never. */
        root = unit_open_root(u, fault);
        if (root < 0)
                return root;

        if (!call->user)
                return unit_resolve_identity(u, root, ret, fault);
        user = strdup(call->user);
        if (!user)
                return -ENOMEM;
        colon = strchr(user, ':');
        if (colon)
                *colon++ = '\0';
        return identity_resolve(root, user, colon, fault, ret);
}

static int watch(Manager *m, const ExecResult *result, ManagerExecFn done, void *data) {
        autoptr(ExecSession) s = calloc(1, sizeof(*s));
        const ChildInfo info = { .pidfd = result->pidfd, .pid = result->pid };
        int r;

        if (!s)
                return -ENOMEM;
        s->manager = m;
        s->done = done;
        s->data = data;

        r = child_watch(m->children, &info, on_exec_exit, s, &s->child);
        if (r < 0)
                return r;

        s->next = m->exec_sessions;
        m->exec_sessions = take_ptr(s);
        return 0;
}

int unit_exec(const ExecCall *call, ExecResult *ret, Fault *fault) {
        Unit *u = call->unit;
        const ContainerSpec *spec = u->held.spec;
        ExecRequest request = EXEC_REQUEST_INIT;
        autostrv char **env = NULL;
        autoidentity Identity identity = {};
        autoclose int cgroup_fd = -EBADF; /* not the container's own, when that has become an inner one */
        int r;

        if (!u->main || !spec)
                return fault_set(fault, "exec", -ESRCH, "%s does not run", u->name);
        if (u->frozen)
                return fault_set(fault, "exec", -EBUSY, "%s is frozen", u->name);

        r = make_environment(call, spec, &env);
        if (r >= 0)
                r = resolve_user(u, call, &identity, fault);
        if (r < 0)
                return fault_set(fault, "exec", r, NULL);

        request.pidfd = child_pidfd(u->main);
        cgroup_fd = spec->delegate ? cgroup_open_of(u->manager->cgroups, child_pid(u->main)) : -EBADF;
        request.cgroup_fd = cgroup_fd >= 0 ? cgroup_fd : u->held.cgroup_fd >= 0 ? u->held.cgroup_fd : -1;
        request.user_namespace = u->held.userns_fd >= 0;
        request.argv = call->argv;
        request.environment = env;
        request.working_dir = call->working_dir ? call->working_dir : spec->working_dir;
        request.identity = &identity;
        request.capabilities = spec->capabilities;
        request.no_new_privileges = spec->no_new_privileges;
        request.seccomp = &spec->seccomp;
        request.labels = spec->security_labels;
        request.terminal = call->terminal;
        if (!call->terminal) {
                request.stdin_fd = call->stdio[0];
                request.stdout_fd = call->stdio[1];
                request.stderr_fd = call->stdio[2];
        }
        return container_exec(&request, fault, ret);
}

int manager_exec(Manager *m, const ExecCall *call, ManagerExecFn done, void *data, int *ret_terminal,
                 pid_t *ret_pid, Fault *fault) {
        ExecResult result = {};
        int r;

        r = unit_exec(call, &result, fault);
        if (r < 0)
                return r;

        r = watch(m, &result, done, data);
        if (r < 0) {
                child_put_down(result.pidfd);
                if (result.terminal_fd >= 0)
                        (void) close(result.terminal_fd);
                return fault_set(fault, "watch", r, NULL);
        }

        *ret_terminal = call->terminal ? result.terminal_fd : -EBADF;
        *ret_pid = result.pid;
        return 0;
}
