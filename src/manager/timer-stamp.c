/* When a timer with Persistent= has started its unit last. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/log.h"
#include "manager/timer-stamp.h"

static int open_stamp(const char *store, const char *unit) {
        autofree char *directory = NULL, *path = NULL;
        int fd, r;

        if (asprintf(&directory, "%s/timers", store) < 0) {
                directory = NULL;
                return -ENOMEM;
        }
        if (asprintf(&path, "%s/%s", directory, unit) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = dir_make(AT_FDCWD, directory, 0755);
        if (r < 0)
                return r;
        fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
        return fd < 0 ? -errno : fd;
}

static int write_stamp(const char *store, const char *unit, usec_t time) {
        const struct timespec t = {
                .tv_sec = (time_t) (time / USEC_PER_SEC),
                .tv_nsec = (long) (time % USEC_PER_SEC * NSEC_PER_USEC),
        };
        const struct timespec both[] = { t, t };
        autoclose int fd = open_stamp(store, unit);

        if (fd < 0)
                return fd;
        return futimens(fd, both) < 0 ? -errno : 0;
}

void timer_stamp_write(const char *store, const char *unit, usec_t time) {
        int r = write_stamp(store, unit, time);

        if (r < 0)
                log_message(LOG_WARNING, unit, "cannot note when its timer has started it: %s", strerror(-r));
}

usec_t timer_stamp_read(const char *store, const char *unit, usec_t now) {
        autofree char *path = NULL;
        struct stat st;
        usec_t time;

        if (asprintf(&path, "%s/timers/%s", store, unit) < 0) {
                path = NULL;
                return now;
        }
        if (lstat(path, &st) < 0) {
                timer_stamp_write(store, unit, now);
                return now;
        }
        time = (usec_t) st.st_mtim.tv_sec * USEC_PER_SEC + (usec_t) st.st_mtim.tv_nsec / NSEC_PER_USEC;
        return time < now ? time : now;
}
