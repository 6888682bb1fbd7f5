/*
 * When standbys are made: for whose end takes a while when a restart waits for it; and, as many as
 * nsunitd.conf asks for, for containers that run, when nothing has been started for some time.
 *
 * The latter may wait for days. What was mounted below a directory of the host meanwhile they do not show; so
 * those with such a directory are of no use when the host's table of mounts has changed, and are made anew
 * some time later.
 */
#include <fcntl.h>
#include <poll.h>

#include "basic/file.h"
#include "basic/log.h"
#include "manager/priority.h"
#include "manager/standby.h"

/* Most that end at once have done so by then, and for these there is nothing to be gained. */
#define BEFORE_RESTART (2 * USEC_PER_MSEC)

/* A crowd that is being started needs the processors. */
#define QUIET (100 * USEC_PER_MSEC)

/* Some hosts mount and unmount all the time, and each start of a container does. */
#define BEFORE_RENEWAL (10 * USEC_PER_SEC)

typedef struct Standbys {
        unsigned size;            /* of those that run */
        sd_event_source *restart; /* a timer */
        sd_event_source *quiet;   /* another */
        sd_event_source *renew;   /* a third: some are spoilt */
        sd_event_source *mounts;  /* /proc/self/mountinfo, see proc(5): it can be polled for changes */
} Standbys;

static bool is_ending(const Unit *u) {
        return u->main && u->machine.restart;
}

static int arm(Manager *m, sd_event_source **timer, usec_t delay, sd_event_time_handler_t fn) {
        manager_arm_delay(m, timer, delay, fn);
        return *timer ? sd_event_source_set_priority(*timer, PRIORITY_SPARES) : -ENOMEM;
}

/* One in each turn of the loop. */
static int on_restart(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *m = userdata;

        for (Unit *u = m->units; u; u = u->hh.next) {
                if (!u->standby_due || !is_ending(u))
                        continue;
                u->standby_due = false;
                unit_make_standby(u);
                return arm(m, &m->standbys->restart, 0, on_restart);
        }
        return 0;
}

static unsigned count(const Manager *m) {
        unsigned n = 0;

        for (const Unit *u = m->units; u; u = u->hh.next)
                n += u->standby != NULL;
        return n;
}

/* The same. */
static int on_quiet(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *m = userdata;

        for (Unit *u = m->units; u; u = u->hh.next) {
                if (!u->standby_due || u->machine.state != MACHINE_RUNNING)
                        continue;
                u->standby_due = false;
                if (!u->standby && count(m) >= m->standbys->size)
                        continue;
                unit_make_standby(u);
                return arm(m, &m->standbys->quiet, 0, on_quiet);
        }
        return 0;
}

void unit_await_end(Unit *u) {
        Manager *m = u->manager;

        u->standby_due = !u->standby;
        if (m->standbys && u->standby_due)
                (void) arm(m, &m->standbys->restart, BEFORE_RESTART, on_restart);
}

void unit_want_standby(Unit *u) {
        const RestartRule *rule = &u->policy->restart;
        Manager *m = u->manager;

        u->standby_due = m->standbys && m->standbys->size > 0 && rule->policy != RESTART_NO &&
                         restart_delay(rule, UINT_MAX, UINT32_MAX) <= USEC_PER_SEC;
        if (u->standby_due)
                (void) arm(m, &m->standbys->quiet, QUIET, on_quiet);
}

static int on_renew(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *m = userdata;

        for (Unit *u = m->units; u; u = u->hh.next)
                if (u->machine.state == MACHINE_RUNNING && (!u->standby || unit_has_spoilt_standby(u)))
                        unit_want_standby(u);
        return 0;
}

void standbys_renew(Manager *m) {
        if (m->standbys && m->standbys->size > 0)
                (void) arm(m, &m->standbys->renew, BEFORE_RENEWAL, on_renew);
}

static void spoil_all(Manager *m) {
        bool any = false;

        for (Unit *u = m->units; u; u = u->hh.next) {
                unit_spoil_standby(u);
                any |= unit_has_spoilt_standby(u);
        }
        if (any)
                standbys_renew(m);
}

void standbys_check(Manager *m) {
        struct pollfd p = { .events = POLLPRI };

        if (!m->standbys || !m->standbys->mounts)
                return;
        p.fd = sd_event_source_get_io_fd(m->standbys->mounts);
        /* Only once is a change seen: by us, or by the loop, which may have something more urgent to tell. */
        if (sd_event_source_get_pending(m->standbys->mounts) > 0 || poll(&p, 1, 0) > 0)
                spoil_all(m);
}

static int on_mounts(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        spoil_all(userdata);
        return 0;
}

static int watch_mounts(Manager *m) {
        autoclose int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        int r;

        if (fd < 0)
                return -errno;
        r = sd_event_add_io(m->event, &m->standbys->mounts, fd, EPOLLPRI, on_mounts, m);
        if (r < 0)
                return r;
        (void) take_fd(fd);
        (void) sd_event_source_set_io_fd_own(m->standbys->mounts, true);
        return sd_event_source_set_priority(m->standbys->mounts, PRIORITY_NETWORK);
}

void standbys_setup(Manager *m) {
        const unsigned size = m->config->restarts.standbys;
        int r = 0;

        m->standbys = calloc(1, sizeof(*m->standbys));
        if (!m->standbys)
                return;
        if (size > 0)
                r = watch_mounts(m);
        if (r >= 0)
                m->standbys->size = size;
        else
                log_warning("standbys are made for restarts alone: %s", strerror(-r));
        for (Unit *u = m->units; u; u = u->hh.next)
                if (u->machine.state == MACHINE_RUNNING)
                        unit_want_standby(u);
}

void standbys_free(Manager *m) {
        Standbys *s = take_ptr(m->standbys);

        if (!s)
                return;
        (void) sd_event_source_disable_unref(s->restart);
        (void) sd_event_source_disable_unref(s->quiet);
        (void) sd_event_source_disable_unref(s->renew);
        (void) sd_event_source_disable_unref(s->mounts);
        free(s);
}
