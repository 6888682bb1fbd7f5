/* See log-pipe.h. */
#include "manager/log-pipe.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "manager/internal.h"
#include "manager/log-reader.h"

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

int log_pipe_open(const Unit *u, const char *identifier, uid_t uid, gid_t gid, int ret_fds[2], Fault *fault) {
        autoclose int out_read = -EBADF, out = -EBADF, err_read = -EBADF, err = -EBADF;
        autofree char *service = NULL;
        int fds[2], r;

        r = unit_name_to_service(u->name, &service);
        if (r < 0)
                return fault_set(fault, "logs", r, NULL);
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

        const LogOwner owner = { .service = service, .identifier = identifier, .uid = uid, .gid = gid };
        int read_fds[] = { out_read, err_read };

        r = log_reader_start(u->manager, &owner, read_fds, fault);
        if (r < 0)
                return r;
        (void) take_fd(out_read);
        (void) take_fd(err_read);
        ret_fds[0] = take_fd(out);
        ret_fds[1] = take_fd(err);
        return 0;
}
