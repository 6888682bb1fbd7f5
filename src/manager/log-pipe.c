/* See log-pipe.h. */
#include "manager/log-pipe.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "build-config.h"
#include "manager/internal.h"
#include "runtime/host-exec.h"

#define PROGRAM LIBEXECDIR "/nsunits-logger"

/* To systemd's tools "logger.slice/web.service" is web.service as well: that is whose lines they are. Not the
 * container's own cgroup, with which the last lines would be killed. */
#define GROUP "logger.slice"

#define CONFIG_MAX (256 * 1024)

/* How many entries are looked at: images have few, and the manager serves nobody meanwhile. */
#define ENTRIES_MAX 1024

static bool names_output(const char *text) {
        return strstr(text, "/dev/stdout") || strstr(text, "/dev/stderr") || strstr(text, "/proc/self/fd/");
}

/* Of a directory, and of those in it. @left: how many entries may still be looked at */
static bool has_links(int dir_fd, const char *name, unsigned depth, unsigned *left) {
        int fd = path_in_root_open(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0);
        DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
        struct dirent *e;
        bool found = false;

        if (!d) {
                if (fd >= 0)
                        (void) close(fd);
                return false;
        }
        while (!found && *left > 0 && (e = readdir(d))) {
                char target[64] = {};

                --*left;
                if (e->d_name[0] == '.')
                        continue;
                if (readlinkat(fd, e->d_name, target, sizeof(target) - 1) > 0)
                        found = names_output(target);
                else if (depth > 0 && e->d_type == DT_DIR)
                        found = has_links(fd, e->d_name, depth - 1, left);
        }
        (void) closedir(d);
        return found;
}

/* What well-known images do: links among the log files, or a line of their server's configuration. */
static bool root_opens_output(int root_fd) {
        static const char *const configurations[] = {
                "usr/local/apache2/conf/httpd.conf",
                "usr/local/etc/php-fpm.d/docker.conf",
                "etc/nginx/nginx.conf",
        };
        unsigned left = ENTRIES_MAX;

        for (size_t i = 0; i < ELEMENTSOF(configurations); i++) {
                autoclose int fd = path_in_root_open(root_fd, configurations[i],
                                                     O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
                autofree char *text = NULL;
                struct stat st;

                if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
                    file_read_fd(fd, CONFIG_MAX, &text, NULL) >= 0 && names_output(text))
                        return true;
        }
        return has_links(root_fd, "var/log", 1, &left);
}

bool log_pipe_wanted(Unit *u, int root_fd) {
        switch (u->held.spec->log_pipe) {
        case LOG_PIPE_YES:
                return true;
        case LOG_PIPE_AUTO:
                break;
        case LOG_PIPE_NO:
        case LOG_PIPE_N_:
        case LOG_PIPE_INVALID_:
                return false;
        }
        /* Once for all launches from one root. */
        if (u->held.opens_output == 0)
                u->held.opens_output = root_opens_output(root_fd) ? 1 : -1;
        return u->held.opens_output > 0;
}

static int start(const Unit *u, const char *identifier, uid_t uid, gid_t gid, const int fds[2],
                 Fault *fault) {
        autofree char *service = NULL, *cgroup = NULL, *uid_text = NULL, *gid_text = NULL;
        autoclose int cgroup_fd = -EBADF, pidfd = -EBADF;
        pid_t pid;
        int r;

        if (unit_name_to_service(u->name, &service) < 0 || asprintf(&cgroup, GROUP "/%s", service) < 0 ||
            asprintf(&uid_text, "%u", uid) < 0 || asprintf(&gid_text, "%u", gid) < 0)
                return fault_set(fault, "logs", -ENOMEM, NULL);
        if (access(PROGRAM, X_OK) < 0)
                return fault_set(fault, "logs", -errno, PROGRAM);
        /* The one of the last launch may still be in it, with lines to say. */
        cgroup_fd = dir_make_open(cgroup_root_fd(u->manager->cgroups), cgroup, 0755);
        if (cgroup_fd < 0)
                return fault_set(fault, "logs", cgroup_fd, "cgroup %s", cgroup);

        char *const argv[] = { (char *) "nsunits-logger", uid_text, gid_text, (char *) identifier, NULL };
        static char *const environment[] = { NULL };
        const HostExec x = { .path = PROGRAM,
                             .argv = argv,
                             .environment = environment,
                             .cgroup_fd = cgroup_fd,
                             .stdout_fd = fds[0],
                             .stderr_fd = fds[1] };

        r = host_exec(&x, fault, &pidfd, &pid);
        if (r >= 0)
                manager_follow_stray(u->manager, pid);
        return r < 0 ? r : 0;
}

int log_pipe_open(const Unit *u, const char *identifier, uid_t uid, gid_t gid, int ret_fds[2], Fault *fault) {
        autoclose int out_read = -EBADF, out = -EBADF, err_read = -EBADF, err = -EBADF;
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return fault_set(fault, "logs", -errno, "pipe");
        out_read = fds[0];
        out = fds[1];
        if (pipe2(fds, O_CLOEXEC) < 0)
                return fault_set(fault, "logs", -errno, "pipe");
        err_read = fds[0];
        err = fds[1];
        if (fchown(out, uid, gid) < 0 || fchown(err, uid, gid) < 0)
                return fault_set(fault, "logs", -errno, "pipe");

        r = start(u, identifier, uid, gid, (const int[2]){ out_read, err_read }, fault);
        if (r < 0)
                return r;
        ret_fds[0] = take_fd(out);
        ret_fds[1] = take_fd(err);
        return 0;
}

void log_pipe_collect(const CgroupRoot *cgroups) {
        int root_fd = cgroup_root_fd(cgroups), fd = dir_open(root_fd, GROUP);
        DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
        struct dirent *e;

        if (!d) {
                if (fd >= 0)
                        (void) close(fd);
                return;
        }
        /* The kernel refuses those in which one runs. */
        while ((e = readdir(d)))
                if (e->d_type == DT_DIR && e->d_name[0] != '.')
                        (void) unlinkat(fd, e->d_name, AT_REMOVEDIR);
        (void) closedir(d);
        (void) unlinkat(root_fd, GROUP, AT_REMOVEDIR);
}
