/*
 * nsctl attach: what a container writes from now on, until it has ended. Its output is its own, and goes
 * where it went before; nobody stands between, so that whoever looks on may go at any time.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "ctl/explain.h"
#include "ctl/log-read.h"
#include "ctl/unit-end.h"

typedef struct Attached {
        Ctl *c;
        UnitEnd end;
} Attached;

/* LogWaitFn: something was written, or the manager has something to tell. */
static int wait_for_either(int log_fd, void *data) {
        Attached *a = data;
        struct pollfd p[] = {
                { .fd = log_fd, .events = POLLIN },
                { .fd = sd_bus_get_fd(a->c->bus), .events = POLLIN },
        };
        int r;

        while ((r = sd_bus_process(a->c->bus, NULL)) > 0)
                ;
        if (r < 0 || a->end.ended)
                return r < 0 ? r : 0;
        if (poll(p, ELEMENTSOF(p), -1) < 0 && errno != EINTR)
                return -errno;
        while (p[1].revents && (r = sd_bus_process(a->c->bus, NULL)) > 0)
                ;
        return r < 0 ? r : !a->end.ended;
}

static int begin(Attached *a, const char *unit, sd_bus_error *error) {
        autojson json_t *p = NULL;
        const char *state;
        int r;

        r = unit_end_watch(a->c, unit, error, &a->end);
        if (r >= 0)
                r = client_unit_properties(a->c, unit, error, &p);
        if (r < 0)
                return r;
        state = property_string(p, "ActiveState");
        if (streq(state, "inactive") || streq(state, "failed"))
                return sd_bus_error_setf(error, BUS_ERROR_NOT_RUNNING, "it does not run");
        return 0;
}

int verb_attach(Ctl *c, char **words) {
        Attached a = { .c = c, .end.started = true };
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autofree char *unit = NULL;
        int r;

        if (ctl_unit_name(words[1], &unit) < 0 || client_open(c) < 0)
                return END_UNKNOWN;

        char *units[] = { unit, NULL };
        LogRequest q = { .units = units, .follow = true, .wait = wait_for_either, .wait_data = &a };

        if (ctl_lines(c, 0, &q.lines) < 0)
                return END_UNKNOWN;
        r = begin(&a, unit, &error);
        if (r < 0) {
                (void) client_failure(unit, r, &error);
                return END_UNKNOWN;
        }

        r = log_read(c, &q);
        if (r < 0) {
                ctl_errno(r, "cannot follow %s", unit);
                return END_UNKNOWN;
        }
        return unit_end_status(&a.end);
}
