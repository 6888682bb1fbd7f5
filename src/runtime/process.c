/* Lines of /proc/PID/status. */
#include "runtime/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"

#define STATUS_MAX (64 * 1024)

/* linux/pidfd.h, since 6.11. */
#define GET_MOUNT_NAMESPACE _IO(0xFF, 3)

/* The last number of the line that begins with @name, or the first one. */
static int status_number(pid_t pid, const char *name, bool last, pid_t *ret) {
        autofree char *text = NULL;
        char path[32], *line, *end;
        int r;

        (void) snprintf(path, sizeof(path), "/proc/%i/status", pid);
        r = file_read(AT_FDCWD, path, STATUS_MAX, &text, NULL);
        if (r < 0)
                return r == -ESRCH ? -ENOENT : r;
        line = strstr(text, name);
        if (!line)
                return -ENODATA;
        line += strlen(name);
        line[strcspn(line, "\n")] = '\0';
        end = last ? strrchr(line, '\t') : line;
        *ret = (pid_t) strtol(end ? end : line, NULL, 10);
        return *ret > 0 ? 0 : -ENODATA;
}

int process_parent(pid_t pid, pid_t *ret) {
        return status_number(pid, "\nPPid:", false, ret);
}

int process_inner_pid(pid_t pid, pid_t *ret) {
        return status_number(pid, "\nNSpid:", true, ret);
}

bool process_same_pid_namespace(pid_t a, pid_t b) {
        const pid_t pids[2] = { a, b };
        struct stat st[2];

        for (int i = 0; i < 2; i++) {
                char path[32];

                (void) snprintf(path, sizeof(path), "/proc/%i/ns/pid", pids[i]);
                if (stat(path, &st[i]) < 0)
                        return false;
        }
        return st[0].st_dev == st[1].st_dev && st[0].st_ino == st[1].st_ino;
}

int process_mounts(int pidfd) {
        int fd = ioctl(pidfd, GET_MOUNT_NAMESPACE, 0);

        return fd < 0 ? -errno : fd;
}
