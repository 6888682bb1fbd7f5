/*
 * Files that grow while containers run: logs, and on Linux < 6.14 the kernel's accounts of processes that
 * have ended. They are cut at their head; the containers that write them notice nothing.
 *
 * All are looked at every five seconds, as long as one of them grows. When none does, the kernel is asked to
 * tell of the next write to a log, once: a manager whose containers are silent has nothing to do.
 */
#include <sys/inotify.h>

#include "manager/internal.h"
#include "manager/log-file.h"
#include "runtime/exit-store.h"

/* Between two looks a file may grow beyond its limit. */
#define INTERVAL (5 * USEC_PER_SEC)

/* What a look at all files has found. */
typedef struct Look {
        bool logs, accounts; /* there are such */
        uint64_t stamp;      /* of all logs */
} Look;

static void look_at(Unit *u, Look *look) {
        autofree char *hold = NULL, *log = NULL;
        uint64_t stamp = 0;

        if (!u->held.root)
                return;

        hold = u->main && u->accounted ? held_path(u, "pid") : NULL;
        u->accounted = hold && exit_trim(hold) != 0;
        log = u->log_file ? log_file_path(u->manager->config->paths.logs, u->name) : NULL;
        if (log)
                (void) log_file_rotate(log, u->manager->config->logs.max_size, &stamp);
        look->logs |= u->log_file;
        look->accounts |= u->accounted;
        /* Not a mere sum: two files that change by as much in opposite directions are not the same two. */
        look->stamp = look->stamp * 31 + stamp;
}

/* Is anything else there than at the last look? */
static bool look_at_all(Manager *m, Look *ret) {
        uint64_t before = m->trim_stamp;

        *ret = (Look){};
        for (Unit *u = m->units; u; u = u->hh.next)
                look_at(u, ret);
        m->trim_stamp = ret->stamp;
        return ret->stamp != before;
}

static int on_write(sd_event_source *s, const struct inotify_event *event, void *userdata) {
        Manager *m = userdata;

        m->trim_watch = sd_event_source_disable_unref(m->trim_watch);
        manager_schedule_trim(m);
        return 0;
}

/* For the next write to any log. True when there is a watch. */
static bool watch_logs(Manager *m) {
        return m->trim_watch || sd_event_add_inotify(m->event, &m->trim_watch, m->config->paths.logs,
                                                     IN_MODIFY | IN_ONESHOT, on_write, m) >= 0;
}

static int on_trim(sd_event_source *s, uint64_t usec, void *userdata) {
        Manager *m = userdata;
        Look look;
        bool changed;

        m->trim_timer = sd_event_source_disable_unref(m->trim_timer);
        changed = look_at_all(m, &look);
        /* Once more behind the watch: what was written in between has not been told. */
        if (!changed && look.logs && !look.accounts)
                changed = !watch_logs(m) || look_at_all(m, &look);
        if (look.accounts || (look.logs && changed))
                manager_schedule_trim(m);
        return 0;
}

void manager_schedule_trim(Manager *m) {
        if (!m->trim_timer)
                (void) sd_event_add_time(m->event, &m->trim_timer, CLOCK_MONOTONIC,
                                         clock_now(CLOCK_MONOTONIC) + INTERVAL, USEC_PER_SEC, on_trim, m);
}
