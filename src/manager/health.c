#include "manager/health.h"
#include "basic/message-id.h"

#include <signal.h>
#include <stdlib.h>

#include "basic/log.h"
#include "manager/health-log.h"
#include "manager/internal.h"
#include "manager/priority.h"
#include "manager/probe.h"
#include "runtime/exit-store.h"
#include "supervise/health.h"

/* The loop wakes up for all that are due within it at once. */
#define ACCURACY (50 * USEC_PER_MSEC)

struct UnitHealth {
        Unit *unit;
        Health state;
        HealthLog log;
        Probe *probe;
        usec_t probe_begin;      /* of the wall clock */
        uint64_t probe_identity; /* of a command: its start time */
        sd_event_source *timer;
};

static const HealthSpec *spec_of(const UnitHealth *h) {
        return h->unit->held.spec->health;
}

static void drop_probe(UnitHealth *h) {
        probe_free(h->probe);
        h->probe = NULL;
}

void unit_health_end(Unit *u) {
        UnitHealth *h = take_ptr(u->health);

        if (!h)
                return;
        probe_leave(h->probe);
        (void) sd_event_source_disable_unref(h->timer);
        health_log_clear(&h->log);
        free(h);
}

void unit_health_follow(Unit *u) {
        MachineState s = u->machine.state;
        bool up = s == MACHINE_SPAWNING || s == MACHINE_STARTING || s == MACHINE_START_POST ||
                  s == MACHINE_RUNNING || s == MACHINE_RELOADING;

        if (!up || !u->machine.main_alive)
                unit_health_end(u);
}

/* --- what follows ------------------------------------------------------------------------------------ */

static void explain(UnitHealth *h) {
        const HealthRecord *last = health_log_last(&h->log);
        const char *text = last ? strempty(last->text) : "";
        Unit *u = h->unit;

        unit_set_fault(u, NULL);
        if (asprintf(&u->fault_text, "health check failed%s%s", *text ? ": " : "", text) < 0)
                u->fault_text = NULL;
}

static void enqueue(Unit *u, JobType type) {
        Fault fault = {};

        if (manager_enqueue_one(u->manager, u->name, type, JOB_MODE_REPLACE, &fault) < 0)
                log_message(LOG_ERR, u->name, "unhealthy, but it cannot be %s: %s",
                            type == JOB_STOP ? "stopped" : "restarted", fault.object);
}

/* The end of @u->health may come with it. */
static void act(Unit *u, HealthFailure what) {
        switch (what) {
        case HEALTH_FAILURE_KILL:
                unit_event(u, &(MachineEvent){ .type = EVENT_FAIL, .result = RESULT_UNHEALTHY });
                if (u->main)
                        unit_kill_all(u);
                return;
        case HEALTH_FAILURE_RESTART:
                return enqueue(u, JOB_RESTART);
        case HEALTH_FAILURE_STOP:
                return enqueue(u, JOB_STOP);
        case HEALTH_FAILURE_NONE:
        case HEALTH_FAILURE_N_:
        case HEALTH_FAILURE_INVALID_:
                return;
        }
}

static void tell(const UnitHealth *h) {
        const HealthRecord *last = health_log_last(&h->log);
        const char *text = last ? strempty(last->text) : "", *unit = h->unit->name;
        HealthState state = h->state.state;

        if (state == HEALTH_HEALTHY)
                log_message(LOG_INFO, unit, "healthy");
        else if (state == HEALTH_UNHEALTHY)
                log_entry(LOG_WARNING, unit, EXPLAINED(MESSAGE_UNHEALTHY), "unhealthy%s%s", *text ? ": " : "",
                          text);
        else
                log_message(LOG_DEBUG, unit, "startup check passed");
}

static void start_probe(UnitHealth *h);

static void arm(UnitHealth *h);

/* @h may be gone afterwards. */
static void perform(UnitHealth *h, unsigned actions) {
        HealthFailure on_failure = spec_of(h)->on_failure;
        Unit *u = h->unit;

        if (actions & HEALTH_CHANGED) {
                tell(h);
                if (unit_save(u) < 0)
                        log_message(LOG_WARNING, u->name, "cannot save its state: %m");
        }
        if (actions & (HEALTH_ACT | HEALTH_GIVE_UP) && (on_failure != HEALTH_FAILURE_NONE || u->update))
                explain(h);
        arm(h);
        if (actions & HEALTH_CHANGED)
                manager_tell_changed(u->manager, u);

        if (actions & HEALTH_READY && u->policy->restart.type == SERVICE_HEALTHY)
                unit_event(u, &(MachineEvent){ .type = EVENT_READY });
        if (actions & (HEALTH_ACT | HEALTH_GIVE_UP) && unit_update_unready(u))
                return;
        if (actions & HEALTH_GIVE_UP)
                act(u, HEALTH_FAILURE_RESTART);
        else if (actions & HEALTH_ACT)
                act(u, on_failure);
}

static void step(UnitHealth *h, HealthEvent event) {
        unsigned actions = health_step(&h->state, spec_of(h), event, clock_now(CLOCK_BOOTTIME));

        if (actions & HEALTH_PROBE)
                return start_probe(h);
        perform(h, actions);
}

/* --- probes ------------------------------------------------------------------------------------------ */

static void record(UnitHealth *h, const ProbeOutcome *o) {
        const HealthSpec *spec = spec_of(h);
        HealthRecord r = {
                .begin = h->probe_begin,
                .end = clock_now(CLOCK_REALTIME),
                .passed = o->passed,
                .text = o->text ? strdup(o->text) : NULL,
        };
        const char *text = strempty(o->text);
        int error = 0;

        log_message(streq(spec->log_destination, "events_logger") ? LOG_INFO : LOG_DEBUG, h->unit->name,
                    "health check %s%s%s", o->passed ? "passed" : "failed", *text ? ": " : "", text);
        health_log_add(&h->log, spec, &r);
        if (spec->log_destination[0] == '/')
                error = health_log_write(&h->log, spec, h->unit->name);
        if (error < 0)
                log_message(LOG_WARNING, h->unit->name, "cannot write to HealthLogDestination=%s: %s",
                            spec->log_destination, strerror(-error));
}

static void on_outcome(const ProbeOutcome *o, void *data) {
        UnitHealth *h = data;

        record(h, o);
        drop_probe(h);
        step(h, o->passed ? HEALTH_EVENT_PASSED : HEALTH_EVENT_FAILED);
}

/* Another manager is to find a command that hangs. */
static void note_command(UnitHealth *h) {
        pid_t pid = probe_pid(h->probe);

        if (pid > 0 && process_start_time(pid, &h->probe_identity) == 0)
                (void) unit_save(h->unit);
}

static void start_probe(UnitHealth *h) {
        const HealthSpec *spec = spec_of(h);
        ProbeOutcome outcome;
        int r;

        h->probe_begin = clock_now(CLOCK_REALTIME);
        r = probe_start(h->unit, h->state.startup ? &spec->startup : &spec->probe, spec->max_log_size,
                        on_outcome, h, &h->probe, &outcome);
        if (r == 0) {
                note_command(h);
                return arm(h);
        }
        on_outcome(&outcome, h);
        dial_outcome_clear(&outcome);
}

static int on_due(sd_event_source *s, uint64_t usec, void *userdata) {
        UnitHealth *h = userdata;
        const Health *state = &h->state;
        usec_t now = clock_now(CLOCK_BOOTTIME);

        if (state->probing && now >= state->due) {
                ProbeOutcome o = { .text = strdup("it took too long, and was ended") };

                drop_probe(h);
                record(h, &o);
                dial_outcome_clear(&o);
        }
        step(h, HEALTH_EVENT_DUE);
        return 0;
}

static void arm(UnitHealth *h) {
        usec_t due = h->unit->frozen ? USEC_INFINITY : h->state.due;
        int r = 0;

        if (due == USEC_INFINITY)
                r = h->timer ? sd_event_source_set_enabled(h->timer, SD_EVENT_OFF) : 0;
        else if (!h->timer) {
                r = sd_event_add_time(h->unit->manager->event, &h->timer, CLOCK_BOOTTIME, due, ACCURACY,
                                      on_due, h);
                if (r >= 0)
                        r = sd_event_source_set_priority(h->timer, PRIORITY_TIMER);
        } else {
                r = sd_event_source_set_time(h->timer, due);
                if (r >= 0)
                        r = sd_event_source_set_enabled(h->timer, SD_EVENT_ONESHOT);
        }
        if (r < 0)
                log_message(LOG_ERR, h->unit->name, "cannot arm the timer of health checks: %s",
                            strerror(-r));
}

/* --- from begin to end ------------------------------------------------------------------------------- */

static UnitHealth *make(Unit *u) {
        const ContainerSpec *spec = u->held.spec;

        unit_health_end(u);
        if (!spec || !spec->health)
                return NULL;
        u->health = calloc(1, sizeof(*u->health));
        if (u->health)
                u->health->unit = u;
        else
                log_message(LOG_ERR, u->name, "no health checks: %s", strerror(ENOMEM));
        return u->health;
}

void unit_health_begin(Unit *u) {
        UnitHealth *h = make(u);

        if (!h)
                return;
        health_begin(&h->state, spec_of(h), clock_now(CLOCK_BOOTTIME));
        arm(h);
}

json_t *unit_health_to_json(const Unit *u) {
        const UnitHealth *h = u->health;
        json_t *o, *state = json_object();
        HealthField f;

        if (!h) {
                json_decref(state);
                return NULL;
        }
        for (size_t i = 0; health_field(&h->state, i, &f); i++)
                (void) json_object_set_new(
                        state, f.name, f.text ? json_string(f.text) : json_integer((json_int_t) f.number));
        o = json_pack("{s:o, s:o, s:i, s:I}", "state", state, "log", health_log_to_json(&h->log), "pid",
                      (int) probe_pid(h->probe), "identity", (json_int_t) h->probe_identity);
        return o;
}

/* The answer of one that the last manager has begun would come to nobody. */
static void kill_left_over(const json_t *saved) {
        pid_t pid = (pid_t) json_integer_value(json_object_get(saved, "pid"));
        uint64_t wanted = (uint64_t) json_integer_value(json_object_get(saved, "identity")), found;

        if (pid > 0 && process_start_time(pid, &found) == 0 && found == wanted)
                probe_kill(pid);
}

void unit_health_adopt(Unit *u, const json_t *saved) {
        UnitHealth *h = make(u);
        const char *name;
        json_t *value;

        if (!h)
                return;
        kill_left_over(saved);
        health_begin(&h->state, spec_of(h), clock_now(CLOCK_BOOTTIME));
        json_object_foreach(json_object_get(saved, "state"), name, value) {
                const HealthField f = {
                        .name = name,
                        .text = json_string_value(value),
                        .number = (uint64_t) json_integer_value(value),
                };

                (void) health_set_field(&h->state, &f);
        }
        health_log_from_json(&h->log, spec_of(h), json_object_get(saved, "log"));
        health_adopt(&h->state, spec_of(h), clock_now(CLOCK_BOOTTIME));
        arm(h);
}

void unit_health_hold(Unit *u) {
        UnitHealth *h = u->health;

        if (!h)
                return;
        drop_probe(h);
        health_adopt(&h->state, spec_of(h), clock_now(CLOCK_BOOTTIME));
        arm(h);
}

void unit_health_status(const Unit *u, UnitStatus *ret) {
        const HealthRecord *last = u->health ? health_log_last(&u->health->log) : NULL;

        ret->health = u->health ? health_state_to_string(u->health->state.state) : "";
        ret->health_streak = u->health ? u->health->state.streak : 0;
        ret->health_output = last ? last->text : NULL;
}
