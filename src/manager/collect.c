/* What is taken away a moment after its last user has gone: bridges, cgroups of hooks, transient units, and
 * what ended containers have written. */
#include <stdio.h>

#include "basic/log.h"
#include "basic/strv.h"
#include "manager/dns.h"
#include "manager/internal.h"
#include "manager/log-reader.h"
#include "manager/transient.h"

/* A unit that is stopped and started again finds its bridge still there; one worker removes what many have
 * written. */
#define COLLECT_DELAY (200 * USEC_PER_MSEC)

static void on_deleted(int r, const char *text, void *data) {
        if (r < 0)
                log_warning("cannot delete bridges that nobody uses: %s", text);
}

/* The kernel takes long for each, most of it waiting for its processors. */
static void delete_links(Manager *m, const LinkNumbers *links) {
        autostrv char **args = NULL;
        int r = strv_add(&args, "delete-links");

        for (size_t i = 0; r >= 0 && i < links->n; i++)
                r = strv_addf(&args, "%u", links->items[i]);
        if (r >= 0)
                r = worker_start(m, PROGRAM_WORKER, args, -EBADF, on_deleted, NULL);
        if (r < 0)
                on_deleted(r, strerror(-r), NULL);
}

static int on_collect(sd_event_source *s, uint64_t usec, void *userdata) {
        Manager *m = userdata;
        LinkNumbers left = {};
        Unit *u, *next;

        network_collect(m->network, &left);
        if (left.n > 0)
                delete_links(m, &left);
        free(left.items);
        log_reader_collect(m->cgroups);
        manager_dns_settle(m);
        HASH_ITER (hh, m->units, u, next) {
                unit_hook_collect(u);
                unit_collect(u, false);
        }
        if (keeper_rest(m->keeper))
                manager_schedule_collect(m);
        return 0;
}

void manager_arm_delay(Manager *m, sd_event_source **timer, usec_t delay, sd_event_time_handler_t fn) {
        usec_t due = clock_now(CLOCK_MONOTONIC) + delay;
        int enabled = SD_EVENT_OFF;

        if (!*timer) {
                (void) sd_event_add_time(m->event, timer, CLOCK_MONOTONIC, due, USEC_PER_MSEC, fn, m);
        } else if (sd_event_source_get_enabled(*timer, &enabled) == 0) {
                (void) sd_event_source_set_time(*timer, due);
                (void) sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT);
        }
}

void manager_schedule_collect(Manager *m) {
        usec_t due = clock_now(CLOCK_MONOTONIC) + COLLECT_DELAY;

        if (m->collect_timer) {
                (void) sd_event_source_set_time(m->collect_timer, due);
                (void) sd_event_source_set_enabled(m->collect_timer, SD_EVENT_ONESHOT);
        } else
                (void) sd_event_add_time(m->event, &m->collect_timer, CLOCK_MONOTONIC, due, USEC_PER_MSEC,
                                         on_collect, m);
}

static void on_emptied(int r, const char *text, void *data) {
        Manager *m = data;

        m->purging = false;
        if (r < 0)
                log_warning("cannot remove what containers have written: %s", text);
        if (m->purge_again)
                manager_schedule_purge(m);
}

static int on_trash(sd_event_source *s, uint64_t usec, void *userdata) {
        autofree char *containers = NULL, *volumes = NULL;
        Manager *m = userdata;

        volumes = manager_volumes_dir(m);
        m->purge_again = m->purging;
        if (m->purging || !volumes || asprintf(&containers, "%s/containers", m->config->paths.store) < 0)
                return 0;

        char *args[] = { (char *) "purge", containers, volumes, NULL };
        m->purging = worker_start(m, PROGRAM_WORKER, args, -EBADF, on_emptied, m) >= 0;
        return 0;
}

void manager_schedule_purge(Manager *m) {
        manager_arm_delay(m, &m->trash_timer, COLLECT_DELAY, on_trash);
}
