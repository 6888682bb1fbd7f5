#include "manager/helper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "manager/log-sink.h"
#include "runtime/host-exec.h"

/* For a killed one to be gone. */
#define KILL_TIMEOUT_MS 1000

#define ARGUMENTS_FILE "arguments"
#define ARGUMENTS_MAX  (64 * 1024)

static int follow(const Helper *h, int pidfd, pid_t pid, Child **ret) {
        const ChildInfo info = { .pidfd = pidfd, .pid = pid };

        return child_watch(h->manager->children, &info, h->fn, h->data, ret);
}

int helper_start(const Helper *h, const char *path, char *const *argv, Child **ret, Fault *fault) {
        const LogSinkRequest log = { .target = h->manager->config->logs.target,
                                     .unit = h->log_unit,
                                     .logs_dir = h->manager->config->paths.logs,
                                     .uid = (uid_t) -1,
                                     .gid = (gid_t) -1 };
        const LimitSpec none = LIMIT_SPEC_NONE;
        autoclose int cgroup = -EBADF, out = -EBADF, error = -EBADF, pidfd = -EBADF;
        int output[2], r;
        pid_t pid;

        r = cgroup_root_renew(h->manager->cgroups, fault);
        if (r >= 0)
                r = cgroup = cgroup_create(h->manager->cgroups, h->cgroup, &none, fault);
        if (r < 0)
                return r;
        r = log_sink_open(&log, output);
        if (r < 0)
                return fault_set(fault, "logs", r, "%s", log.logs_dir);
        out = output[0];
        error = output[1];

        const HostExec x = { .path = path,
                             .argv = argv,
                             .environment = environ,
                             .cgroup_fd = cgroup,
                             .stdout_fd = out,
                             .stderr_fd = error };
        r = host_exec(&x, fault, &pidfd, &pid);
        if (r < 0)
                return r;
        r = follow(h, pidfd, pid, ret);
        if (r < 0)
                child_put_down(take_fd(pidfd));
        else
                (void) take_fd(pidfd);
        return r;
}

void helper_adopt(const Helper *h, Child **ret) {
        autoclose int cgroup = cgroup_open(h->manager->cgroups, h->cgroup), pidfd = -EBADF;
        autofree pid_t *pids = NULL, *again = NULL;
        size_t n = 0;

        if (cgroup < 0 || cgroup_pids(cgroup, &pids, &n) < 0 || n == 0)
                return;
        pidfd = (int) syscall(SYS_pidfd_open, pids[0], 0);
        /* Still there after it was opened: it is the one. */
        if (pidfd < 0 || cgroup_pids(cgroup, &again, &n) < 0 || n == 0 || again[0] != pids[0])
                return;
        if (follow(h, pidfd, pids[0], ret) >= 0)
                (void) take_fd(pidfd);
}

void helper_end(const Helper *h, Child *child) {
        struct pollfd p = { .fd = child ? child_pidfd(child) : -1, .events = POLLIN };

        if (child && child_signal(child, SIGKILL) >= 0 && poll(&p, 1, KILL_TIMEOUT_MS) > 0)
                (void) waitid(P_PIDFD, (id_t) p.fd, &(siginfo_t){}, WEXITED | WNOHANG);
        child_free(child);
        (void) cgroup_remove(h->manager->cgroups, h->cgroup);
}

int helper_save_arguments(const char *directory, char *const *argv) {
        autofree char *path = NULL, *text = strv_join(argv, "\n");

        if (!text || asprintf(&path, "%s/" ARGUMENTS_FILE, directory) < 0)
                return -ENOMEM;
        return file_replace(AT_FDCWD, path, text, strlen(text), 0644, false);
}

int helper_load_arguments(const char *directory, char ***ret) {
        autofree char *path = NULL, *text = NULL;

        if (asprintf(&path, "%s/" ARGUMENTS_FILE, directory) < 0)
                return -ENOMEM;
        if (file_read(AT_FDCWD, path, ARGUMENTS_MAX, &text, NULL) < 0)
                return 0;
        return strv_split(text, "\n", ret);
}
