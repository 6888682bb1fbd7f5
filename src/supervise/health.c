#include "supervise/health.h"
#include "basic/macro.h"

ENUM_DEFINE(HealthState, health_state, HEALTH, HEALTH_STATE_LIST)

/* The first pause between early looks; each is twice as long as the one before. */
#define FIRST_PAUSE (100 * USEC_PER_MSEC)

typedef struct Step {
        Health *h;
        const HealthSpec *spec;
        usec_t now;
        unsigned actions;
} Step;

void health_begin(Health *h, const HealthSpec *spec, usec_t now) {
        *h = (Health){
                .state = HEALTH_STARTING,
                .startup = spec->startup.kind != PROBE_NONE,
                .begin = now,
                .counted = now,
                .pause = FIRST_PAUSE,
                .due = now,
        };
        if ((h->startup ? spec->startup_interval : spec->interval) == USEC_INFINITY)
                h->due = USEC_INFINITY;
}

void health_adopt(Health *h, const HealthSpec *spec, usec_t now) {
        if (h->probing)
                h->due = now;
        h->probing = false;
        /* Whatever the file says. */
        h->startup = h->startup && spec->startup.kind != PROBE_NONE;
        h->pause = MAX_OF(h->pause, FIRST_PAUSE);
}

/* A look by the manager itself costs the container nothing: until it is healthy, it is looked at early and
 * often, so that whoever waits for it does not wait for the rest of an interval. */
static bool looks_early(const Step *s) {
        return !s->h->startup && !s->h->was_healthy && s->spec->probe.kind != PROBE_EXEC;
}

static void wait_for_next(Step *s) {
        Health *h = s->h;
        usec_t interval = h->startup ? s->spec->startup_interval : s->spec->interval;
        usec_t regular = usec_add(h->counted, interval);

        h->due = usec_add(s->now, interval);
        if (interval == USEC_INFINITY || !looks_early(s))
                return;
        h->due = usec_add(s->now, MIN_OF(interval, h->pause));
        if (regular > s->now)
                h->due = MIN_OF(h->due, regular);
        h->pause = usec_add(h->pause, h->pause);
}

static void enter(Step *s, HealthState state) {
        if (s->h->state != state)
                s->actions |= HEALTH_CHANGED;
        s->h->state = state;
}

static void startup_passed(Step *s) {
        Health *h = s->h;

        if (++h->startup_passed < s->spec->startup_success)
                return wait_for_next(s);

        h->startup = false;
        h->counted = s->now;
        h->due = s->spec->interval == USEC_INFINITY ? USEC_INFINITY : s->now;
        s->actions |= HEALTH_CHANGED;
}

static void startup_failed(Step *s) {
        Health *h = s->h;

        h->startup_failed++;
        if (s->spec->startup_retries > 0 && h->startup_failed == s->spec->startup_retries) {
                enter(s, HEALTH_UNHEALTHY);
                s->actions |= HEALTH_GIVE_UP;
        }
        wait_for_next(s);
}

static void passed(Step *s) {
        Health *h = s->h;

        if (h->startup)
                return startup_passed(s);

        if (!h->was_healthy)
                s->actions |= HEALTH_READY;
        h->was_healthy = true;
        h->streak = 0;
        enter(s, HEALTH_HEALTHY);
        wait_for_next(s);
}

/* Of early looks, only one in each interval counts: the container has the time that it would have had without
 * them. */
static bool counts(const Step *s) {
        const Health *h = s->h;

        if (s->spec->start_period > 0 && s->now < usec_add(h->begin, s->spec->start_period))
                return false;
        return !looks_early(s) || s->now >= usec_add(h->counted, s->spec->interval);
}

static void failed(Step *s) {
        Health *h = s->h;

        if (h->startup)
                return startup_failed(s);

        if (counts(s)) {
                h->counted = s->now;
                h->streak++;
        }
        if (h->streak >= s->spec->retries && h->state != HEALTH_UNHEALTHY) {
                enter(s, HEALTH_UNHEALTHY);
                s->actions |= HEALTH_ACT;
        }
        wait_for_next(s);
}

static void on_due(Step *s) {
        Health *h = s->h;
        usec_t timeout = h->startup ? s->spec->startup_timeout : s->spec->timeout;

        /* A timer that was armed anew may still deliver what it was set to before. */
        if (s->now < h->due || h->due == USEC_INFINITY)
                return;

        if (h->probing) {
                h->probing = false;
                s->actions |= HEALTH_DROP_PROBE;
                return failed(s);
        }
        h->probing = true;
        h->due = usec_add(s->now, timeout);
        s->actions |= HEALTH_PROBE;
}

unsigned health_step(Health *h, const HealthSpec *spec, HealthEvent event, usec_t now) {
        Step s = { .h = h, .spec = spec, .now = now };

        if (event == HEALTH_EVENT_DUE)
                on_due(&s);
        else if (h->probing) {
                h->probing = false;
                if (event == HEALTH_EVENT_PASSED)
                        passed(&s);
                else
                        failed(&s);
        }
        return s.actions;
}

#define HEALTH_NUMBER_LIST(X)               \
        X("startup", startup)               \
        X("probing", probing)               \
        X("was_healthy", was_healthy)       \
        X("streak", streak)                 \
        X("startup_passed", startup_passed) \
        X("startup_failed", startup_failed) \
        X("begin", begin)                   \
        X("counted", counted)               \
        X("pause", pause)                   \
        X("due", due)

bool health_field(const Health *h, size_t i, HealthField *ret) {
        size_t n = 0;

        if (i == n++) {
                *ret = (HealthField){ .name = "state", .text = health_state_to_string(h->state) };
                return true;
        }
#define GET(name_, member)                                                             \
        if (i == n++) {                                                                \
                *ret = (HealthField){ .name = name_, .number = (uint64_t) h->member }; \
                return true;                                                           \
        }
        HEALTH_NUMBER_LIST(GET)

        return false;
}

int health_set_field(Health *h, const HealthField *f) {
        if (streq(f->name, "state")) {
                int v = f->text ? (int) health_state_from_string(f->text) : -EINVAL;

                if (v < 0)
                        return v;
                h->state = (HealthState) v;
                return 0;
        }
/* What does not survive the member's type was not written by health_field(). */
#define SET(name_, member)                                                   \
        if (streq(f->name, name_)) {                                         \
                __typeof__(h->member) v = (__typeof__(h->member)) f->number; \
                                                                             \
                if (f->text || (uint64_t) v != f->number)                    \
                        return -EINVAL;                                      \
                h->member = v;                                               \
                return 0;                                                    \
        }
        HEALTH_NUMBER_LIST(SET)

        return -ENOENT;
}
