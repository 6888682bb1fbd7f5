/*
 * What takes its time, one thing at a time: jobs, and restarts that are due. All that is more urgent comes in
 * between, and so does whoever asks something. A flood of questions does not stop it: a few of them in each
 * second are done in any case. A single restart that is due at once waits for no turn.
 */
#include "basic/log.h"
#include "manager/internal.h"
#include "manager/priority.h"

/* How long others may come first. */
#define TURN_INTERVAL (20 * USEC_PER_MSEC)

static void arm_tick(Manager *m) {
        (void) sd_event_source_set_time(m->turn_tick, usec_add(clock_now(CLOCK_MONOTONIC), TURN_INTERVAL));
        (void) sd_event_source_set_enabled(m->turn_tick, SD_EVENT_ONESHOT);
}

static void schedule(Manager *m, sd_event_source *source) {
        int tick = SD_EVENT_OFF;

        (void) sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        if (sd_event_source_get_enabled(m->turn_tick, &tick) == 0)
                arm_tick(m);
}

static bool is_waiting(sd_event_source *s) {
        int enabled = SD_EVENT_OFF;

        return sd_event_source_get_enabled(s, &enabled) > 0;
}

void manager_schedule_jobs(Manager *m) {
        schedule(m, m->jobs_source);
}

void unit_queue_restart(Unit *u) {
        Manager *m = u->manager;

        if (!u->restart_due)
                TAILQ_INSERT_TAIL(&m->restarts, u, restart_list);
        u->restart_due = true;
        schedule(m, m->restarts_source);
}

void unit_forget_restart(Unit *u) {
        if (u->restart_due)
                TAILQ_REMOVE(&u->manager->restarts, u, restart_list);
        u->restart_due = false;
}

/* Nobody waits, and who comes now will not for longer than for one launch. One that fails at once, however
 * long that takes, has to queue up. */
bool unit_take_turn(Unit *u) {
        Manager *m = u->manager;

        if (!m->adopted || m->turn_of || is_waiting(m->jobs_source) || !TAILQ_EMPTY(&m->restarts) ||
            clock_now(CLOCK_MONOTONIC) < usec_add(m->turn_ended, TURN_INTERVAL))
                return false;
        m->turn_of = u;
        return true;
}

void unit_end_turn(const Unit *u) {
        Manager *m = u->manager;

        if (m->turn_of != u)
                return;
        m->turn_of = NULL;
        m->turn_ended = clock_now(CLOCK_MONOTONIC);
}

static void restart_one(Manager *m) {
        Unit *u = TAILQ_FIRST(&m->restarts);

        if (!u)
                return;
        unit_forget_restart(u);
        if (!TAILQ_EMPTY(&m->restarts))
                schedule(m, m->restarts_source);
        /* It may have been stopped or started meanwhile; then the time is another one's. */
        if (u->machine.state != MACHINE_AUTO_RESTART || u->machine.timer > clock_now(CLOCK_BOOTTIME))
                return;
        if (!unit_restart_by_job(u))
                unit_event(u, &(MachineEvent){ .type = EVENT_TIMEOUT });
}

static int on_restarts(sd_event_source *s, void *userdata) {
        restart_one(userdata);
        return 0;
}

static int on_jobs(sd_event_source *s, void *userdata) {
        manager_run_job(userdata);
        return 0;
}

/* Who waits for a job is not to wait for a turn. */
static void on_child_ended(void *data) {
        manager_tell_ends(data);
}

static int on_tick(sd_event_source *s, uint64_t usec, void *userdata) {
        Manager *m = userdata;
        const bool jobs = is_waiting(m->jobs_source), restarts = is_waiting(m->restarts_source);

        if (jobs)
                manager_run_job(m);
        if (restarts)
                restart_one(m);
        if (jobs || restarts)
                arm_tick(m);
        return 0;
}

static int add(Manager *m, sd_event_source **source, sd_event_handler_t fn, int64_t priority) {
        int r;

        r = sd_event_add_defer(m->event, source, fn, m);
        if (r >= 0)
                r = sd_event_source_set_priority(*source, priority);
        return r < 0 ? r : sd_event_source_set_enabled(*source, SD_EVENT_OFF);
}

int manager_turns_setup(Manager *m) {
        int r;

        TAILQ_INIT(&m->restarts);
        children_follow_up(m->children, on_child_ended, m);
        r = add(m, &m->jobs_source, on_jobs, PRIORITY_JOBS);
        if (r >= 0)
                r = add(m, &m->restarts_source, on_restarts, PRIORITY_RESTARTS);
        if (r >= 0)
                r = sd_event_add_time(m->event, &m->turn_tick, CLOCK_MONOTONIC, 0, USEC_PER_MSEC, on_tick, m);
        if (r >= 0)
                r = sd_event_source_set_priority(m->turn_tick, PRIORITY_TIMER);
        return r < 0 ? r : sd_event_source_set_enabled(m->turn_tick, SD_EVENT_OFF);
}
