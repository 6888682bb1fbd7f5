/*
 * Between a unit's machine and the world: what happens becomes events, what the machine answers becomes
 * calls. A step that answers at once (PREPARE, SPAWN, CLEAN) queues its answer, so that all actions of one
 * event are done before the next event is looked at.
 *
 * The state is saved before the actions are performed: a manager that is killed in the middle of one leaves
 * behind what it was about to do, and the next one undoes or repeats it. That a stop is over is told before
 * it is saved: all that would be done again then is to clean what is clean. Between an end and the restart
 * that follows at once nothing is done that could be left behind: both are saved as one.
 */
#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/strv.h"
#include "manager/death.h"
#include "manager/dns.h"
#include "manager/freeze.h"
#include "manager/internal.h"
#include "manager/priority.h"
#include "manager/standby.h"
#include "manager/transient.h"
#include "runtime/host-exec.h"

/* Our own exit status for a user that the container does not know; systemd.exec(5), "Process Exit Codes". */
#define EXIT_STATUS_USER 217

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        Unit *u = userdata;

        /* Timers that have run off together are handled together, and a launch takes its time. */
        if (u->machine.state == MACHINE_AUTO_RESTART)
                unit_queue_restart(u);
        else
                unit_event(u, &(MachineEvent){ .type = EVENT_TIMEOUT });
        return 0;
}

void unit_arm_timer(Unit *u) {
        int r = 0;

        if (u->machine.timer == USEC_INFINITY || (u->frozen && u->machine.state == MACHINE_RUNNING)) {
                /* Not kept for the next time: nearly all containers run without one, nearly all the time. */
                u->timer = sd_event_source_disable_unref(u->timer);
                return;
        }
        if (u->machine.state == MACHINE_AUTO_RESTART && u->machine.timer <= clock_now(CLOCK_BOOTTIME)) {
                if (u->timer)
                        (void) sd_event_source_set_enabled(u->timer, SD_EVENT_OFF);
                return unit_queue_restart(u);
        }

        if (!u->timer) {
                r = sd_event_add_time(u->manager->event, &u->timer, CLOCK_BOOTTIME, u->machine.timer,
                                      USEC_PER_MSEC, on_timer, u);
                if (r >= 0)
                        r = sd_event_source_set_priority(u->timer, PRIORITY_TIMER);
        } else {
                r = sd_event_source_set_time(u->timer, u->machine.timer);
                if (r >= 0)
                        r = sd_event_source_set_enabled(u->timer, SD_EVENT_ONESHOT);
        }
        if (r < 0)
                log_message(LOG_ERR, u->name, "cannot arm the timer: %s", strerror(-r));
}

void unit_queue_event(Unit *u, const MachineEvent *event) {
        Manager *m = u->manager;

        if (m->n_pending < ELEMENTSOF(m->pending))
                m->pending[m->n_pending++] = (PendingEvent){ .unit = u, .event = *event };
        else
                log_message(LOG_ERR, u->name, "event %s lost", machine_event_type_to_string(event->type));
}

/* The next one of @u, or NULL. */
static PendingEvent *find_event(const Unit *u) {
        Manager *m = u->manager;

        for (size_t i = 0; i < m->n_pending; i++)
                if (m->pending[i].unit == u)
                        return &m->pending[i];
        return NULL;
}

static bool take_event(const Unit *u, MachineEvent *ret) {
        Manager *m = u->manager;
        PendingEvent *e = find_event(u);

        if (!e)
                return false;
        *ret = e->event;
        m->n_pending--;
        memmove(e, e + 1, (size_t) (m->pending + m->n_pending - e) * sizeof(*e));
        return true;
}

static void log_not_started(const Unit *u) {
        log_entry(LOG_ERR, u->name, EXPLAINED(MESSAGE_NOT_STARTED), "cannot start: %s",
                  strempty(u->fault_text));
}

static void do_clean(Unit *u) {
        if ((u->awaits_look || u->mounting) && u->machine.result == RESULT_TIMEOUT)
                log_not_started(u);
        unit_unwatch_cgroup(u);
        unit_unwatch_oom(u);
        unit_release(u);
        unit_queue_event(u, &(MachineEvent){ .type = EVENT_CLEANED });
}

static MachineEvent prepare_failed(Unit *u) {
        log_not_started(u);
        return (MachineEvent){ .type = EVENT_PREPARE_FAILED };
}

/* With all that it takes at hand. */
static MachineEvent prepare(Unit *u) {
        Fault fault = {};

        if (u->machine.prepared)
                return (MachineEvent){ .type = EVENT_PREPARED };
        if (unit_prepare(u, &fault) >= 0)
                return (MachineEvent){ .type = unit_wait_for_dns(u) ? EVENT_DEFER : EVENT_PREPARED };
        unit_set_fault(u, &fault);
        return prepare_failed(u);
}

/* With the image or the device at hand. */
static MachineEvent look(Unit *u) {
        Fault fault = {};
        int r = unit_look_at_sources(u, &fault);

        if (r == 0)
                return prepare(u);
        if (r > 0)
                return (MachineEvent){ .type = EVENT_DEFER, .usec = u->policy->timeout_start };
        unit_set_fault(u, &fault);
        return prepare_failed(u);
}

static void do_look(Unit *u) {
        const MachineEvent event = look(u);

        unit_queue_event(u, &event);
}

static void do_prepare(Unit *u) {
        MachineEvent event = { .type = EVENT_DEFER };
        Fault fault = {};
        int r;

        unit_set_fault(u, NULL);
        r = unit_fetch_image(u, &fault);
        if (r == 0) {
                event.usec = u->policy->timeout_start;
                r = unit_mount_volume(u, &fault);
        }
        if (r < 0) {
                unit_set_fault(u, &fault);
                event = prepare_failed(u);
        } else if (r == 0)
                event = look(u);
        unit_queue_event(u, &event);
}

static MachineEvent told_failure(Unit *u, const char *failure) {
        free(u->fault_text);
        u->fault_text = strdup(failure);
        return prepare_failed(u);
}

void unit_image_came(Unit *u, const char *failure) {
        const MachineEvent event = failure ? told_failure(u, failure) : look(u);

        unit_event(u, &event);
}

void unit_sources_came(Unit *u, const char *failure) {
        const MachineEvent event = failure ? told_failure(u, failure) : prepare(u);

        unit_event(u, &event);
}

/* A network, a volume or an image has no process: it is there as soon as it is prepared. */
static void spawn_nothing(Unit *u) {
        unit_queue_event(u, &(MachineEvent){ .type = EVENT_SPAWNED });
        unit_queue_event(u, &(MachineEvent){ .type = EVENT_MAIN_EXITED,
                                             .exit = { .kind = EXIT_KIND_EXITED },
                                             .cgroup_empty = true });
}

/* What systemd's child would have ended with at this step, if it gives up there; no exit for all other steps.
 */
static MainExit exit_of_child(const Fault *fault) {
        static const struct {
                const char *step;
                int status;
        } steps[] = {
                { "identity", EXIT_STATUS_USER },
                { "working directory", HOST_EXEC_STATUS_CHDIR },
                { "exec", HOST_EXEC_STATUS_EXEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                if (streq(fault->step, steps[i].step))
                        return (MainExit){ .kind = EXIT_KIND_EXITED, .status = steps[i].status };
        return (MainExit){};
}

static void do_spawn(Unit *u) {
        MachineEvent event = { .type = EVENT_SPAWNED };
        Fault fault = {};
        int r;

        unit_set_fault(u, NULL);
        unit_unwatch_cgroup(u);
        if (u->spec && u->spec->kind != UNIT_CONTAINER) {
                spawn_nothing(u);
                return;
        }

        r = unit_spawn(u, &fault);
        /* Of the last invocation, and saved until now. */
        unit_death_write(u);
        if (r < 0) {
                unit_set_fault(u, &fault);
                log_not_started(u);
                event.type = EVENT_SPAWN_FAILED;
                event.exit = exit_of_child(&fault);
        } else
                unit_health_begin(u);
        unit_queue_event(u, &event);
}

/* Half of a restart, the other half of which is to come: what is due is written down by that, or when the job
 * ends without it. */
static bool starts_again(const Unit *u) {
        return unit_at_rest(u) && u->machine.restart && u->machine.prepared;
}

static void log_change(const Unit *u, MachineState before) {
        const Machine *m = &u->machine;

        if (m->state == before)
                return;
        if (m->state == MACHINE_FAILED)
                log_entry(LOG_WARNING, u->name, EXPLAINED(MESSAGE_FAILED), "failed: %s",
                          unit_result_to_string(m->result));
        else if (m->state == MACHINE_RUNNING)
                log_message(LOG_INFO, u->name, "running");
        else if (m->state == MACHINE_DEAD)
                /* Of a restart the next start tells. */
                log_message(starts_again(u) ? LOG_DEBUG : LOG_INFO, u->name,
                            u->trigger ? "ended, and waits again" : "stopped");
        else
                log_message(LOG_DEBUG, u->name, "%s", machine_substate_to_string(m->state));
}

/* Nothing was tried this time: what the last attempt failed of is not the answer. */
static void explain_start_limit(Unit *u) {
        if (u->machine.state != MACHINE_FAILED || !u->machine.limited)
                return;

        unit_set_fault(u, NULL);
        if (asprintf(&u->fault_text,
                     "started too often, see StartLimitBurst= (\"nsctl reset-failed %s\" forgives)",
                     u->name) < 0)
                u->fault_text = NULL;
}

static void answer_jobs(Unit *u, unsigned actions) {
        Manager *m = u->manager;

        if (actions & MACHINE_START_DONE)
                manager_job_finished(m, u, JOB_START, JOB_RESULT_DONE);
        if (actions & MACHINE_START_FAILED)
                manager_job_finished(m, u, JOB_START,
                                     u->machine.result == RESULT_TIMEOUT ? JOB_RESULT_TIMEOUT
                                                                         : JOB_RESULT_FAILED);
        if (actions & MACHINE_START_CANCELED)
                manager_job_finished(m, u, JOB_START, JOB_RESULT_CANCELED);
        if (actions & MACHINE_STOP_DONE)
                manager_job_finished(m, u, JOB_STOP, JOB_RESULT_DONE);
        if (actions & MACHINE_RELOAD_DONE)
                manager_job_finished(m, u, JOB_RELOAD, JOB_RESULT_DONE);
        if (actions & MACHINE_RELOAD_FAILED)
                manager_job_finished(m, u, JOB_RELOAD, JOB_RESULT_FAILED);
}

static void save(Unit *u) {
        if (!unit_has_state(u))
                unit_forget(u);
        else if (unit_save(u) < 0)
                log_message(LOG_WARNING, u->name, "cannot save its state: %m");
}

/* The stop of a restart that was asked for, with nobody waiting for a turn. */
static bool ends_first_half(Unit *u, const MachineOutput *out) {
        const Job *job = job_queue_of_unit(u->manager->jobs, u->index);

        return (out->actions & MACHINE_STOP_DONE) && starts_again(u) && job && job_stops(job) &&
               job->type == JOB_RESTART && unit_take_turn(u);
}

/* The start that follows is saved with the end. */
static void begin_second_half(Unit *u) {
        if (!unit_run_job(u) || !find_event(u))
                save(u);
}

/* A restart that is due now, concerns nobody else, and keeps nobody waiting: the next step of this turn. */
static bool restarts_at_once(Unit *u, const MachineOutput *out) {
        return u->machine.state == MACHINE_AUTO_RESTART && out->before != MACHINE_AUTO_RESTART &&
               u->machine.timer <= clock_now(CLOCK_BOOTTIME) && unit_restarts_alone(u) && unit_take_turn(u);
}

static void restart_at_once(Unit *u) {
        if (!unit_restart_by_job(u))
                return unit_queue_event(u, &(MachineEvent){ .type = EVENT_TIMEOUT });
        /* Some job will see to it. */
        unit_death_write(u);
        save(u);
}

/* The end of a stop, with nothing under way that would have to be over before its job is told of. */
static bool comes_to_rest(const Unit *u, const MachineOutput *out) {
        return (out->actions & MACHINE_STOP_DONE) && u->machine.state == MACHINE_DEAD && !starts_again(u) &&
               children_are_told_of(u->manager->children);
}

static void write_down(Unit *u, const MachineOutput *out) {
        if (!(out->actions & MACHINE_SPAWN) && !starts_again(u))
                unit_death_write(u);
        save(u);
}

/* Nobody is to wait for what nobody sees. */
static void come_to_rest(Unit *u, const MachineOutput *out) {
        manager_tell_ends(u->manager);
        log_change(u, out->before);
        write_down(u, out);
}

static void note_change(Unit *u, const MachineOutput *out, bool rest) {
        unit_adapt_limits(u, out->before);
        if (u->machine.result == RESULT_EXEC_CONDITION)
                u->condition_result = false;
        unit_health_follow(u);
        if (u->machine.state != MACHINE_RUNNING)
                unit_thaw(u);
        else if (out->before != MACHINE_RUNNING)
                unit_want_standby(u);
        unit_note_signals(u, out->actions);
        unit_death_follow(u, out);
        graph_set_state(u->manager->graph, u->index, unit_active_state(u));
        if (!rest)
                log_change(u, out->before);
        unit_trigger_follow(u);
        unit_note_tried(u);
        unit_emergency(u, out->before);
        unit_fds_settle(u);
}

static void perform(Unit *u, const MachineOutput *out) {
        static const struct {
                MachineAction action;
                void (*perform)(Unit *u);
        } actions[] = {
                { MACHINE_SEND_STOP_SIGNAL, unit_signal_stop },
                { MACHINE_SEND_WATCHDOG_SIGNAL, unit_signal_watchdog },
                { MACHINE_SEND_RELOAD_SIGNAL, unit_signal_reload },
                { MACHINE_KILL_HOOK, unit_hook_kill },
                { MACHINE_KILL_ALL, unit_kill_all },
                { MACHINE_CLEAN, do_clean },
                { MACHINE_PREPARE, do_prepare },
                { MACHINE_LOOK, do_look },
                { MACHINE_SPAWN, do_spawn },
                { MACHINE_RUN_HOOK, unit_run_hook },
        };

        const bool at_once = restarts_at_once(u, out), half = ends_first_half(u, out),
                   rest = comes_to_rest(u, out);

        if (out->actions & MACHINE_BEGIN) {
                u->main_pid = 0;
                unit_begin_invocation(u);
        }
        /* One that has failed already does not change. */
        if (out->actions & (MACHINE_STATE_CHANGED | MACHINE_START_FAILED))
                explain_start_limit(u);
        if (out->actions & MACHINE_STATE_CHANGED)
                note_change(u, out, rest);
        if ((out->actions & MACHINE_STATE_CHANGED) && !at_once && !half && !rest)
                write_down(u, out);
        for (size_t i = 0; i < ELEMENTSOF(actions); i++)
                if (out->actions & actions[i].action)
                        actions[i].perform(u);
        if (u->machine.state == MACHINE_STOP_SIGTERM)
                job_queue_set_told(u->manager->jobs, u->index);

        if (!at_once)
                unit_arm_timer(u);
        answer_jobs(u, out->actions);
        if (!(out->actions & MACHINE_STATE_CHANGED))
                return;
        manager_tell_changed(u->manager, u);
        unit_tell_dependents(u, out->before);
        if (at_once)
                restart_at_once(u);
        if (half)
                begin_second_half(u);
        if (rest)
                come_to_rest(u, out);
}

/* May the next launch follow from @event? */
static bool begins_again(const Unit *u, const MachineEvent *event) {
        return u->machine.prepared && !u->machine.main_alive &&
               (event->type == EVENT_START || event->type == EVENT_TIMEOUT ||
                event->type == EVENT_HOOK_EXITED);
}

void unit_process_events(Unit *u) {
        MachineEvent next;

        if (u->in_event)
                return;

        u->in_event = true;
        while (take_event(u, &next)) {
                MachinePolicy policy = *u->policy;
                MachineOutput out;

                policy.dice = arc4random();
                policy.look = begins_again(u, &next) && unit_sources_may_wait(u);
                machine_step(&u->machine, &policy, &next, clock_now(CLOCK_BOOTTIME), &out);
                perform(u, &out);
        }
        u->in_event = false;
        unit_end_turn(u);
}

void unit_event(Unit *u, const MachineEvent *event) {
        unit_queue_event(u, event);
        unit_process_events(u);
}

/* A manager that was killed between the two has saved that its processes are told to stop, and told nobody.
 */
static bool was_not_told(const Unit *u) {
        const Job *job = job_queue_of_unit(u->manager->jobs, u->index);

        return u->machine.state == MACHINE_STOP_SIGTERM && job && job_stops(job) && !job->told;
}

void unit_adopted(Unit *u) {
        const bool asked = unit_resume_job(u);
        MachineOutput out;

        u->in_event = true;
        machine_adopt(&u->machine, u->policy, asked, clock_now(CLOCK_BOOTTIME), &out);
        if (was_not_told(u))
                out.actions |= MACHINE_SEND_STOP_SIGNAL;
        graph_set_state(u->manager->graph, u->index, unit_active_state(u));
        perform(u, &out);
        u->in_event = false;
        unit_process_events(u);
}
