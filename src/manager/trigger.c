/*
 * The timer and the sockets of a unit: armed by a start, disarmed by a stop, and looked at again whenever
 * something has happened to the unit. What is due is a start job; that it is to run the container, and not to
 * arm, is in Unit.trigger_due, which is saved before the job is queued.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <systemd/sd-id128.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "manager/clock-watch.h"
#include "manager/internal.h"
#include "manager/listen.h"
#include "manager/priority.h"
#include "manager/timer-stamp.h"
#include "manager/trigger.h"

struct UnitTrigger {
        TimerPast past;
        TimerNext next; /* as it is waited for */
        bool running;   /* the timer has started the container, which has not come to rest since */
        sd_event_source *real, *boot;
        UnitSockets *sockets;
        usec_t limit_begin; /* TriggerLimitIntervalSec= */
        unsigned limit_count;
        bool limited; /* the sockets have started the container too often, or could not, and wait no more */
};

static const TimerKeys *timer_of(const Unit *u) {
        return u->spec && u->spec->container && timer_is_set(u->spec->container->timer)
                       ? u->spec->container->timer
                       : NULL;
}

static const ListenKeys *sockets_of(const Unit *u) {
        return u->spec && u->spec->container && listen_count(u->spec->container->listen) > 0
                       ? u->spec->container->listen
                       : NULL;
}

bool unit_has_trigger(const Unit *u) {
        return timer_of(u) || sockets_of(u);
}

const UnitSockets *unit_trigger_sockets(const Unit *u) {
        return u->trigger ? u->trigger->sockets : NULL;
}

void unit_trigger_free(UnitTrigger *t) {
        if (!t)
                return;
        (void) sd_event_source_disable_unref(t->real);
        (void) sd_event_source_disable_unref(t->boot);
        unit_sockets_free(t->sockets);
        free(t);
}

AUTOPTR_DEFINE(UnitTrigger, unit_trigger_free);

static bool waits(const Unit *u) {
        return u->trigger && u->machine.state == MACHINE_DEAD;
}

ActiveState unit_active_state(const Unit *u) {
        if (!waits(u))
                return machine_active_state(u->machine.state);
        return u->trigger->limited ? ACTIVE_STATE_FAILED : ACTIVE_STATE_ACTIVE;
}

const char *unit_sub_state(const Unit *u) {
        if (!waits(u))
                return machine_substate_to_string(u->machine.state);
        return u->trigger->limited ? machine_substate_to_string(MACHINE_FAILED) : "waiting";
}

bool unit_has_state(const Unit *u) {
        return !unit_at_rest(u) || u->machine.prepared || u->trigger || u->trigger_due;
}

static void note(Unit *u) {
        graph_set_state(u->manager->graph, u->index, unit_active_state(u));
        if (!unit_has_state(u))
                unit_forget(u);
        else if (unit_save(u) < 0)
                log_message(LOG_WARNING, u->name, "cannot save its state: %m");
        manager_tell_changed(u->manager, u);
}

/* -- what is due -- */

/* Returns false when that is not possible. */
static bool start_container(Unit *u) {
        const Job *job = job_queue_of_unit(u->manager->jobs, u->index);
        autofree char *text = NULL;
        Fault fault = {};

        if (job && job->type == JOB_STOP)
                return true;
        u->trigger_due = unit_at_rest(u);
        note(u);
        if (!u->trigger_due ||
            manager_enqueue_one(u->manager, u->name, JOB_START, JOB_MODE_REPLACE, &fault) >= 0)
                return true;

        u->trigger_due = false;
        note(u);
        text = fault_to_string(&fault);
        log_message(LOG_WARNING, u->name, "cannot be started by its timer or sockets: %s",
                    text ? text : "out of memory");
        return false;
}

/* With FixedRandomDelay= the same number each time, and another one on each machine. */
static uint64_t throw_dice(const Unit *u, const TimerKeys *keys) {
        uint64_t dice;
        sd_id128_t id;

        if (keys->fixed_random_delay && sd_id128_get_machine(&id) >= 0)
                return text_fingerprint(u->name) ^ id.qwords[0] ^ id.qwords[1];
        arc4random_buf(&dice, sizeof(dice));
        return dice;
}

static int on_elapse(sd_event_source *s, uint64_t usec, void *userdata) {
        Unit *u = userdata;
        UnitTrigger *t = u->trigger;
        const TimerKeys *keys = timer_of(u);

        if (!keys)
                return 0;
        t->past.last_real = clock_now(CLOCK_REALTIME);
        t->past.last_boot = clock_now(CLOCK_BOOTTIME);
        t->past.dice = throw_dice(u, keys);
        t->running = true;
        if (keys->persistent)
                timer_stamp_write(u->manager->config->paths.store, u->name, t->past.last_real);
        log_message(LOG_DEBUG, u->name, "started by its timer");
        (void) start_container(u);
        unit_trigger_follow(u);
        return 0;
}

/* systemd's way to count: so many within an interval that begins with the first one. */
static bool is_too_often(UnitTrigger *t, const ListenKeys *keys) {
        usec_t now = clock_now(CLOCK_BOOTTIME);

        if (keys->trigger_interval == 0)
                return false;
        if (t->limit_begin == 0 || now > usec_add(t->limit_begin, keys->trigger_interval)) {
                t->limit_begin = now;
                t->limit_count = 0;
        }
        return ++t->limit_count > keys->trigger_burst;
}

static void give_up(Unit *u, const char *why) {
        u->trigger->limited = true;
        unit_set_fault(u, NULL);
        if (asprintf(&u->fault_text, "its sockets %s (\"nsctl restart %s\" forgives)", why, u->name) < 0)
                u->fault_text = NULL;
        log_message(LOG_ERR, u->name, "%s", strempty(u->fault_text));
        note(u);
}

void unit_trigger_forgive(Unit *u) {
        if (!u->trigger || !u->trigger->limited)
                return;
        u->trigger->limited = false;
        u->trigger->limit_begin = 0;
        unit_set_fault(u, NULL);
        note(u);
        unit_trigger_follow(u);
}

void unit_socket_ready(Unit *u) {
        const ListenKeys *keys = sockets_of(u);

        if (!keys)
                unit_sockets_watch(u->trigger->sockets, false);
        else if (is_too_often(u->trigger, keys))
                give_up(u, "have started it too often, see TriggerLimitBurst=");
        /* What has come still waits, and would be told of again at once. */
        else if (!start_container(u))
                give_up(u, "cannot start it");
        unit_trigger_follow(u);
}

void unit_trigger_done(Unit *u) {
        if (u->trigger_due) {
                u->trigger_due = false;
                note(u);
        }
        unit_trigger_follow(u);
}

void manager_trigger_unit(Unit *u, bool on) {
        if (!u)
                return;
        u->trigger_due = on || (u->trigger_due && job_queue_of_unit(u->manager->jobs, u->index));
        note(u);
}

/* -- what is waited for -- */

static int set_source(Unit *u, sd_event_source **source, clockid_t clock, usec_t due, usec_t accuracy) {
        int r;

        *source = sd_event_source_disable_unref(*source);
        if (due == USEC_INFINITY)
                return 0;

        /* To sd-event, 0 is a quarter of a second. */
        r = sd_event_add_time(u->manager->event, source, clock, due, accuracy > 0 ? accuracy : 1, on_elapse,
                              u);
        return r < 0 ? r : sd_event_source_set_priority(*source, PRIORITY_TIMER);
}

static void wait_for(Unit *u, TimerNext next) {
        UnitTrigger *t = u->trigger;
        const TimerKeys *keys = timer_of(u);
        int r;

        t->next = next;
        r = set_source(u, &t->real, CLOCK_REALTIME, next.real, keys ? keys->accuracy : 0);
        if (r >= 0)
                r = set_source(u, &t->boot, CLOCK_BOOTTIME, next.boot, keys ? keys->accuracy : 0);
        if (r < 0)
                log_message(LOG_ERR, u->name, "cannot set its timer: %s", strerror(-r));
}

static bool is_busy(const Unit *u) {
        const Job *job = job_queue_of_unit(u->manager->jobs, u->index);

        return !unit_at_rest(u) || u->trigger_due || (job && job->type != JOB_STOP);
}

void unit_trigger_follow(Unit *u) {
        const Job *job = job_queue_of_unit(u->manager->jobs, u->index);
        TimerNext next = { USEC_INFINITY, USEC_INFINITY };
        UnitTrigger *t = u->trigger;
        const TimerKeys *keys;
        int r = 0;

        /* A file that has mistakes now does not take back what it has said before. */
        if (!t || !u->spec)
                return;

        /* With a stop that waits for others, nobody would take what has come, and we would be told without
         * end. */
        unit_sockets_watch(t->sockets, !is_busy(u) && !job && !t->limited && !u->machine.limited);
        keys = timer_of(u);
        t->running = t->running && is_busy(u);
        t->past.inactive_exit = u->machine.inactive_exit;
        t->past.inactive_enter = u->machine.inactive_enter;
        if (keys && !t->running)
                r = timer_next(keys, &t->past, &next);
        if (r < 0)
                log_message(LOG_ERR, u->name, "its timer does not run: %s", strerror(-r));
        wait_for(u, next);
}

/* -- arming -- */

static int begin_timer(Unit *u, UnitTrigger *t, Fault *fault) {
        const TimerKeys *keys = timer_of(u);
        TimerNext next;
        int r;

        t->past = (TimerPast){
                .armed_real = clock_now(CLOCK_REALTIME),
                .armed_boot = clock_now(CLOCK_BOOTTIME),
                .manager_begin = u->manager->begin,
                .inactive_exit = u->machine.inactive_exit,
                .inactive_enter = u->machine.inactive_enter,
        };
        if (!keys)
                return 0;

        t->past.dice = throw_dice(u, keys);
        if (keys->persistent)
                t->past.last_real =
                        timer_stamp_read(u->manager->config->paths.store, u->name, t->past.armed_real);
        r = timer_next(keys, &t->past, &next);
        if (r == -ENXIO) {
                (void) fault_set(fault, "timer", r, "OnCalendar=");
                fault_advise(fault, "this host does not know the time zone");
        } else if (r < 0)
                (void) fault_set(fault, "timer", r, NULL);
        return r < 0 ? r : manager_watch_clock(u->manager, fault);
}

static void drop(Unit *u) {
        if (!u->trigger)
                return;
        unit_sockets_close(take_ptr(u->trigger->sockets));
        unit_trigger_free(u->trigger);
        u->trigger = NULL;
}

int unit_arm(Unit *u, Fault *fault) {
        autoptr(UnitTrigger) t = calloc(1, sizeof(*t));
        int r;

        if (!t)
                return -ENOMEM;
        r = begin_timer(u, t, fault);
        if (r >= 0)
                r = unit_sockets_open(u, u->trigger ? u->trigger->sockets : NULL, fault, &t->sockets);
        if (r < 0)
                return r;

        drop(u);
        u->trigger = take_ptr(t);
        unit_set_fault(u, NULL);
        log_message(LOG_INFO, u->name, "waiting");
        unit_trigger_follow(u);
        note(u);
        return 0;
}

void unit_disarm(Unit *u) {
        u->trigger_due = false;
        if (!u->trigger)
                return;

        drop(u);
        note(u);
        unit_tell_disarmed(u);
}

/* -- from manager to manager -- */

json_t *unit_trigger_to_json(const Unit *u) {
        const UnitTrigger *t = u->trigger;

        if (!t)
                return NULL;
        return json_pack("{s:I, s:I, s:I, s:I, s:I, s:b, s:b}", "armed_real", (json_int_t) t->past.armed_real,
                         "armed_boot", (json_int_t) t->past.armed_boot, "last_real",
                         (json_int_t) t->past.last_real, "last_boot", (json_int_t) t->past.last_boot, "dice",
                         (json_int_t) t->past.dice, "running", t->running, "limited", t->limited);
}

static usec_t number(const json_t *saved, const char *name) {
        return (usec_t) json_integer_value(json_object_get(saved, name));
}

void unit_trigger_adopt(Unit *u, const json_t *saved) {
        UnitTrigger *t = saved ? calloc(1, sizeof(*t)) : NULL;

        if (!t)
                return;
        t->past = (TimerPast){
                .armed_real = number(saved, "armed_real"),
                .armed_boot = number(saved, "armed_boot"),
                .last_real = number(saved, "last_real"),
                .last_boot = number(saved, "last_boot"),
                .manager_begin = u->manager->begin,
                .dice = number(saved, "dice"),
        };
        t->next = (TimerNext){ USEC_INFINITY, USEC_INFINITY };
        t->running = json_is_true(json_object_get(saved, "running"));
        t->limited = json_is_true(json_object_get(saved, "limited"));
        unit_trigger_free(u->trigger);
        u->trigger = t;
}

/* "BOOT-ID MICROSECONDS". */
int manager_note_begin(Manager *m) {
        autofree char *path = NULL, *line = NULL, *text = NULL;
        const char *rest;

        if (asprintf(&path, "%s/begin", m->config->paths.run) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (file_read_line(AT_FDCWD, path, &line) >= 0 && (rest = startswith(line, m->boot_id)) &&
            *rest == ' ' && parse_u64(rest + 1, &m->begin) >= 0)
                return 0;

        m->begin = clock_now(CLOCK_BOOTTIME);
        if (asprintf(&text, "%s %" PRIu64 "\n", m->boot_id, m->begin) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return file_replace(AT_FDCWD, path, text, strlen(text), 0644, false);
}

/* The keeper has them. What it has lost is bound anew: who was in the queue is turned away. */
static void adopt_sockets(Unit *u) {
        autofree char *text = NULL;
        Fault fault = {};

        if (unit_sockets_open(u, NULL, &fault, &u->trigger->sockets) >= 0)
                return;
        text = fault_to_string(&fault);
        log_message(LOG_ERR, u->name, "does not listen any more: %s", text ? text : "out of memory");
}

void manager_adopt_sockets(Manager *m) {
        for (Unit *u = m->units; u; u = u->hh.next)
                if (u->trigger && sockets_of(u))
                        adopt_sockets(u);
}

/* What the last manager was about to start is started, and what has come to be due meanwhile. */
static void settle(Unit *u) {
        Fault fault = {};

        if (u->spec ? !unit_has_trigger(u) : u->load_state == LOAD_NOT_FOUND) {
                log_message(LOG_NOTICE, u->name,
                            "waits no more: its file names neither a timer nor a socket");
                return unit_disarm(u);
        }
        if (manager_watch_clock(u->manager, &fault) < 0)
                log_message(LOG_WARNING, u->name, "will not notice when the date is changed: %s",
                            strerror(-fault.error));
        if (u->trigger_due)
                (void) start_container(u);
        graph_set_state(u->manager->graph, u->index, unit_active_state(u));
        unit_trigger_follow(u);
}

void manager_settle_triggers(Manager *m) {
        for (Unit *u = m->units; u; u = u->hh.next)
                if (u->trigger)
                        settle(u);
                else if (u->trigger_due && !job_queue_of_unit(m->jobs, u->index)) {
                        u->trigger_due = false;
                        note(u);
                }
}

void manager_clock_changed(Manager *m) {
        usec_t now = clock_now(CLOCK_REALTIME);

        for (Unit *u = m->units; u; u = u->hh.next)
                if (u->trigger) {
                        timer_clock_changed(&u->trigger->past, now);
                        unit_trigger_follow(u);
                }
}

int unit_listens(const Unit *u, char ***ret) {
        const UnitSockets *s = unit_trigger_sockets(u);
        int r = 0;

        *ret = NULL;
        for (size_t i = 0; r >= 0 && i < unit_sockets_count(s); i++)
                r = strv_add(ret, unit_sockets_describe(s, i));
        return r;
}

bool unit_trigger_times(const Unit *u, TriggerTimes *ret) {
        usec_t real = clock_now(CLOCK_REALTIME), boot = clock_now(CLOCK_BOOTTIME);
        const UnitTrigger *t = u->trigger;
        usec_t next;

        if (!t || !timer_of(u))
                return false;
        /* As a date; what is over is due now. */
        next = t->next.boot == USEC_INFINITY ? USEC_INFINITY
               : t->next.boot > boot         ? usec_add(real, t->next.boot - boot)
                                             : real;
        if (t->next.real < next)
                next = t->next.real;
        *ret = (TriggerTimes){ .next = next == USEC_INFINITY ? 0 : next, .last = t->past.last_real };
        return true;
}
