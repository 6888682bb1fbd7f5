#include "manager/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "build-config.h"
#include "runtime/exe.h"

static const char *const files[] = {
        [PROGRAM_ARCHIVER] = LIBEXECDIR "/nsunits-archiver",
        [PROGRAM_WORKER] = LIBEXECDIR "/nsunits-worker",
        [PROGRAM_GATE] = LIBEXECDIR "/nsunits-gate",
        [PROGRAM_STANDBY] = LIBEXECDIR "/nsunits-standby",
};

const char *program_file(Program which) {
        return files[which];
}

static int find(Programs *p, Program which) {
        autoclose int fd = -EBADF;

        if (p->fds[which] >= 0)
                return 0;
        if (p->directory_fd < 0)
                p->directory_fd = exe_directory_open(LIBEXECDIR);
        if (p->directory_fd < 0)
                return p->directory_fd;
        fd = openat(p->directory_fd, files[which] + strlen(LIBEXECDIR "/"), O_PATH | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        p->fds[which] = fcntl(fd, F_DUPFD_CLOEXEC, PROGRAM_FD_MIN);
        return p->fds[which] < 0 ? -errno : 0;
}

void programs_open(Programs *p) {
        for (Program i = 0; i < PROGRAM_N_; i++) {
                int r = find(p, i);

                if (r < 0)
                        log_warning("cannot find %s: %s", files[i], strerror(-r));
        }
}

void programs_close(Programs *p) {
        for (Program i = 0; i < PROGRAM_N_; i++)
                cleanup_close_(&p->fds[i]);
        cleanup_close_(&p->directory_fd);
}

int program_path(Programs *p, Program which, char ret[PROGRAM_PATH_MAX]) {
        int r = find(p, which);

        if (r < 0)
                return r;
        (void) snprintf(ret, PROGRAM_PATH_MAX, "/proc/self/fd/%d", p->fds[which]);
        return 0;
}
