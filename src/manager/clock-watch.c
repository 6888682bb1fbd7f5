/*
 * A timer of the kernel that is due at the end of all days and is cancelled when somebody sets the clock
 * (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET), and a look at the link that names the time zone.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "manager/clock-watch.h"
#include "manager/internal.h"
#include "manager/priority.h"

#define ZONE_DIRECTORY "/etc"
#define ZONE_LINK      "localtime"

struct ClockWatch {
        int fd;
        sd_event_source *clock, *zone;
};

void clock_watch_free(ClockWatch *w) {
        if (!w)
                return;
        (void) sd_event_source_disable_unref(w->clock);
        (void) sd_event_source_disable_unref(w->zone);
        cleanup_close_(&w->fd);
        free(w);
}

AUTOPTR_DEFINE(ClockWatch, clock_watch_free);

static int set_clock(int fd) {
        const struct itimerspec end = { .it_value.tv_sec = LONG_MAX };

        /* ECANCELED: it was set between two looks; the timer is armed all the same. */
        if (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &end, NULL) < 0 &&
            errno != ECANCELED)
                return -errno;
        return 0;
}

static int on_clock(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        uint64_t ignored;

        if (read(fd, &ignored, sizeof(ignored)) < 0 && errno != ECANCELED)
                return 0;
        log_info("the date was set");
        (void) set_clock(fd);
        manager_clock_changed(userdata);
        return 0;
}

static int on_zone(sd_event_source *s, const struct inotify_event *event, void *userdata) {
        if (event->len == 0 || !streq(event->name, ZONE_LINK))
                return 0;
        log_info("the time zone is another one");
        tzset();
        manager_clock_changed(userdata);
        return 0;
}

static int watch(Manager *m, ClockWatch *w) {
        int r;

        w->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
        if (w->fd < 0)
                return -errno;
        r = set_clock(w->fd);
        if (r >= 0)
                r = sd_event_add_io(m->event, &w->clock, w->fd, EPOLLIN, on_clock, m);
        if (r >= 0)
                r = sd_event_source_set_priority(w->clock, PRIORITY_TIMER);
        if (r < 0)
                return r;
        /* Without it the change of a zone is noticed at the next start. */
        (void) sd_event_add_inotify(m->event, &w->zone, ZONE_DIRECTORY,
                                    IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR, on_zone, m);
        return 0;
}

int manager_watch_clock(Manager *m, Fault *fault) {
        autoptr(ClockWatch) w = NULL;
        int r;

        if (m->clock_watch)
                return 0;
        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        w->fd = -EBADF;
        r = watch(m, w);
        if (r < 0)
                return fault_set(fault, "clock", r, NULL);
        m->clock_watch = take_ptr(w);
        return 0;
}
